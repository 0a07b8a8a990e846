import VolumeStore
import Voxels

/// What the header of a PNG file says.
///
/// Source: PNG Specification 3, §5.2 "PNG signature", §11.2.2 "IHDR".
struct PNGHeader: Hashable, Sendable {
  var width: Int
  var height: Int
  var bitDepth: Int
  var colourType: Int

  /// The first bytes of every PNG file.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The bytes up to the end of the header's values.
  private static let byteCount = 29

  /// The longest side, and the most bytes that an image may decode to.
  static let longestSide = 1 << 24
  static let largestImage = 1 << 31

  /// Reads a file's header.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` or `limitExceeded`.
  init(ofFile path: String) throws(VolumeError) {
    _ = try FileStatus.ofFile(path)
    try self.init(try bytes(ofFile: path, count: PNGHeader.byteCount), path: path)
  }

  private init(_ bytes: [UInt8], path: String) throws(VolumeError) {
    guard bytes.count == PNGHeader.byteCount, Array(bytes[..<8]) == PNGHeader.signature,
      Array(bytes[8..<16]) == [0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "is not a PNG file",
        found: "\(bytes.count) bytes without its signature and header",
        remedy: "check that the file was copied whole")
    }
    func number(_ start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
    (width, height) = (number(16), number(20))
    (bitDepth, colourType) = (Int(bytes[24]), Int(bytes[25]))
    guard (1...PNGHeader.longestSide).contains(width), (1...PNGHeader.longestSide).contains(height),
      let byteCount = checkedProduct([height, width, 8]), byteCount <= 4 * PNGHeader.largestImage
    else {
      throw VolumeError(
        .limitExceeded, path: path, "the image's size is not plausible",
        found: "\(height) × \(width) pixels",
        expected:
          "1 to \(PNGHeader.longestSide) pixels a side, at most \(PNGHeader.largestImage) in all",
        remedy: "check that the file was copied whole")
    }
    let allowed: [Int: [Int]] = [
      0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
    ]
    guard allowed[colourType]?.contains(bitDepth) == true, bytes[26] == 0, bytes[27] == 0,
      bytes[28] <= 1
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "the header is not one of a PNG image",
        found: "colour type \(colourType), \(bitDepth) bits", remedy: "write the file again")
    }
  }

  /// The values of a pixel in the file.
  var samplesPerPixel: Int { [2: 3, 4: 2, 6: 4][colourType] ?? 1 }

  /// Whether pixels are red, green and blue.
  var isColour: Bool { colourType == 2 || colourType == 6 }

  /// Whether pixels are places in a palette.
  var isPalette: Bool { colourType == 3 }

  /// Whether pixels have an opacity.
  var hasAlpha: Bool { colourType == 4 || colourType == 6 }

  /// The bytes of one decoded row, as the file packs it.
  var rowByteCount: Int { (width * bitDepth * samplesPerPixel + 7) / 8 }

  /// The voxels' type.
  ///
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where colours are not stated to be labels.
  func dataType(hasColourLabels: Bool, path: String) throws(VolumeError) -> DataType {
    guard isColour else { return bitDepth == 16 ? .uint16 : .uint8 }
    guard hasColourLabels else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the pixels are colours", found: description,
        remedy: "convert the images to grey values, or state --rgb-labels if each colour is a label"
      )
    }
    guard bitDepth == 8 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "labels are three colours of 8 bits", found: description,
        remedy: "save the labels as 8-bit RGB")
    }
    return .uint32
  }

  /// The kind of pixels.
  var description: String {
    let kind =
      switch colourType {
      case 0: "grey values"
      case 2: "RGB"
      case 3: "palette"
      case 4: "grey values and opacity"
      default: "RGB and opacity"
      }
    return "\(bitDepth)-bit \(kind)"
  }
}
