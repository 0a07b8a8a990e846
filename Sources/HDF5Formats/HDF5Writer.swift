import CHDF5
import Codecs
import Synchronization
public import VolumeStore
public import Voxels

/// Writes volumes into a new HDF5 file in CREMI's layout: chunked, gzip, with `resolution` and
/// `offset` in nanometres, and ilastik's `axistags`.
///
/// Chunks that a region covers whole are compressed side by side, without the library.
///
/// The file is written under a partial name and gets its own in ``finish()``: an HDF5 file whose
/// writer dies is unreadable, or reads as zeros. A writer that is never finished leaves nothing.
///
/// Source: CREMI file format 0.2, <https://cremi.org/data>.
public final class HDF5Writer: Sendable {
  /// The path the file gets when it is finished.
  public let path: String
  /// The threads that compress side by side.
  public let threads: Int

  private let state: Mutex<State>

  private struct State: ~Copyable {
    var partial: PendingFile
    var file: hid_t?
    var datasets: [String: Dataset] = [:]
  }

  private struct Dataset {
    var handle: hid_t
    var metadata: VolumeMetadata
    var lengths: [Int]
    var chunk: [Int]
    var compressionLevel: Int
  }

  /// The longest side of a chunk.
  static let chunkSide = 64

  /// The memory that chunks being filled may take in each dataset.
  private static let cacheLimit = 256 << 20

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: The path the file gets when it is finished.
  ///   - replacing: Whether a file of that name is replaced then.
  ///   - threads: The threads that compress side by side; the file does not depend on them.
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  public init(
    _ path: String, replacing: Bool = false, threads: Int = 1
  ) throws(VolumeError) {
    self.path = path
    self.threads = threads
    let partial = try PendingFile(path: path, replacing: replacing)
    let partialPath = partial.partialPath
    let file = try withHDF5 { library throws(VolumeError) in
      let file = try library.createFile(partialPath, for: path)
      try library.setText(file.id, "file_format", "0.2", path: path)
      return file.released()
    }
    state = Mutex(State(partial: partial, file: file))
  }

  deinit {
    // An abandoned file is removed, closed or not.
    state.withLock { state in _ = HDF5Writer.close(&state) }
  }

  /// Adds a dataset, such as `/volumes/labels/neuron_ids` or `/volumes/raw`.
  ///
  /// - Parameters:
  ///   - dataset: The dataset's path in the file.
  ///   - metadata: Its size, type, voxel size and offset; it gets a channel axis if that says so.
  ///   - compressionLevel: The gzip level, 1 to 9.
  /// - Throws: ``VolumeError`` with `inputOutput` where the name is taken or cannot be one.
  public func addDataset(
    _ dataset: String, metadata: VolumeMetadata, compressionLevel: Int = 4
  ) throws(VolumeError) {
    precondition((1...9).contains(compressionLevel), "gzip has levels 1 to 9")
    precondition(metadata.isCountable, "the volume's size can be counted")
    let extent = metadata.extent
    let space = [extent.z, extent.y, extent.x]
    let (outer, keys) = HDF5Writer.outerAxes(metadata)
    let lengths = outer + space
    let chunk = outer.map { _ in 1 } + space.map { min($0, HDF5Writer.chunkSide) }
    let cache = HDF5Cache(
      layerOf: lengths, chunk: chunk,
      chunkByteCount: chunk.reduce(metadata.dataType.byteCount, *), limit: HDF5Writer.cacheLimit)
    try state.withLock { state throws(VolumeError) in
      guard let file = state.file, state.datasets[dataset] == nil else {
        preconditionFailure("a finished file takes no dataset, and no name is used twice")
      }
      let handle = try withHDF5 { library throws(VolumeError) in
        let created = try library.createDataset(
          file, dataset, type: metadata.dataType, lengths: lengths, chunk: chunk,
          compressionLevel: compressionLevel, cache: cache, path: path)
        try library.setText(
          created.id, "axistags", HDF5Writer.axisTags(keys + ["z", "y", "x"]), path: path)
        if let size = metadata.voxelSize?.converted(to: .nanometer) {
          let scale = metadata.voxelSize?.unit.nanometers ?? 1
          let offset = metadata.offset
          try library.setNumbers(
            created.id, "resolution", [size.z, size.y, size.x], path: path)
          try library.setNumbers(
            created.id, "offset", [offset.z * scale, offset.y * scale, offset.x * scale],
            path: path)
        }
        return created.released()
      }
      state.datasets[dataset] = Dataset(
        handle: handle, metadata: metadata, lengths: lengths, chunk: chunk,
        compressionLevel: compressionLevel)
    }
  }

  /// The axes ahead of those of space: time points and channels, where there are several.
  private static func outerAxes(_ metadata: VolumeMetadata) -> (lengths: [Int], keys: [String]) {
    let channels = metadata.channels / metadata.timePoints
    var (lengths, keys): ([Int], [String]) = ([], [])
    if metadata.timePoints > 1 {
      lengths.append(metadata.timePoints)
      keys.append("t")
    }
    if metadata.hasChannelAxis || channels > 1 {
      lengths.append(channels)
      keys.append("c")
    }
    return (lengths, keys)
  }

  /// The names of axes as ilastik reads them.
  ///
  /// Source: VIGRA, `AxisInfo` (channels 1, space 2, time 8).
  private static func axisTags(_ keys: [String]) -> String {
    let axes = keys.map { key in
      let flags =
        switch key {
        case "c": 1
        case "t": 8
        default: 2
        }
      return #"{"key": "\#(key)", "typeFlags": \#(flags), "resolution": 0, "description": ""}"#
    }
    return #"{"axes": ["# + axes.joined(separator: ", ") + "]}"
  }

