public import Voxels

/// Directions at random from samples of fibre directions, as bedpostX draws them.
///
/// At every step one of the voxels around the point is drawn, as likely as it is near, then one of its
/// samples; of that sample's fibres the one that is closest to the step before is followed.
///
/// Source: Behrens et al. 2007, NeuroImage 34:144.
public struct SampleDirections: DirectionGetter {
  /// The grid that directions come from.
  public let grid: TrackingGrid
  private let cutoff: Float
  private let samples: Int
  private let fibres: Int
  /// Where the samples of each voxel begin; negative where it has none.
  private let places: [Int32]
  /// (voxel, sample, fibre): the unit vector and the volume fraction.
  private var directions: [SIMD4<Float>]

  /// The samples of one fibre: azimuths and elevations in radians and volume fractions, each
  /// (sample, z, y, x).
  public struct Fibre: Sendable {
    /// The elevations from the third axis.
    public var theta: Volume<Float>
    /// The azimuths.
    public var phi: Volume<Float>
    /// The volume fractions.
    public var fraction: Volume<Float>

    /// Takes samples.
    public init(theta: Volume<Float>, phi: Volume<Float>, fraction: Volume<Float>) {
      self.theta = theta
      self.phi = phi
      self.fraction = fraction
    }
  }

  /// Takes the samples of fibres.
  ///
  /// - Parameters:
  ///   - fibres: The fibres, all with the same number of samples.
  ///   - axes: The axes of their angles, unit vectors in scanner axes.
  ///   - grid: Their grid.
  ///   - cutoff: The least volume fraction that is followed.
  /// - Precondition: There is a fibre, and all volumes have the grid's size.
  public init(
    _ fibres: [Fibre], axes: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>), grid: TrackingGrid,
    cutoff: Float
  ) {
    let samples = fibres.first?.theta.channels ?? 0
    precondition(
      samples > 0
        && fibres.allSatisfy { fibre in
          [fibre.theta, fibre.phi, fibre.fraction].allSatisfy {
            $0.channels == samples && $0.extent == grid.extent
          }
        }, "as many samples of everything, on the grid")
    self.grid = grid
    self.cutoff = cutoff
    self.samples = samples
    self.fibres = fibres.count
    let voxels = grid.extent.voxelCount
    var places = [Int32](repeating: -1, count: voxels)
    var count: Int32 = 0
    let first = fibres[0].fraction
    for voxel in 0..<voxels {
      var isSampled = false
      for sample in 0..<samples where first.span[sample * voxels + voxel] > 0 { isSampled = true }
      guard isSampled else { continue }
      places[voxel] = count
      count += 1
    }
    self.places = places
    directions = [SIMD4<Float>](repeating: .zero, count: Int(count) * samples * fibres.count)
    let (x, y, z) = (SIMD3<Float>(axes.0), SIMD3<Float>(axes.1), SIMD3<Float>(axes.2))
    for (number, fibre) in fibres.enumerated() {
      let (theta, phi, fraction) = (fibre.theta.span, fibre.phi.span, fibre.fraction.span)
      for voxel in 0..<voxels where places[voxel] >= 0 {
        for sample in 0..<samples {
          let place = sample * voxels + voxel
          let (elevation, azimuth) = (cosineAndSine(theta[place]), cosineAndSine(phi[place]))
          let vector =
            x * (elevation.y * azimuth.x) + y * (elevation.y * azimuth.y) + z * elevation.x
          guard vector.x.isFinite, vector.y.isFinite, vector.z.isFinite else { continue }
          directions[(Int(places[voxel]) * samples + sample) * fibres.count + number] = SIMD4(
            vector, fraction[place])
        }
      }
    }
  }

  /// The direction at a point; at a seed that of the largest fraction.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard let corners = grid.corners(at: point) else { return nil }
    var chance = memory.random.unit()
    var voxel = corners.nearest
    for corner in 0..<8 {
      chance -= corners.weights[corner]
      if chance < 0 {
        voxel = corners.voxels[corner]
        break
      }
    }
    let sample = memory.random.index(below: samples)
    guard places[voxel] >= 0 else { return nil }
    let start = (Int(places[voxel]) &* samples &+ sample) &* fibres
    var best = SIMD4<Float>.zero
    var largest: Float = 0
    for fibre in 0..<fibres {
      let candidate = directions[start &+ fibre]
      guard candidate.w >= cutoff, candidate.w > 0 else { continue }
      let vector = SIMD3(candidate.x, candidate.y, candidate.z)
      let rank = previous.map { abs(($0 * vector).sum()) } ?? candidate.w
      if rank > largest { (largest, best) = (rank, candidate) }
    }
    guard best.w > 0 else { return nil }
    return SIMD3(best.x, best.y, best.z).along(previous)
  }
}
