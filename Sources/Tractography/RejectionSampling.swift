/// How the largest density among the next steps is found: along directions of a grid, and by what
/// factor it may be larger between them.
///
/// Source: Tournier, Calamante & Connelly 2010, ISMRM 18:1670; the grid is that of MRtrix's iFOD1 and
/// iFOD2.
struct RejectionSampling: Sendable {
  /// Unit vectors around the z axis.
  let directions: [SIMD3<Float>]
  /// The factor.
  let ratio: Float

  /// The most directions that are tried for one step.
  static let mostTrials = 1000
  /// The most first directions that are tried at a seed.
  static let mostStarts = 1000

  /// Chooses the grid with the fewest expected evaluations.
  ///
  /// - Parameters:
  ///   - angle: The largest angle in radians of a step.
  ///   - density: The density of a step by its angle, for the sharpest function along z.
  init(within angle: Float, density: (Float) -> Float) {
    var samples: [(angle: Float, value: Float)] = []
    var elevation: Float = 0
    while elevation < angle {
      let value = density(elevation)
      samples.append((elevation, value))
      if !(value > 0) || !value.isFinite { break }
      elevation += 0.001
    }
    let zero = samples.last?.angle ?? angle
    var best: (cost: Float, angle: Float, ratio: Float) = (.infinity, angle / 4, 2)
    for sample in samples.dropFirst() {
      let share = samples[0].value / sample.value
      let trials = angle * angle * (1 + share) / (2 * zero * zero)
      let grid = Self.grid(
        within: angle + sample.angle, spacing: Float(3).squareRoot() * sample.angle)
      var count = 0
      grid { _ in count += 1 }
      let cost = trials + Float(count)
      if cost > 0, cost < best.cost { best = (cost, sample.angle, share) }
    }
    var directions: [SIMD3<Float>] = []
    Self.grid(within: angle + best.angle, spacing: Float(3).squareRoot() * best.angle)({
      directions.append($0)
    })
    self.directions = directions
    ratio = best.ratio
  }

  /// Visits the points of a triangular grid on the sphere around the z axis.
  private static func grid(
    within angle: Float, spacing: Float
  ) -> ((SIMD3<Float>) -> Void) -> Void {
    { visit in
      let limit = angle / spacing * (angle / spacing)
      let extent = Int((angle / spacing).rounded(.up))
      for i in -extent...extent {
        for j in -extent...extent {
          let place = SIMD2(Float(i) + 0.5 * Float(j), 0.866_025_4 * Float(j))
          let square = (place * place).sum()
          if square > limit { continue }
          let distance = spacing * square.squareRoot()
          let at = cosineAndSine(distance)
          let factor = distance > 0 ? spacing * at.y / distance : 0
          visit(SIMD3(factor * place.x, factor * place.y, at.x))
        }
      }
    }
  }
}
