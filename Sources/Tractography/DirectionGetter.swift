import Diffusion

/// Where a streamline goes on from a point.
public protocol DirectionGetter: Sendable {
  /// The grid that directions come from.
  var grid: TrackingGrid { get }

  /// The direction at a point.
  ///
  /// - Parameters:
  ///   - point: In scanner mm.
  ///   - previous: The direction of the step before, of length 1; nil at a seed.
  ///   - memory: The thread's working memory.
  /// - Returns: A unit vector that points along the previous one rather than against it; nil where
  ///   there is none, such as outside the image or below a cutoff.
  func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>?

  /// The vertices of a step, of which one is kept.
  var verticesPerStep: Int { get }

  /// Prepares for the second half of a streamline, from the seed against the first direction.
  func turnBack(using memory: inout TrackingMemory)

  /// Goes on by one vertex.
  ///
  /// - Parameters:
  ///   - heading: Where the streamline is, which way it came; at a seed its first direction.
  ///   - step: How far to go.
  ///   - memory: The thread's working memory.
  /// - Returns: False where the streamline ends at the point.
  func advance(
    _ heading: inout TrackHeading, by step: TrackingStep, using memory: inout TrackingMemory
  ) -> Bool
}

/// Where a streamline has come to.
public struct TrackHeading: Hashable, Sendable {
  /// In scanner mm.
  public var point: SIMD3<Float>
  /// The direction of the last step, of length 1.
  public var direction: SIMD3<Float>
}

/// How far a step goes, and how much it may turn.
public struct TrackingStep: Hashable, Sendable {
  /// The length in mm.
  public var length: Float
  /// The cosine of the largest angle between steps.
  public var leastCosine: Float
}

extension DirectionGetter {
  /// Every vertex is kept.
  public var verticesPerStep: Int { 1 }

  /// Nothing is remembered from the first half.
  public func turnBack(using memory: inout TrackingMemory) {}

  /// Goes straight on along the direction at the point, where that does not turn too much.
  public func advance(
    _ heading: inout TrackHeading, by step: TrackingStep, using memory: inout TrackingMemory
  ) -> Bool {
    guard let next = direction(at: heading.point, after: heading.direction, using: &memory),
      (next * heading.direction).sum() >= step.leastCosine
    else { return false }
    heading.direction = next
    heading.point += next * step.length
    return true
  }
}

/// The working memory of one thread that tracks.
public struct TrackingMemory: Sendable {
  /// The random numbers of the seed that is followed.
  var random = SeedRandom(run: 0, number: 0)
  /// Signals at a point.
  var signals: [Float] = []
  /// Coefficients at a point.
  var harmonics: [Float] = []
  /// Legendre functions.
  var peaks: HarmonicPeakSearch.Memory?
  /// The part of a streamline that is laid out ahead.
  var arc = TrackingArc()
  /// Signals that were drawn for voxels, for the seed that is followed.
  var drawn = DrawnSignals()

  /// Creates empty memory.
  public init() {}

  /// Forgets the seed before.
  mutating func begin(run: UInt64, seed: Int) {
    random = SeedRandom(run: run ^ 0x5851_f42d_4c95_7f2d, number: seed)
    drawn.removeAll()
  }
}

extension SIMD3<Float> {
  /// The vector or its opposite, whichever points along another.
  @inline(__always)
  func along(_ other: SIMD3<Float>?) -> SIMD3<Float> {
    guard let other else { return self }
    return (self * other).sum() < 0 ? -self : self
  }
}
