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
}

/// The working memory of one thread that tracks.
public struct TrackingMemory: Sendable {
  /// Signals at a point.
  var signals: [Float] = []

  /// Creates empty memory.
  public init() {}
}

extension SIMD3<Float> {
  /// The vector or its opposite, whichever points along another.
  @inline(__always)
  func along(_ other: SIMD3<Float>?) -> SIMD3<Float> {
    guard let other else { return self }
    return (self * other).sum() < 0 ? -self : self
  }
}