  /// Writes a region of a dataset; regions may come in any order and from any thread.
  ///
  /// Regions of whole chunks, 64 voxels a side, are written once; others are kept in memory until
  /// their chunks are full, or compressed several times.
  ///
  /// - Throws: ``VolumeError`` with `outOfBounds`, `dataTypeMismatch` or `inputOutput`.
  public func write<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, to dataset: String
  ) throws(VolumeError) {
    let box = volume.box
    let channels = volume.channels
    let target = try state.withLock { state throws(VolumeError) in
      guard let target = state.datasets[dataset], state.file != nil else {
        preconditionFailure("the file has no dataset \(dataset) to write to")
      }
      precondition(channels == target.metadata.channels, "the region has other channels")
      try target.metadata.checkRead(box, as: Scalar.self, path: path)
      return target
    }
    if coversWholeChunks(box, of: target) {
      try writeChunks(volume, to: target)
      return
    }
    let outer = target.lengths.dropLast(3)
    let values = volume.span
    let bytes = values.bytes
    try withHDF5 { library throws(VolumeError) in
      try library.write(
        target.handle,
        start: outer.map { _ in 0 } + [box.origin.z, box.origin.y, box.origin.x],
        count: outer + [box.extent.z, box.extent.y, box.extent.x],
        as: Scalar.dataType, from: bytes, path: path)
    }
  }

  /// Whether a region's faces lie between chunks or on the volume's far side.
  private func coversWholeChunks(_ box: VoxelBox, of target: Dataset) -> Bool {
    let (start, end, whole) = (box.origin, box.end, target.metadata.extent)
    let chunk = target.chunk.suffix(3).map { $0 }
    return zip(
      zip([start.z, start.y, start.x], [end.z, end.y, end.x]),
      zip([whole.z, whole.y, whole.x], chunk)
    ).allSatisfy { range, limit in
      range.0 % limit.1 == 0 && (range.1 % limit.1 == 0 || range.1 == limit.0)
    }
  }

  /// Compresses the chunks of a region side by side and writes them in raster order.
  private func writeChunks<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, to target: Dataset
  ) throws(VolumeError) {
    let volume = copy volume
    // Each channel of each time point has chunks of its own.
    let grid = ChunkGrid(
      chunk: VoxelExtent(
        z: target.chunk[target.chunk.count - 3], y: target.chunk[target.chunk.count - 2],
        x: target.chunk[target.chunk.count - 1]))
    let indices = grid.indices(
      touching: ChunkRegion(box: volume.box, channels: 0..<volume.channels))
    let innerChannels = volume.channels / target.metadata.timePoints
    // As many encoded chunks are held as keep the threads busy.
    let step = max(1, threads) * 4
    var first = 0
    while first < indices.count {
      let batch = Array(indices[first..<min(first + step, indices.count)])
      let encoded = Mutex([Int: [UInt8]]())
      let failure = Mutex<CodecError?>(nil)
      concurrentForEach(0..<batch.count, threads: threads) { place in
        do throws(CodecError) {
          let values = volume.chunk(grid.region(of: batch[place]), fill: .zero)
          let bytes = try HDF5Writer.encoded(values, level: target.compressionLevel)
          encoded.withLock { $0[place] = bytes }
        } catch {
          failure.withLock { $0 = error }
        }
      }
      if let error = failure.withLock({ $0 }) {
        throw VolumeError(
          .inputOutput, path: path, "a chunk cannot be compressed",
          remedy: "run with more memory", cause: error)
      }
      let chunks = encoded.withLock { $0 }
      try withHDF5 { library throws(VolumeError) in
        for (place, index) in batch.enumerated() {
          guard let bytes = chunks[place] else { continue }
          let (time, channel) = index.channel.quotientAndRemainder(dividingBy: innerChannels)
          let outer = [time, channel].suffix(target.lengths.count - 3)
          let isTimeOnly = target.lengths.count == 4 && target.metadata.timePoints > 1
          let origin = grid.region(of: index).box.origin
          try library.writeChunk(
            target.handle,
            at: (isTimeOnly ? [time] : Array(outer)) + [origin.z, origin.y, origin.x], bytes,
            path: path)
        }
      }
      first += batch.count
    }
  }

  /// A chunk's bytes after the filters of ``addDataset(_:metadata:compressionLevel:)``.
  private static func encoded<Scalar: VoxelScalar>(
    _ values: [Scalar], level: Int
  ) throws(CodecError) -> [UInt8] {
    let span = values.span
    let bytes = span.bytes
    let width = MemoryLayout<Scalar>.stride
    guard width > 1 else { return try WholeDeflate.encode(bytes, level: level, .zlib) }
    let shuffled = ByteShuffle.apply(bytes, width: width)
    return try WholeDeflate.encode(shuffled.rawSpan, level: level, .zlib)
  }

  /// Makes the file durable and gives it its name.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput` where the system refuses; the file is then gone.
  public func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      guard let file = state.file else { preconditionFailure("the file is finished already") }
      try withHDF5 { library throws(VolumeError) in try library.flush(file, path: path) }
      // Closing writes too: the file's true length, and that no one is writing to it.
      guard HDF5Writer.close(&state) else {
        throw VolumeError(
          .inputOutput, path: path, "cannot be closed", remedy: "check the space left on the disk")
      }
      try state.partial.commit()
    }
  }

  /// Closes everything; false where the library could not.
  @discardableResult
  private static func close(_ state: inout State) -> Bool {
    guard let file = state.file else { return true }
    let handles = state.datasets.values.map(\.handle)
    state.file = nil
    state.datasets = [:]
    return withHDF5 { library in
      // All of them, whatever becomes of the first.
      (handles + [file]).map { library.close($0) }.allSatisfy { $0 }
    }
  }
}
