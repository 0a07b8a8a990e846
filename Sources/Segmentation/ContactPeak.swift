public import Voxels

/// A voxel, counted from the first voxel of its volume, in one word; ordered as in a raster.
public struct ContactPoint: Hashable, Comparable, Sendable {
  /// Volumes may have this many voxels along an axis.
  public static let axisLimit = 1 << axisBits
  private static let axisBits = 21

  /// z, y and x in 21 bits each.
  let word: UInt64

  /// The voxel so far along each axis from the first.
  init(z: Int, y: Int, x: Int) {
    word =
      UInt64(z) &<< UInt64(2 * Self.axisBits) | UInt64(y) &<< UInt64(Self.axisBits) | UInt64(x)
  }

  /// Takes a stored word; nil where it is none.
  init?(word: UInt64) {
    guard word >> 63 == 0 else { return nil }
    self.word = word
  }

  /// Moves on along x.
  func advanced(by columns: Int) -> ContactPoint {
    ContactPoint(unchecked: word &+ UInt64(truncatingIfNeeded: columns))
  }

  private init(unchecked word: UInt64) { self.word = word }

  /// The voxel's position in a volume.
  public func position(in volume: VoxelBox) -> VoxelPosition {
    let mask = UInt64(Self.axisLimit - 1)
    return volume.origin
      + VoxelExtent(
        z: Int(word >> UInt64(2 * Self.axisBits)), y: Int(word >> UInt64(Self.axisBits) & mask),
        x: Int(word & mask))
  }

  /// Compares in raster order.
  public static func < (left: ContactPoint, right: ContactPoint) -> Bool {
    left.word < right.word
  }
}

/// The strongest link between two regions: where one sees best whether they belong together.
///
/// Of equally strong links, the one of the first two fragments, and there the first in raster
/// order; so it is the same in whichever order contacts are fused.
public struct ContactPeak: Hashable, Sendable {
  /// The fragments that the link joins.
  public var fragments: FragmentPair
  /// The link's affinity, in units of 1 / (2²⁴ − 1).
  public var strength: UInt32
  /// The later of the link's two voxels.
  public var point: ContactPoint

  /// Whether this is the one of two to keep.
  func precedes(_ other: ContactPeak) -> Bool {
    if strength != other.strength { return strength > other.strength }
    if fragments != other.fragments { return fragments < other.fragments }
    return point < other.point
  }

  /// The link's affinity, in [0, 1].
  public var affinity: Double { Double(strength) / Double(fixedPointOne) }
}
