public import VolumeStore
public import Voxels

/// The volumes that a session shows: the image, and the supervoxels with what they are joined to.
public protocol ReviewVolume: AnyObject {
  /// What both volumes cover, in voxels.
  var box: VoxelBox { get }
  /// The size of a voxel.
  var voxelSize: VoxelSize { get }
  /// Takes up edits that were done since, by anyone.
  func refresh() throws(VolumeError)
  /// Changes whenever ``segment(of:)`` may answer otherwise than before.
  var edition: Int { get }
  /// The image within a box that the volumes cover.
  func image(_ box: VoxelBox) throws(VolumeError) -> Volume<UInt8>
  /// The supervoxels within a box that the volumes cover.
  func supervoxels(_ box: VoxelBox) throws(VolumeError) -> Volume<UInt64>
  /// The segment that a supervoxel is part of now; 0 for background.
  func segment(of supervoxel: UInt64) -> UInt64
  /// How many voxels a segment has; nil where that is not known.
  func voxelCount(of segment: UInt64) -> UInt64?
}

/// Blocks of a volume that were read lately, in a bounded amount of memory.
///
/// The blocks lie on a grid of their own; the ones that were not used for longest go first.
public final class ReviewBlocks<Scalar: VoxelScalar> {
  private let box: VoxelBox
  private let block: VoxelExtent
  private let capacity: Int
  private let load: (VoxelBox) throws(VolumeError) -> Volume<Scalar>
  private var held: [VoxelPosition: (volume: Volume<Scalar>, used: Int)] = [:]
  private var clock = 0

  /// Creates a cache that holds nothing yet.
  ///
  /// - Parameters:
  ///   - box: the volume; no block reaches beyond it.
  ///   - block: the extent of a block, in voxels; best that of the stored chunks.
  ///   - bytes: how much is held at most; one block is held whatever it takes.
  ///   - load: reads a block.
  public init(
    of box: VoxelBox, block: VoxelExtent, bytes: Int,
    load: @escaping (VoxelBox) throws(VolumeError) -> Volume<Scalar>
  ) {
    precondition(block.z > 0 && block.y > 0 && block.x > 0, "a block has voxels")
    self.box = box
    self.block = block
    capacity = max(1, bytes / (block.voxelCount * MemoryLayout<Scalar>.size))
    self.load = load
  }

  /// The voxels within a box, which lies within the volume.
  public func volume(_ part: VoxelBox) throws(VolumeError) -> Volume<Scalar> {
    precondition(box.contains(part), "a part lies within its volume")
    var result = Volume<Scalar>(box: part)
    let (first, last) = (index(of: part.origin), index(of: part.end + VoxelExtent(cube: -1)))
    for z in first.z...max(first.z, last.z) {
      for y in first.y...max(first.y, last.y) {
        for x in first.x...max(first.x, last.x) {
          result.copy(from: try blockVolume(VoxelPosition(z: z, y: y, x: x)))
        }
      }
    }
    return result
  }

  private func index(of voxel: VoxelPosition) -> VoxelPosition {
    VoxelPosition(
      z: (voxel.z - box.origin.z) / block.z, y: (voxel.y - box.origin.y) / block.y,
      x: (voxel.x - box.origin.x) / block.x)
  }

  private func blockVolume(_ index: VoxelPosition) throws(VolumeError) -> Volume<Scalar> {
    clock += 1
    if let found = held[index] {
      held[index] = (found.volume, clock)
      return found.volume
    }
    let origin = VoxelPosition(
      z: box.origin.z + index.z * block.z, y: box.origin.y + index.y * block.y,
      x: box.origin.x + index.x * block.x)
    let volume = try load(VoxelBox(origin: origin, extent: block).intersection(box))
    if held.count >= capacity, let oldest = held.min(by: { $0.value.used < $1.value.used }) {
      held[oldest.key] = nil
    }
    held[index] = (volume, clock)
    return volume
  }
}
