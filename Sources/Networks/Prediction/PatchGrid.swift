public import Voxels

/// The patches in which a network sees a volume.
///
/// The grid is fixed by the volume and never by the blocks in which the volume is processed, so a
/// voxel's prediction is the same however the volume is cut. Along each axis:
///
///     |mmm|wwww|-----------|wwww|mmm|             patch k
///                      |mmm|wwww|-----------|wwww|mmm|      patch k + 1
///
/// `m` is the margin, predicted without enough context and thrown away; `w` is the overlap, where
/// two patches are blended. Patches start `stride` = patch − 2m − w apart from the volume's first
/// voxel on; the last is moved back to end with the volume. At the volume's faces nothing is thrown
/// away and nothing blended. A volume smaller than a patch is continued by its mirror image.
public struct PatchGrid: Hashable, Sendable {
  /// The volume's extent.
  public let volume: VoxelExtent
  /// The extent of the network's input.
  public let patch: VoxelExtent
  /// The voxels thrown away at each face of a patch inside the volume.
  public let margin: VoxelExtent
  /// The least number of voxels over which neighbouring patches are blended.
  public let overlap: VoxelExtent
  package let axes: [PatchAxis]

  /// Creates the grid of a volume.
  ///
  /// The patch must be longer along each axis than two margins and an overlap, unless the volume
  /// fits into it.
  public init(
    volume: VoxelExtent, patch: VoxelExtent, margin: VoxelExtent, overlap: VoxelExtent
  ) {
    precondition(
      volume.z > 0 && volume.y > 0 && volume.x > 0, "a grid needs a volume with voxels")
    self.volume = volume
    self.patch = patch
    self.margin = margin
    self.overlap = overlap
    axes = [
      PatchAxis(length: volume.z, patch: patch.z, margin: margin.z, overlap: overlap.z),
      PatchAxis(length: volume.y, patch: patch.y, margin: margin.y, overlap: overlap.y),
      PatchAxis(length: volume.x, patch: patch.x, margin: margin.x, overlap: overlap.x),
    ]
  }

  /// The number of patches.
  public var count: Int { axes.reduce(1) { $0 * $1.starts.count } }

  /// How far apart patches start; a block of a multiple of this touches the fewest patches.
  public var stride: VoxelExtent {
    VoxelExtent(z: axes[0].stride, y: axes[1].stride, x: axes[2].stride)
  }

  /// The voxels that the network computes to predict the volume once, per voxel of the volume.
  public var overhead: Double {
    axes.reduce(1) { $0 * Double($1.starts.count * $1.patch) / Double($1.length) }
  }

  /// The places of a patch along each axis.
  func place(_ index: Int) -> (z: Int, y: Int, x: Int) {
    let (rows, x) = index.quotientAndRemainder(dividingBy: axes[2].starts.count)
    let (z, y) = rows.quotientAndRemainder(dividingBy: axes[1].starts.count)
    return (z, y, x)
  }

  /// What a patch shows the network; reaches past the volume where that is smaller.
  public func inputBox(of index: Int) -> VoxelBox {
    let place = place(index)
    return VoxelBox(
      origin: VoxelPosition(
        z: axes[0].starts[place.z], y: axes[1].starts[place.y], x: axes[2].starts[place.x]),
      extent: patch)
  }

  /// What of a patch's prediction is used.
  public func keptBox(of index: Int) -> VoxelBox {
    let place = place(index)
    let (z, y, x) = (
      axes[0].kept(place.z), axes[1].kept(place.y), axes[2].kept(place.x)
    )
    return VoxelBox(
      from: VoxelPosition(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
      to: VoxelPosition(z: z.upperBound, y: y.upperBound, x: x.upperBound))
  }

  /// The patches whose predictions are used in a block, in raster order.
  public func patches(touching block: VoxelBox) -> [Int] {
    let z = axes[0].patches(touching: block.origin.z..<block.end.z)
    let y = axes[1].patches(touching: block.origin.y..<block.end.y)
    let x = axes[2].patches(touching: block.origin.x..<block.end.x)
    return z.flatMap { z in
      y.flatMap { y in
        x.map { (z * axes[1].starts.count + y) * axes[2].starts.count + $0 }
      }
    }
  }
}

/// The patches along one axis.
package struct PatchAxis: Hashable, Sendable {
  let length: Int
  let patch: Int
  let margin: Int
  let stride: Int
  /// Where each patch starts.
  package let starts: [Int]

  package init(length: Int, patch: Int, margin: Int, overlap: Int) {
    self.length = length
    self.patch = patch
    self.margin = margin
    guard patch < length else {
      stride = length
      starts = [0]
      return
    }
    stride = patch - 2 * margin - overlap
    precondition(
      margin >= 0 && overlap >= 0 && stride > 0,
      "a patch is longer than two margins and an overlap")
    let count = (length - patch + stride - 1) / stride + 1
    let (step, last) = (stride, length - patch)
    starts = (0..<count).map { min($0 * step, last) }
  }

  /// What of a patch is used: all but the margins inside the volume.
  package func kept(_ index: Int) -> Range<Int> {
    let start = index == 0 ? 0 : starts[index] + margin
    let end = index == starts.count - 1 ? length : starts[index] + patch - margin
    return start..<end
  }

  func patches(touching range: Range<Int>) -> [Int] {
    starts.indices.filter { kept($0).overlaps(range) }
  }

  /// The voxels that need `patch` patches of this length, for choosing one.
  var cost: Int { starts.count * patch }
}
