/// How densely nodes of high degree are connected with each other, for k from 1 to the largest
/// degree.
///
/// Binary: the density among nodes of degree above k. Weighted: the sum of weights among nodes of
/// degree k or above, over the sum of as many of the strongest weights of the graph. Both degrees
/// of a directed graph count. Not a number where fewer than two nodes are left, or, with weights,
/// no connection; and, with weights, where no node is left out.
func richClub(of graph: Graph, _ weighting: GraphAnalysis.Weighting) -> [Double] {
  let degrees = graph.degrees
  let largest = degrees.max() ?? 0
  guard largest > 0 else { return [] }
  // A connection belongs to all levels up to the smaller degree of its nodes.
  var counts = [Int](repeating: 0, count: largest + 2)
  var sums = [Double](repeating: 0, count: largest + 2)
  var sizes = [Int](repeating: 0, count: largest + 2)
  for degree in degrees { sizes[degree] += 1 }
  for node in 0..<graph.nodeCount {
    for place in graph.outgoing.range(of: node) {
      let level = min(degrees[node], degrees[Int(graph.outgoing.neighbours[place])])
      counts[level] += 1
      sums[level] += graph.outgoing.weights[place]
    }
  }
  for level in stride(from: largest, to: 0, by: -1) {
    counts[level - 1] += counts[level]
    sums[level - 1] += sums[level]
    sizes[level - 1] += sizes[level]
  }
  if weighting == .binary {
    return (1...largest).map { level in
      let size = Double(sizes[level + 1])
      return size > 1 ? Double(counts[level + 1]) / (size * (size - 1)) : .nan
    }
  }
  var ranked = [0.0]
  for weight in graph.outgoing.weights.sorted(by: >) {
    ranked.append(ranked[ranked.count - 1] + weight)
  }
  return (1...largest).map { level in
    sizes[level] < graph.nodeCount && counts[level] > 0
      ? sums[level] / ranked[counts[level]] : .nan
  }
}
