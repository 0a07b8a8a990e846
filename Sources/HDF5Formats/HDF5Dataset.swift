import CHDF5
import Codecs
public import VolumeStore
public import Voxels

/// One dataset of an HDF5 file, read region by region.
///
/// Integers of 8 to 64 bits and 32- and 64-bit floating-point numbers of either byte order, in one
/// piece or in chunks, with their axes in any order. The axes are what the user states, what the
/// file names (ilastik's `axistags`, `axis_order`, `axis_names`, dimension scales), or else
/// (z, y, x) or (channel, z, y, x), which is noted. The attributes `resolution` and `offset` are
/// nanometres along the axes of space, as in CREMI files; `element_size_um` is micrometres.
///
/// Chunks behind gzip, shuffle, fletcher32, LZF, Blosc and Zstandard are decoded by the threads that
/// read, side by side; what lies in one piece, and chunks without filters where there are at most
/// 8192, are read without the library. Anything else goes through it, one thread at a time.
///
/// Source: HDF5 1.10 reference manual; CREMI file format 0.2, <https://cremi.org/data>.
public final class HDF5Dataset: VolumeReader {
  /// The file's path.
  public let path: String
  /// The dataset's path in the file.
  public let dataset: String
  /// What the file says; the storage unit is one chunk, or one section where there are none.
  public let metadata: VolumeMetadata
  /// What was assumed that the file does not say.
  public let notes: [String]
  /// The memory that decoded chunks may take while the dataset is open.
  public let cacheBytes: Int

  let axes: HDF5Axes
  let storage: HDF5Storage
  let storedType: DataType
  let isBigEndian: Bool
  let cache: ChunkCache
  let chunkAddresses: HDF5ChunkAddresses
  let stored: StoredFile
  let handle: hid_t
  private let file: hid_t

  /// Opens a dataset.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - dataset: The dataset's path in the file; nil chooses the only volume, or the one at a
  ///     place that CREMI, pytc, ilastik or FFN files use.
  ///   - stated: What the user states; the axes are taken from it.
  ///   - cacheLimit: The most memory for decoded chunks; less is taken where one layer of chunks
  ///     needs less, more only where one chunk does.
  /// - Throws: ``VolumeError`` with `notFound` where there is no such dataset or several to choose
  ///   from, `unsupportedFeature`, `limitExceeded` or `malformedMetadata` where it cannot be read.
  public convenience init(
    _ path: String, dataset: String? = nil, stated: StatedLayout = .none,
    cacheLimit: Int = 64 << 20
  ) throws(VolumeError) {
    let layout = try HDF5Layout.found(path, dataset: dataset)
    let level = layout.levels[0]
    try self.init(
      HDF5Opening.Request(
        path: path, dataset: level.datasets[0], axes: stated.axes ?? layout.axes,
        isMATLAB: try isMATLABFile(path), isUnsigned: layout.isUnsigned, scale: level.scale,
        extent: level.extent, cacheLimit: cacheLimit),
      notes: layout.notes)
  }

  /// Opens the dataset of a request.
  init(
    _ request: HDF5Opening.Request, notes assumed: [String], cache: ChunkCache? = nil
  ) throws(VolumeError) {
    guard let stored = try StoredFile(path: request.path) else {
      throw VolumeError(
        .notFound, path: request.path, "is not there", remedy: "check the path")
    }
    self.stored = stored
    let opened = try withHDF5 { library throws(VolumeError) in
      try HDF5Opening(library, request)
    }
    path = request.path
    dataset = opened.dataset
    metadata = opened.metadata
    notes = assumed + opened.notes
    axes = opened.axes
    storage = opened.storage
    storedType = opened.storedType
    isBigEndian = opened.isBigEndian
    file = opened.file
    handle = opened.handle
    let isFiltered = !storage.pipeline.filters.isEmpty
    chunkAddresses = HDF5ChunkAddresses(
      lengths: axes.lengths,
      chunk: storage.isDecodedHere && !isFiltered ? storage.chunk : nil)
    if storage.isDecodedHere, isFiltered {
      let layer = HDF5Cache(
        layerOf: axes.lengths, chunk: storage.chunk,
        chunkByteCount: storage.chunkByteCount(storedType.byteCount) ?? 0,
        limit: request.cacheLimit)
      self.cache = cache ?? ChunkCache(byteLimit: layer.byteCount)
      cacheBytes = self.cache.byteLimit
    } else {
      self.cache = ChunkCache(byteLimit: 0)
      cacheBytes = opened.libraryCacheBytes
    }
    if let address = storage.address {
      let byteCount = axes.lengths.reduce(storedType.byteCount, *)
      guard address <= self.stored.byteCount, byteCount <= self.stored.byteCount - address else {
        throw VolumeError(
          .malformedMetadata, path: path, "dataset \(dataset) reaches beyond the file's end",
          found: "\(self.stored.byteCount) bytes",
          expected: "\(byteCount) bytes from \(address) on",
          remedy: "copy the file again")
      }
    }
  }

  deinit {
    withHDF5 { library in
      library.close(handle)
      library.close(file)
    }
  }

  /// The decoded chunks that are kept; and for each read, one chunk in the file, between its
  /// filters, and decoded, or a slab whose axes are exchanged.
  public var readingMemory: ReadingMemory {
    let chunk = storage.chunkByteCount(storedType.byteCount) ?? 0
    return ReadingMemory(
      held: cacheBytes, perVoxel: metadata.channels * metadata.dataType.byteCount,
      perRead: storage.isDecodedHere ? 4 * chunk : HDF5Dataset.slabBytes + chunk)
  }

  /// Reads a region, all channels.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds`, `dataTypeMismatch`, or `corruptChunk` where a
  ///   chunk does not decode.
  /// - Complexity: O(*n*) in the voxels of the chunks touched.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    let values: [Scalar] =
      storage.isDecodedHere ? try readChunks(box) : try readPieces(box)
    return Volume(channels: metadata.channels, box: box, values: values)
  }
}

/// Whether MATLAB wrote a file: HDF5 behind a header of its own.
///
/// Source: MathWorks, "MAT-File Versions", version 7.3.
func isMATLABFile(_ path: String) throws(VolumeError) -> Bool {
  let header = Array("MATLAB 7.3 MAT-file".utf8)
  return try bytes(ofFile: path, from: 0, count: header.count) == header
}
