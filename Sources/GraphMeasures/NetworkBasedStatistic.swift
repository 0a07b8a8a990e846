/// Connected sets of connections that differ between two groups, and the chance of sets as large.
///
/// Each connection is tested; those beyond a threshold form a graph; a component's size is its
/// number of connections. Groups are relabelled, and the largest component of each relabelling
/// tells how large components are by chance: this controls the family-wise error of components,
/// not of single connections.
///
/// Source: Zalesky, Fornito & Bullmore 2010, doi:10.1016/j.neuroimage.2010.06.041.
public struct NetworkBasedStatistic: Hashable, Sendable {
  /// A connected set of connections beyond the threshold.
  public struct Component: Hashable, Sendable {
    /// Its nodes, ascending.
    public var nodes: [Int]
    /// Its connections, as places in ``GroupComparison/rows``.
    public var edges: [Int]
    /// The chance of a largest component with as many connections.
    public var chance: Double
  }

  /// How groups are relabelled.
  public enum Relabelling: Hashable, Sendable {
    /// At random, so many times.
    case random(count: Int, seed: UInt64)
    /// In every possible way; the groups as they are being one of them.
    case exhaustive
  }

  /// The components, the largest first.
  public let components: [Component]
  /// The size of the largest component of each relabelling.
  public let chanceSizes: [Int]
  /// Each connection's component as a place in ``components``; nil where it has none.
  public let membership: [Int?]

  /// The most relabellings that are gone through.
  public static let mostRelabellings = 1_000_000

  /// Seeks components.
  ///
  /// The chance of a component is the share of relabellings with one at least as large; where these
  /// are random, the groups as they are count as one more, so that no chance is 0 (Phipson & Smyth
  /// 2010, doi:10.2202/1544-6115.1585).
  ///
  /// - Parameters:
  ///   - comparison: The groups.
  ///   - threshold: The t beyond which a connection counts.
  ///   - tail: In which direction.
  ///   - relabelling: How chance is imitated.
  ///   - threads: How many threads work at once; never changes the result.
  ///   - advance: Called with how many relabellings more are done, from any thread.
  /// - Throws: ``GraphError`` with `tooLarge` where every way would be too many.
  /// - Complexity: O(relabellings · subjects · connections).
  public init(
    _ comparison: GroupComparison, threshold: Double, tail: GroupComparison.Tail = .both,
    relabelling: Relabelling, threads: Int, advance: @Sendable (Int) -> Void = { _ in }
  ) throws(GraphError) {
    let observed = Self.components(
      of: comparison.statistics, comparison, threshold: threshold, tail: tail)
    let count: Int
    switch relabelling {
    case .random(let wanted, _): count = wanted
    case .exhaustive: count = try Self.relabellingCount(of: comparison)
    }
    let blocks = min(256, max(count, 1))
    chanceSizes = concurrentMap(blocks, threads: threads) { block in
      let numbers = count * block / blocks..<count * (block + 1) / blocks
      let sizes = numbers.map { number in
        let chosen: [Int]
        switch relabelling {
        case .random(_, let seed):
          var random = RandomStream(seed: seed, number: number)
          chosen = comparison.relabelled(using: &random)
        case .exhaustive: chosen = comparison.relabelling(number)
        }
        return Self.largestSize(
          of: comparison.statistics(of: chosen), comparison, threshold: threshold, tail: tail)
      }
      advance(numbers.count)
      return sizes
    }.flatMap { $0 }
    let isRandom = relabelling != .exhaustive
    let sizes = chanceSizes
    components = observed.map { component in
      var component = component
      let hits = sizes.count { $0 >= component.edges.count } + (isRandom ? 1 : 0)
      component.chance = Double(hits) / Double(sizes.count + (isRandom ? 1 : 0))
      return component
    }
    var membership = [Int?](repeating: nil, count: comparison.rows.count)
    for (number, component) in components.enumerated() {
      for edge in component.edges { membership[edge] = number }
    }
    self.membership = membership
  }

