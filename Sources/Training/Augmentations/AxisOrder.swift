package import Voxels

/// Turns and mirrors of a voxel grid: which axis of the source each axis of the result runs along,
/// and whether backwards.
package struct AxisOrder: VoxelMove, Equatable {
  /// The source's axis (0 z, 1 y, 2 x) along each axis of the result.
  package var axes = [0, 1, 2]
  /// Whether each axis of the result runs backwards along it.
  package var isReversed = [false, false, false]

  /// Nothing turned, nothing mirrored.
  package init() {}

  package func moved<Scalar: VoxelScalar>(_ volume: Volume<Scalar>) -> Volume<Scalar> {
    let extent = volume.extent
    let lengths = [extent.z, extent.y, extent.x]
    let strides = [extent.y * extent.x, extent.x, 1]
    let steps = (0..<3).map { isReversed[$0] ? -strides[axes[$0]] : strides[axes[$0]] }
    let result = VoxelExtent(z: lengths[axes[0]], y: lengths[axes[1]], x: lengths[axes[2]])
    let first = (0..<3).filter { isReversed[$0] }
      .reduce(0) { $0 + (lengths[axes[$1]] - 1) * strides[axes[$1]] }
    let source = volume.span
    let stepX = steps[2]
    let values = [Scalar](capacity: source.count) { output in
      for channel in 0..<volume.channels {
        for z in 0..<result.z {
          for y in 0..<result.y {
            var index = channel * extent.voxelCount + first + z * steps[0] + y * steps[1]
            for _ in 0..<result.x {
              output.append(source[index])
              index &+= stepX
            }
          }
        }
      }
    }
    return Volume(
      channels: volume.channels, box: VoxelBox(origin: volume.box.origin, extent: result),
      values: values)
  }

  /// The size of the source that gives a size of the result.
  package func sourceExtent(for result: VoxelExtent) -> VoxelExtent {
    var lengths = [0, 0, 0]
    for (axis, length) in zip(axes, [result.z, result.y, result.x]) { lengths[axis] = length }
    return VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
  }
}

extension VoxelSize {
  /// Whether voxels are as long along y as along x, to a hundredth.
  var isSquare: Bool { abs(y - x) <= 0.01 * x }

  /// Whether voxels are as long along z as along y and x, to a hundredth.
  var isCubic: Bool { isSquare && abs(z - x) <= 0.01 * x }
}
