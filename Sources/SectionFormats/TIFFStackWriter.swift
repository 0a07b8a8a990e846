import Synchronization
public import VolumeStore
public import Voxels

/// Writes a volume into one TIFF file with many pages, section after section.
///
/// Sections are cut into tiles of 256 × 256 pixels, compressed by deflate on several threads; images
/// also by differences between neighbours. 64-bit labels are stored in 32 bits. Stacks above 3.9 GB
/// become BigTIFF files. The voxel size is written as ImageJ writes it; several channels or time
/// points are described by OME-XML. Memory stays at what one write holds.
///
/// The file is written under a partial name and gets its own in ``finish()``; a writer that is
/// never finished leaves nothing.
public final class TIFFStackWriter: VolumeSink {
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

  private let layout: TIFFPageLayout
  private let threads: Int
  private let description: String
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var partial: PendingFile
    var file: OutputFile?
    var writtenSections = 0
  }

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: The path the file gets when it is finished.
  ///   - metadata: 8 to 32-bit integers, 64-bit labels or `float32`.
  ///   - content: What the values mean.
  ///   - replacing: Whether a file of that name is replaced when this one is finished.
  /// - Throws: ``VolumeError`` as ``init(_:)`` does.
  public convenience init(
    _ path: String, metadata: VolumeMetadata, content: Content, replacing: Bool = false
  ) throws(VolumeError) {
    try self.init(
      ExportRequest(
        path: path, metadata: metadata, isLabels: content == .labels, isReplacing: replacing))
  }

  /// Creates a file.
  ///
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where the values are of a type that common
  ///   TIFF readers refuse, `limitExceeded`, `alreadyExists`, or `inputOutput`.
  public convenience init(_ request: ExportRequest) throws(VolumeError) {
    try self.init(request, isLarge: nil)
  }

  /// Creates a file; `isLarge` tells whether it is a BigTIFF, nil leaves that to its size.
  package init(_ request: ExportRequest, isLarge: Bool?) throws(VolumeError) {
    precondition(request.metadata.isCountable, "a stack needs at least one voxel")
    layout = try TIFFPageLayout(
      request, sectionsPerFile: request.metadata.extent.z, isLarge: isLarge)
    path = request.path
    metadata = request.metadata
    threads = max(1, request.threads)
    var stored = metadata
    stored.dataType = layout.dataType
    description = TIFFDescription.text(stored, sections: metadata.extent.z)
    let partial = try PendingFile(path: path, replacing: request.isReplacing)
    var file = try OutputFile(partial.partialPath, for: path)
    try file.append(layout.header)
    state = Mutex(State(partial: partial, file: file))
  }

  /// Whole sections, as many as the source stores together and memory allows.
  public var unit: VoxelExtent { metadata.wholeSections }

  /// Writes the next sections: whole ones, in order.
  ///
  /// - Throws: ``VolumeError`` with `misalignedWrite` where the region is not made of the next whole
  ///   sections, `dataTypeMismatch`, `unsupportedFeature` where a label needs more than 32 bits, or
  ///   `inputOutput`.
  public func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError) {
    let volume = copy volume
    try metadata.checkSections(volume, path: path)
    try state.withLock { state throws(VolumeError) in
      try metadata.checkNext(volume.box, after: state.writtenSections, path: path)
      let (tiles, channels) = (layout.tileCount, metadata.channels)
      // Enough pages at a time that every thread has tiles to compress.
      let pageCount = volume.box.extent.z * channels
      let step = max(1, (8 * threads + tiles - 1) / tiles)
      for first in stride(from: 0, to: pageCount, by: step) {
        let pages = first..<min(first + step, pageCount)
        let encoded = try encode(volume, pages)
        for page in pages {
          let start = (page - pages.lowerBound) * tiles
          try append(
            Array(encoded[start..<start + tiles]),
            number: state.writtenSections * channels + page, &state)
        }
      }
      state.writtenSections += volume.box.extent.z
    }
  }

  /// Compresses the tiles of pages, the first page's first.
  private func encode<Scalar: VoxelScalar>(
    _ volume: Volume<Scalar>, _ pages: Range<Int>
  ) throws(VolumeError) -> [[UInt8]] {
    let (tiles, channels) = (layout.tileCount, metadata.channels)
    return try concurrentResults(pages.count * tiles, threads: threads) {
      index throws(VolumeError) in
      let page = pages.lowerBound + index / tiles
      return try layout.encode(
        volume, channel: page % channels, z: page / channels, tile: index % tiles)
    }
  }

  private func append(
    _ tiles: [[UInt8]], number: Int, _ state: inout State
  ) throws(VolumeError) {
    guard let start = state.file?.byteCount else {
      preconditionFailure("the file is finished already")
    }
    let page = layout.page(
      tiles, at: start, description: number == 0 ? description : nil,
      isLast: number + 1 == metadata.extent.z * metadata.channels)
    guard layout.isLarge || start + page.count <= Int(UInt32.max) else {
      throw VolumeError(
        .limitExceeded, path: path, "the compressed stack is larger than a classic TIFF",
        remedy: "export HDF5")
    }
    try state.file?.append(page)
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Throws: ``VolumeError`` with `misalignedWrite` where sections are missing, `inputOutput` where
  ///   the system refuses.
  public func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      try metadata.checkWhole(state.writtenSections, path: path)
      guard state.file != nil else { preconditionFailure("the file is finished already") }
      state.file = nil
      try state.partial.commit()
    }
  }
}
