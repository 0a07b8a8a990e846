/// How a graph is divided into communities.
public struct CommunityDetection: Hashable, Sendable {
  /// The method of one run.
  public enum Method: String, Hashable, Sendable, CaseIterable {
    /// Leiden, on the sum of directions where connections have one (Traag et al. 2019).
    case leiden
    /// Louvain, by directed modularity where connections have a direction (Blondel et al. 2008).
    case louvain
  }

  /// Which of the runs' partitions is taken.
  public enum Choice: String, Hashable, Sendable, CaseIterable {
    /// The one of the highest modularity, the first of those that are equal.
    case best
    /// The one on which the runs agree (Lancichinetti & Fortunato 2012).
    case consensus
  }

  /// The method; nil is Leiden, and Louvain where connections have a direction.
  public var method: Method?
  /// Which partition is taken.
  public var choice: Choice
  /// How many runs there are; above 0.
  public var runs: Int
  /// γ of modularity: above 1 for more and smaller communities.
  public var resolution: Double
  /// What the random numbers begin with.
  public var seed: UInt64

  /// Creates settings.
  public init(
    method: Method? = nil, choice: Choice = .best, runs: Int = 100, resolution: Double = 1,
    seed: UInt64 = 0
  ) {
    precondition(runs > 0 && resolution > 0, "communities need a run and a resolution above 0")
    self.method = method
    self.choice = choice
    self.runs = runs
    self.resolution = resolution
    self.seed = seed
  }

  /// The share of runs that must put two nodes together for that to count towards a consensus.
  private static let agreement = 0.5
  /// The most nodes for which agreements are held.
  private static let mostConsensusNodes = 8192
  /// The most times a consensus is sought among the partitions of the last one.
  private static let mostRounds = 50

  /// Divides a graph.
  ///
  /// - Parameters:
  ///   - graph: The graph.
  ///   - threads: How many threads work at once; never changes the result.
  /// - Returns: A partition; every node its own community where there is no connection.
  /// - Throws: ``GraphError`` where the library fails, or a consensus would take too much memory.
  /// - Complexity: O(runs · *m*) about; a consensus O(runs · *n*²) besides.
  public func partition(of graph: Graph, threads: Int) throws(GraphError) -> Partition {
    guard graph.edgeCount > 0 else { return Partition(0..<graph.nodeCount) }
    let found = try partitions(of: graph, resolution: resolution, firstRun: 0, threads: threads)
    switch choice {
    case .best:
      let scores = found.map { $0.modularity(of: graph, resolution: resolution) }
      var best = 0
      for (run, score) in scores.enumerated() where score > scores[best] + 1e-12 { best = run }
      return found[best]
    case .consensus: return try consensus(of: found, graph, threads: threads)
    }
  }

  private func partitions(
    of graph: Graph, resolution: Double, firstRun: Int, threads: Int
  ) throws(GraphError) -> [Partition] {
    if method ?? (graph.isDirected ? .louvain : .leiden) == .louvain {
      return concurrentMap(runs, threads: threads) { run in
        var random = RandomStream(seed: seed, number: firstRun + run)
        return Partition(louvain(of: graph, resolution: resolution, using: &random))
      }
    }
    let sum = graph.symmetrized
    var found: [Partition] = []
    for run in 0..<runs {
      var random = RandomStream(seed: seed, number: firstRun + run)
      found.append(
        Partition(try Igraph.leiden(of: sum, resolution: resolution, seed: random.next())))
    }
    return found
  }

  private func consensus(
    of first: [Partition], _ graph: Graph, threads: Int
  ) throws(GraphError) -> Partition {
    guard graph.nodeCount <= Self.mostConsensusNodes else {
      throw GraphError(
        .tooLarge, "the graph is too large for a consensus of partitions",
        found: "\(graph.nodeCount) nodes, at most \(Self.mostConsensusNodes)",
        remedy: "take the best partition instead")
    }
    var found = first
    for round in 1...Self.mostRounds {
      if found.allSatisfy({ $0 == found[0] }) { return found[0] }
      let agreements = try Self.agreements(of: found)
      guard agreements.edgeCount > 0 else { return Partition(0..<graph.nodeCount) }
      // The graph of agreements has its own scale: its modularity is taken as it is.
      found = try partitions(
        of: agreements, resolution: 1, firstRun: round * runs, threads: threads)
    }
    return found[0]
  }

  /// How large a share of partitions puts each pair of nodes together, where it is large enough.
  private static func agreements(of partitions: [Partition]) throws(GraphError) -> Graph {
    let count = partitions[0].communities.count
    var edges: [GraphEdge] = []
    var shares = [Int](repeating: 0, count: count)
    for node in 0..<count {
      for other in node..<count { shares[other] = 0 }
      for partition in partitions {
        let own = partition.communities[node]
        for other in node + 1..<max(node + 1, count) where partition.communities[other] == own {
          shares[other] += 1
        }
      }
      for other in node + 1..<max(node + 1, count) {
        let share = Double(shares[other]) / Double(partitions.count)
        if share >= agreement { edges.append(GraphEdge(node, other, weight: share)) }
      }
    }
    return try Graph(nodeCount: count, isDirected: false, edges: edges)
  }
}
