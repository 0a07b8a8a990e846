public import Voxels

/// One level of a multiscale image: how large it is and where its voxels lie.
public struct PyramidLevel: Hashable, Sendable {
  /// The size in voxels.
  public var extent: VoxelExtent
  /// How many voxels of the level before one voxel covers along each axis, 1 or 2.
  public var factors: VoxelExtent
  /// The physical size of one voxel.
  public var voxelSize: VoxelSize
  /// Where the centre of the first voxel lies, in the voxel size's unit.
  public var offset: PhysicalPosition

  /// Creates a level.
  public init(
    extent: VoxelExtent, factors: VoxelExtent, voxelSize: VoxelSize, offset: PhysicalPosition
  ) {
    self.extent = extent
    self.factors = factors
    self.voxelSize = voxelSize
    self.offset = offset
  }

  /// The next coarser level.
  ///
  /// Axes whose voxels are at most half as long as the longest are halved, until the voxels are
  /// nearly cubes; then all axes are. An axis of one voxel stays as it is. The centre of the first
  /// voxel moves by half a voxel of the finer level along each halved axis.
  ///
  /// - Returns: The level, or nil where no axis can be halved.
  public func coarser() -> PyramidLevel? {
    let size = voxelSize
    // A hair of room, so that 8.0000001 against 4 still counts as twice.
    let longest = max(size.z, size.y, size.x) * 1.001
    let isNearlyCubic = [size.z, size.y, size.x].allSatisfy { $0 * 2 > longest }
    func factor(_ length: Int, _ size: Double) -> Int {
      length > 1 && (isNearlyCubic || size * 2 <= longest) ? 2 : 1
    }
    var factors = VoxelExtent(
      z: factor(extent.z, size.z), y: factor(extent.y, size.y), x: factor(extent.x, size.x))
    if factors == VoxelExtent(cube: 1) {
      // The fine axes are down to one voxel: go on with the coarse ones.
      factors = VoxelExtent(z: min(extent.z, 2), y: min(extent.y, 2), x: min(extent.x, 2))
    }
    return factors == VoxelExtent(cube: 1) ? nil : coarser(by: factors)
  }

  /// The level of which one voxel covers some voxels of this one, 1 or 2 along each axis.
  package func coarser(by factors: VoxelExtent) -> PyramidLevel {
    let size = voxelSize
    return PyramidLevel(
      extent: VoxelExtent(
        z: (extent.z + factors.z - 1) / factors.z, y: (extent.y + factors.y - 1) / factors.y,
        x: (extent.x + factors.x - 1) / factors.x),
      factors: factors,
      voxelSize: VoxelSize(
        z: size.z * Double(factors.z), y: size.y * Double(factors.y),
        x: size.x * Double(factors.x), unit: size.unit),
      offset: PhysicalPosition(
        z: offset.z + Double(factors.z - 1) * size.z / 2,
        y: offset.y + Double(factors.y - 1) * size.y / 2,
        x: offset.x + Double(factors.x - 1) * size.x / 2))
  }

  /// The levels of an image, finest first, down to one that fits a single chunk.
  ///
  /// - Parameters:
  ///   - extent: The size of the finest level.
  ///   - voxelSize: The voxel size of the finest level.
  ///   - offset: Where the centre of the finest level's first voxel lies.
  ///   - chunk: The size of a chunk.
  ///   - limit: The most levels; nil where there is none.
  /// - Returns: At least one level.
  public static func levels(
    extent: VoxelExtent, voxelSize: VoxelSize, offset: PhysicalPosition = .zero,
    chunk: VoxelExtent, limit: Int? = nil
  ) -> [PyramidLevel] {
    precondition(limit ?? 1 > 0, "an image has at least one level")
    var levels = [
      PyramidLevel(
        extent: extent, factors: VoxelExtent(cube: 1), voxelSize: voxelSize, offset: offset)
    ]
    while let last = levels.last, levels.count < limit ?? .max,
      last.extent.z > chunk.z || last.extent.y > chunk.y || last.extent.x > chunk.x,
      let next = last.coarser()
    {
      levels.append(next)
    }
    return levels
  }
}
