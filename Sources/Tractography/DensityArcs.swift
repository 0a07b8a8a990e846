import Diffusion
public import Voxels

/// A part of a streamline that is laid out ahead, vertex by vertex.
struct TrackingArc: Sendable {
  /// The most vertices of an arc.
  static let mostVertices = 16
  var points = InlineArray<16, SIMD3<Float>>(repeating: .zero)
  var tangents = InlineArray<16, SIMD3<Float>>(repeating: .zero)
  /// The vertex that comes next; the number of vertices where a new arc is due.
  var next = 0
  /// The vertices that are laid out.
  var count = 0
  /// The density at the point that the next arc starts from, and at the seed.
  var density: Float = 0
  var seedDensity: Float = 0
}

/// Arcs at random, as likely as the product of the fibre densities along them is large.
///
/// Source: Tournier, Calamante & Connelly 2010, ISMRM 18:1670 ("iFOD2"); the rules are those of MRtrix's
/// iFOD2.
public struct DensityArcs: DirectionGetter {
  private let field: HarmonicField
  private let sampling: RejectionSampling
  private let cutoff: Float
  private let step: Float
  private let angle: Float
  private let sineOfAngle: Float
  /// What the product of the densities, those at the ends once and others squared, is raised to.
  private let power: Float
  /// The sampled arcs of a step along z, (arc, vertex).
  private let grids: [(point: SIMD3<Float>, tangent: SIMD3<Float>)]
  /// The vertices of a step, of which one is kept.
  public let verticesPerStep: Int
  /// The grid that directions come from.
  public var grid: TrackingGrid { field.grid }

  /// Takes coefficients of spherical harmonics, (coefficient, z, y, x), in scanner axes.
  ///
  /// - Parameters:
  ///   - densities: The coefficients.
  ///   - grid: Their grid.
  ///   - cutoff: The least density along an arc.
  ///   - rules: How far steps go and turn; those of the tracker.
  ///   - samples: The densities that are taken for each arc, with that at its start: 2 to 17.
  /// - Precondition: The volume has the grid's size and the coefficients of an even degree.
  public init(
    _ densities: borrowing Volume<Float>, grid: TrackingGrid, cutoff: Float, rules: TrackingRules,
    samples: Int = 4
  ) {
    precondition((2...TrackingArc.mostVertices + 1).contains(samples), "2 to 17 samples")
    field = HarmonicField(densities, grid: grid, form: .monomials)
    self.cutoff = cutoff
    step = Float(rules.step)
    angle = Float(rules.angle) * .pi / 180
    sineOfAngle = sine(angle)
    power = 0.5 / Float(samples)
    let vertices = samples - 1
    verticesPerStep = vertices
    let delta = DeltaDensity(degree: field.degree)
    let (length, edge, exponent) = (step, Float(grid.meanSpacing), power)
    sampling = RejectionSampling(within: angle) { elevation in
      let end = cosineAndSine(elevation)
      var arc = TrackingArc()
      arc.layOut(to: SIMD3(end.y, 0, end.x), length: length, vertices: vertices)
      var product = delta.value(atCosine: 1)
      for vertex in 0..<vertices {
        let density =
          delta.value(atCosine: arc.tangents[vertex].z) * (1 - arc.points[vertex].x / edge)
        guard density > 0 else { return 0 }
        product *= vertex == vertices - 1 ? density : density * density
      }
      return Tractography.power(product, exponent)
    }
    grids = sampling.directions.flatMap { direction in
      var arc = TrackingArc()
      arc.layOut(to: direction, length: length, vertices: vertices)
      return (0..<vertices).map { (arc.points[$0], arc.tangents[$0]) }
    }
  }

