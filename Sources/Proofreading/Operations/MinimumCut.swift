/// The cheapest way to part a source from a sink by cutting links of a graph.
///
/// Of several cheapest cuts it is the one that leaves the fewest nodes with the source, so that the
/// result does not depend on the order of the links.
///
/// Source: Dinic 1970, "Algorithm for solution of a problem of maximum flow in a network with power
/// estimation", Soviet Math. Doklady 11; Ford & Fulkerson 1956 for the cut.
struct MinimumCut {
  /// A link that can be passed both ways.
  struct Link {
    var first: Int, second: Int
    var capacity: UInt64
  }

  /// Whether each node stays with the source.
  let isOnSourceSide: [Bool]
  /// What cutting costs.
  let capacity: UInt64

  /// - Parameters:
  ///   - nodeCount: Nodes are numbered from 0.
  ///   - links: Several may join the same nodes; capacities add up to less than 2⁶³.
  ///   - source: The one node.
  ///   - sink: The other.
  /// - Complexity: O(*n*² *m*) at worst, near O(*m*) on the graphs of supervoxels.
  init(nodeCount: Int, links: [Link], source: Int, sink: Int) {
    precondition(source != sink, "a source is parted from another node")
    var network = Network(nodeCount: nodeCount, links: links)
    var flow: UInt64 = 0
    while network.level(from: source, to: sink) {
      while let pushed = network.push(from: source, to: sink) { flow += pushed }
    }
    capacity = flow
    isOnSourceSide = network.levels.map { $0 >= 0 }
  }
}

/// What links can still carry.
private struct Network {
  /// Where the arcs of each node begin, and the last end.
  private let starts: [Int]
  /// The node that each arc leads to, the same link the other way, and what the arc can carry.
  private var targets: [Int]
  private var reverses: [Int]
  private var residuals: [UInt64]
  /// How many arcs each node is from the source; −1 where none lead there.
  private(set) var levels: [Int]
  /// The arc of each node that is tried next.
  private var next: [Int]

  init(nodeCount: Int, links: [MinimumCut.Link]) {
    var starts = [Int](repeating: 0, count: nodeCount + 1)
    for link in links {
      starts[link.first + 1] += 1
      starts[link.second + 1] += 1
    }
    for node in 0..<nodeCount { starts[node + 1] += starts[node] }
    var free = starts
    targets = [Int](repeating: 0, count: 2 * links.count)
    reverses = targets
    residuals = [UInt64](repeating: 0, count: 2 * links.count)
    for link in links {
      let (there, back) = (free[link.first], free[link.second])
      free[link.first] += 1
      // A link of a node with itself carries nothing that matters, but has two arcs all the same.
      let other = link.first == link.second ? free[link.second] : back
      free[link.second] += 1
      (targets[there], targets[other]) = (link.second, link.first)
      (reverses[there], reverses[other]) = (other, there)
      (residuals[there], residuals[other]) = (link.capacity, link.capacity)
    }
    self.starts = starts
    levels = [Int](repeating: -1, count: nodeCount)
    next = starts
  }

  /// Finds how far each node is; whether the sink can be reached.
  mutating func level(from source: Int, to sink: Int) -> Bool {
    for node in levels.indices { levels[node] = -1 }
    levels[source] = 0
    var queue = [source]
    var place = 0
    while place < queue.count {
      let node = queue[place]
      place += 1
      for arc in starts[node]..<starts[node + 1] where residuals[arc] > 0 {
        let target = targets[arc]
        guard levels[target] < 0 else { continue }
        levels[target] = levels[node] + 1
        queue.append(target)
      }
    }
    next = starts
    return levels[sink] >= 0
  }

  /// Sends what one shortest way can carry; nil where none is left.
  mutating func push(from source: Int, to sink: Int) -> UInt64? {
    var way: [Int] = []
    var node = source
    while node != sink {
      if next[node] == starts[node + 1] {
        // A dead end: back, past the arc that led here.
        guard let arc = way.popLast() else { return nil }
        node = targets[reverses[arc]]
        next[node] += 1
        continue
      }
      let arc = next[node]
      if residuals[arc] > 0, levels[targets[arc]] == levels[node] + 1 {
        way.append(arc)
        node = targets[arc]
      } else {
        next[node] += 1
      }
    }
    let pushed = way.reduce(UInt64.max) { min($0, residuals[$1]) }
    for arc in way {
      residuals[arc] -= pushed
      residuals[reverses[arc]] += pushed
    }
    return pushed
  }
}
