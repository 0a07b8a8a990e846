import LinearAlgebra
public import Voxels

// Changes of tensors and directions that are held as volumes.

extension Volume<Float> {
  /// Raises the eigenvalues of tensors, (6, z, y, x) as xx, yy, zz, xy, xz, yz, to a least one.
  ///
  /// A tensor of zeros stands for a voxel without a fit, and stays.
  ///
  /// - Returns: The number of tensors that had a smaller eigenvalue.
  public mutating func clipTensors(to least: Double) -> Int {
    precondition(channels == 6, "a tensor has six values")
    let count = extent.voxelCount
    var values = mutableSpan
    var clipped = 0
    for voxel in 0..<count {
      let tensor = DiffusionTensor(values.span, voxel: voxel, of: count)
      if tensor.squaredNorm == 0 { continue }
      guard tensor.eigenvectors().values.z < least else { continue }
      clipped += 1
      let raised = TensorOrder.mrtrix.values(tensor.clipped(to: least))
      for (channel, value) in raised.enumerated() { values[channel * count + voxel] = Float(value) }
    }
    return clipped
  }

  /// Gives tensors, (6, z, y, x) as xx, yy, zz, xy, xz, yz, along other axes and in another order.
  ///
  /// - Parameters:
  ///   - order: The order of the six values.
  ///   - x: The new first axis, a unit vector.
  ///   - y: The new second axis.
  ///   - z: The new third axis.
  public mutating func turnTensors(
    to order: TensorOrder, along x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>
  ) {
    precondition(channels == 6, "a tensor has six values")
    let count = extent.voxelCount
    var values = mutableSpan
    for voxel in 0..<count {
      let tensor = DiffusionTensor(values.span, voxel: voxel, of: count).components(along: x, y, z)
      for (channel, value) in order.values(tensor).enumerated() {
        values[channel * count + voxel] = Float(value)
      }
    }
  }

  /// Gives directions, (3, z, y, x), along other axes.
  public mutating func turnDirections(
    along x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>
  ) {
    precondition(channels == 3, "a direction has three values")
    let count = extent.voxelCount
    var values = mutableSpan
    for voxel in 0..<count {
      let direction = SIMD3(
        Double(values[voxel]), Double(values[count + voxel]), Double(values[2 * count + voxel]))
      for (channel, axis) in [x, y, z].enumerated() {
        values[channel * count + voxel] = Float((direction * axis).sum())
      }
    }
  }
}
