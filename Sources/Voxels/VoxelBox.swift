/// A position in a voxel grid, counted in voxels from the dataset's origin.
public struct VoxelPosition: Hashable, Sendable {
  /// The coordinates, slowest axis first.
  public var z: Int, y: Int, x: Int

  /// Creates a position.
  @inlinable
  public init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// The dataset's first voxel.
  public static let zero = VoxelPosition(z: 0, y: 0, x: 0)

  /// The position moved forward by an extent.
  @inlinable
  public static func + (position: VoxelPosition, extent: VoxelExtent) -> VoxelPosition {
    VoxelPosition(z: position.z + extent.z, y: position.y + extent.y, x: position.x + extent.x)
  }

  /// The position moved back by an extent.
  @inlinable
  public static func - (position: VoxelPosition, extent: VoxelExtent) -> VoxelPosition {
    VoxelPosition(z: position.z - extent.z, y: position.y - extent.y, x: position.x - extent.x)
  }

  /// The step from one position to another.
  @inlinable
  public static func - (end: VoxelPosition, start: VoxelPosition) -> VoxelExtent {
    VoxelExtent(z: end.z - start.z, y: end.y - start.y, x: end.x - start.x)
  }
}

/// A size, or a step, in a voxel grid, counted in voxels along each axis.
public struct VoxelExtent: Hashable, Sendable {
  /// The lengths, slowest axis first.
  public var z: Int, y: Int, x: Int

  /// Creates an extent.
  @inlinable
  public init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// An extent of the same length along each axis.
  @inlinable
  public init(cube edge: Int) {
    self.init(z: edge, y: edge, x: edge)
  }

  /// No voxels along any axis.
  public static let zero = VoxelExtent(cube: 0)

  /// The number of voxels, `z · y · x`.
  ///
  /// Traps on overflow: use ``checkedVoxelCount`` for an extent read from a file.
  @inlinable
  public var voxelCount: Int { z * y * x }

  /// The number of voxels, or nil where a length is negative or the product overflows.
  public var checkedVoxelCount: Int? {
    guard z >= 0, y >= 0, x >= 0 else { return nil }
    let (plane, planeOverflows) = y.multipliedReportingOverflow(by: x)
    let (count, countOverflows) = z.multipliedReportingOverflow(by: plane)
    return planeOverflows || countOverflows ? nil : count
  }

  /// The extents added along each axis.
  @inlinable
  public static func + (left: VoxelExtent, right: VoxelExtent) -> VoxelExtent {
    VoxelExtent(z: left.z + right.z, y: left.y + right.y, x: left.x + right.x)
  }

  /// The extent scaled by a whole number.
  @inlinable
  public static func * (extent: VoxelExtent, factor: Int) -> VoxelExtent {
    VoxelExtent(z: extent.z * factor, y: extent.y * factor, x: extent.x * factor)
  }
}

/// A half-open region `origin ..< origin + extent` of a voxel grid.
public struct VoxelBox: Hashable, Sendable {
  /// The first voxel.
  public var origin: VoxelPosition
  /// The size; a box with a length of zero or less is empty.
  public var extent: VoxelExtent

  /// Creates a box from its first voxel and size.
  @inlinable
  public init(origin: VoxelPosition = .zero, extent: VoxelExtent) {
    self.origin = origin
    self.extent = extent
  }

  /// Creates the box `start ..< end`.
  @inlinable
  public init(from start: VoxelPosition, to end: VoxelPosition) {
    self.init(origin: start, extent: end - start)
  }

  /// The position past the last voxel along every axis.
  @inlinable
  public var end: VoxelPosition { origin + extent }

  /// Whether the box holds no voxel.
  @inlinable
  public var isEmpty: Bool { extent.z <= 0 || extent.y <= 0 || extent.x <= 0 }

  /// Whether a position lies in the box.
  @inlinable
  public func contains(_ position: VoxelPosition) -> Bool {
    let step = position - origin
    return step.z >= 0 && step.y >= 0 && step.x >= 0
      && step.z < extent.z && step.y < extent.y && step.x < extent.x
  }

  /// Whether every voxel of another box lies in this one.
  public func contains(_ other: VoxelBox) -> Bool {
    other.isEmpty || intersection(other) == other
  }

  /// The voxels in both boxes; an empty box at this one's origin where there are none.
  public func intersection(_ other: VoxelBox) -> VoxelBox {
    let start = VoxelPosition(
      z: max(origin.z, other.origin.z), y: max(origin.y, other.origin.y),
      x: max(origin.x, other.origin.x))
    let end = VoxelPosition(
      z: min(self.end.z, other.end.z), y: min(self.end.y, other.end.y),
      x: min(self.end.x, other.end.x))
    let shared = VoxelBox(from: start, to: end)
    return shared.isEmpty ? VoxelBox(origin: origin, extent: .zero) : shared
  }

  /// The smallest box that holds both.
  public func union(_ other: VoxelBox) -> VoxelBox {
    let start = VoxelPosition(
      z: min(origin.z, other.origin.z), y: min(origin.y, other.origin.y),
      x: min(origin.x, other.origin.x))
    let end = VoxelPosition(
      z: max(self.end.z, other.end.z), y: max(self.end.y, other.end.y),
      x: max(self.end.x, other.end.x))
    return VoxelBox(from: start, to: end)
  }

  /// The box grown by a margin on all six sides.
  public func grown(by margin: VoxelExtent) -> VoxelBox {
    VoxelBox(origin: origin - margin, extent: extent + margin * 2)
  }
}