  /// A direction at a seed that has a density above the cutoff.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard let corners = grid.corners(at: point), field.isSet[corners.nearest] else { return nil }
    for _ in 0..<RejectionSampling.mostStarts {
      let direction = previous ?? memory.random.direction()
      let density = field.amplitude(corners, along: direction)
      if density > cutoff {
        memory.arc.density = density
        memory.arc.seedDensity = density
        memory.arc.count = 0
        memory.arc.next = 0
        return direction
      }
      if previous != nil { return nil }
    }
    return nil
  }

  /// Starts from the seed's density again.
  public func turnBack(using memory: inout TrackingMemory) {
    memory.arc.density = memory.arc.seedDensity
    memory.arc.count = 0
    memory.arc.next = 0
  }

  /// Goes on to the next vertex of the arc, or of a new one.
  public func advance(
    _ heading: inout TrackHeading, by step: TrackingStep, using memory: inout TrackingMemory
  ) -> Bool {
    if memory.arc.next >= memory.arc.count {
      guard drawArc(heading, &memory) else { return false }
    }
    heading.point = memory.arc.points[memory.arc.next]
    heading.direction = memory.arc.tangents[memory.arc.next]
    memory.arc.next += 1
    return true
  }

  /// The product of densities along an arc; zero where one is below the cutoff, nil outside.
  @inline(__always)
  private func product(
    _ start: Float, last: inout Float,
    vertex: (Int) -> (point: SIMD3<Float>, tangent: SIMD3<Float>)
  ) -> Float? {
    var product = start
    for index in 0..<verticesPerStep {
      let place = vertex(index)
      guard let density = field.amplitude(at: place.point, along: place.tangent) else { return nil }
      if density < cutoff { return 0 }
      if index == verticesPerStep - 1 {
        product *= density
        last = density
      } else {
        product *= density * density
      }
    }
    return product
  }

  private func drawArc(_ heading: TrackHeading, _ memory: inout TrackingMemory) -> Bool {
    let frame = DirectionFrame(along: heading.direction)
    let origin = heading.point
    let start = memory.arc.density
    var last: Float = 0
    var largest: Float = 0
    for arc in 0..<sampling.directions.count {
      let value = product(start, last: &last) { vertex in
        let place = grids[arc &* verticesPerStep &+ vertex]
        return (origin + frame.apply(place.point), frame.apply(place.tangent))
      }
      // An arc that leaves the image ends the streamline.
      guard let value else { return false }
      largest = max(largest, value)
    }
    guard largest > 0 else { return false }
    var arc = TrackingArc()
    for _ in 0..<RejectionSampling.mostTrials {
      arc.layOut(
        to: memory.random.direction(within: angle, sine: sineOfAngle), length: step,
        vertices: verticesPerStep)
      let value = product(start, last: &last) { vertex in
        (origin + frame.apply(arc.points[vertex]), frame.apply(arc.tangents[vertex]))
      }
      let chance = memory.random.unit()
      guard let value, value > 0 else { continue }
      guard chance < Tractography.power(value / largest, power) / sampling.ratio else { continue }
      for vertex in 0..<verticesPerStep {
        memory.arc.points[vertex] = origin + frame.apply(arc.points[vertex])
        let tangent = frame.apply(arc.tangents[vertex])
        memory.arc.tangents[vertex] = tangent / (tangent * tangent).sum().squareRoot()
      }
      memory.arc.density = last
      memory.arc.count = verticesPerStep
      memory.arc.next = 0
      return true
    }
    return false
  }
}

extension TrackingArc {
  /// Lays a circle's arc out from the origin along z to where its tangent is a direction.
  @inline(__always)
  mutating func layOut(to end: SIMD3<Float>, length: Float, vertices: Int) {
    let across = SIMD2(end.x, end.y)
    let sineOfEnd = (across * across).sum().squareRoot()
    let theta = angleOf(cosine: min(1, end.z), sine: sineOfEnd)
    guard theta > 0 else {
      for vertex in 0..<vertices {
        points[vertex] = SIMD3(0, 0, length * Float(vertex + 1) / Float(vertices))
        tangents[vertex] = SIMD3(0, 0, 1)
      }
      return
    }
    let side = SIMD3(across.x / sineOfEnd, across.y / sineOfEnd, 0)
    let radius = length / theta
    let small = cosineAndSine(theta / Float(vertices))
    var turn = SIMD2<Float>(1, 0)
    for vertex in 0..<vertices {
      turn = SIMD2(
        turn.x * small.x - turn.y * small.y, turn.y * small.x + turn.x * small.y)
      points[vertex] = radius * (SIMD3(0, 0, turn.y) + (1 - turn.x) * side)
      tangents[vertex] = SIMD3(0, 0, turn.x) + turn.y * side
    }
  }
}
