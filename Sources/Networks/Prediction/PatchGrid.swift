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
/// two patches are blended. Patches start `stride` = patch − 2m − w apart; the last is moved back.
/// At the volume's faces nothing is blended: the first and the last patch reach past the volume by
/// the face margin, where the network sees the volume's mirror image, and so does a patch that is
/// longer than the volume, to both sides.
public struct PatchGrid: Hashable, Sendable {
  /// The volume's extent.
  public let volume: VoxelExtent
  /// The extent of the network's input.
  public let patch: VoxelExtent
  /// The voxels thrown away at each face of a patch inside the volume.
  public let margin: VoxelExtent
  /// The least number of voxels over which neighbouring patches are blended.
  public let overlap: VoxelExtent
  /// How far the outermost patches reach past the volume.
  public let faceMargin: VoxelExtent
  /// How overlapping patches are put together.
  public let blending: Blending
  package let axes: [PatchAxis]

  /// Creates the grid of a volume.
  ///
  /// The patch must be longer along each axis than two margins and an overlap, unless the volume
  /// fits into it. Of a context, which valid convolutions lose, nothing is kept at the volume's faces
  /// either: there margins reach past them.
  public init(
    volume: VoxelExtent, patch: VoxelExtent, margin: VoxelExtent, overlap: VoxelExtent,
    faceMargin: VoxelExtent = .zero, context: VoxelExtent = .zero, blending: Blending = .linear
  ) {
    precondition(
      volume.z > 0 && volume.y > 0 && volume.x > 0, "a grid needs a volume with voxels")
    self.volume = volume
    self.patch = patch
    self.margin = margin
    self.overlap = overlap
    self.faceMargin = faceMargin
    self.blending = blending
    axes = (0..<3).map { axis in
      PatchAxis(
        length: volume.components[axis], patch: patch.components[axis],
        margin: margin.components[axis], overlap: overlap.components[axis],
        faceMargin: faceMargin.components[axis], context: context.components[axis],
        blending: blending)
    }
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
  package func place(_ index: Int) -> (z: Int, y: Int, x: Int) {
    let (rows, x) = index.quotientAndRemainder(dividingBy: axes[2].starts.count)
    let (z, y) = rows.quotientAndRemainder(dividingBy: axes[1].starts.count)
    return (z, y, x)
  }

  /// What a patch shows the network; may reach past the volume.
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
  package let length: Int
  let patch: Int
  let margin: Int
  let stride: Int
  package let blending: Blending
  /// Where each patch starts; below zero where it reaches past the volume's face.
  package let starts: [Int]
  /// What of each patch is used: all but the margins inside the volume.
  private let ranges: [Range<Int>]

  package init(
    length: Int, patch: Int, margin: Int, overlap: Int, faceMargin: Int = 0, context: Int = 0,
    blending: Blending = .linear
  ) {
    self.length = length
    self.patch = patch
    self.margin = margin
    self.blending = blending
    guard patch < length + 2 * context else {
      stride = length
      starts = [-((patch - length) / 2)]
      ranges = [0..<length]
      return
    }
    let step = patch - 2 * margin - overlap
    precondition(
      margin >= 0 && overlap >= 0 && step > 0,
      "a patch is longer than two margins and an overlap")
    precondition(
      faceMargin >= 0 && faceMargin <= margin, "patches reach past a face by no more than a margin")
    stride = step
    let (first, last) = (-faceMargin, length + faceMargin - patch)
    let count = (last - first + step - 1) / step + 1
    let places = (0..<count).map { min(first + $0 * step, last) }
    var ranges = places.map { $0 + margin..<$0 + patch - margin }
    ranges[0] = 0..<ranges[0].upperBound
    ranges[count - 1] = ranges[count - 1].lowerBound..<length
    if blending == .crop {
      // In the middle of the overlap, as if the last patch had not been moved back: where strides
      // are whole blocks, no block needs its neighbour's patches.
      for index in 1..<count {
        let border = first + index * step + margin + overlap / 2
        ranges[index - 1] = ranges[index - 1].lowerBound..<border
        ranges[index] = border..<ranges[index].upperBound
      }
    }
    starts = places
    self.ranges = ranges
  }

  /// What of a patch is used.
  package func kept(_ index: Int) -> Range<Int> { ranges[index] }

  func patches(touching range: Range<Int>) -> [Int] {
    starts.indices.filter { kept($0).overlaps(range) }
  }

  /// The voxels that need `patch` patches of this length, for choosing one.
  var cost: Int { starts.count * patch }
}
