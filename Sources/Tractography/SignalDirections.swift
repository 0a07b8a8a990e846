public import Diffusion
import LinearAlgebra
public import Voxels

/// The principal direction of tensors that are fitted to interpolated signals, at every point anew.
///
/// The logarithm of the signals is fitted by ordinary least squares in single precision, as
/// MRtrix3's tracking algorithm Tensor_Det does. ``TensorDirections`` is about twice as
/// fast and nearly the same.
public struct SignalDirections: DirectionGetter {
  /// The grid that directions come from.
  public let grid: TrackingGrid
  private let cutoff: Float
  let count: Int
  /// For each volume what its logarithm adds to the six values.
  let solution: [SIMD8<Float>]
  /// (voxel, volume).
  let signals: [Float]
  /// Whether a voxel has any signal.
  let isMeasured: [Bool]

  /// Takes the signals of an image.
  ///
  /// - Parameters:
  ///   - gradients: Their diffusion weighting.
  ///   - grid: Their grid.
  ///   - cutoff: The least fractional anisotropy that has a direction.
  ///   - section: Reads one section, (volume, 1, y, x), of the image.
  /// - Throws: What reading throws.
  /// - Precondition: The gradients determine a tensor, as ``TensorFit`` finds out.
  public init<Failure>(
    gradients: GradientTable, grid: TrackingGrid, cutoff: Float,
    section: (_ z: Int) throws(Failure) -> Volume<Float>
  ) throws(Failure) {
    self.grid = grid
    self.cutoff = cutoff
    count = gradients.count
    let inverse = try? gradients.tensorDesign.pseudoInverse()
    solution = (0..<gradients.count).map { volume in
      var values = SIMD8<Float>.zero
      for row in 0..<7 { values[row] = Float(inverse?[row, volume] ?? 0) }
      return values
    }
    let plane = grid.extent.x * grid.extent.y
    var signals = [Float](repeating: 0, count: grid.extent.voxelCount * count)
    var isMeasured = [Bool](repeating: false, count: grid.extent.voxelCount)
    for z in 0..<grid.extent.z {
      let slab = try section(z)
      precondition(
        slab.channels == gradients.count && slab.extent.voxelCount == plane,
        "a section of the grid's size, one signal a volume")
      let values = slab.span
      for volume in 0..<count {
        for voxel in 0..<plane {
          let value = values[volume * plane + voxel]
          signals[(z * plane + voxel) * count + volume] = value
          if value != 0, value.isFinite { isMeasured[z * plane + voxel] = true }
        }
      }
    }
    self.signals = signals
    self.isMeasured = isMeasured
  }

  /// The direction at a point.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard let corners = grid.corners(at: point), isMeasured[corners.nearest] else { return nil }
    if memory.signals.count != count { memory.signals = [Float](repeating: 0, count: count) }
    let values = signals.span
    var sums = memory.signals.mutableSpan
    for corner in 0..<8 {
      let start = corners.voxels[corner] &* count
      let row = values.extracting(start..<start &+ count)
      let weight = corners.weights[corner]
      if corner == 0 {
        for volume in 0..<count { sums[volume] = weight * row[volume] }
      } else {
        for volume in 0..<count { sums[volume] += weight * row[volume] }
      }
    }
    return direction(of: &memory.signals)?.along(previous)
  }

  /// The principal direction of a tensor that is fitted to signals, which become their logarithms.
  @inline(__always)
  func direction(of signals: inout [Float]) -> SIMD3<Float>? {
    var values = signals.mutableSpan
    replaceByLogarithms(&values)
    var tensor = SIMD8<Float>.zero
    let columns = solution.span
    for volume in 0..<count { tensor += columns[volume] * values[volume] }
    return principalDirection(of: tensor, cutoff: cutoff)
  }
}
