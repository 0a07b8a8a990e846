public import Connectomes

/// A connection from one node to another.
public struct GraphEdge: Hashable, Sendable {
  /// The nodes, counted from 0.
  public var source: Int, target: Int
  /// How strong it is.
  public var weight: Double

  /// Creates a connection.
  public init(_ source: Int, _ target: Int, weight: Double = 1) {
    self.source = source
    self.target = target
    self.weight = weight
  }
}

/// A weighted graph, directed or not, without connections of weight 0 and of nodes with themselves.
///
/// Memory is proportional to nodes and connections, so that it serves matrices of regions as well
/// as large sparse graphs of neurons.
public struct Graph: Hashable, Sendable {
  /// The number of nodes.
  public let nodeCount: Int
  /// Whether a connection has a direction; one that has none stands at both of its nodes.
  public let isDirected: Bool
  /// What leaves each node.
  public let outgoing: Adjacency
  /// What enters each node; the same as ``outgoing`` where connections have no direction.
  public let incoming: Adjacency
  /// How many connections of nodes with themselves were left out.
  public let selfConnectionCount: Int

  /// Creates a graph; parallel connections are joined, their weights added.
  ///
  /// - Parameters:
  ///   - nodeCount: The number of nodes, below 2³¹.
  ///   - isDirected: Whether connections have a direction.
  ///   - edges: The connections, in any order; undirected ones stand here once, in either order.
  /// - Throws: ``GraphError`` for a weight that is negative or not a finite number.
  /// - Precondition: Every edge's nodes are in `0..<nodeCount`.
  /// - Complexity: O(*n* + *m* log *m*).
  public init(
    nodeCount: Int, isDirected: Bool, edges: [GraphEdge]
  ) throws(GraphError) {
    precondition(nodeCount < Int(Int32.max), "a graph has fewer than 2³¹ nodes")
    var kept: [GraphEdge] = []
    kept.reserveCapacity(isDirected ? edges.count : edges.count * 2)
    var loops = 0
    for edge in edges {
      precondition(
        (0..<nodeCount).contains(edge.source) && (0..<nodeCount).contains(edge.target),
        "an edge joins nodes of the graph")
      guard edge.weight.isFinite else {
        throw GraphError(.notFinite, row: edge.source, column: edge.target, edge.weight)
      }
      guard edge.weight >= 0 else {
        throw GraphError(.negativeWeight, row: edge.source, column: edge.target, edge.weight)
      }
      if edge.weight == 0 { continue }
      if edge.source == edge.target {
        loops += 1
        continue
      }
      kept.append(edge)
      if !isDirected { kept.append(GraphEdge(edge.target, edge.source, weight: edge.weight)) }
    }
    self.nodeCount = nodeCount
    self.isDirected = isDirected
    selfConnectionCount = loops
    outgoing = Adjacency(nodeCount: nodeCount, edges: kept)
    incoming = isDirected ? outgoing.transposed() : outgoing
  }

  private init(_ graph: Graph, outgoing: Adjacency) {
    nodeCount = graph.nodeCount
    isDirected = graph.isDirected
    selfConnectionCount = graph.selfConnectionCount
    self.outgoing = outgoing
    incoming = graph.isDirected ? outgoing.transposed() : outgoing
  }

  /// Creates the graph of a matrix.
  ///
  /// - Parameters:
  ///   - matrix: The weights, (source, target). An undirected graph takes the upper triangle, and
  ///     from the lower one what the upper one lacks.
  ///   - isDirected: Whether connections have a direction.
  /// - Throws: ``GraphError`` for a weight that is negative or not a finite number.
  public init(_ matrix: ConnectomeMatrix, isDirected: Bool = false) throws(GraphError) {
    let full = isDirected ? matrix : matrix.symmetrized()
    let count = full.count
    var edges: [GraphEdge] = []
    for row in 0..<count {
      for (column, value) in full.row(row).enumerated()
      where value != 0 && (isDirected || column >= row) {
        edges.append(GraphEdge(row, column, weight: value))
      }
    }
    try self.init(nodeCount: count, isDirected: isDirected, edges: edges)
  }

  /// The number of connections; an undirected one counts once.
  public var edgeCount: Int { isDirected ? outgoing.count : outgoing.count / 2 }

  /// The largest weight; 0 where there is no connection.
  public var largestWeight: Double { outgoing.weights.max() ?? 0 }

  /// Every connection once, by source, then target; the source of an undirected one is the smaller.
  public var edges: [GraphEdge] {
    var edges: [GraphEdge] = []
    edges.reserveCapacity(edgeCount)
    for node in 0..<nodeCount {
      for place in outgoing.range(of: node) {
        let target = Int(outgoing.neighbours[place])
        if isDirected || target > node {
          edges.append(GraphEdge(node, target, weight: outgoing.weights[place]))
        }
      }
    }
    return edges
  }

