import Diffusion
public import Voxels

/// Directions at random, as likely as the fibre density along them is large.
///
/// Source: Tournier, Calamante & Connelly 2012, Int J Imaging Syst Technol 22:53; the rules are those
/// of MRtrix's iFOD1.
public struct DensityDirections: DirectionGetter {
  private let field: HarmonicField
  private let sampling: RejectionSampling
  private let cutoff: Float
  private let power: Float
  private let angle: Float
  private let sineOfAngle: Float
  /// The grid that directions come from.
  public var grid: TrackingGrid { field.grid }

  /// Takes coefficients of spherical harmonics, (coefficient, z, y, x), in scanner axes.
  ///
  /// - Parameters:
  ///   - densities: The coefficients.
  ///   - grid: Their grid.
  ///   - cutoff: The least density that is followed.
  ///   - rules: How far steps go and turn; those of the tracker.
  ///   - exponent: What densities are raised to.
  /// - Precondition: The volume has the grid's size and the coefficients of an even degree.
  public init(
    _ densities: borrowing Volume<Float>, grid: TrackingGrid, cutoff: Float, rules: TrackingRules,
    power exponent: Float = 1
  ) {
    field = HarmonicField(densities, grid: grid, form: .monomials)
    self.cutoff = cutoff
    power = exponent
    angle = Float(rules.angle) * .pi / 180
    sineOfAngle = sine(angle)
    let delta = DeltaDensity(degree: field.degree)
    sampling = RejectionSampling(within: angle) { elevation in
      Tractography.power(max(0, delta.value(atCosine: cosineAndSine(elevation).x)), exponent)
    }
  }

  /// A direction at a seed that has a density above the cutoff.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard let corners = grid.corners(at: point), field.isSet[corners.nearest] else { return nil }
    if let previous { return next(corners, after: previous, &memory) }
    for _ in 0..<RejectionSampling.mostStarts {
      let direction = memory.random.direction()
      if field.amplitude(corners, along: direction) > cutoff { return direction }
    }
    return nil
  }

  /// Goes on along a direction that is drawn anew.
  public func advance(
    _ heading: inout TrackHeading, by step: TrackingStep, using memory: inout TrackingMemory
  ) -> Bool {
    guard let next = direction(at: heading.point, after: heading.direction, using: &memory) else {
      return false
    }
    heading.direction = next
    heading.point += next * step.length
    return true
  }

  private func next(
    _ corners: TrackingGrid.Corners, after previous: SIMD3<Float>, _ memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    let frame = DirectionFrame(along: previous)
    var largest: Float = 0
    for direction in sampling.directions {
      largest = max(largest, field.amplitude(corners, along: frame.apply(direction)))
    }
    guard largest > 0 else { return nil }
    for _ in 0..<RejectionSampling.mostTrials {
      let direction = frame.apply(memory.random.direction(within: angle, sine: sineOfAngle))
      let density = field.amplitude(corners, along: direction)
      guard density > cutoff else { continue }
      let share = power == 1 ? density / largest : Tractography.power(density / largest, power)
      if memory.random.unit() < share / sampling.ratio {
        return direction / (direction * direction).sum().squareRoot()
      }
    }
    return nil
  }
}

/// The sharpest density of a degree, along the z axis.
struct DeltaDensity {
  private let coefficients: [Double]
  private let degree: Int

  init(degree: Int) {
    self.degree = degree
    coefficients = SphericalHarmonics.zonal(atCosine: 1, degree: degree)
  }

  func value(atCosine cosine: Float) -> Float {
    let functions = SphericalHarmonics.zonal(atCosine: Double(cosine), degree: degree)
    return Float(zip(coefficients, functions).reduce(0) { $0 + $1.0 * $1.1 })
  }
}
