import CHDF5
import VolumeStore
import Voxels

/// What opening a dataset finds out.
struct HDF5Opening: Sendable {
  let dataset: String
  let metadata: VolumeMetadata
  let notes: [String]
  let cacheBytes: Int
  let axes: HDF5Axes
  let file: hid_t
  let handle: hid_t

  /// The places where common programs put their volume, the likelier ones first.
  ///
  /// Source: CREMI (`volumes`), pytc (`main`), ilastik (`exported_data`), FFN (`raw`, `stack`).
  static let knownPlaces = [
    "/volumes/raw", "/volumes/labels/neuron_ids", "/main", "/exported_data", "/raw", "/stack",
    "/data",
  ]

  /// The most chunks that are counted to notice missing ones.
  private static let mostCountedChunks = 100_000

  init(
    _ library: borrowing HDF5Library, path: String, dataset: String?, cacheLimit: Int
  ) throws(VolumeError) {
    var notes: [String] = []
    let file = try library.openFile(path)
    let name: String
    if let dataset {
      name = dataset
    } else {
      name = try HDF5Opening.choose(library, file.id, path: path, notes: &notes)
    }
    let handle = try HDF5Opening.open(library, file.id, name, path: path)
    let lengths = try library.dimensions(handle.id, name, path: path)
    let names =
      library.text(handle.id, "axistags").flatMap { HDF5Axes.names(axistags: $0) }
      ?? library.text(handle.id, "axis_order").map { $0.map { String($0) } }
    let (type, description) = library.dataType(handle.id)
    guard let type else {
      throw VolumeError(
        .unsupportedFeature, path: path, "dataset \(name) holds no numbers of a known type",
        found: description, expected: "integers of 8 to 64 bits, or float32 or float64",
        remedy: "convert the dataset, or name another by --dataset")
    }
    axes = try HDF5Axes(
      lengths: lengths, names: names, dataset: name, path: path, notes: &notes)
    let storage = try library.storage(handle.id, name, rank: lengths.count, path: path)
    try storage.check(name, valueByteCount: type.byteCount, path: path)
    metadata = HDF5Opening.metadata(
      library, handle.id, axes: axes, type: type, storage: storage, name: name, notes: &notes)
    guard metadata.isCountable else {
      throw VolumeError(
        .limitExceeded, path: path, "dataset \(name) is too large", found: lengths.sizesDescription,
        remedy: "check that the file was copied whole")
    }
    HDF5Opening.noteMissingChunks(
      library, handle.id, lengths: lengths, storage: storage, name: name, notes: &notes)
    let cache = HDF5Cache(
      layerOf: lengths, chunk: storage.chunk,
      chunkByteCount: storage.chunkByteCount(type.byteCount) ?? 0, limit: cacheLimit)
    cacheBytes = cache.byteCount
    // Opened again now that the size of its chunks is known.
    self.handle = try library.openDataset(file.id, name, cache: cache, path: path).released()
    self.file = file.released()
    self.dataset = name
    self.notes = notes
  }

  /// Opens a dataset; an error lists those that are there.
  private static func open(
    _ library: borrowing HDF5Library, _ file: hid_t, _ name: String, path: String
  ) throws(VolumeError) -> HDF5Handle {
    do throws(VolumeError) {
      return try library.openDataset(file, name, cache: nil, path: path)
    } catch {
      throw naming((try? volumes(library, file, path: path)) ?? [], in: error)
    }
  }

