extension Graph {
  /// Each node's sum of weights; in a directed graph of both directions.
  public var strengths: [Double] {
    guard isDirected else { return outStrengths }
    return zip(outStrengths, inStrengths).map { $0 + $1 }
  }

  /// Each node's sum of the weights that leave it.
  public var outStrengths: [Double] { outgoing.sums }

  /// Each node's sum of the weights that enter it.
  public var inStrengths: [Double] { incoming.sums }

  /// Each node's number of connections; in a directed graph of both directions.
  public var degrees: [Int] {
    guard isDirected else { return outDegrees }
    return zip(outDegrees, inDegrees).map { $0 + $1 }
  }

  /// How many connections leave each node.
  public var outDegrees: [Int] { outgoing.counts }

  /// How many connections enter each node.
  public var inDegrees: [Int] { incoming.counts }

  /// The number of each node's component, from 0 in the order of their first nodes; directions do
  /// not count.
  ///
  /// - Complexity: O(*n* + *m*).
  public var components: [Int] {
    var numbers = [Int](repeating: -1, count: nodeCount)
    var count = 0
    var stack: [Int] = []
    for start in 0..<nodeCount where numbers[start] < 0 {
      numbers[start] = count
      stack.append(start)
      while let node = stack.popLast() {
        for adjacency in isDirected ? [outgoing, incoming] : [outgoing] {
          for place in adjacency.range(of: node) {
            let other = Int(adjacency.neighbours[place])
            if numbers[other] < 0 {
              numbers[other] = count
              stack.append(other)
            }
          }
        }
      }
      count += 1
    }
    return numbers
  }
}

extension Adjacency {
  fileprivate var sums: [Double] {
    (0..<offsets.count - 1).map { node in weights[range(of: node)].reduce(0, +) }
  }

  fileprivate var counts: [Int] { (0..<offsets.count - 1).map { range(of: $0).count } }
}
