import CHDF5
import VolumeStore
import Voxels

/// What opening a dataset finds out.
struct HDF5Opening: Sendable {
  let dataset: String
  let metadata: VolumeMetadata
  let notes: [String]
  let axes: HDF5Axes
  let storage: HDF5Storage
  /// The bytes of the library's own chunk cache.
  let libraryCacheBytes: Int
  /// The type whose values the library gives.
  let storedType: DataType
  let isBigEndian: Bool
  let file: hid_t
  let handle: hid_t

  /// What is known of a dataset before it is opened.
  struct Request: Sendable {
    var path: String
    var dataset: String
    var axes: VolumeAxes?
    var isMATLAB = false
    var isUnsigned = false
    var scale: HDF5Scale?
    var extent: VoxelExtent?
    var cacheLimit: Int
  }

  /// The most chunks that are counted to notice missing ones.
  private static let mostCountedChunks = 100_000

  init(_ library: borrowing HDF5Library, _ request: Request) throws(VolumeError) {
    let (path, name) = (request.path, request.dataset)
    var notes: [String] = []
    let file = try library.openFile(path)
    let handle = try HDF5Opening.open(library, file.id, name, path: path)
    let lengths = try library.dimensions(handle.id, name, path: path)
    let (type, isBigEndian, description) = library.dataType(handle.id)
    guard let type else {
      throw VolumeError(
        .unsupportedFeature, path: path, "dataset \(name) holds no numbers of a known type",
        found: description, expected: "integers of 8 to 64 bits, or float32 or float64",
        remedy: "convert the dataset, or name another by --dataset")
    }
    let names =
      request.axes == nil ? HDF5Opening.names(library, handle.id, rank: lengths.count) : nil
    axes = try HDF5Axes(
      lengths: lengths, stated: request.axes, names: names, isMATLAB: request.isMATLAB,
      dataset: name, path: path, notes: &notes)
    let storage = try library.storage(
      handle.id, name, axes: axes, type: type, path: path)
    try storage.check(name, valueByteCount: type.byteCount, path: path)
    let scale: HDF5Scale
    if let known = request.scale {
      scale = known
    } else {
      scale = HDF5Scale(library, file: file.id, dataset: name, axes: axes, notes: &notes)
    }
    var shown = type
    if request.isUnsigned, let unsigned = type.unsigned, unsigned != type {
      notes.append(
        "\(name): \(type.rawValue) values taken as \(unsigned.rawValue) of the same bits")
      shown = unsigned
    }
    metadata = try HDF5Opening.metadata(
      request, axes: axes, type: shown, storage: storage, scale: scale)
    guard metadata.isCountable, checkedProduct(lengths + [type.byteCount]) != nil else {
      throw VolumeError(
        .limitExceeded, path: path, "dataset \(name) is too large", found: lengths.sizesDescription,
        remedy: "check that the file was copied whole")
    }
    HDF5Opening.noteMissingChunks(
      library, handle.id, lengths: lengths, storage: storage, name: name, notes: &notes)
    let cache = HDF5Cache(
      layerOf: lengths, chunk: storage.isDecodedHere ? nil : storage.chunk,
      chunkByteCount: storage.chunkByteCount(type.byteCount) ?? 0, limit: request.cacheLimit)
    libraryCacheBytes = cache.byteCount
    // Opened again now that the size of its chunks is known.
    self.handle = try library.openDataset(file.id, name, cache: cache, path: path).released()
    self.file = file.released()
    self.storage = storage
    self.isBigEndian = isBigEndian
    storedType = type
    dataset = name
    self.notes = notes
  }

  /// Opens a dataset; an error lists those that are there.
  private static func open(
    _ library: borrowing HDF5Library, _ file: hid_t, _ name: String, path: String
  ) throws(VolumeError) -> HDF5Handle {
    do throws(VolumeError) {
      return try library.openDataset(file, name, cache: nil, path: path)
    } catch {
      throw HDF5Layout.naming(library, file, path: path, in: error)
    }
  }

  /// The axes' names where the file tells them: ilastik's `axistags`, `axis_order`,
  /// funlib's `axis_names`, or the labels or names of dimension scales that are a volume's.
  private static func names(
    _ library: borrowing HDF5Library, _ dataset: hid_t, rank: Int
  ) -> [String]? {
    if let tags = library.text(dataset, "axistags").flatMap({ HDF5Axes.names(axistags: $0) }) {
      return tags
    }
    if let order = library.text(dataset, "axis_order") { return order.map { String($0) } }
    let labels =
      [
        library.texts(dataset, "axis_names"), library.texts(dataset, "DIMENSION_LABELS"),
        library.dimensionScaleNames(dataset, rank: rank),
      ] as [[String]?]
    return labels.lazy.compactMap { $0 }.first { names in
      names.count == rank && VolumeAxes(names.compactMap { VolumeAxis(hdf5Name: $0) }) != nil
        && names.allSatisfy { VolumeAxis(hdf5Name: $0) != nil }
    }
  }

  private static func metadata(
    _ request: Request, axes: HDF5Axes, type: DataType, storage: HDF5Storage, scale: HDF5Scale
  ) throws(VolumeError) -> VolumeMetadata {
    let whole = axes.extent
    let extent = request.extent ?? whole
    guard VoxelBox(extent: whole).contains(VoxelBox(extent: extent)) else {
      throw VolumeError(
        .malformedMetadata, path: request.path,
        "dataset \(request.dataset) is smaller than its image", found: whole.sizesDescription,
        expected: extent.sizesDescription, remedy: "copy the file again")
    }
    let unit =
      storage.chunk.map { axes.extent(of: $0) }
      ?? VoxelExtent(z: 1, y: extent.y, x: extent.x)
    let timePoints = axes.length(.time)
    let (channels, overflows) = axes.length(.channel).multipliedReportingOverflow(by: timePoints)
    guard !overflows else {
      throw VolumeError(
        .limitExceeded, path: request.path, "dataset \(request.dataset) is too large",
        found: axes.lengths.sizesDescription, remedy: "check that the file was copied whole")
    }
    return VolumeMetadata(
      extent: extent, channels: channels, timePoints: timePoints, axes: axes.volumeAxes,
      dataType: type, voxelSize: scale.voxelSize, offset: scale.offset,
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
}

extension DataType {
  /// The unsigned type of the same size; nil for floating-point numbers.
  fileprivate var unsigned: DataType? {
    switch self {
    case .int8, .uint8: .uint8
    case .int16, .uint16: .uint16
    case .int32, .uint32: .uint32
    case .int64, .uint64: .uint64
    case .float16, .float32, .float64: nil
    }
  }
}
