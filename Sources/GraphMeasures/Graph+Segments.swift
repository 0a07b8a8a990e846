public import Connectomes

extension Graph {
  /// Creates the directed graph of the neurons that synapses join, with their weights.
  ///
  /// Connections of weight 0 are left out, and so are those of segments with themselves.
  ///
  /// - Throws: ``GraphError`` for a weight that is negative or not a finite number.
  public init(_ segments: SegmentGraph) throws(GraphError) {
    try self.init(
      nodeCount: segments.segments.count, isDirected: true,
      edges: segments.edges.map {
        GraphEdge($0.source, $0.target, weight: segments.weight(of: $0))
      })
  }
}

extension Partition {
  /// The nodes by communities, the largest first, in each the most strongly connected first.
  ///
  /// - Returns: The communities, each with its members; equal ones in the order of their numbers.
  /// - Precondition: The partition is one of the graph's nodes.
  public func members(byStrengthIn graph: Graph) -> [[Int]] {
    precondition(communities.count == graph.nodeCount, "a partition names every node")
    var members = [[Int]](repeating: [], count: count)
    for (node, community) in communities.enumerated() { members[community - 1].append(node) }
    let strengths = graph.strengths
    for place in members.indices {
      members[place].sort { first, second in
        strengths[first] == strengths[second]
          ? first < second : strengths[first] > strengths[second]
      }
    }
    return members.enumerated().sorted { first, second in
      first.element.count == second.element.count
        ? first.offset < second.offset : first.element.count > second.element.count
    }.map(\.element)
  }
}
