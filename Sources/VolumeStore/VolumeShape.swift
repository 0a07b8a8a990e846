public import Voxels

/// The axes of a stored volume and how long they are.
public struct VolumeShape: Hashable, Sendable {
  /// The stored axes, slowest first.
  public let axes: VolumeAxes
  /// The size in voxels; 1 along an axis that is not stored.
  public let extent: VoxelExtent
  /// The channels at each time point.
  public let channels: Int
  /// The number of time points.
  public let timePoints: Int

  /// Creates a shape; the axes that are not stored have the length 1.
  public init(axes: VolumeAxes, extent: VoxelExtent, channels: Int = 1, timePoints: Int = 1) {
    precondition(
      extent.z > 0 && extent.y > 0 && extent.x > 0 && channels > 0 && timePoints > 0,
      "a volume has at least one voxel")
    precondition(
      (axes.contains(.z) || extent.z == 1) && (axes.contains(.channel) || channels == 1)
        && (axes.contains(.time) || timePoints == 1),
      "an axis that is not stored has the length 1")
    self.axes = axes
    self.extent = extent
    self.channels = channels
    self.timePoints = timePoints
  }

  /// Creates the shape of one time point: `zyx`, or with channels `czyx`.
  public init(extent: VoxelExtent, channels: Int? = nil) {
    self.init(axes: channels == nil ? .zyx : .czyx, extent: extent, channels: channels ?? 1)
  }

  /// The shape of a volume, its axes in the order t, c, z, y, x.
  public init(_ metadata: VolumeMetadata) {
    self.init(
      axes: metadata.axes.canonical, extent: metadata.extent,
      channels: metadata.channels / metadata.timePoints, timePoints: metadata.timePoints)
  }

  /// The lengths along the stored axes, in their order.
  package var lengths: [Int] {
    ChunkIndex(
      time: timePoints, channel: channels, z: extent.z, y: extent.y, x: extent.x
    ).positions(along: axes.order)
  }
}
