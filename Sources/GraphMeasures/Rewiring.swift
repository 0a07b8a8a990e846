/// Graphs in which every node keeps its degrees and all else is left to chance.
public enum Rewiring {
  /// Exchanges the ends of pairs of connections at random.
  ///
  /// Each exchange keeps every degree (in a directed graph both), makes no self connection and no
  /// parallel one; a weight goes with the connection's source. A pair that cannot be exchanged is
  /// drawn anew, at most about *m* / *n* times.
  ///
  /// - Parameters:
  ///   - graph: The graph.
  ///   - swaps: How often each connection is drawn.
  ///   - seed: What the random numbers begin with.
  ///   - number: Which of the graphs of this seed.
  /// - Returns: A graph with as many connections, and the same weights among them.
  /// - Throws: Nothing for a graph that is one; the type is that of graphs' creation.
  /// - Complexity: O(swaps · *m*) on average.
  ///
  /// Source: Maslov & Sneppen 2002, doi:10.1126/science.1065103.
  public static func rewired(
    _ graph: Graph, swaps: Int, seed: UInt64, number: Int
  ) throws(GraphError) -> Graph {
    var edges = graph.edges
    let count = edges.count
    guard count > 1, graph.nodeCount > 3 else { return graph }
    var pairs = PairSet(nodeCount: graph.nodeCount)
    for edge in edges {
      pairs.insert(edge.source, edge.target)
      if !graph.isDirected { pairs.insert(edge.target, edge.source) }
    }
    var random = RandomStream(seed: seed, number: number)
    let attempts = max(1, count / (graph.nodeCount - 1)) + 1
    for _ in 0..<swaps * count {
      for _ in 0..<attempts {
        let first = random.index(below: count)
        let second = random.index(below: count)
        // The ends of an undirected connection are exchanged either way.
        let isTurned = !graph.isDirected && random.next() & 1 == 1
        let (a, b) = (edges[first].source, edges[first].target)
        let (c, d) =
          isTurned
          ? (edges[second].target, edges[second].source)
          : (edges[second].source, edges[second].target)
        guard first != second, a != c, a != d, b != c, b != d, !pairs.contains(a, d),
          !pairs.contains(c, b)
        else { continue }
        pairs.remove(a, b)
        pairs.remove(c, d)
        pairs.insert(a, d)
        pairs.insert(c, b)
        if !graph.isDirected {
          pairs.remove(b, a)
          pairs.remove(d, c)
          pairs.insert(d, a)
          pairs.insert(b, c)
        }
        edges[first].target = d
        edges[second].source = c
        edges[second].target = b
        break
      }
    }
    return try Graph(nodeCount: graph.nodeCount, isDirected: graph.isDirected, edges: edges)
  }
}

/// Ordered pairs of nodes: a bit for each possible one where they are few, else a set.
private struct PairSet {
  private static let mostBits = 1 << 28
  private let nodeCount: Int
  private var bits: [UInt64]
  private var sparse: Set<Int>

  init(nodeCount: Int) {
    self.nodeCount = nodeCount
    let (possible, overflows) = nodeCount.multipliedReportingOverflow(by: nodeCount)
    let isSmall = !overflows && possible <= Self.mostBits
    bits = [UInt64](repeating: 0, count: isSmall ? (possible + 63) / 64 : 0)
    sparse = []
  }

  func contains(_ source: Int, _ target: Int) -> Bool {
    let pair = source * nodeCount + target
    return bits.isEmpty ? sparse.contains(pair) : bits[pair >> 6] >> UInt64(pair & 63) & 1 == 1
  }

  mutating func insert(_ source: Int, _ target: Int) {
    let pair = source * nodeCount + target
    if bits.isEmpty { sparse.insert(pair) } else { bits[pair >> 6] |= 1 << UInt64(pair & 63) }
  }

  mutating func remove(_ source: Int, _ target: Int) {
    let pair = source * nodeCount + target
    if bits.isEmpty { sparse.remove(pair) } else { bits[pair >> 6] &= ~(1 << UInt64(pair & 63)) }
  }
}
