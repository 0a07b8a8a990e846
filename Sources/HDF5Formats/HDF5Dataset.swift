import CHDF5
public import VolumeStore
public import Voxels

/// One dataset of an HDF5 file, read region by region.
///
/// Integers of 8 to 64 bits and 32- and 64-bit floating-point numbers of either byte order, in one
/// piece or in chunks. Three axes are (z, y, x), four are (channel, z, y, x) unless ilastik's
/// `axistags` or an `axis_order` says (z, y, x, channel). The attributes `resolution` and `offset`
/// are nanometres along (z, y, x), as in CREMI files; `element_size_um` is micrometres.
///
/// The library reads for one thread at a time, whatever the number of readers.
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

  /// The library's chunk cache, which all reads go through.
  public var readingMemory: ReadingMemory {
    ReadingMemory(held: cacheBytes, perVoxel: metadata.channels * metadata.dataType.byteCount)
  }

  private let axes: HDF5Axes
  private let file: hid_t
  private let handle: hid_t

  /// Opens a dataset.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - dataset: The dataset's path in the file; nil chooses the only volume, or the one at a
  ///     place that CREMI, pytc, ilastik or FFN files use.
  ///   - cacheLimit: The most memory for decoded chunks; less is taken where one layer of chunks
  ///     needs less, more only where one chunk does.
  /// - Throws: ``VolumeError`` with `notFound` where there is no such dataset or several to choose
  ///   from, `unsupportedFeature`, `limitExceeded` or `malformedMetadata` where it cannot be read.
  public init(
    _ path: String, dataset: String? = nil, cacheLimit: Int = 64 << 20
  ) throws(VolumeError) {
    _ = try FileStatus.ofFile(path)
    let opened = try withHDF5 { library throws(VolumeError) in
      try HDF5Opening(library, path: path, dataset: dataset, cacheLimit: cacheLimit)
    }
    self.path = path
    self.dataset = opened.dataset
    metadata = opened.metadata
    notes = opened.notes
    cacheBytes = opened.cacheBytes
    axes = opened.axes
    file = opened.file
    handle = opened.handle
  }

  deinit {
    withHDF5 { library in
      library.close(handle)
      library.close(file)
    }
  }

  /// Reads a region, all channels.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds`, `dataTypeMismatch`, or `corruptChunk` where a
  ///   chunk does not decode.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    var volume = Volume<Scalar>(channels: metadata.channels, box: box)
    var values = volume.mutableSpan
    var bytes = values.mutableBytes
    // Channels that do not vary slowest are read one by one, so that each lies in one piece.
    let passes = axes.hasInnerChannels ? metadata.channels : 1
    let passByteCount = bytes.byteCount / passes
    for pass in 0..<passes {
      let start = axes.perAxis(
        channel: pass, z: box.origin.z, y: box.origin.y, x: box.origin.x, single: 0)
      let count = axes.perAxis(
        channel: metadata.channels / passes, z: box.extent.z, y: box.extent.y, x: box.extent.x,
        single: 1)
      try withHDF5 { library throws(VolumeError) in
        try library.read(
          handle, start: start, count: count, as: metadata.dataType, into: &bytes,
          pass * passByteCount..<(pass + 1) * passByteCount, path: path)
      }
    }
    return volume
  }
}
