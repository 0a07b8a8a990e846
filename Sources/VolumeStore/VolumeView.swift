public import Voxels

/// Part of a volume seen as a volume of its own: a box of it, some of its channels and time points,
/// with another voxel size or offset.
///
/// The view's first voxel is the box's; its offset is moved accordingly, so that every voxel stays
/// where it is in space; where no voxel size is known, as if voxels were 1 nm. Nothing is read
/// before a region is asked for.
public struct VolumeView: VolumeReader {
  /// The volume that the view shows a part of.
  public let base: any VolumeReader
  /// What the view shows; the storage unit is the base's.
  public let metadata: VolumeMetadata
  /// What is shown, in the base's voxels.
  public let box: VoxelBox
  /// The base's values of a voxel that are shown.
  public let values: [Int]

  /// The base's path.
  public var path: String { base.path }

  /// Creates a view.
  ///
  /// - Parameters:
  ///   - base: The volume to show a part of.
  ///   - box: What to show, within the base; nil shows all of it.
  ///   - channels: The channels to show, within the base's; nil shows all. One channel alone has no
  ///     channel axis where `keepsAxes` is false.
  ///   - timePoints: The time points to show, likewise.
  ///   - voxelSize: The voxel size to give in place of the base's.
  ///   - offset: Where the centre of the *base's* first voxel lies, in place of what the base says;
  ///     in the unit of the view's voxel size.
  ///   - keepsAxes: Whether an axis of which one index is shown stays.
  public init(
    _ base: any VolumeReader, box: VoxelBox? = nil, channels: Range<Int>? = nil,
    timePoints: Range<Int>? = nil, voxelSize: VoxelSize? = nil, offset: PhysicalPosition? = nil,
    keepsAxes: Bool = false
  ) {
    let stored = base.metadata
    let channelCount = stored.channels / stored.timePoints
    let shown = box ?? stored.box
    let times = timePoints ?? 0..<stored.timePoints
    let chosen = channels ?? 0..<channelCount
    precondition(
      !shown.isEmpty && stored.box.contains(shown), "a view shows voxels of the volume")
    precondition(
      !chosen.isEmpty && !times.isEmpty && chosen.lowerBound >= 0 && times.lowerBound >= 0
        && chosen.upperBound <= channelCount && times.upperBound <= stored.timePoints,
      "a view shows channels and time points of the volume")
    self.base = base
    self.box = shown
    values = times.flatMap { time in chosen.map { time * channelCount + $0 } }

    var metadata = stored
    metadata.extent = shown.extent
    metadata.channels = values.count
    metadata.timePoints = times.count
    let dropped = [
      (VolumeAxis.channel, channels != nil && chosen.count == 1),
      (.time, timePoints != nil && times.count == 1),
    ].compactMap { $0.1 && !keepsAxes ? $0.0 : nil }
    metadata.axes = VolumeAxes(stored.axes.order.filter { !dropped.contains($0) }) ?? stored.axes
    metadata.voxelSize = voxelSize ?? stored.voxelSize
    metadata.offset = Self.offset(
      of: shown.origin, stored: stored, voxelSize: metadata.voxelSize, stated: offset)
    self.metadata = metadata
  }

  private static func offset(
    of origin: VoxelPosition, stored: VolumeMetadata, voxelSize: VoxelSize?,
    stated: PhysicalPosition?
  ) -> PhysicalPosition {
    let unit = voxelSize?.unit ?? .nanometer
    let factor = (stored.voxelSize?.unit ?? unit).nanometers / unit.nanometers
    // A factor of one changes no bit.
    let first =
      stated
      ?? PhysicalPosition(
        z: stored.offset.z * factor, y: stored.offset.y * factor, x: stored.offset.x * factor)
    let size = voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    return PhysicalPosition(
      z: first.z + Double(origin.z) * size.z, y: first.y + Double(origin.y) * size.y,
      x: first.x + Double(origin.x) * size.x)
  }

  /// Whether the view shows every value of its base.
  private var showsAllValues: Bool { values.count == base.metadata.channels }

  /// Reads a region of the view, all of its channels.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`, in the view's voxels.
  /// - Throws: ``VolumeError`` with `outOfBounds`, or what the base throws.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    let shift = self.box.origin - VoxelPosition.zero
    let wanted = VoxelBox(origin: box.origin + shift, extent: box.extent)
    let volume = try base.read(wanted, as: type)
    guard !showsAllValues else { return volume.moved(to: box.origin) }
    let count = box.extent.voxelCount
    var shown: [Scalar] = []
    shown.reserveCapacity(values.count * count)
    for value in values { shown += volume.storage[value * count..<(value + 1) * count] }
    return Volume(channels: values.count, box: box, values: shown)
  }
}

extension VolumeView {
  /// The base's, and room for the values shown where they are not all.
  public var readingMemory: ReadingMemory {
    let memory = base.readingMemory
    let shown = showsAllValues ? 0 : metadata.channels * metadata.dataType.byteCount
    return ReadingMemory(
      held: memory.held, perVoxel: memory.perVoxel + shown, perRead: memory.perRead)
  }
}
