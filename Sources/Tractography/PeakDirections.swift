public import Voxels

/// The peak of the nearest voxel that is closest to the step before.
///
/// Source: Mori et al. 1999, Ann Neurol 45:265 ("FACT").
public struct PeakDirections: DirectionGetter {
  /// The grid that directions come from.
  public let grid: TrackingGrid
  private let count: Int
  private let cutoff: Float
  private let leastCosine: Float
  /// (voxel, peak): the unit vector and the amplitude.
  private let peaks: [SIMD4<Float>]

  /// Takes peaks, (3 · peaks, z, y, x), in scanner axes, each as long as its amplitude.
  ///
  /// - Parameters:
  ///   - peaks: The peaks; zero, or no numbers, where there is none.
  ///   - grid: Their grid.
  ///   - cutoff: The least amplitude that has a direction.
  ///   - angle: The largest angle in degrees between steps.
  /// - Precondition: The volume has the grid's size and three channels a peak.
  public init(_ peaks: borrowing Volume<Float>, grid: TrackingGrid, cutoff: Float, angle: Double) {
    precondition(
      peaks.channels > 0 && peaks.channels % 3 == 0 && peaks.extent == grid.extent,
      "three values for each peak of each voxel")
    self.grid = grid
    self.cutoff = cutoff
    leastCosine = Float(cosine(degrees: angle))
    count = peaks.channels / 3
    let voxels = grid.extent.voxelCount
    var places = [SIMD4<Float>](repeating: .zero, count: voxels * count)
    let values = peaks.span
    for peak in 0..<count {
      for voxel in 0..<voxels {
        let vector = SIMD3(
          values[3 * peak * voxels + voxel], values[(3 * peak + 1) * voxels + voxel],
          values[(3 * peak + 2) * voxels + voxel])
        let length = (vector * vector).sum().squareRoot()
        if length > 0, length.isFinite {
          places[voxel * count + peak] = SIMD4(vector / length, length)
        }
      }
    }
    self.peaks = places
  }

  /// The direction at a point; at a seed the largest peak.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard let voxel = grid.voxel(at: point) else { return nil }
    var best = SIMD4<Float>.zero
    var largest: Float = 0
    for peak in 0..<count {
      let candidate = peaks[voxel &* count &+ peak]
      let direction = SIMD3(candidate.x, candidate.y, candidate.z)
      let rank = previous.map { abs(($0 * direction).sum()) } ?? candidate.w
      if rank > largest { (largest, best) = (rank, candidate) }
    }
    guard best.w > 0, best.w >= cutoff, previous == nil || largest >= leastCosine else {
      return nil
    }
    return SIMD3(best.x, best.y, best.z).along(previous)
  }
}
