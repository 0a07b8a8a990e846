import Glibc

/// How short the paths are that join a node's neighbours without it, for each node.
///
/// With weights, a pair of neighbours counts for the cube root of the two weights that join it to
/// the node times the inverse distance between both, distances being sums of cube roots of lengths.
///
/// - Complexity: O(Σ *k* (*m*ₖ + *k*) log *k*), *m*ₖ the connections among *k* neighbours.
///
/// Source: Latora & Marchiori 2001, doi:10.1103/PhysRevLett.87.198701; Wang et al. 2017,
/// doi:10.3389/fninf.2017.00001 (the weighted form).
func neighbourhoodEfficiency(of graph: Graph, threads: Int) -> [Double] {
  let roots = LengthGraph(inverseOf: graph.mappingWeights { cbrt($0) })
  let count = graph.nodeCount
  let blocks = min(64, max(1, (count + 3) / 4))
  return concurrentMap(blocks, threads: threads) { block in
    var numbers = [Int32](repeating: -1, count: count)
    return (count * block / blocks..<count * (block + 1) / blocks).map { node in
      let neighbours = unionOfNeighbours(of: node, in: graph)
      for (number, neighbour) in neighbours.enumerated() {
        numbers[neighbour] = Int32(truncatingIfNeeded: number)
      }
      defer { for neighbour in neighbours { numbers[neighbour] = -1 } }
      return efficiency(of: neighbours, around: node, graph, roots, numbers)
    }
  }.flatMap { $0 }
}

private func unionOfNeighbours(of node: Int, in graph: Graph) -> [Int] {
  let leaving = graph.outgoing.range(of: node).map { Int(graph.outgoing.neighbours[$0]) }
  guard graph.isDirected else { return leaving }
  let entering = graph.incoming.range(of: node).map { Int(graph.incoming.neighbours[$0]) }
  return Set(leaving + entering).sorted()
}

private func efficiency(
  of neighbours: [Int], around node: Int, _ graph: Graph, _ roots: LengthGraph, _ numbers: [Int32]
) -> Double {
  guard neighbours.count > 1 else { return 0 }
  let among = roots.outgoing.restricted(to: neighbours, numbers: numbers)
  var strengths: [Double] = []
  var directions: [Double] = []
  for neighbour in neighbours {
    let there = graph.outgoing.weight(from: node, to: neighbour)
    let back = graph.isDirected ? graph.outgoing.weight(from: neighbour, to: node) : there
    strengths.append(cbrt(there) + cbrt(back))
    directions.append((there == 0 ? 0 : 1) + (back == 0 ? 0 : 1))
  }
  var search = PathSearch(nodeCount: neighbours.count)
  var total = 0.0
  for source in neighbours.indices {
    search.run(from: source, along: among, haveUnitLength: roots.haveUnitLength)
    var sum = 0.0
    for target in search.order.dropFirst() {
      sum += strengths[target] / search.distances[target]
    }
    total += sum * strengths[source]
  }
  // Both directions of a pair have been summed: Σ sᵢ sⱼ (eᵢⱼ + eⱼᵢ) / 2.
  guard total != 0 else { return 0 }
  let sum = directions.reduce(0, +)
  return total / (sum * sum - directions.reduce(0) { $0 + $1 * $1 })
}

extension Adjacency {
  /// The connections among some nodes, which get new numbers.
  ///
  /// - Parameters:
  ///   - nodes: The nodes, ascending.
  ///   - numbers: The new number of each node; -1 for all that are not among `nodes`.
  /// - Returns: The lists of the nodes, by their new numbers.
  fileprivate func restricted(to nodes: [Int], numbers: [Int32]) -> Adjacency {
    var offsets = [0]
    var kept: [Int32] = []
    var values: [Double] = []
    for node in nodes {
      for place in range(of: node) {
        let number = numbers[Int(neighbours[place])]
        if number >= 0 {
          kept.append(number)
          values.append(weights[place])
        }
      }
      offsets.append(kept.count)
    }
    return Adjacency(offsets: offsets, neighbours: kept, weights: values)
  }
}
