import Voxels

/// Joins the trees of chunks to whole skeletons.
public struct SkeletonJoining: Sendable {
  /// Trees of fewer voxels are left out.
  public var leastVoxels: Int
  /// Twigs shorter than this, in nanometres, are cut off.
  public var shortestTwig: Double

  /// Creates a way to join.
  public init(leastVoxels: Int = 0, shortestTwig: Double = 0) {
    precondition(leastVoxels >= 0 && shortestTwig >= 0, "neither is below 0")
    self.leastVoxels = leastVoxels
    self.shortestTwig = shortestTwig
  }

  /// Joins the pieces of each label at the nodes that lie at the very same place.
  ///
  /// Where pieces form a ring, it is cut open at its thinnest edge.
  ///
  /// - Parameter pieces: The trees of all chunks, in any order that does not depend on how they
  ///   were made.
  /// - Returns: The skeletons by label, parents before their children.
  /// - Complexity: O(*n* log *n*) in the nodes.
  public func callAsFunction(_ pieces: [SkeletonPiece]) -> [LabelSkeleton] {
    let members = Dictionary(grouping: pieces, by: \.label)
    return members.keys.sorted().compactMap { label in
      let joined = JoinedTrees(members[label] ?? [])
      let kept = joined.trees(leastVoxels: leastVoxels)
      guard !kept.nodes.isEmpty else { return nil }
      var forest = Forest(kept.nodes, kept.edges)
      forest.cutTwigs(shorterThan: shortestTwig)
      return LabelSkeleton(
        label: label, voxelCount: kept.voxelCount, skeleton: Skeleton(nodes: forest.nodes))
    }
  }
}

/// The pieces of a label with nodes at the same place made one, and rings cut.
private struct JoinedTrees {
  private var nodes: [Skeleton.Node] = []
  private var edges: [(first: Int, second: Int)] = []
  private var sets: NodeSets
  /// For each piece, one of its nodes and its voxels.
  private var sizes: [(node: Int, voxelCount: Int)] = []

  init(_ pieces: [SkeletonPiece]) {
    var places: [PhysicalPosition: Int] = [:]
    var candidates: [(first: Int, second: Int)] = []
    for piece in pieces {
      var own: [Int] = []
      for node in piece.skeleton.nodes {
        if let place = places[node.position] {
          // What lies beyond its chunk is not known to a piece: the nearer surface counts.
          nodes[place].radius = min(nodes[place].radius, node.radius)
          nodes[place].kind = max(nodes[place].kind, node.kind)
          own.append(place)
        } else {
          places[node.position] = nodes.count
          own.append(nodes.count)
          nodes.append(node)
          nodes[nodes.count - 1].parent = nil
        }
      }
      for (index, node) in piece.skeleton.nodes.enumerated() {
        if let parent = node.parent { candidates.append((own[index], own[parent])) }
      }
      if let first = own.first { sizes.append((first, piece.voxelCount)) }
    }
    sets = NodeSets(count: nodes.count)
    let nodes = nodes
    func radius(_ edge: (first: Int, second: Int)) -> Double {
      min(nodes[edge.first].radius, nodes[edge.second].radius)
    }
    let order = candidates.indices.sorted { one, other in
      let (left, right) = (radius(candidates[one]), radius(candidates[other]))
      return left > right || (left == right && one < other)
    }
    for index in order where sets.join(candidates[index].first, candidates[index].second) {
      edges.append(candidates[index])
    }
  }

  /// The nodes and edges of the trees that are large enough, and the voxels of these.
  func trees(
    leastVoxels: Int
  ) -> (nodes: [Skeleton.Node], edges: [(first: Int, second: Int)], voxelCount: Int) {
    var sets = sets
    var counts: [Int: Int] = [:]
    for (node, count) in sizes { counts[sets.root(of: node), default: 0] += count }
    var places = [Int?](repeating: nil, count: nodes.count)
    var kept: [Skeleton.Node] = []
    for node in nodes.indices where counts[sets.root(of: node)] ?? 0 >= leastVoxels {
      places[node] = kept.count
      kept.append(nodes[node])
    }
    let keptEdges = edges.compactMap { edge in
      if let first = places[edge.first], let second = places[edge.second] {
        return (first: first, second: second)
      }
      return nil
    }
    return (kept, keptEdges, counts.values.reduce(0) { $0 + ($1 >= leastVoxels ? $1 : 0) })
  }
}