  private static func relabellingCount(of comparison: GroupComparison) throws(GraphError) -> Int {
    let (first, second) = (comparison.firstCount, comparison.secondCount)
    var ways = 1.0
    if comparison.isPaired {
      for _ in 0..<first { ways *= 2 }
    } else {
      for step in 1...min(first, second) {
        ways = (ways * Double(max(first, second) + step) / Double(step)).rounded()
      }
    }
    guard ways <= Double(mostRelabellings) else {
      throw GraphError(
        .tooLarge, "the groups can be relabelled in too many ways to go through all",
        found: "about \(ways), at most \(mostRelabellings)", remedy: "give a number of permutations"
      )
    }
    return Int(ways)
  }

  private static func isBeyond(
    _ t: Double, _ threshold: Double, _ tail: GroupComparison.Tail
  ) -> Bool {
    switch tail {
    case .both: abs(t) > threshold
    case .less: -t > threshold
    case .greater: t > threshold
    }
  }

  /// The components of the connections beyond a threshold, the largest first, then by first node.
  private static func components(
    of statistics: [Double], _ comparison: GroupComparison, threshold: Double,
    tail: GroupComparison.Tail
  ) -> [Component] {
    var sets = NodeSets(count: comparison.nodeCount)
    let beyond = statistics.indices.filter { isBeyond(statistics[$0], threshold, tail) }
    for place in beyond { sets.join(comparison.rows[place], comparison.columns[place]) }
    var edges: [Int: [Int]] = [:]
    for place in beyond {
      edges[sets.representative(comparison.rows[place]), default: []].append(place)
    }
    return edges.values.map { places in
      let nodes = Set(places.flatMap { [comparison.rows[$0], comparison.columns[$0]] })
      return Component(nodes: nodes.sorted(), edges: places, chance: 1)
    }.sorted { ($1.edges.count, $0.nodes[0]) < ($0.edges.count, $1.nodes[0]) }
  }

  private static func largestSize(
    of statistics: [Double], _ comparison: GroupComparison, threshold: Double,
    tail: GroupComparison.Tail
  ) -> Int {
    var sets = NodeSets(count: comparison.nodeCount)
    for place in statistics.indices where isBeyond(statistics[place], threshold, tail) {
      sets.join(comparison.rows[place], comparison.columns[place])
    }
    return sets.mostEdges
  }
}

/// Sets of nodes that connections join.
private struct NodeSets {
  private var parents: [Int]
  private var edges: [Int]
  /// The connections of the set that has most.
  private(set) var mostEdges = 0

  init(count: Int) {
    parents = Array(0..<count)
    edges = [Int](repeating: 0, count: count)
  }

  mutating func representative(_ node: Int) -> Int {
    var node = node
    while parents[node] != node {
      parents[node] = parents[parents[node]]
      node = parents[node]
    }
    return node
  }

  mutating func join(_ first: Int, _ second: Int) {
    let (a, b) = (representative(first), representative(second))
    if a != b {
      parents[b] = a
      edges[a] += edges[b]
    }
    edges[a] += 1
    mostEdges = max(mostEdges, edges[a])
  }
}

extension GroupComparison {
  /// Draws a relabelling.
  fileprivate func relabelled(using random: inout RandomStream) -> [Int] {
    if isPaired { return (0..<firstCount).filter { _ in random.next() & 1 == 1 } }
    var order = Array(0..<firstCount + secondCount)
    for place in 0..<firstCount {
      order.swapAt(place, place + random.index(below: order.count - place))
    }
    return order[..<firstCount].sorted()
  }

  /// The relabelling of a number, in lexicographic order of the subjects chosen.
  fileprivate func relabelling(_ number: Int) -> [Int] {
    if isPaired { return (0..<firstCount).filter { number >> $0 & 1 == 1 } }
    var (rest, left, chosen) = (number, firstCount, [Int]())
    let total = firstCount + secondCount
    for subject in 0..<total where left > 0 {
      // The ways to choose the remaining ones after this subject has been taken.
      let ways = Self.combinations(total - subject - 1, left - 1)
      if rest < ways {
        chosen.append(subject)
        left -= 1
      } else {
        rest -= ways
      }
    }
    return chosen
  }

  private static func combinations(_ count: Int, _ chosen: Int) -> Int {
    guard chosen >= 0, chosen <= count else { return 0 }
    var ways = 1
    for step in 0..<min(chosen, count - chosen) { ways = ways * (count - step) / (step + 1) }
    return ways
  }
}
