/// How far streamlines go, and how they bend.
public struct TrackingRules: Hashable, Sendable {
  /// The length of a step in mm.
  public var step: Double
  /// The largest angle in degrees between steps.
  public var angle: Double
  /// The least length in mm of streamlines that count.
  public var leastLength: Double
  /// The length in mm at which streamlines end.
  public var greatestLength: Double

  /// The rules for a grid: a tenth of a voxel, 60°, 5 to 100 voxels, as MRtrix3 has them for
  /// deterministic tracking.
  public init(for grid: TrackingGrid) {
    let edge = grid.meanSpacing
    step = 0.1 * edge
    angle = 60
    leastLength = 5 * edge
    greatestLength = 100 * edge
  }
}

/// Follows streamlines from seeds, both ways, in steps of one length.
public struct Tracker: Sendable {
  private let directions: any DirectionGetter
  private let criteria: [any StoppingCriterion]
  private let included: [Region]
  private let step: Float
  private let leastCosine: Float
  private let leastCount: Int
  private let greatestCount: Int

  /// What became of a seed.
  public enum Outcome: Int, CaseIterable, Hashable, Sendable {
    /// A streamline that counts.
    case selected
    /// No direction at the seed, or a seed that a criterion does not admit.
    case invalidSeed
    /// A streamline that is too short.
    case tooShort
    /// A streamline that a criterion rejected.
    case excluded
    /// A streamline that missed a region it was to pass.
    case missed
  }

  /// Prepares tracking.
  ///
  /// - Parameters:
  ///   - directions: Where streamlines go.
  ///   - criteria: Where they end.
  ///   - included: The regions each must pass, in any order.
  ///   - rules: How far they go.
  public init(
    _ directions: any DirectionGetter, criteria: [any StoppingCriterion] = [],
    included: [Region] = [], rules: TrackingRules
  ) {
    precondition(
      rules.step > 0 && rules.leastLength >= 0 && rules.greatestLength >= rules.leastLength,
      "a positive step, and lengths in order")
    self.directions = directions
    self.criteria = criteria
    self.included = included
    step = Float(rules.step)
    leastCosine = Float(cosine(degrees: rules.angle))
    // Lengths that are a whole number of steps stay so whatever the rounding.
    let steps = SIMD2(rules.leastLength, rules.greatestLength) / rules.step - 1e-4
    leastCount = 1 + Int(max(0, steps.x.rounded(.up)))
    greatestCount = 3 + Int(min(1e9, max(0, steps.y.rounded(.up))))
  }

  /// Follows one streamline.
  ///
  /// - Parameters:
  ///   - seed: In scanner mm.
  ///   - memory: The thread's working memory.
  ///   - points: Receives the points, in scanner mm, from one end to the other.
  /// - Returns: What became of the seed; the points are those of a streamline only where it is
  ///   selected.
  public func track(
    from seed: SIMD3<Float>, using memory: inout TrackingMemory,
    into points: inout [SIMD3<Float>]
  ) -> Outcome {
    points.removeAll(keepingCapacity: true)
    for criterion in criteria {
      let status = criterion.status(at: seed)
      if status == .leave || status == .reject { return .invalidSeed }
    }
    guard let first = directions.direction(at: seed, after: nil, using: &memory) else {
      return .invalidSeed
    }
    var isVisited = [Bool](repeating: false, count: included.count)
    visit(seed, &isVisited)
    points.append(seed)
    guard follow(first, using: &memory, &points, &isVisited) else { return .excluded }
    points.reverse()
    guard follow(-first, using: &memory, &points, &isVisited) else { return .excluded }
    if points.count < max(2, leastCount) { return .tooShort }
    return isVisited.allSatisfy { $0 } ? .selected : .missed
  }

  /// Goes on from the last point; false where the streamline is rejected.
  private func follow(
    _ start: SIMD3<Float>, using memory: inout TrackingMemory,
    _ points: inout [SIMD3<Float>], _ isVisited: inout [Bool]
  ) -> Bool {
    guard var point = points.last else { return true }
    var direction = start
    while true {
      point += direction * step
      var isLast = false
      for criterion in criteria {
        switch criterion.status(at: point) {
        case .proceed: break
        case .finish: isLast = true
        case .leave: return true
        case .reject: return false
        }
      }
      visit(point, &isVisited)
      points.append(point)
      if isLast || points.count >= greatestCount { return true }
      guard let next = directions.direction(at: point, after: direction, using: &memory),
        (next * direction).sum() >= leastCosine
      else { return true }
      direction = next
    }
  }

  @inline(__always)
  private func visit(_ point: SIMD3<Float>, _ isVisited: inout [Bool]) {
    for index in included.indices where !isVisited[index] {
      if included[index].contains(point) { isVisited[index] = true }
    }
  }
}
