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
  private let step: TrackingStep
  private let leastLength: Float
  private let greatestLength: Float
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
    step = TrackingStep(
      length: Float(rules.step), leastCosine: Float(cosine(degrees: rules.angle)))
    leastLength = Float(rules.leastLength)
    greatestLength = Float(rules.greatestLength)
    // Lengths that are a whole number of steps stay so whatever the rounding.
    let steps =
      SIMD2(rules.leastLength, Double(directions.verticesPerStep) * rules.greatestLength)
      / rules.step - 1e-4
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
    let seedIndex = points.count - 1
    directions.turnBack(using: &memory)
    guard follow(-first, using: &memory, &points, &isVisited) else { return .excluded }
    if points.count < max(2, leastCount) { return .tooShort }
    guard isVisited.allSatisfy({ $0 }) else { return .missed }
    guard directions.verticesPerStep > 1 else { return .selected }
    points.thin(by: directions.verticesPerStep, around: seedIndex)
    return points.trim(to: greatestLength) < leastLength ? .tooShort : .selected
  }

  /// Goes on from the last point; false where the streamline is rejected.
  private func follow(
    _ start: SIMD3<Float>, using memory: inout TrackingMemory,
    _ points: inout [SIMD3<Float>], _ isVisited: inout [Bool]
  ) -> Bool {
    guard let point = points.last else { return true }
    var heading = TrackHeading(point: point, direction: start)
    while directions.advance(&heading, by: step, using: &memory) {
      let point = heading.point
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
    }
    return true
  }

  @inline(__always)
  private func visit(_ point: SIMD3<Float>, _ isVisited: inout [Bool]) {
    for index in included.indices where !isVisited[index] {
      if included[index].contains(point) { isVisited[index] = true }
    }
  }
}

extension [SIMD3<Float>] {
  /// Keeps the ends and every so many points, counted from one of them.
  fileprivate mutating func thin(by ratio: Int, around seed: Int) {
    guard count > 2 else { return }
    var kept = 1
    var index = seed > 0 ? (seed - 1) % ratio + 1 : ratio
    while index < count - 1 {
      self[kept] = self[index]
      kept += 1
      index += ratio
    }
    self[kept] = self[count - 1]
    removeLast(count - kept - 1)
  }

  /// Cuts a streamline that is too long at its end.
  ///
  /// - Returns: Its length.
  fileprivate mutating func trim(to greatest: Float) -> Float {
    var length: Float = 0
    for index in 1..<Swift.max(1, count) {
      let segment = self[index] - self[index - 1]
      let size = (segment * segment).sum().squareRoot()
      if length + size > greatest {
        self[index] = self[index - 1] + segment * ((greatest - length) / size)
        removeLast(count - index - 1)
        return greatest
      }
      length += size
    }
    return length
  }
}
