import CTIFF
import VolumeStore
import Voxels

/// What the header of one TIFF page says, as it says it.
///
/// Source: TIFF Revision 6.0, Adobe 1992, §8 "Baseline Field Reference Guide".
struct TIFFPage: Hashable {
  var width: Int
  var height: Int
  var depth: Int
  var bitsPerSample: Int
  var samplesPerPixel: Int
  var sampleFormat: UInt16
  var photometric: UInt16?
  var compression: UInt16
  var isCodecAvailable: Bool
  var hasStandardBitOrder: Bool
  var isByteSwapped: Bool
  var hasSeparatePlanes: Bool
  var isReduced: Bool
  var rowsPerStrip: Int
  var tileWidth: Int?
  var tileHeight: Int?

  /// The most bytes one strip or tile may decode to.
  static let largestUnit = 1 << 31

  /// The longest side of a page.
  static let longestSide = 1 << 24

  /// The most values of a pixel.
  static let mostSamples = 4096

  /// The compressions that are read: none, LZW, JPEG, deflate under both its numbers, PackBits and
  /// Zstandard.
  static let allowedCompressions: Set<Int32> = [
    COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_JPEG, COMPRESSION_ADOBE_DEFLATE,
    COMPRESSION_DEFLATE, COMPRESSION_PACKBITS, COMPRESSION_ZSTD,
  ]

  /// The voxels' type.
  ///
  /// - Parameters:
  ///   - hasColourLabels: Whether the colours of a pixel are one label.
  ///   - path: The page's name in messages.
  /// - Returns: The type; `uint32` for colours.
  /// - Throws: ``VolumeError`` where the page is not an image that is read exactly.
  func dataType(hasColourLabels: Bool, path: String) throws(VolumeError) -> DataType {
    func refuse(_ message: String, found: String, remedy: String) -> VolumeError {
      VolumeError(.unsupportedFeature, path: path, message, found: found, remedy: remedy)
    }
    guard width > 0, height > 0, width <= TIFFPage.longestSide, height <= TIFFPage.longestSide
    else {
      throw VolumeError(
        .limitExceeded, path: path, "the page's size is not plausible",
        found: "\(height) × \(width) pixels",
        expected: "1 to \(TIFFPage.longestSide) pixels a side",
        remedy: "check that the file was copied whole")
    }
    guard depth == 1 else {
      throw refuse(
        "one page holds several sections", found: "depth \(depth)",
        remedy: "save one section per page")
    }
    if isColour {
      guard hasColourLabels else {
        throw refuse(
          "the pixels are colours", found: "\(samplesPerPixel) samples (\(photometricName))",
          remedy:
            "convert the images to grey values, or state --rgb-labels if each colour is a label"
        )
      }
      guard bitsPerSample == 8, !isLossy, photometric.map(Int32.init) == PHOTOMETRIC_RGB else {
        throw refuse(
          "labels are three colours of 8 bits, without loss",
          found: "\(sampleDescription), \(photometricName)\(isLossy ? ", JPEG" : "")",
          remedy: "save the labels as 8-bit RGB with deflate")
      }
    } else {
      try checkGrey(refuse)
    }
    guard TIFFPage.allowedCompressions.contains(Int32(compression)), isCodecAvailable else {
      throw refuse(
        "the compression is not supported", found: compressionName,
        remedy: "save the images uncompressed or with deflate, LZW, PackBits or Zstandard")
    }
    let type = try storedType(refuse)
    guard !isInverted || bitsPerSample == 1 || type == .uint8 || type == .uint16 || type == .uint32
    else {
      throw refuse(
        "white is zero, which says nothing of \(type.rawValue) values", found: photometricName,
        remedy: "save the images with black as zero")
    }
    guard !isLossy || bitsPerSample == 8 else {
      throw refuse(
        "JPEG holds 8 bits", found: "\(bitsPerSample) bits", remedy: "save the images with deflate")
    }
    guard let unitByteCount, unitByteCount <= TIFFPage.largestUnit else {
      throw VolumeError(
        .limitExceeded, path: path, "a strip or tile is too large",
        found: "\(unitHeight) × \(unitWidth) pixels",
        expected: "at most \(TIFFPage.largestUnit) bytes",
        remedy: "save the images in strips of fewer rows, or in tiles")
    }
    return isColour ? .uint32 : type
  }

  private func checkGrey(
    _ refuse: (String, String, String) -> VolumeError
  ) throws(VolumeError) {
    switch photometric.map(Int32.init) {
    case nil, PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE: break
    default:
      throw refuse(
        "the pixels are not grey values", photometricName, "convert the images to grey values")
    }
    guard samplesPerPixel <= TIFFPage.mostSamples,
      samplesPerPixel == 1 || bitsPerSample >= 8 && !isInverted && !isLossy
    else {
      throw refuse(
        "the page has several values per pixel of a kind that is not supported",
        "\(samplesPerPixel) samples, \(sampleDescription), \(photometricName)",
        "convert the images to grey values, or save each channel as a stack of its own")
    }
  }