/// Trees of nodes without a root.
private struct Forest {
  private var all: [Skeleton.Node]
  private var neighbours: [[Int]]
  private var isKept: [Bool]

  init(_ nodes: [Skeleton.Node], _ edges: [(first: Int, second: Int)]) {
    all = nodes
    neighbours = Array(repeating: [], count: nodes.count)
    for edge in edges {
      neighbours[edge.first].append(edge.second)
      neighbours[edge.second].append(edge.first)
    }
    for index in neighbours.indices { neighbours[index].sort() }
    isKept = Array(repeating: true, count: nodes.count)
  }

  private func degree(_ node: Int) -> Int { neighbours[node].count { isKept[$0] } }

  /// Cuts off what ends within a length of a branch point, the shortest first.
  mutating func cutTwigs(shorterThan least: Double) {
    guard least > 0 else { return }
    while true {
      var twigs: [(length: Double, nodes: [Int], branch: Int)] = []
      for end in all.indices where isKept[end] && degree(end) == 1 && all[end].kind != 1 {
        if let twig = twig(from: end, shorterThan: least) { twigs.append(twig) }
      }
      twigs.sort { ($0.length, $0.nodes[0]) < ($1.length, $1.nodes[0]) }
      var hasCut = false
      for twig in twigs where degree(twig.branch) > 2 {
        for node in twig.nodes { isKept[node] = false }
        hasCut = true
      }
      guard hasCut else { return }
    }
  }

  /// The nodes from an end to a branch point, without it; nil where they are too long.
  private func twig(
    from end: Int, shorterThan least: Double
  ) -> (length: Double, nodes: [Int], branch: Int)? {
    var nodes = [end]
    var length = 0.0
    var before: Int?
    var node = end
    while let next = neighbours[node].first(where: { isKept[$0] && $0 != before }) {
      length += all[node].position.distance(to: all[next].position)
      guard length < least else { return nil }
      (before, node) = (node, next)
      switch degree(node) {
      case 2: nodes.append(node)
      case 1: return nil
      default: return (length, nodes, node)
      }
    }
    return nil
  }

  /// The nodes that are kept, each tree from a cell body or else its first end.
  var nodes: [Skeleton.Node] {
    let bodies = all.indices.filter { isKept[$0] && all[$0].kind == 1 }
    let ends = all.indices.filter { isKept[$0] && degree($0) <= 1 }
    var result: [Skeleton.Node] = []
    var isDone = [Bool](repeating: false, count: all.count)
    for root in bodies + ends where !isDone[root] {
      isDone[root] = true
      var stack: [(node: Int, parent: Int?)] = [(root, nil)]
      while let (node, parent) = stack.popLast() {
        var copy = all[node]
        copy.parent = parent
        let place = result.count
        result.append(copy)
        for next in neighbours[node].reversed() where isKept[next] && !isDone[next] {
          isDone[next] = true
          stack.append((next, place))
        }
      }
    }
    return result
  }
}

/// Which nodes are joined.
private struct NodeSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(of node: Int) -> Int {
    var node = node
    while parents[node] != node {
      parents[node] = parents[parents[node]]
      node = parents[node]
    }
    return node
  }

  /// Joins two nodes' sets; false where they were one already.
  mutating func join(_ first: Int, _ second: Int) -> Bool {
    let (one, other) = (root(of: first), root(of: second))
    guard one != other else { return false }
    parents[max(one, other)] = min(one, other)
    return true
  }
}
