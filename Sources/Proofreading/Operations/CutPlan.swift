import Segmentation

/// What a split or a cleave would do, for looking at first.
public struct CutPlan: Hashable, Sendable {
  /// A segment that would remain.
  public struct Component: Hashable, Sendable {
    /// Its smallest supervoxel.
    public var root: UInt64
    /// The number of its supervoxels.
    public var supervoxelCount: Int
    /// The number of its voxels.
    public var voxelCount: UInt64
    /// The sides, counted from 0, that have seeds in it.
    public var sides: [Int]
  }

  /// The links to cut, by their supervoxels.
  public let removed: [SupervoxelEdge]
  /// What would remain, by root.
  public let components: [Component]

  /// The sum of the affinities over all faces that would be cut.
  public var affinity: Double {
    removed.reduce(0) { $0 + $1.affinity.mean * Double($1.affinity.count) }
  }

  /// The number of voxel faces that would be cut.
  public var area: UInt64 { removed.reduce(0) { $0 + $1.affinity.count } }

  init(
    _ graph: SegmentGraph, cut: (Int) -> Bool, seeds: SegmentSeeds, in state: SegmentState
  ) {
    removed = graph.edges.indices.filter(cut).map { graph.edges[$0] }
    components = graph.components(without: cut).map { nodes in
      let supervoxels = nodes.map { graph.supervoxels[$0] }
      let members = Set(nodes)
      return Component(
        root: supervoxels[0], supervoxelCount: nodes.count,
        voxelCount: supervoxels.reduce(0) { $0 + state.voxelCount(of: $1) },
        sides: seeds.nodes.indices.filter { !members.isDisjoint(with: seeds.nodes[$0]) })
    }
  }
}

/// Seeds of several sides as nodes of one segment, checked.
struct SegmentSeeds {
  /// The nodes of each side.
  let nodes: [Set<Int>]

  /// - Throws: ``EditRefusal`` where there are too few, or they do not lie in one segment, or two
  ///   sides share a supervoxel.
  init(_ sides: [[UInt64]], of graph: SegmentGraph, in state: SegmentState) throws(EditRefusal) {
    try Self.check(sides, in: state)
    nodes = sides.map { Set($0.compactMap { graph.number(of: $0) }) }
  }

  static func check(_ sides: [[UInt64]], in state: SegmentState) throws(EditRefusal) {
    guard sides.count >= 2, sides.allSatisfy({ !$0.isEmpty }) else {
      throw EditRefusal(
        .tooFewSeeds, "there is nothing to part", found: "\(sides.count { !$0.isEmpty }) sides",
        expected: "seeds of two sides at least")
    }
    for supervoxel in sides.joined() { try state.checkLive(supervoxel) }
    let roots = Set(sides.joined().compactMap { state.root(of: $0) })
    guard roots.count == 1 else {
      throw EditRefusal(
        .differentSegments, "the seeds are not of one segment",
        found: "segments \(roots.sorted().map(String.init).joined(separator: ", "))",
        remedy: "move the seeds; what lies in different segments is apart already")
    }
    var sideOf: [UInt64: Int] = [:]
    for (side, supervoxels) in sides.enumerated() {
      for supervoxel in supervoxels {
        guard sideOf[supervoxel] ?? side == side else {
          throw EditRefusal(
            .sameSupervoxel, "seeds of two sides lie in one supervoxel", found: "\(supervoxel)",
            remedy: "move them apart, or split the supervoxel itself")
        }
        sideOf[supervoxel] = side
      }
    }
  }
}

extension SegmentState {
  /// - Throws: ``EditRefusal`` where there is no such supervoxel.
  func checkLive(_ supervoxel: UInt64) throws(EditRefusal) {
    guard supervoxel != 0 else {
      throw EditRefusal(
        .background, "a point lies in background", remedy: "move it into a segment")
    }
    guard !contains(supervoxel) else { return }
    if let partition = partitions.first(where: { $0.supervoxel == supervoxel }) {
      let parts = partition.parts.map { "\($0.supervoxel)" }.joined(separator: " and ")
      throw EditRefusal(
        .unknownSupervoxel, "the supervoxel was split", found: "\(supervoxel)",
        expected: "one of its parts, \(parts)")
    }
    throw EditRefusal(
      .unknownSupervoxel, "there is no such supervoxel", found: "\(supervoxel)",
      remedy: "name the supervoxel at the place that you mean")
  }
}
