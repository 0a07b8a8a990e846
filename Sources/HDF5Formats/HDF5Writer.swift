import CHDF5
import Synchronization
public import VolumeStore
public import Voxels

/// Writes volumes into a new HDF5 file in CREMI's layout: chunked, gzip, with `resolution` and
/// `offset` in nanometres.
///
/// The file is written under a partial name and gets its own in ``finish()``: an HDF5 file whose
/// writer dies is unreadable, or reads as zeros. A writer that is never finished leaves nothing.
///
/// Source: CREMI file format 0.2, <https://cremi.org/data>.
public final class HDF5Writer: Sendable {
  /// The path the file gets when it is finished.
  public let path: String

  private let state: Mutex<State>

  private struct State: ~Copyable {
    var partial: PendingFile
    var file: hid_t?
    var datasets: [String: Dataset] = [:]
  }

  private struct Dataset {
    var handle: hid_t
    var metadata: VolumeMetadata
  }

  /// The longest side of a chunk.
  private static let chunkSide = 64

  /// The memory that chunks being filled may take in each dataset.
  private static let cacheLimit = 256 << 20

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: The path the file gets when it is finished.
  ///   - replacing: Whether a file of that name is replaced then.
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  public init(_ path: String, replacing: Bool = false) throws(VolumeError) {
    self.path = path
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
    precondition(
      metadata.isCountable && (metadata.hasChannelAxis || metadata.channels == 1),
      "several channels need a channel axis")
    let extent = metadata.extent
    let channelAxis = metadata.hasChannelAxis
    let lengths = (channelAxis ? [metadata.channels] : []) + [extent.z, extent.y, extent.x]
    let chunk =
      (channelAxis ? [1] : [])
      + [extent.z, extent.y, extent.x].map { min($0, HDF5Writer.chunkSide) }
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
      state.datasets[dataset] = Dataset(handle: handle, metadata: metadata)
    }
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
    let values = volume.span
    let bytes = values.bytes
    try state.withLock { state throws(VolumeError) in
      guard let target = state.datasets[dataset], state.file != nil else {
        preconditionFailure("the file has no dataset \(dataset) to write to")
      }
      precondition(channels == target.metadata.channels, "the region has other channels")
      try target.metadata.checkRead(box, as: Scalar.self, path: path)
      let channelAxis = target.metadata.hasChannelAxis
      try withHDF5 { library throws(VolumeError) in
        try library.write(
          target.handle,
          start: (channelAxis ? [0] : []) + [box.origin.z, box.origin.y, box.origin.x],
          count: (channelAxis ? [channels] : []) + [box.extent.z, box.extent.y, box.extent.x],
          as: Scalar.dataType, from: bytes, path: path)
      }
    }
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
