/// A division of a graph's nodes into communities.
public struct Partition: Hashable, Sendable {
  /// Each node's community, from 1 in the order of their first nodes.
  public let communities: [Int]

  /// Creates a partition of any numbers, which are replaced.
  public init(_ labels: some Sequence<Int>) {
    var numbers: [Int: Int] = [:]
    communities = labels.map { label in
      if let number = numbers[label] { return number }
      numbers[label] = numbers.count + 1
      return numbers.count
    }
  }

  /// The number of communities.
  public var count: Int { communities.max() ?? 0 }

  /// The share of weights within communities, less what chance would put there.
  ///
  /// - Parameters:
  ///   - graph: The graph; in a directed one chance keeps what leaves and enters each node.
  ///   - resolution: γ, the weight of what chance puts there.
  /// - Returns: Q; 0 for a graph without connections.
  /// - Precondition: The partition is one of the graph's nodes.
  ///
  /// Source: Newman 2006, doi:10.1073/pnas.0601602103; Leicht & Newman 2008,
  /// doi:10.1103/PhysRevLett.100.118703 (directed).
  public func modularity(of graph: Graph, resolution: Double = 1) -> Double {
    precondition(communities.count == graph.nodeCount, "a partition names every node")
    let (out, into) = (graph.outStrengths, graph.inStrengths)
    let total = out.reduce(0, +)
    guard total > 0 else { return 0 }
    var within = 0.0
    var (outSums, inSums) = ([Double](repeating: 0, count: count + 1), [Double]())
    inSums = outSums
    for node in 0..<graph.nodeCount {
      let own = communities[node]
      outSums[own] += out[node]
      inSums[own] += into[node]
      for place in graph.outgoing.range(of: node)
      where communities[Int(graph.outgoing.neighbours[place])] == own {
        within += graph.outgoing.weights[place]
      }
    }
    let expected = zip(outSums, inSums).reduce(0) { $0 + $1.0 * $1.1 } / total
    return (within - resolution * expected) / total
  }

  /// How evenly each node's connections are spread over communities: 0 where all lie in one.
  ///
  /// In a directed graph those that leave the node count.
  ///
  /// Source: Guimerà & Amaral 2005, doi:10.1038/nature03288.
  public func participation(in graph: Graph) -> [Double] {
    precondition(communities.count == graph.nodeCount, "a partition names every node")
    var sums = [Double](repeating: 0, count: count + 1)
    return (0..<graph.nodeCount).map { node in
      let range = graph.outgoing.range(of: node)
      for place in range {
        sums[communities[Int(graph.outgoing.neighbours[place])]] += graph.outgoing.weights[place]
      }
      var (total, squares) = (0.0, 0.0)
      for place in range {
        let community = communities[Int(graph.outgoing.neighbours[place])]
        total += sums[community]
        squares += sums[community] * sums[community]
        sums[community] = 0
      }
      return total > 0 ? 1 - squares / (total * total) : 0
    }
  }

  /// How much more strongly each node is connected within its community than its other members
  /// are, in standard deviations; 0 where all are alike.
  ///
  /// In a directed graph connections that leave the node count.
  ///
  /// Source: Guimerà & Amaral 2005, doi:10.1038/nature03288.
  public func withinModuleZ(in graph: Graph) -> [Double] {
    precondition(communities.count == graph.nodeCount, "a partition names every node")
    let strengths = (0..<graph.nodeCount).map { node in
      graph.outgoing.range(of: node).reduce(0.0) { sum, place in
        communities[Int(graph.outgoing.neighbours[place])] == communities[node]
          ? sum + graph.outgoing.weights[place] : sum
      }
    }
    var sizes = [Double](repeating: 0, count: count + 1)
    var means = sizes
    var spreads = sizes
    for (node, community) in communities.enumerated() {
      sizes[community] += 1
      means[community] += strengths[node]
    }
    for community in 1..<max(1, count + 1) { means[community] /= sizes[community] }
    for (node, community) in communities.enumerated() {
      let difference = strengths[node] - means[community]
      spreads[community] += difference * difference
    }
    return communities.enumerated().map { node, community in
      let spread = (spreads[community] / sizes[community]).squareRoot()
      // Differences that are rounding alone are none.
      let difference = strengths[node] - means[community]
      return spread > 1e-14 * abs(means[community]) ? difference / spread : 0
    }
  }
}
