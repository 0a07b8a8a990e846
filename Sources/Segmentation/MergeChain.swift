import Labels
public import Voxels

/// Why two fragments belong to one segment, or do not.
public struct MergeChain: Sendable {
  /// A contact of the chain.
  public struct Step: Hashable, Sendable {
    /// What was decided on it.
    public var decision: ContactDecision
    /// The box of blocks that decided it.
    public var box: VoxelBox
    /// The fragments that the contact's strongest link joins, in the chain's direction.
    public var from: UInt64, to: UInt64
  }

  /// Whether the two are of one segment.
  public var areJoined: Bool
  /// The contacts that lead from one fragment to the other.
  ///
  /// Of one segment, those whose merges do; of two, those left apart that do at the lowest cost, or
  /// none where none do.
  public var steps: [Step]
  /// The dearest step.
  public var dearest: Step? {
    steps.max { $1.decision.affinity.isCheaper(than: $0.decision.affinity) }
  }
}

extension MergeTree {
  /// Finds the chain of contacts that joins two fragments.
  ///
  /// Every merge joined two fragments, one of either region, by its strongest link; these pairs make
  /// a tree of each segment, in which there is one way between any two fragments. Between two
  /// segments it is the way whose dearest contact is cheapest, over merges above the threshold and
  /// vetoed contacts; of such ways, the one of a minimum spanning forest.
  ///
  /// - Parameters:
  ///   - first: A fragment of the tree.
  ///   - second: Another one.
  ///   - threshold: The cost up to which regions merge; at most ``maximumCost``.
  ///   - forEachBox: Calls its argument with what every box decided, in any order.
  /// - Returns: The chain; without steps for a fragment and itself.
  /// - Throws: What `forEachBox` throws.
  /// - Complexity: O(*n* log *n*) for *n* decisions on the two segments, or between segments.
  public func chain(
    from first: UInt64, to second: UInt64, threshold: Double,
    forEachBox: ((BoxDecisions) -> Void) throws -> Void
  ) throws -> MergeChain {
    let segments = segmentTable(threshold: threshold)
    let limit = MeanAffinity.limit(cost: threshold)
    let ends = (segments[Int(first)], segments[Int(second)])
    let areJoined = ends.0 == ends.1
    var steps: [MergeChain.Step] = []
    try forEachBox { box in
      for decision in box.decisions {
        let isDone = decision.rule.isMerge && !limit.isCheaper(than: decision.affinity)
        let isWanted = areJoined ? isDone && segments[Int(decision.first)] == ends.0 : !isDone
        guard isWanted else { continue }
        let pair = decision.peak.fragments
        steps.append(
          MergeChain.Step(
            decision: decision, box: box.box, from: pair.first, to: pair.second))
      }
    }
    let (start, end) = areJoined ? (first, second) : ends
    let way =
      start == end
      ? []
      : cheapestWay(from: start, to: end, over: steps) {
        areJoined ? $0 : segments[Int($0)]
      }
    return MergeChain(areJoined: areJoined, steps: way)
  }
}

/// The way between two nodes whose dearest step is cheapest; empty where there is none.
private func cheapestWay(
  from start: UInt64, to end: UInt64, over steps: [MergeChain.Step],
  node: (UInt64) -> UInt64
) -> [MergeChain.Step] {
  var numbers = IndexTable(capacity: steps.count)
  let links = steps.sorted { $0.precedes($1) }.map { step in
    (step: step, from: numbers.number(of: node(step.from)), to: numbers.number(of: node(step.to)))
  }
  guard let start = numbers.value(of: start), let end = numbers.value(of: end) else { return [] }
  var sets = DisjointSet<UInt32>(count: numbers.count)
  var neighbours = [[Int]](repeating: [], count: numbers.count)
  for (place, link) in links.enumerated() {
    guard sets.representative(of: link.from) != sets.representative(of: link.to) else { continue }
    sets.join(link.from, link.to)
    neighbours[Int(link.from)].append(place)
    neighbours[Int(link.to)].append(place)
    if sets.representative(of: start) == sets.representative(of: end) { break }
  }
  // From the end back to the start, so that following what led to each node goes forward.
  var next = [Int?](repeating: nil, count: numbers.count)
  var isReached = [Bool](repeating: false, count: numbers.count)
  isReached[Int(end)] = true
  var queue = [end]
  var place = 0
  while place < queue.count, !isReached[Int(start)] {
    let current = queue[place]
    place += 1
    for number in neighbours[Int(current)] {
      let other = links[number].from == current ? links[number].to : links[number].from
      guard !isReached[Int(other)] else { continue }
      isReached[Int(other)] = true
      next[Int(other)] = number
      queue.append(other)
    }
  }
  var way: [MergeChain.Step] = []
  var current = start
  while current != end, let number = next[Int(current)] {
    let link = links[number]
    var step = link.step
    if link.from != current { (step.from, step.to) = (step.to, step.from) }
    way.append(step)
    current = link.from == current ? link.to : link.from
  }
  return way
}

extension MergeChain.Step {
  /// By cost; of equal ones, by fragments, which no two merges or vetoes of one cost share.
  fileprivate func precedes(_ other: Self) -> Bool {
    if decision.affinity.isCheaper(than: other.decision.affinity) { return true }
    if other.decision.affinity.isCheaper(than: decision.affinity) { return false }
    return (from, to) < (other.from, other.to)
  }
}
