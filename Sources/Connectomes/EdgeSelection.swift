/// Which streamlines of a connectome are taken out, and which of them go together.
///
/// Source: MRtrix3, `connectome2tck`.
public struct EdgeSelection: Sendable {
  /// What streamlines are put together by.
  public enum Grouping: String, CaseIterable, Sendable {
    /// By the two nodes they connect.
    case edge
    /// By each node they reach.
    case node
    /// All together.
    case single
  }

  /// Streamlines that go together.
  public enum Group: Hashable, Sendable {
    /// Those between two nodes, the lower one first.
    case edge(UInt32, UInt32)
    /// Those of a node.
    case node(UInt32)
    /// All.
    case all
  }

  /// What streamlines are put together by.
  public var grouping: Grouping
  /// Nodes that a streamline has to reach; nil for any.
  public var nodes: Set<UInt32>?
  /// Whether it may reach no others.
  public var isExclusive = false
  /// Whether streamlines with both ends in one node take part.
  public var keepsSelf = false
  /// Whether streamlines take part with ends that reach no node, node 0.
  public var keepsUnassigned = false

  /// Takes out all streamlines between two nodes.
  public init(grouping: Grouping) { self.grouping = grouping }

  /// The groups that a streamline belongs to, in order.
  ///
  /// - Parameters:
  ///   - assigned: Its nodes.
  ///   - isPair: Whether all streamlines of the file have two nodes, those of their ends.
  /// - Returns: None where it is left out.
  public func groups(of assigned: [UInt32], isPair: Bool) -> [Group] {
    func isWanted(_ node: UInt32) -> Bool {
      guard let nodes else { return node != 0 || keepsUnassigned }
      return nodes.contains(node) || (node == 0 && keepsUnassigned)
    }
    if isExclusive, nodes != nil, !assigned.allSatisfy(isWanted) { return [] }
    let isSelf = isPair && assigned.count == 2 && assigned[0] == assigned[1]
    switch grouping {
    case .edge:
      if isPair {
        let (low, high) = (assigned.min() ?? 0, assigned.max() ?? 0)
        guard low != high || keepsSelf else { return [] }
        return isWanted(low) || (high != low && isWanted(high) && (low != 0 || keepsUnassigned))
          ? [.edge(low, high)] : []
      }
      return edges(Set(assigned).sorted(), isWanted)
    case .node:
      if isSelf, !keepsSelf { return [] }
      return Set(assigned.filter(isWanted)).sorted().map { .node($0) }
    case .single:
      if isSelf, !keepsSelf { return [] }
      return assigned.contains(where: isWanted) ? [.all] : []
    }
  }

  /// The edges between all of some nodes in ascending order.
  private func edges(_ nodes: [UInt32], _ isWanted: (UInt32) -> Bool) -> [Group] {
    var groups: [Group] = []
    for (index, one) in nodes.enumerated() {
      for other in nodes[index...] where one != other || keepsSelf {
        // Node 0 counts only where it is asked for.
        let isAsked = isWanted(one) || (isWanted(other) && (one != 0 || keepsUnassigned))
        if isAsked { groups.append(.edge(one, other)) }
      }
    }
    return groups
  }
}
