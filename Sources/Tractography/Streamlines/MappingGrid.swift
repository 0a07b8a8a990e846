public import Connectomes

/// Where the voxels of an image lie for streamlines: in single precision, with the image axes in the
/// order and direction of the scanner's, so that a point on the face between two voxels falls to the
/// same one as in MRtrix3.
public struct MappingGrid: Hashable, Sendable {
  /// The grid in double precision.
  public let voxels: VoxelGrid
  /// The number of voxels along each axis.
  let extent: SIMD3<Int32>
  private let x, y, z: SIMD4<Float>

  /// Takes the grid of an image.
  ///
  /// - Precondition: There are fewer than 2³¹ voxels.
  public init(_ voxels: VoxelGrid) {
    let size = voxels.extent
    let plane = size.x.multipliedReportingOverflow(by: size.y)
    let count = plane.partialValue.multipliedReportingOverflow(by: size.z)
    precondition(
      !plane.overflow && !count.overflow && count.partialValue < Int(Int32.max),
      "a grid that streamlines are mapped to has fewer than 2³¹ voxels")
    self.voxels = voxels
    extent = SIMD3(Int32(size.x), Int32(size.y), Int32(size.z))
    let rows = voxels.rowsToVoxels
    x = SIMD4<Float>(rows[0])
    y = SIMD4<Float>(rows[1])
    z = SIMD4<Float>(rows[2])
  }

  /// The number of voxels.
  public var voxelCount: Int { voxels.extent.x * voxels.extent.y * voxels.extent.z }

  /// The shortest edge of a voxel in mm.
  public var leastSpacing: Double { voxels.spacing.min() }

  /// The voxel that a point in scanner mm lies in, which may lie outside the image; nil for points
  /// that are not finite or too far away to be counted.
  @inline(__always)
  func voxel(of point: SIMD3<Float>) -> SIMD3<Int32>? {
    // The order of the sums decides which voxel a point on a face falls to.
    let place = SIMD3(
      (x.x * point.x + x.y * point.y) + (x.z * point.z + x.w),
      (y.x * point.x + y.y * point.y) + (y.z * point.z + y.w),
      (z.x * point.x + z.y * point.y) + (z.z * point.z + z.w))
    let bound: Float = 1e6
    guard abs(place.x) < bound, abs(place.y) < bound, abs(place.z) < bound else { return nil }
    return SIMD3(nearest(place.x), nearest(place.y), nearest(place.z))
  }

  /// The nearest whole number; halves go away from zero.
  @inline(__always)
  private func nearest(_ value: Float) -> Int32 {
    let whole = Int32(value)
    let rest = value - Float(whole)
    return rest >= 0.5 ? whole &+ 1 : rest <= -0.5 ? whole &- 1 : whole
  }

  /// The index of a voxel, x fastest; nil outside the image.
  @inline(__always)
  func index(of voxel: SIMD3<Int32>) -> Int32? {
    guard voxel.x >= 0, voxel.y >= 0, voxel.z >= 0, voxel.x < extent.x, voxel.y < extent.y,
      voxel.z < extent.z
    else { return nil }
    return (voxel.z &* extent.y &+ voxel.y) &* extent.x &+ voxel.x
  }
}
