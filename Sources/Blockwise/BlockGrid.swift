public import VolumeStore
public import Voxels

/// A region cut into blocks, counted in raster order: x fastest, then y, then z.
///
/// Blocks start at the region's first voxel; the last block along an axis is shorter where the
/// region's length is no multiple of the block's.
public struct BlockGrid: Hashable, Sendable {
  /// What the blocks tile.
  public let region: VoxelBox
  /// The size of a block that is not cut short by the region's end.
  public let blockExtent: VoxelExtent
  /// What a block's read box is clipped to.
  public let volume: VoxelBox
  /// The number of blocks along each axis.
  public let counts: VoxelExtent

  /// Cuts a region of a volume into blocks.
  public init(region: VoxelBox, blockExtent: VoxelExtent, volume: VoxelBox) {
    precondition(
      blockExtent.z > 0 && blockExtent.y > 0 && blockExtent.x > 0,
      "a block needs at least one voxel")
    precondition(
      !region.isEmpty && volume.contains(region), "the region must lie within the volume")
    self.region = region
    self.blockExtent = blockExtent
    self.volume = volume
    counts = VoxelExtent(
      z: (region.extent.z - 1) / blockExtent.z + 1,
      y: (region.extent.y - 1) / blockExtent.y + 1,
      x: (region.extent.x - 1) / blockExtent.x + 1)
  }

  /// Cuts a whole volume into blocks.
  public init(volume: VoxelBox, blockExtent: VoxelExtent) {
    self.init(region: volume, blockExtent: blockExtent, volume: volume)
  }

  /// The number of blocks.
  public var count: Int { counts.voxelCount }

  /// The block at a place in raster order.
  public func block(_ index: Int, halo: VoxelExtent = .zero) -> Block {
    let step = step(to: index)
    let start =
      region.origin
      + VoxelExtent(
        z: step.z * blockExtent.z, y: step.y * blockExtent.y, x: step.x * blockExtent.x)
    let writeBox = VoxelBox(origin: start, extent: blockExtent).intersection(region)
    return Block(
      index: index, writeBox: writeBox, readBox: writeBox.grown(by: halo).intersection(volume))
  }

  /// Every block, in raster order.
  public func blocks(halo: VoxelExtent = .zero) -> some Sequence<Block> {
    (0..<count).lazy.map { block($0, halo: halo) }
  }

  /// The place in raster order of the block some steps away; nil where the grid ends before it.
  public func neighbour(of index: Int, step: VoxelExtent) -> Int? {
    let here = self.step(to: index)
    let there = here + step
    guard VoxelBox(extent: counts).contains(.zero + there) else { return nil }
    return (there.z * counts.y + there.y) * counts.x + there.x
  }

  /// The place in raster order of the block that holds a position; nil outside the region.
  public func index(containing position: VoxelPosition) -> Int? {
    guard region.contains(position) else { return nil }
    let step = position - region.origin
    return ((step.z / blockExtent.z) * counts.y + step.y / blockExtent.y) * counts.x
      + step.x / blockExtent.x
  }

  /// Checks that no two blocks write to the same storage unit of an output that covers the volume.
  ///
  /// Along each axis the region must start on a unit's boundary, end on one or at the volume's
  /// end, and be cut into blocks of whole units.
  ///
  /// - Throws: ``VolumeError`` with `misalignedWrite`, naming the axis and both lengths.
  public func checkAlignment(storageUnit: VoxelExtent, path: String) throws(VolumeError) {
    let start = region.origin - volume.origin
    let end = region.end - volume.origin
    let axes = [
      ("z", storageUnit.z, blockExtent.z, counts.z, start.z, end.z, volume.extent.z),
      ("y", storageUnit.y, blockExtent.y, counts.y, start.y, end.y, volume.extent.y),
      ("x", storageUnit.x, blockExtent.x, counts.x, start.x, end.x, volume.extent.x),
    ]
    for (axis, unit, block, count, start, end, length) in axes {
      precondition(unit > 0, "a storage unit needs at least one voxel")
      guard count == 1 || block % unit == 0 else {
        throw VolumeError(
          .misalignedWrite, path: path, "two blocks would share a chunk along \(axis)",
          found: "blocks of \(block) voxels", expected: "a multiple of \(unit)",
          remedy: "choose another block size")
      }
      guard start % unit == 0, end % unit == 0 || end == length else {
        throw VolumeError(
          .misalignedWrite, path: path, "the region does not cover whole chunks along \(axis)",
          found: "voxels \(start) to \(end)", expected: "multiples of \(unit)",
          remedy: "choose another region")
      }
    }
  }

  private func step(to index: Int) -> VoxelExtent {
    precondition(index >= 0 && index < count, "the grid has no such block")
    let (row, x) = index.quotientAndRemainder(dividingBy: counts.x)
    let (z, y) = row.quotientAndRemainder(dividingBy: counts.y)
    return VoxelExtent(z: z, y: y, x: x)
  }
}
