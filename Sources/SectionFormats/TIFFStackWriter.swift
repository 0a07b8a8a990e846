import CTIFF
import Codecs
import Synchronization
public import VolumeStore
public import Voxels

/// Writes a stack into one TIFF file with many pages, section after section.
///
/// Sections are cut into tiles of 256 × 256 pixels, compressed by deflate; images also by
/// differences between neighbours. Stacks above 3.9 GB become BigTIFF files. The voxel size is
/// written as ImageJ writes it. Memory stays at one tile.
///
/// The file is written under a partial name and gets its own in ``finish()``; a writer that is
/// never finished leaves nothing.
///
/// Source: TIFF Revision 6.0, §14 "Differencing Predictor", §15 "Tiled Images"; TIFF Technical
/// Note 3 (floating-point predictor).
public final class TIFFStackWriter: Sendable {
  /// What the values mean, which decides how they are compressed.
  public enum Content: Sendable {
    /// Grey values: neighbours are alike.
    case image
    /// Object numbers: neighbours are equal or unrelated.
    case labels
  }

  /// The path the file gets when it is finished.
  public let path: String
  /// The stack's size, type and voxel size.
  public let metadata: VolumeMetadata

  private let content: Content
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var partial: PendingFile
    var handle: TIFFHandle?
    var writtenSections = 0
  }

  private static let tileSide = 256
  private static let largestClassicFile = 3_900_000_000

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: The path the file gets when it is finished.
  ///   - metadata: One channel; 8 to 32-bit integers or `float32`. The storage unit is not used.
  ///   - content: What the values mean.
  ///   - replacing: Whether a file of that name is replaced when this one is finished.
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where the values are of a type that common
  ///   TIFF readers refuse or there are several channels, `alreadyExists`, or `inputOutput`.
  public init(
    _ path: String, metadata: VolumeMetadata, content: Content, replacing: Bool = false
  ) throws(VolumeError) {
    precondition(metadata.isCountable, "a stack needs at least one voxel")
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "a TIFF stack holds one channel",
        found: "\(metadata.channels) channels",
        remedy: "write each channel as a stack of its own, or all as HDF5")
    }
    guard metadata.dataType.byteCount <= 4 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "common programs read no such TIFF files",
        found: metadata.dataType.rawValue, expected: "integers of 8 to 32 bits, or float32",
        remedy: metadata.dataType.isInteger
          ? "write HDF5, or renumber the objects so that 32 bits hold them" : "write HDF5")
    }
    let extent = metadata.extent
    guard max(extent.y, extent.x) <= TIFFPage.longestSide,
      extent.z <= TIFFStack.maximalSectionCount
    else {
      throw VolumeError(
        .limitExceeded, path: path, "the stack is too large for TIFF",
        found: extent.sizesDescription, remedy: "write HDF5")
    }
    self.path = path
    self.metadata = metadata
    self.content = content
    let partial = try PendingFile(path: path, replacing: replacing)
    let byteCount = extent.voxelCount * metadata.dataType.byteCount
    let handle = try TIFFHandle.writing(
      partial.partialPath, for: path, isLarge: byteCount > TIFFStackWriter.largestClassicFile)
    state = Mutex(State(partial: partial, handle: handle))
  }

  /// Writes the next sections: whole ones, in order.
  ///
  /// - Throws: ``VolumeError`` with `misalignedWrite` where the region is not made of the next whole
  ///   sections, `dataTypeMismatch`, or `inputOutput`.
  public func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError) {
    let box = volume.box
    try metadata.checkRead(box, as: Scalar.self, path: path)
    let values = volume.span
    let bytes = values.bytes
    let extent = metadata.extent
    let sectionByteCount = extent.y * extent.x * metadata.dataType.byteCount
    try state.withLock { state throws(VolumeError) in
      guard box.origin.y == 0, box.origin.x == 0, box.extent.y == extent.y,
        box.extent.x == extent.x, box.origin.z == state.writtenSections
      else {
        throw VolumeError(
          .misalignedWrite, path: path, "sections are written whole and in order",
          found: box.rangesDescription, expected: "section \(state.writtenSections) next")
      }
      for z in 0..<box.extent.z {
        let start = z * sectionByteCount
        try writeSection(bytes.extracting(start..<start + sectionByteCount), &state)
      }
    }
  }

  private func writeSection(_ section: RawSpan, _ state: inout State) throws(VolumeError) {
    guard state.handle != nil else { preconditionFailure("the file is finished already") }
    try state.handle?.describe(tags)
    let extent = metadata.extent
    let valueByteCount = metadata.dataType.byteCount
    let rowByteCount = extent.x * valueByteCount
    let (tileHeight, tileWidth) = tileSize
    let tileRowByteCount = tileWidth * valueByteCount
    var scratch = ScratchBytes(count: tileHeight * tileRowByteCount)
    var tile = 0
    for top in stride(from: 0, to: extent.y, by: tileHeight) {
      for left in stride(from: 0, to: extent.x, by: tileWidth) {
        var bytes = scratch.mutableBytes
        bytes.fillWithZeros()
        let width = min(tileWidth, extent.x - left) * valueByteCount
        for row in 0..<min(tileHeight, extent.y - top) {
          let from = (top + row) * rowByteCount + left * valueByteCount
          bytes.copy(section.extracting(from..<from + width), to: row * tileRowByteCount)
        }
        try state.handle?.encode(tile: tile, &bytes)
        tile += 1
      }
    }
    try state.handle?.finishPage()
    state.writtenSections += 1
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Throws: ``VolumeError`` with `misalignedWrite` where sections are missing, `inputOutput` where
  ///   the system refuses.
  public func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      guard state.writtenSections == metadata.extent.z else {
        throw VolumeError(
          .misalignedWrite, path: path, "the stack is not complete",
          found: "\(state.writtenSections) sections", expected: "\(metadata.extent.z)")
      }
      guard state.handle != nil else { preconditionFailure("the file is finished already") }
      // Every page was written whole by its own call; closing only closes.
      state.handle = nil
      try state.partial.commit()
    }
  }

  /// Tiles are multiples of 16 pixels a side, and no larger than they need be.
  private var tileSize: (height: Int, width: Int) {
    func side(_ length: Int) -> Int { min(TIFFStackWriter.tileSide, (length + 15) / 16 * 16) }
    return (side(metadata.extent.y), side(metadata.extent.x))
  }

  private var tags: [(tag: Int32, value: TIFFTagValue)] {
    let type = metadata.dataType
    let format =
      switch type {
      case .float32, .float64: SAMPLEFORMAT_IEEEFP
      case .int8, .int16, .int32, .int64: SAMPLEFORMAT_INT
      case .uint8, .uint16, .uint32, .uint64: SAMPLEFORMAT_UINT
      }
    let predictor =
      content == .labels
      ? PREDICTOR_NONE : type.isInteger ? PREDICTOR_HORIZONTAL : PREDICTOR_FLOATINGPOINT
    var tags: [(tag: Int32, value: TIFFTagValue)] = [
      (TIFFTAG_IMAGEWIDTH, .long(UInt32(metadata.extent.x))),
      (TIFFTAG_IMAGELENGTH, .long(UInt32(metadata.extent.y))),
      (TIFFTAG_BITSPERSAMPLE, .short(UInt16(type.byteCount * 8))),
      (TIFFTAG_SAMPLESPERPIXEL, .short(1)),
      (TIFFTAG_SAMPLEFORMAT, .short(UInt16(format))),
      (TIFFTAG_PHOTOMETRIC, .short(UInt16(PHOTOMETRIC_MINISBLACK))),
      (TIFFTAG_PLANARCONFIG, .short(UInt16(PLANARCONFIG_CONTIG))),
      (TIFFTAG_COMPRESSION, .short(UInt16(COMPRESSION_ADOBE_DEFLATE))),
      (TIFFTAG_PREDICTOR, .short(UInt16(predictor))),
      (TIFFTAG_TILELENGTH, .long(UInt32(tileSize.height))),
      (TIFFTAG_TILEWIDTH, .long(UInt32(tileSize.width))),
      (TIFFTAG_IMAGEDESCRIPTION, .text(description)),
    ]
    if let size = metadata.voxelSize {
      tags += [
        (TIFFTAG_RESOLUTIONUNIT, .short(UInt16(RESUNIT_NONE))),
        (TIFFTAG_XRESOLUTION, .double(1 / size.x)),
        (TIFFTAG_YRESOLUTION, .double(1 / size.y)),
      ]
    }
    return tags
  }

  /// The text from which ImageJ and others take the number and the distance of sections.
  private var description: String {
    let sections = metadata.extent.z
    var text = "ImageJ=1.53t\nimages=\(sections)\nslices=\(sections)\nloop=false\n"
    if let size = metadata.voxelSize {
      let unit =
        switch size.unit {
        case .nanometer: "nm"
        case .micrometer: "micron"
        case .millimeter: "mm"
        case .centimeter: "cm"
        case .meter: "m"
        case .angstrom: "angstrom"
        }
      text += "spacing=\(size.z)\nunit=\(unit)\n"
    }
    return text
  }
}
