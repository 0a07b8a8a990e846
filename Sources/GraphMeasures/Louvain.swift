/// One partition by greedy growth of modularity, level by level, nodes in random order.
///
/// Directed graphs are divided by their own modularity, not by that of the sum of directions.
///
/// - Parameters:
///   - graph: The graph.
///   - resolution: γ of modularity.
///   - random: Draws the orders.
/// - Returns: Each node's community, in any numbers.
/// - Complexity: O(*m*) for each pass over a level.
///
/// Source: Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008; Dugué & Perez 2015
/// (hal-01231784, directed).
func louvain(of graph: Graph, resolution: Double, using random: inout RandomStream) -> [Int] {
  var level = LouvainLevel(graph)
  var membership = Array(0..<graph.nodeCount)
  while let groups = level.merge(resolution: resolution, using: &random) {
    for node in membership.indices { membership[node] = groups[membership[node]] }
    level = level.contracted(by: groups)
  }
  return membership
}

/// The communities of one level as nodes of the next.
private struct LouvainLevel {
  private let outgoing: Adjacency
  private let incoming: Adjacency
  private let isDirected: Bool
  private let out: [Double]
  private let into: [Double]
  /// The sum of all weights; of an undirected graph in both directions.
  private let total: Double

  init(_ graph: Graph) {
    outgoing = graph.outgoing
    incoming = graph.incoming
    isDirected = graph.isDirected
    out = graph.outStrengths
    into = graph.inStrengths
    total = out.reduce(0, +)
  }

  private init(
    outgoing: Adjacency, incoming: Adjacency, isDirected: Bool, out: [Double], into: [Double],
    total: Double
  ) {
    self.outgoing = outgoing
    self.incoming = incoming
    self.isDirected = isDirected
    self.out = out
    self.into = into
    self.total = total
  }

  /// Moves nodes to the neighbouring community that gains most, until none gains.
  ///
  /// - Returns: Each node's community, numbered without gaps; nil where no node has moved.
  func merge(resolution: Double, using random: inout RandomStream) -> [Int]? {
    let count = out.count
    guard total > 0, count > 1 else { return nil }
    var groups = Array(0..<count)
    var (outSums, inSums) = (out, into)
    var links = [Double](repeating: 0, count: count)
    var touched: [Int] = []
    var order = Array(0..<count)
    for place in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(place, random.index(below: place + 1))
    }
    var hasMoved = false
    var isMoving = true
    // Every move raises modularity by a least amount, so that this ends.
    while isMoving {
      isMoving = false
      for node in order {
        for place in outgoing.range(of: node) {
          let other = Int(outgoing.neighbours[place])
          guard other != node else { continue }
          touched.append(groups[other])
          links[groups[other]] += outgoing.weights[place]
        }
        if isDirected {
          for place in incoming.range(of: node) {
            let other = Int(incoming.neighbours[place])
            guard other != node else { continue }
            touched.append(groups[other])
            links[groups[other]] += incoming.weights[place]
          }
        }
        let own = groups[node]
        outSums[own] -= out[node]
        inSums[own] -= into[node]
        // Undirected: links and strengths stand for both directions at once.
        func gain(_ group: Int) -> Double {
          let expected =
            isDirected
            ? out[node] * inSums[group] + into[node] * outSums[group]
            : out[node] * outSums[group]
          return links[group] - resolution * expected / total
        }
        var (best, bestGain) = (own, gain(own) + 1e-12 * total)
        for group in touched {
          let candidate = gain(group)
          if candidate > bestGain { (best, bestGain) = (group, candidate) }
        }
        for group in touched { links[group] = 0 }
        touched.removeAll(keepingCapacity: true)
        outSums[best] += out[node]
        inSums[best] += into[node]
        if best != own {
          groups[node] = best
          isMoving = true
          hasMoved = true
        }
      }
    }
    return hasMoved ? Partition(groups).communities.map { $0 - 1 } : nil
  }

  /// The graph of communities, each connected to itself by what lies within it.
  func contracted(by groups: [Int]) -> LouvainLevel {
    let count = (groups.max() ?? -1) + 1
    var edges: [GraphEdge] = []
    edges.reserveCapacity(outgoing.count)
    var (outSums, inSums) = ([Double](repeating: 0, count: count), [Double]())
    inSums = outSums
    for node in out.indices {
      outSums[groups[node]] += out[node]
      inSums[groups[node]] += into[node]
      for place in outgoing.range(of: node) {
        edges.append(
          GraphEdge(
            groups[node], groups[Int(outgoing.neighbours[place])],
            weight: outgoing.weights[place]))
      }
    }
    let joined = Adjacency(nodeCount: count, edges: edges)
    return LouvainLevel(
      outgoing: joined, incoming: isDirected ? joined.transposed() : joined,
      isDirected: isDirected, out: outSums, into: inSums, total: total)
  }
}
