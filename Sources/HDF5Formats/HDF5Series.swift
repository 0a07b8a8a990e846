import Codecs
public import VolumeStore
public import Voxels

/// A volume whose channels and time points are datasets of their own, as in Imaris and
/// BigDataViewer files.
public struct HDF5Series: VolumeReader {
  /// The file's path.
  public var path: String { datasets[0].path }
  /// What the first dataset says, with the channels and time points of all.
  public let metadata: VolumeMetadata
  /// The datasets, channels varying fastest, then time points.
  private let datasets: [HDF5Dataset]

  /// Puts datasets of one value per voxel together.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where they differ.
  init(_ datasets: [HDF5Dataset], timePoints: Int) throws(VolumeError) {
    precondition(datasets.count % timePoints == 0, "every time point has the same channels")
    var metadata = datasets[0].metadata
    for dataset in datasets {
      let other = dataset.metadata
      guard other.extent == metadata.extent, other.dataType == metadata.dataType,
        other.channels == 1
      else {
        throw VolumeError(
          .malformedMetadata, path: dataset.path,
          "dataset \(dataset.dataset) is not like \(datasets[0].dataset)",
          found: "\(other.dataType.rawValue), \(other.extent.sizesDescription)",
          expected: "\(metadata.dataType.rawValue), \(metadata.extent.sizesDescription)",
          remedy: "name one dataset by --dataset")
      }
    }
    metadata.channels = datasets.count
    metadata.timePoints = timePoints
    let hasChannels = datasets.count > timePoints
    metadata.axes =
      VolumeAxes((timePoints > 1 ? [.time] : []) + (hasChannels ? [.channel] : []) + [.z, .y, .x])
      ?? .czyx
    guard metadata.isCountable else {
      throw VolumeError(
        .limitExceeded, path: datasets[0].path, "the volume is too large",
        found: "\(datasets.count) datasets of \(metadata.extent.sizesDescription)",
        remedy: "name one dataset by --dataset")
    }
    self.metadata = metadata
    self.datasets = datasets
  }

  /// What the datasets hold together, and what one of them needs for a read.
  public var readingMemory: ReadingMemory {
    let parts = datasets.map { $0.readingMemory }
    let one = datasets[0].metadata.dataType.byteCount
    return ReadingMemory(
      held: parts.reduce(0) { $0 + $1.held }, perVoxel: (datasets.count + 1) * one,
      perRead: parts.map { $0.perRead }.max() ?? 0)
  }

  /// Reads a region, all channels and time points.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds`, `dataTypeMismatch`, or `corruptChunk` where a
  ///   chunk does not decode.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    let count = box.extent.voxelCount
    let width = MemoryLayout<Scalar>.stride
    let values: [Scalar] = try uninitializedValues(datasets.count * count) {
      (target) throws(VolumeError) in
      for (place, dataset) in datasets.enumerated() {
        let part = try dataset.read(box, as: type)
        let values = part.span
        // Sound: numbers have no padding, so every byte of them is initialised.
        target.copy(values.bytes, to: place * count * width)
      }
    }
    return Volume(channels: datasets.count, box: box, values: values)
  }
}
