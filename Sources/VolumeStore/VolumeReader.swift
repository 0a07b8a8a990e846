public import Voxels

/// What a stored volume says of itself.
public struct VolumeMetadata: Hashable, Sendable {
  /// The size in voxels; a volume's first voxel is the origin of its voxel coordinates.
  public var extent: VoxelExtent
  /// The number of values per voxel: channels times time points, the channels varying fastest.
  public var channels: Int
  /// The number of time points.
  public var timePoints: Int
  /// The axes of the stored array; one that is not there has the length 1.
  public var axes: VolumeAxes
  /// The type of one value.
  public var dataType: DataType
  /// The physical size of one voxel; nil where the file does not say.
  public var voxelSize: VoxelSize?
  /// Where the centre of the first voxel lies, in the voxel size's unit.
  public var offset: PhysicalPosition
  /// The block that a write must cover whole, and the best unit to read: a chunk, shard or section.
  public var storageUnit: VoxelExtent

  /// Creates a description.
  public init(
    extent: VoxelExtent, channels: Int = 1, timePoints: Int = 1, axes: VolumeAxes = .zyx,
    dataType: DataType, voxelSize: VoxelSize?, offset: PhysicalPosition = .zero,
    storageUnit: VoxelExtent
  ) {
    precondition(channels % timePoints == 0, "every time point has the same channels")
    self.extent = extent
    self.channels = channels
    self.timePoints = timePoints
    self.axes = axes
    self.dataType = dataType
    self.voxelSize = voxelSize
    self.offset = offset
    self.storageUnit = storageUnit
  }

  /// Whether the stored array has a channel axis, also where it has one channel only.
  public var hasChannelAxis: Bool { axes.contains(.channel) }

  /// The whole volume in voxel coordinates.
  public var box: VoxelBox { VoxelBox(extent: extent) }
}

/// A volume on disk that can be read one region at a time.
///
/// Readers may be used from several threads at once.
public protocol VolumeReader: Sendable {
  /// The path the volume was opened from, for messages.
  var path: String { get }
  /// What the file says of itself.
  var metadata: VolumeMetadata { get }
  /// What reading takes in memory; by default one storage unit for each read at a time.
  var readingMemory: ReadingMemory { get }
  /// Reads a region, all channels.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds` where the box reaches outside, `dataTypeMismatch`
  ///   where `Scalar` is not the stored type, `corruptChunk` where the bytes are damaged.
  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar>
}

/// A volume on disk that can also be written, in whole storage units.
public protocol VolumeWriter: VolumeReader, RecordedOutput {
  /// Writes a region whose faces lie on storage-unit boundaries or on the volume's.
  ///
  /// - Returns: What was stored, one record for each storage unit.
  /// - Throws: ``VolumeError`` with `misalignedWrite` where they do not, `dataTypeMismatch` where
  ///   `Scalar` is not the stored type.
  func write<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>
  ) throws(VolumeError) -> [ChunkRecord]
}

extension VolumeReader {
  /// Reads a region and converts its values, each to the nearest of the type asked for.
  ///
  /// - Throws: ``VolumeError`` as ``read(_:as:)`` does, but never `dataTypeMismatch`.
  public func readConverting<Scalar: VoxelScalar>(
    _ box: VoxelBox, to type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    guard metadata.dataType != Scalar.dataType else { return try read(box, as: type) }
    return try converting(box, from: metadata.dataType.scalarType)
  }

  private func converting<Stored: VoxelScalar, Scalar: VoxelScalar>(
    _ box: VoxelBox, from stored: Stored.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try read(box, as: stored).converted(to: Scalar.self)
  }
}
