import CTIFF
import Codecs
import VolumeStore
import Voxels

/// How one section becomes a TIFF page: tiles of at most 256 × 256 pixels, compressed by deflate;
/// images also by differences between neighbours.
///
/// Source: TIFF Revision 6.0, §8 "Baseline Field Reference Guide", §14 "Differencing Predictor",
/// §15 "Tiled Images"; TIFF Technical Note 3 (floating-point predictor); BigTIFF as in libtiff.
struct TIFFPageLayout: Sendable {
  let path: String
  let height: Int
  let width: Int
  /// The type of the values as they are stored.
  let dataType: DataType
  /// Whether 64-bit labels are stored in 32 bits.
  let isNarrowed: Bool
  let predictor: Int32
  let voxelSize: VoxelSize?
  /// Whether positions in the file take 64 bits.
  let isLarge: Bool

  private static let tileSide = 256
  private static let largestClassicFile = 3_900_000_000
  private static let compressionLevel = 6

  /// Chooses a layout.
  ///
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where common readers refuse such values, or
  ///   `limitExceeded`.
  init(
    _ request: ExportRequest, sectionsPerFile: Int, isLarge: Bool? = nil
  ) throws(VolumeError) {
    let metadata = request.metadata
    path = request.path
    isNarrowed = metadata.dataType == .uint64 && request.isLabels
    dataType = isNarrowed ? .uint32 : metadata.dataType
    guard dataType.byteCount <= 4 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "common programs read no such TIFF files",
        found: dataType.rawValue, expected: "integers of 8 to 32 bits, or float32",
        remedy: dataType.isInteger
          ? "write HDF5, or renumber the objects so that 32 bits hold them" : "write HDF5")
    }
    let extent = metadata.extent
    let planes = extent.z.multipliedReportingOverflow(by: metadata.channels)
    guard max(extent.y, extent.x) <= TIFFPage.longestSide, !planes.overflow,
      planes.partialValue <= TIFFStack.maximalSectionCount
    else {
      throw VolumeError(
        .limitExceeded, path: path, "the stack is too large for TIFF",
        found: extent.sizesDescription, remedy: "write HDF5")
    }
    (height, width) = (extent.y, extent.x)
    predictor =
      request.isLabels
      ? PREDICTOR_NONE : dataType.isInteger ? PREDICTOR_HORIZONTAL : PREDICTOR_FLOATINGPOINT
    voxelSize = metadata.voxelSize
    let byteCount = extent.y * extent.x * dataType.byteCount * sectionsPerFile * metadata.channels
    self.isLarge = isLarge ?? (byteCount > TIFFPageLayout.largestClassicFile)
  }

  // MARK: Tiles

  /// Tiles are multiples of 16 pixels a side, and no larger than they need be.
  private static func side(_ length: Int) -> Int { min(tileSide, (length + 15) / 16 * 16) }
  private var tileHeight: Int { TIFFPageLayout.side(height) }
  private var tileWidth: Int { TIFFPageLayout.side(width) }
  private var tilesAcross: Int { (width + tileWidth - 1) / tileWidth }

  /// The tiles of a page.
  var tileCount: Int { tilesAcross * ((height + tileHeight - 1) / tileHeight) }

  /// Compresses one tile of a plane.
  func encode<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, channel: Int, z: Int, tile: Int
  ) throws(VolumeError) -> [UInt8] {
    let (top, left) = (tile / tilesAcross * tileHeight, tile % tilesAcross * tileWidth)
    let columns = left..<min(left + tileWidth, width)
    let byteCount = dataType.byteCount
    let rowByteCount = tileWidth * byteCount
    var scratch = ScratchBytes(count: tileHeight * rowByteCount)
    var bytes = scratch.mutableBytes
    if top + tileHeight > height || columns.count < tileWidth { bytes.fillWithZeros() }
    for y in top..<min(top + tileHeight, height) {
      let start = (y - top) * rowByteCount
      let row = volume.row(channel: channel, z: z, y: y).extracting(columns)
      let values = row.bytes
      if isNarrowed {
        guard bytes.narrow(values, to: start) else { throw tooWide() }
      } else {
        bytes.copy(values, to: start)
      }
      switch predictor {
      case PREDICTOR_HORIZONTAL:
        bytes.differenceValues(start..<start + rowByteCount, valueByteCount: byteCount)
      case PREDICTOR_FLOATINGPOINT:
        bytes.separateBytes(start..<start + rowByteCount, valueByteCount: byteCount)
      default: break
      }
    }
    do throws(CodecError) {
      return try WholeDeflate.encode(
        scratch.bytes, level: TIFFPageLayout.compressionLevel, .zlib)
    } catch {
      throw VolumeError(.inputOutput, path: path, "a tile cannot be compressed", cause: error)
    }
  }

  private func tooWide() -> VolumeError {
    VolumeError(
      .unsupportedFeature, path: path, "labels do not fit the 32 bits of a TIFF",
      expected: "at most \(UInt32.max)",
      remedy: "export HDF5, or renumber with emseg components")
  }

  // MARK: Directories

  /// The file's first bytes.
  var header: [UInt8] {
    isLarge
      ? [0x49, 0x49, 43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0] : [0x49, 0x49, 42, 0, 8, 0, 0, 0]
  }

  /// A page with its directory: what follows the bytes before it.
  ///
  /// - Parameters:
  ///   - tiles: The compressed tiles.
  ///   - start: The position of the page's first byte in the file.
  ///   - description: The text about the image.
  ///   - isLast: Whether no page follows.
  /// - Returns: The bytes.
  func page(
    _ tiles: [[UInt8]], at start: Int, description: String?, isLast: Bool
  ) -> [UInt8] {
    var directory = TIFFDirectory(start: start, isLarge: isLarge)
    directory.add(TIFFTAG_SUBFILETYPE, .long, [0])
    directory.add(TIFFTAG_IMAGEWIDTH, .long, [UInt64(width)])
    directory.add(TIFFTAG_IMAGELENGTH, .long, [UInt64(height)])
    directory.add(TIFFTAG_BITSPERSAMPLE, .short, [UInt64(dataType.byteCount * 8)])
    directory.add(TIFFTAG_COMPRESSION, .short, [UInt64(COMPRESSION_ADOBE_DEFLATE)])
    directory.add(TIFFTAG_PHOTOMETRIC, .short, [UInt64(PHOTOMETRIC_MINISBLACK)])
    if let description { directory.add(TIFFTAG_IMAGEDESCRIPTION, text: description) }
    directory.add(TIFFTAG_SAMPLESPERPIXEL, .short, [1])
    if let size = voxelSize {
      directory.add(TIFFTAG_XRESOLUTION, fraction: 1 / size.x)
      directory.add(TIFFTAG_YRESOLUTION, fraction: 1 / size.y)
    }
    directory.add(TIFFTAG_PLANARCONFIG, .short, [UInt64(PLANARCONFIG_CONTIG)])
    if voxelSize != nil { directory.add(TIFFTAG_RESOLUTIONUNIT, .short, [UInt64(RESUNIT_NONE)]) }
    directory.add(TIFFTAG_PREDICTOR, .short, [UInt64(predictor)])
    directory.add(TIFFTAG_TILEWIDTH, .long, [UInt64(tileWidth)])
    directory.add(TIFFTAG_TILELENGTH, .long, [UInt64(tileHeight)])
    directory.addTiles(tiles.map(\.count))
    let format =
      switch dataType {
      case .float16, .float32, .float64: SAMPLEFORMAT_IEEEFP
      case .int8, .int16, .int32, .int64: SAMPLEFORMAT_INT
      case .uint8, .uint16, .uint32, .uint64: SAMPLEFORMAT_UINT
      }
    directory.add(TIFFTAG_SAMPLEFORMAT, .short, [UInt64(format)])
    var bytes = directory.bytes(tiles.map(\.count), isLast: isLast)
    for tile in tiles { bytes += tile }
    if !bytes.count.isMultiple(of: 2) { bytes.append(0) }
    return bytes
  }
}
