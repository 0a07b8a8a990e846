import Codecs
import Synchronization
public import VolumeStore
import Voxels

/// PNG: a picture of sections side by side, or with a counter in its name one file per section.
public enum PNGExport: VolumeExport {
  /// Shown to users.
  public static let name = "PNG"
  /// `overview.png` and `sections/img_%04d.png`.
  public static let fileEndings = [".png"]

  /// Creates the picture, or the hidden folder of the files to be.
  ///
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where PNG holds no such values, with the
  ///   remedy, `alreadyExists`, or `inputOutput`.
  public static func create(_ request: ExportRequest) throws(VolumeError) -> any VolumeSink {
    guard let pattern = CounterPattern(request.path) else { return try PNGMontage(request) }
    return try SectionFolderWriter(
      request, pattern: pattern, encoder: PNGSectionEncoder(request))
  }
}

/// Sections as PNG files: grey values and labels as they are, of 8 or 16 bits.
struct PNGSectionEncoder: SectionEncoder {
  private let path: String
  private let bitDepth: Int
  private let isNarrowed: Bool

  init(_ request: ExportRequest) throws(VolumeError) {
    let type = request.metadata.dataType
    path = request.path
    isNarrowed = request.isLabels && (type == .uint32 || type == .uint64)
    guard type == .uint8 || type == .uint16 || isNarrowed else {
      throw VolumeError(
        .unsupportedFeature, path: path, "PNG holds no such values", found: type.rawValue,
        expected: "uint8, uint16, or labels up to \(UInt16.max)", remedy: "write TIFF")
    }
    bitDepth = type == .uint8 ? 8 : 16
    try PNGSectionEncoder.checkSize(request)
  }

  static func checkSize(_ request: ExportRequest) throws(VolumeError) {
    let extent = request.metadata.extent
    guard max(extent.y, extent.x) <= PNGHeader.longestSide,
      let pixels = checkedProduct([extent.y, extent.x, 2]), pixels <= PNGHeader.largestImage
    else {
      throw VolumeError(
        .limitExceeded, path: request.path, "the sections are too large for PNG",
        found: extent.sizesDescription, remedy: "write TIFF, or a region or level of the volume")
    }
  }

  func encode<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, z: Int
  ) throws(VolumeError) -> [UInt8] {
    let extent = volume.extent
    let valueByteCount = bitDepth / 8
    var scratch = ScratchBytes(count: extent.y * extent.x * valueByteCount)
    var bytes = scratch.mutableBytes
    for y in 0..<extent.y {
      let row = volume.row(z: z, y: y)
      let to = y * extent.x * valueByteCount
      guard isNarrowed else {
        let values = row.bytes
        bytes.copy(values, to: to)
        continue
      }
      for x in row.indices {
        guard let label = UInt16(exactly: row[x].nearest(UInt64.self)) else {
          throw VolumeError(
            .unsupportedFeature, path: path, "a label does not fit the 16 bits of a PNG",
            found: "label \(row[x])", expected: "at most \(UInt16.max)",
            remedy: "write TIFF, or renumber with emseg components")
        }
        bytes.storeBytes(of: label, toByteOffset: to + 2 * x, as: UInt16.self)
      }
    }
    return try PNGImage.encode(
      scratch.bytes, width: extent.x, height: extent.y, bitDepth: bitDepth, isColour: false,
      path: path)
  }
}