  private static func metadata(
    _ library: borrowing HDF5Library, _ dataset: hid_t, axes: HDF5Axes, type: DataType,
    storage: HDF5Storage, name: String, notes: inout [String]
  ) -> VolumeMetadata {
    let extent = axes.extent
    var voxelSize: VoxelSize?
    if let nanometers = library.numbers(dataset, "resolution"), nanometers.count == 3 {
      voxelSize = VoxelSize(z: nanometers[0], y: nanometers[1], x: nanometers[2])
    } else if let micrometers = library.numbers(dataset, "element_size_um"), micrometers.count == 3
    {
      voxelSize = VoxelSize(
        z: micrometers[0], y: micrometers[1], x: micrometers[2], unit: .micrometer
      ).converted(to: .nanometer)
    }
    if voxelSize?.isValid != true {
      voxelSize = nil
      notes.append("\(name): the file does not say the voxel size")
    }
    var offset = PhysicalPosition.zero
    if let nanometers = library.numbers(dataset, "offset"), nanometers.count == 3,
      nanometers.allSatisfy(\.isFinite)
    {
      offset = PhysicalPosition(z: nanometers[0], y: nanometers[1], x: nanometers[2])
    }
    let unit =
      storage.chunk.map { axes.extent(of: $0) }
      ?? VoxelExtent(z: 1, y: extent.y, x: extent.x)
    return VolumeMetadata(
      extent: extent, channels: axes.channels, axes: axes.axes.contains(.channel) ? .czyx : .zyx,
      dataType: type, voxelSize: voxelSize, offset: offset,
      storageUnit: VoxelExtent(
        z: min(unit.z, extent.z), y: min(unit.y, extent.y), x: min(unit.x, extent.x)))
  }

  /// Notes chunks that were never written: a file whose writer died reads as zeros there.
  private static func noteMissingChunks(
    _ library: borrowing HDF5Library, _ dataset: hid_t, lengths: [Int], storage: HDF5Storage,
    name: String, notes: inout [String]
  ) {
    guard let chunk = storage.chunk else { return }
    var expected = 1
    for (length, chunkLength) in zip(lengths, chunk) {
      let (product, overflows) = expected.multipliedReportingOverflow(
        by: (length - 1) / chunkLength + 1)
      guard !overflows, product <= mostCountedChunks else { return }
      expected = product
    }
    guard let written = library.writtenChunkCount(dataset), written < expected else { return }
    notes.append(
      "\(name): \(expected - written) of \(expected) chunks were never written and read as the "
        + "fill value; if that is not meant, its writer was cut short")
  }

  /// Chooses the volume of a file that names none.
  private static func choose(
    _ library: borrowing HDF5Library, _ file: hid_t, path: String, notes: inout [String]
  ) throws(VolumeError) -> String {
    let volumes = try volumes(library, file, path: path)
    let choice: String
    if volumes.count == 1 {
      choice = volumes[0]
    } else {
      let known = knownPlaces.filter { volumes.contains($0) }
      // Grey values beside their labels, as in CREMI files, are no ambiguity; anything else is.
      guard let first = known.first,
        known.count == 1 || first == "/volumes/raw"
      else {
        throw naming(
          volumes,
          in: VolumeError(
            .notFound, path: path,
            volumes.isEmpty ? "the file holds no volume" : "the file holds several volumes"))
      }
      choice = first
    }
    notes.append("\(path): dataset \(choice) taken")
    return choice
  }

  /// The datasets that may be volumes.
  private static func volumes(
    _ library: borrowing HDF5Library, _ file: hid_t, path: String
  ) throws(VolumeError) -> [String] {
    var volumes: [String] = []
    for name in try library.datasetPaths(file, path: path) {
      guard let dataset = try? library.openDataset(file, name, cache: nil, path: path),
        let lengths = try? library.dimensions(dataset.id, name, path: path),
        (3...5).contains(lengths.count), library.dataType(dataset.id).type != nil
      else { continue }
      volumes.append(name)
    }
    return volumes
  }

  private static func naming(_ volumes: [String], in error: VolumeError) -> VolumeError {
    var error = error
    let names = volumes.prefix(10).joined(separator: ", ") + (volumes.count > 10 ? ", …" : "")
    error.found = volumes.isEmpty ? error.found : names
    error.remedy =
      volumes.isEmpty
      ? "name a file with a dataset of 3 or 4 axes"
      : "name one of them, such as --dataset \(volumes[0])"
    return error
  }
}
