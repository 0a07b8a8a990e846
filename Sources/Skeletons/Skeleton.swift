public import Voxels

/// A neuron as a forest of nodes and cables between them.
public struct Skeleton: Hashable, Sendable {
  /// A point of a neuron.
  public struct Node: Hashable, Sendable {
    /// Where it lies, in nanometres.
    public var position: PhysicalPosition
    /// The neuron's radius there, in nanometres.
    public var radius: Double
    /// What it belongs to, as SWC counts: 0 undefined, 1 soma, 2 axon, 3 dendrite.
    public var kind: Int
    /// The index of the node it hangs on; nil for the root of a tree.
    public var parent: Int?

    /// Creates a node.
    public init(position: PhysicalPosition, radius: Double = 0, kind: Int = 0, parent: Int? = nil) {
      self.position = position
      self.radius = radius
      self.kind = kind
      self.parent = parent
    }
  }

  /// An edge from a node to its parent.
  public struct Edge: Hashable, Sendable {
    /// The indices of the nodes.
    public var node: Int, parent: Int
    /// The distance between them, in nanometres.
    public var length: Double
  }

  /// The nodes, in any order.
  public let nodes: [Node]

  /// Creates a skeleton.
  ///
  /// Every parent is one of the nodes, and following parents leads to a root.
  public init(nodes: [Node]) {
    precondition(
      nodes.allSatisfy { $0.parent.map(nodes.indices.contains) ?? true },
      "a parent is one of the nodes")
    self.nodes = nodes
  }

  /// The edges, by the node that hangs on the other.
  public var edges: [Edge] {
    nodes.indices.compactMap { index in
      nodes[index].parent.map { parent in
        Edge(
          node: index, parent: parent,
          length: nodes[index].position.distance(to: nodes[parent].position))
      }
    }
  }

  /// The length of all cables, in nanometres.
  public var length: Double { edges.reduce(0) { $0 + $1.length } }
}

extension Skeleton {
  /// How many edges meet at each node.
  private var degrees: [Int] {
    var degrees = [Int](repeating: 0, count: nodes.count)
    for edge in edges {
      degrees[edge.node] += 1
      degrees[edge.parent] += 1
    }
    return degrees
  }

  /// The number of nodes at which three edges or more meet.
  public var branchPointCount: Int { degrees.count { $0 > 2 } }

  /// The number of nodes at which one edge ends; a tree of one node has none.
  public var endPointCount: Int { degrees.count { $0 == 1 } }
}
