/// The search for shortest paths from one node at a time, with its memory (Dijkstra 1959).
///
/// Lengths are above 0. A node's distance is the least over its predecessors of their distance plus
/// the length between, in floating point, whatever order nodes are met in: ties are exact ties.
struct PathSearch {
  /// The distance of each node from the last source; infinite where no path leads there.
  private(set) var distances: [Double]
  /// The nodes reached from the last source, itself first, by growing distance.
  private(set) var order: [Int]
  /// A heap of nodes by distance, and where each node stands in it; -1 where it does not.
  private var heap: [Int] = []
  private var places: [Int]

  init(nodeCount: Int) {
    distances = [Double](repeating: .infinity, count: nodeCount)
    places = [Int](repeating: -1, count: nodeCount)
    order = []
  }

  /// Finds the shortest paths from a node.
  ///
  /// - Parameters:
  ///   - source: The node.
  ///   - adjacency: Where connections lead, weights being lengths above 0.
  ///   - haveUnitLength: Whether all lengths are 1.
  mutating func run(from source: Int, along adjacency: Adjacency, haveUnitLength: Bool) {
    for node in order { distances[node] = .infinity }
    order.removeAll(keepingCapacity: true)
    distances[source] = 0
    if haveUnitLength {
      runInLayers(from: source, along: adjacency)
    } else {
      runByDistance(from: source, along: adjacency)
    }
  }

  private mutating func runInLayers(from source: Int, along adjacency: Adjacency) {
    order.append(source)
    var next = 0
    while next < order.count {
      let node = order[next]
      next += 1
      let distance = distances[node] + 1
      for place in adjacency.range(of: node) {
        let target = Int(adjacency.neighbours[place])
        if distances[target] == .infinity {
          distances[target] = distance
          order.append(target)
        }
      }
    }
  }

  private mutating func runByDistance(from source: Int, along adjacency: Adjacency) {
    heap.append(source)
    places[source] = 0
    while let node = takeNearest() {
      order.append(node)
      let distance = distances[node]
      for place in adjacency.range(of: node) {
        let target = Int(adjacency.neighbours[place])
        let candidate = distance + adjacency.weights[place]
        guard candidate < distances[target] else { continue }
        distances[target] = candidate
        if places[target] < 0 {
          places[target] = heap.count
          heap.append(target)
        }
        rise(from: places[target])
      }
    }
  }

  private mutating func takeNearest() -> Int? {
    guard let nearest = heap.first, let last = heap.popLast() else { return nil }
    places[nearest] = -1
    if !heap.isEmpty { sink(last) }
    return nearest
  }

  private mutating func rise(from start: Int) {
    var place = start
    let node = heap[place]
    let distance = distances[node]
    while place > 0 {
      let above = (place - 1) / 2
      let other = heap[above]
      guard distance < distances[other] else { break }
      heap[place] = other
      places[other] = place
      place = above
    }
    heap[place] = node
    places[node] = place
  }

  /// Puts a node in at the top.
  private mutating func sink(_ node: Int) {
    let distance = distances[node]
    let count = heap.count
    var place = 0
    while true {
      var below = 2 * place + 1
      guard below < count else { break }
      if below + 1 < count, distances[heap[below + 1]] < distances[heap[below]] { below += 1 }
      let other = heap[below]
      guard distances[other] < distance else { break }
      heap[place] = other
      places[other] = place
      place = below
    }
    heap[place] = node
    places[node] = place
  }
}

/// What the paths from one node to all others come to.
struct PathSummary: Hashable, Sendable {
  /// The sum of the distances of the nodes that paths lead to.
  var sum = 0.0
  /// How many they are, the node itself not counted.
  var reached = 0
  /// The sum of one by each distance.
  var inverseSum = 0.0
  /// The largest of the distances.
  var largest = 0.0
}

/// The paths from every node.
///
/// - Complexity: O(*n* (*m* + *n*) log *n*).
func pathSummaries(along lengths: LengthGraph, threads: Int) -> [PathSummary] {
  let count = lengths.nodeCount
  let blocks = min(64, max(1, (count + 7) / 8))
  return concurrentMap(blocks, threads: threads) { block in
    var search = PathSearch(nodeCount: count)
    return (count * block / blocks..<count * (block + 1) / blocks).map { source in
      search.run(
        from: source, along: lengths.outgoing, haveUnitLength: lengths.haveUnitLength)
      var summary = PathSummary()
      for node in search.order.dropFirst() {
        let distance = search.distances[node]
        summary.sum += distance
        summary.inverseSum += 1 / distance
        summary.largest = max(summary.largest, distance)
      }
      summary.reached = search.order.count - 1
      return summary
    }
  }.flatMap { $0 }
}

/// A graph whose weights are lengths: one by the weight of each connection.
struct LengthGraph: Sendable {
  let nodeCount: Int
  let outgoing: Adjacency
  let incoming: Adjacency
  let haveUnitLength: Bool

  init(inverseOf graph: Graph) {
    nodeCount = graph.nodeCount
    outgoing = graph.outgoing.mappingWeights { 1 / $0 }
    incoming = graph.isDirected ? graph.incoming.mappingWeights { 1 / $0 } : outgoing
    haveUnitLength = outgoing.weights.allSatisfy { $0 == 1 }
  }
}
