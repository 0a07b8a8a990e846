/// A cubic through the middle two of four points.
///
/// Source: MRtrix3, which resamples streamlines with a tension of 0.1.
struct HermiteSpline {
  private static let tension: Float = 0.1

  private let a, b, c, d: Float

  /// The weights of the four points at a place between the second (0) and the third (1).
  init(at place: Float) {
    let t = 0.5 * Self.tension
    let square = place * place
    let cube = place * square
    a = (0.5 - t) * (2 * square - cube - place)
    b = 1 + (1.5 + t) * cube - (2.5 + t) * square
    c = (2 + 2 * t) * square + (0.5 - t) * place - (1.5 + t) * cube
    d = (0.5 - t) * (cube - square)
  }

  /// The point.
  @inline(__always)
  func point(
    _ first: SIMD3<Float>, _ second: SIMD3<Float>, _ third: SIMD3<Float>, _ fourth: SIMD3<Float>
  ) -> SIMD3<Float> {
    a * first + b * second + c * third + d * fourth
  }
}

/// A streamline with a point more at either end, as far beyond as the last step is long.
struct ExtendedLine {
  /// The points.
  private(set) var points: [SIMD3<Float>] = []

  /// Takes the points of a streamline in place of those there are.
  ///
  /// - Precondition: There are two points at least.
  mutating func take(_ positions: borrowing Span<Float>, _ range: Range<Int>) {
    precondition(range.count > 1, "a line of one point has no direction")
    points.removeAll(keepingCapacity: true)
    points.append(SIMD3())
    for index in range {
      points.append(SIMD3(positions[3 * index], positions[3 * index + 1], positions[3 * index + 2]))
    }
    let last = points.count - 1
    points[0] = points[1] + (points[1] - points[2])
    points.append(points[last] + (points[last] - points[last - 1]))
  }
}
