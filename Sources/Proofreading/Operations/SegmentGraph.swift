import Segmentation

/// One segment as a graph: its supervoxels numbered from 0 by id, and the links between them.
struct SegmentGraph {
  /// The supervoxels, by id.
  let supervoxels: [UInt64]
  /// The links, by their supervoxels.
  let edges: [SupervoxelEdge]
  /// The two ends of every link.
  let ends: [(first: Int, second: Int)]
  private let numbers: [UInt64: Int]
  /// Where the links of each node begin, and the last end, in `incidences`.
  private let starts: [Int]
  private let incidences: [Int]

  init(of supervoxel: UInt64, in state: SegmentState) {
    let members = state.members(of: supervoxel)
    self.init(supervoxels: members, edges: state.links(within: members))
  }

  init(supervoxels: [UInt64], edges: [SupervoxelEdge]) {
    self.supervoxels = supervoxels
    self.edges = edges
    var numbers: [UInt64: Int] = [:]
    numbers.reserveCapacity(supervoxels.count)
    for (number, supervoxel) in supervoxels.enumerated() { numbers[supervoxel] = number }
    self.numbers = numbers
    ends = edges.map { edge in
      guard let first = numbers[edge.pair.first], let second = numbers[edge.pair.second] else {
        preconditionFailure("a segment's links lie within it")
      }
      return (first, second)
    }
    var starts = [Int](repeating: 0, count: supervoxels.count + 1)
    for (first, second) in ends {
      starts[first + 1] += 1
      starts[second + 1] += 1
    }
    for node in supervoxels.indices { starts[node + 1] += starts[node] }
    var next = starts
    var incidences = [Int](repeating: 0, count: 2 * edges.count)
    for (link, (first, second)) in ends.enumerated() {
      for node in [first, second] {
        incidences[next[node]] = link
        next[node] += 1
      }
    }
    self.starts = starts
    self.incidences = incidences
  }

  func number(of supervoxel: UInt64) -> Int? { numbers[supervoxel] }

  /// The links of a node.
  func links(of node: Int) -> ArraySlice<Int> { incidences[starts[node]..<starts[node + 1]] }

  /// The node at the other end of a link.
  func other(_ link: Int, than node: Int) -> Int {
    ends[link].first == node ? ends[link].second : ends[link].first
  }

  /// What passing a link costs: 1 / affinity.
  func length(of link: Int) -> Double { 1 / max(edges[link].affinity.mean, 1e-6) }

  /// The parts that remain where some links are cut, each by node; the parts by their first node.
  func components(without isCut: (Int) -> Bool) -> [[Int]] {
    var isReached = [Bool](repeating: false, count: supervoxels.count)
    var components: [[Int]] = []
    for start in supervoxels.indices where !isReached[start] {
      isReached[start] = true
      var component = [start]
      var place = 0
      while place < component.count {
        let node = component[place]
        place += 1
        for link in links(of: node) where !isCut(link) {
          let other = other(link, than: node)
          guard !isReached[other] else { continue }
          isReached[other] = true
          component.append(other)
        }
      }
      components.append(component.sorted())
    }
    return components
  }

  /// The shortest way from any of some nodes to one that is wanted, as the nodes that it passes,
  /// the wanted one first; nil where there is none.
  ///
  /// Source: Dijkstra 1959, "A note on two problems in connexion with graphs".
  func shortestWay(
    from sources: Set<Int>, to goal: Int, avoiding blocked: Set<Int>
  ) -> (nodes: [Int], length: Double)? {
    var distances = [Double](repeating: .infinity, count: supervoxels.count)
    var previous = [Int](repeating: -1, count: supervoxels.count)
    var queue = BinaryHeap<Reached>()
    for source in sources.sorted() {
      distances[source] = 0
      queue.insert(Reached(distance: 0, node: source))
    }
    while let nearest = queue.popSmallest() {
      let node = nearest.node
      guard nearest.distance <= distances[node] else { continue }
      if node == goal { break }
      for link in links(of: node) {
        let other = other(link, than: node)
        let distance = nearest.distance + length(of: link)
        guard distance < distances[other], !blocked.contains(other) else { continue }
        distances[other] = distance
        previous[other] = node
        queue.insert(Reached(distance: distance, node: other))
      }
    }
    guard distances[goal].isFinite else { return nil }
    var nodes = [goal]
    while let last = nodes.last, previous[last] >= 0 { nodes.append(previous[last]) }
    return (nodes, distances[goal])
  }
}

/// A node and how far it is; ordered by distance, then by number.
private struct Reached: Comparable {
  var distance: Double
  var node: Int

  static func < (left: Reached, right: Reached) -> Bool {
    (left.distance, left.node) < (right.distance, right.node)
  }
}