  private func storedType(
    _ refuse: (String, String, String) -> VolumeError
  ) throws(VolumeError) -> DataType {
    switch (Int32(sampleFormat), bitsPerSample) {
    case (SAMPLEFORMAT_UINT, 1), (SAMPLEFORMAT_VOID, 1): .uint8
    case (SAMPLEFORMAT_UINT, 8), (SAMPLEFORMAT_VOID, 8): .uint8
    case (SAMPLEFORMAT_UINT, 16), (SAMPLEFORMAT_VOID, 16): .uint16
    case (SAMPLEFORMAT_UINT, 32), (SAMPLEFORMAT_VOID, 32): .uint32
    case (SAMPLEFORMAT_UINT, 64), (SAMPLEFORMAT_VOID, 64): .uint64
    case (SAMPLEFORMAT_INT, 8): .int8
    case (SAMPLEFORMAT_INT, 16): .int16
    case (SAMPLEFORMAT_INT, 32): .int32
    case (SAMPLEFORMAT_INT, 64): .int64
    case (SAMPLEFORMAT_IEEEFP, 16): .float16
    case (SAMPLEFORMAT_IEEEFP, 32): .float32
    case (SAMPLEFORMAT_IEEEFP, 64): .float64
    default:
      throw refuse(
        "the pixels' type is not supported", "\(bitsPerSample)-bit \(sampleFormatName)",
        "save the images with 8, 16 or 32 bits")
    }
  }

  /// Whether white is stored as zero.
  var isInverted: Bool { photometric.map(Int32.init) == PHOTOMETRIC_MINISWHITE }

  /// Whether the samples of a pixel are its colours.
  var isColour: Bool {
    switch photometric.map(Int32.init) {
    case PHOTOMETRIC_RGB, PHOTOMETRIC_YCBCR, PHOTOMETRIC_CIELAB, PHOTOMETRIC_SEPARATED:
      samplesPerPixel >= 3
    default: false
    }
  }

  /// The channels that the page holds.
  var channels: Int { isColour ? 1 : samplesPerPixel }

  /// The values of a pixel that lie side by side in a strip or tile.
  var unitSamples: Int { hasSeparatePlanes ? 1 : samplesPerPixel }

  /// The bytes of a value; a bit takes one.
  var valueByteCount: Int { max(1, bitsPerSample / 8) }

  /// Whether decoded values differ from those that were saved.
  var isLossy: Bool { Int32(compression) == COMPRESSION_JPEG }

  /// The width of a strip or tile in pixels.
  var unitWidth: Int { tileWidth ?? width }

  /// The height of a strip or tile in pixels.
  var unitHeight: Int { tileHeight ?? max(1, min(rowsPerStrip, height)) }

  /// The bytes of one row of a strip or tile.
  var unitRowByteCount: Int { (unitWidth * bitsPerSample * unitSamples + 7) / 8 }

  /// The bytes one strip or tile decodes to, by our own arithmetic.
  var unitByteCount: Int? {
    guard unitWidth > 0, unitHeight > 0, unitWidth <= TIFFPage.longestSide else { return nil }
    let (count, overflows) = unitRowByteCount.multipliedReportingOverflow(by: unitHeight)
    return overflows ? nil : count
  }

  /// The strips or tiles of one sample of all pixels, or of all.
  var unitsPerPlane: Int {
    let across = (width + unitWidth - 1) / unitWidth
    return across * ((height + unitHeight - 1) / unitHeight)
  }

  /// Whether bytes lie in the file as they will lie in memory, but for their order.
  var isStoredPlainly: Bool {
    Int32(compression) == COMPRESSION_NONE && bitsPerSample >= 8 && hasStandardBitOrder
      && tileWidth == nil
  }

  /// The type of the values as its tags tell it.
  var sampleDescription: String { "\(bitsPerSample)-bit \(sampleFormatName)" }

  private var sampleFormatName: String {
    switch Int32(sampleFormat) {
    case SAMPLEFORMAT_UINT: "unsigned integers"
    case SAMPLEFORMAT_INT: "signed integers"
    case SAMPLEFORMAT_IEEEFP: "floating-point numbers"
    case SAMPLEFORMAT_COMPLEXINT, SAMPLEFORMAT_COMPLEXIEEEFP: "complex numbers"
    default: "values"
    }
  }

  private var photometricName: String {
    switch photometric.map(Int32.init) {
    case nil: "no colour space"
    case PHOTOMETRIC_MINISBLACK: "grey, black is zero"
    case PHOTOMETRIC_MINISWHITE: "grey, white is zero"
    case PHOTOMETRIC_RGB: "RGB"
    case PHOTOMETRIC_PALETTE: "palette"
    case PHOTOMETRIC_YCBCR: "YCbCr"
    case let value?: "colour space \(value)"
    }
  }

  private var compressionName: String {
    switch Int32(compression) {
    case COMPRESSION_CCITTRLE: "CCITT run lengths"
    case COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4: "CCITT fax"
    case COMPRESSION_OJPEG: "old JPEG"
    case COMPRESSION_LZMA: "LZMA"
    case COMPRESSION_WEBP: "WebP"
    case COMPRESSION_LERC: "LERC"
    case COMPRESSION_JXL: "JPEG XL"
    case COMPRESSION_JP2000: "JPEG 2000"
    default: "compression \(compression)"
    }
  }
}
