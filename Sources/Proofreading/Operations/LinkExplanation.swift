import Segmentation
import VolumeStore

/// Why two supervoxels are one segment, or are not.
public struct LinkExplanation: Hashable, Sendable {
  /// A link on the way from one to the other.
  public struct Step: Hashable, Sendable {
    /// The supervoxel that it leads from.
    public var from: UInt64
    /// The supervoxel that it leads to.
    public var to: UInt64
    /// The affinities between the two.
    public var edge: SupervoxelEdge
    /// The operation that made the link; nil for one of the base.
    public var operation: Int64?
  }

  /// Whether they are one segment.
  public var areJoined: Bool
  /// The operation by which they came together or apart last; nil where they always were so.
  public var operation: Int64?
  /// The shortest way from one to the other over links that hold, by 1 / affinity; none where they
  /// are apart.
  public var steps: [Step]
}

extension OperationLog {
  /// Explains why two supervoxels are one segment, or are not.
  ///
  /// - Parameters:
  ///   - first: A supervoxel.
  ///   - second: Another.
  ///   - moment: When.
  /// - Returns: The explanation.
  /// - Throws: ``EditRefusal`` where a supervoxel is not there; ``VolumeError``.
  /// - Complexity: That of doing all operations again.
  public func explanation(
    of first: UInt64, and second: UInt64, at moment: EditMoment = .latest
  ) throws -> LinkExplanation {
    let state = try state(at: moment)
    for supervoxel in [first, second] { try state.checkLive(supervoxel) }
    var history = EditHistory(base)
    var areJoined = history.state.joins(first, second)
    var operation: Int64?
    var makers: [FragmentPair: Int64] = [:]
    try follow(&history, upTo: moment) { entry, history throws(VolumeError) in
      guard entry.status == .done else { return }
      let change = try history.change(of: entry.operation) { edit throws(VolumeError) in
        try self.payload(of: edit)
      }
      guard let change else { return }
      let (on, off) =
        change.direction == .forward
        ? (change.effect.added, change.effect.removed)
        : (change.effect.removed, change.effect.added)
      for edge in off { makers[edge.pair] = nil }
      for edge in on { makers[edge.pair] = entry.operation }
      let now = history.state.joins(first, second)
      if now != areJoined { operation = entry.operation }
      areJoined = now
    }
    return LinkExplanation(
      areJoined: areJoined, operation: operation,
      steps: areJoined ? steps(from: first, to: second, in: state, makers: makers) : [])
  }

  private func steps(
    from first: UInt64, to second: UInt64, in state: SegmentState, makers: [FragmentPair: Int64]
  ) -> [LinkExplanation.Step] {
    let graph = SegmentGraph(of: first, in: state)
    guard let start = graph.number(of: first), let goal = graph.number(of: second),
      let way = graph.shortestWay(from: [start], to: goal, avoiding: [])
    else { return [] }
    let nodes = way.nodes.reversed().map { graph.supervoxels[$0] }
    return zip(nodes, nodes.dropFirst()).compactMap { from, to in
      let pair = FragmentPair(joining: from, to)
      guard let edge = state.link(pair) else { return nil }
      return LinkExplanation.Step(from: from, to: to, edge: edge, operation: makers[pair])
    }
  }
}

extension SegmentState {
  /// Whether two supervoxels are there and of one segment.
  func joins(_ first: UInt64, _ second: UInt64) -> Bool {
    root(of: first).map { $0 == root(of: second) } ?? false
  }

  /// The link of two supervoxels that holds; nil where none does.
  func link(_ pair: FragmentPair) -> SupervoxelEdge? {
    guard isLinked(pair) else { return nil }
    return links.added[pair].map { SupervoxelEdge(pair, $0) } ?? base.contact(pair)?.edge
  }
}
