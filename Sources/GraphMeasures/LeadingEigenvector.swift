/// The eigenvector of the largest eigenvalue, not negative and of length 1: a node's value comes
/// from those that lead to it.
///
/// Found by repeated multiplication from equal values, always in the same order, so that it is the
/// same in every run; where several eigenvectors belong to the eigenvalue, the one nearest to equal
/// values. All 0 where no connections run in a circle.
///
/// - Complexity: O(*m*) for each of as many steps as the second eigenvalue is close to the first.
///
/// Source: von Mises & Pollaczek-Geiringer 1929, doi:10.1002/zamm.19290090105.
func leadingEigenvector(of graph: Graph) -> [Double] {
  let count = graph.nodeCount
  guard graph.edgeCount > 0, !graph.isDirected || graph.hasCircle else {
    return [Double](repeating: 0, count: count)
  }
  let incoming = graph.incoming
  let strengths = graph.inStrengths
  // A share of itself keeps a graph of two sides from swinging between them.
  let shift = 0.1 * strengths.reduce(0) { $0 + $1 * $1 } / strengths.reduce(0, +)
  var vector = [Double](repeating: 1 / Double(count).squareRoot(), count: count)
  var next = vector
  var (least, stepsSinceLeast) = (Double.infinity, 0)
  for _ in 0..<100_000 {
    var square = 0.0
    for node in 0..<count {
      var sum = shift * vector[node]
      for place in incoming.range(of: node) {
        sum += incoming.weights[place] * vector[Int(incoming.neighbours[place])]
      }
      next[node] = sum
      square += sum * sum
    }
    let scale = 1 / square.squareRoot()
    var change = 0.0
    for node in 0..<count {
      next[node] *= scale
      let difference = next[node] - vector[node]
      change += difference * difference
    }
    swap(&vector, &next)
    // Squared: changes below 1e-15, or of rounding alone, which no longer shrink.
    if change < 1e-30 { break }
    (least, stepsSinceLeast) = change < least ? (change, 0) : (least, stepsSinceLeast + 1)
    if stepsSinceLeast > 100, least < 1e-24 { break }
  }
  return vector
}

extension Graph {
  /// Whether some node can be reached from itself.
  fileprivate var hasCircle: Bool {
    var entering = inDegrees
    var free = (0..<nodeCount).filter { entering[$0] == 0 }
    var removed = 0
    while let node = free.popLast() {
      removed += 1
      for place in outgoing.range(of: node) {
        let target = Int(outgoing.neighbours[place])
        entering[target] -= 1
        if entering[target] == 0 { free.append(target) }
      }
    }
    return removed < nodeCount
  }
}