  /// The graph with other weights at the same connections.
  ///
  /// - Parameter change: The new weight of a weight; above 0, the same for the same weight.
  /// - Returns: A graph with the same connections.
  public func mappingWeights(_ change: (Double) -> Double) -> Graph {
    Graph(self, outgoing: outgoing.mappingWeights(change))
  }

  /// The graph in which every connection has the weight 1.
  public var binarized: Graph { mappingWeights { _ in 1 } }

  /// The graph with its largest weight 1.
  public var normalized: Graph {
    let largest = largestWeight
    return mappingWeights { $0 / largest }
  }

  /// The undirected graph in which the weights of both directions are added.
  ///
  /// - Complexity: O(*n* + *m* log *m*).
  public var symmetrized: Graph {
    guard isDirected else { return self }
    var both: [GraphEdge] = []
    both.reserveCapacity(outgoing.count * 2)
    for edge in edges {
      both.append(edge)
      both.append(GraphEdge(edge.target, edge.source, weight: edge.weight))
    }
    return Graph(
      undirected: nodeCount, loops: selfConnectionCount,
      Adjacency(nodeCount: nodeCount, edges: both))
  }

  private init(undirected nodeCount: Int, loops: Int, _ adjacency: Adjacency) {
    self.nodeCount = nodeCount
    isDirected = false
    selfConnectionCount = loops
    outgoing = adjacency
    incoming = adjacency
  }
}

/// For each node the nodes it is connected to, ascending, and the weights of these connections.
public struct Adjacency: Hashable, Sendable {
  /// Where each node's neighbours begin, and where the last one's end: one more than nodes.
  public let offsets: [Int]
  /// The neighbours of all nodes, one node after the other.
  public let neighbours: [Int32]
  /// The weights, in the order of ``neighbours``.
  public let weights: [Double]

  /// Creates lists from connections in any order; those of the same pair are joined.
  init(nodeCount: Int, edges: [GraphEdge]) {
    let sorted = edges.sorted { ($0.source, $0.target) < ($1.source, $1.target) }
    var offsets = [0]
    offsets.reserveCapacity(nodeCount + 1)
    var neighbours: [Int32] = []
    var weights: [Double] = []
    neighbours.reserveCapacity(edges.count)
    weights.reserveCapacity(edges.count)
    for edge in sorted {
      while offsets.count <= edge.source { offsets.append(neighbours.count) }
      let target = Int32(truncatingIfNeeded: edge.target)
      let isNewSource = neighbours.count == offsets[edge.source]
      if !isNewSource, neighbours.last == target {
        weights[weights.count - 1] += edge.weight
      } else {
        neighbours.append(target)
        weights.append(edge.weight)
      }
    }
    while offsets.count <= nodeCount { offsets.append(neighbours.count) }
    self.offsets = offsets
    self.neighbours = neighbours
    self.weights = weights
  }

  init(offsets: [Int], neighbours: [Int32], weights: [Double]) {
    self.offsets = offsets
    self.neighbours = neighbours
    self.weights = weights
  }

  /// The number of neighbours of all nodes.
  public var count: Int { neighbours.count }

  /// Where a node's neighbours stand in ``neighbours`` and ``weights``.
  @inlinable
  public func range(of node: Int) -> Range<Int> { offsets[node]..<offsets[node + 1] }

  /// The weight of a connection; 0 where there is none.
  ///
  /// - Complexity: O(log *k*) in the node's neighbours.
  public func weight(from node: Int, to target: Int) -> Double {
    var range = range(of: node)
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      let found = Int(neighbours[middle])
      if found == target { return weights[middle] }
      range = found < target ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return 0
  }

  /// The connections turned round.
  func transposed() -> Adjacency {
    let nodeCount = offsets.count - 1
    var turned = [Int](repeating: 0, count: nodeCount + 1)
    for target in neighbours { turned[Int(target) + 1] += 1 }
    for node in 0..<nodeCount { turned[node + 1] += turned[node] }
    var next = turned
    var sources = [Int32](repeating: 0, count: count)
    var values = [Double](repeating: 0, count: count)
    for node in 0..<nodeCount {
      for place in range(of: node) {
        let target = Int(neighbours[place])
        sources[next[target]] = Int32(truncatingIfNeeded: node)
        values[next[target]] = weights[place]
        next[target] += 1
      }
    }
    return Adjacency(offsets: turned, neighbours: sources, weights: values)
  }

  func mappingWeights(_ change: (Double) -> Double) -> Adjacency {
    Adjacency(offsets: offsets, neighbours: neighbours, weights: weights.map(change))
  }
}
