import Synchronization
public import Voxels

/// Agglomerates a volume from the region graphs of the blocks that tile it.
///
/// Blocks are joined two by two, and at each step everything is decided that the joined box decides
/// alone, so that only residual graphs are ever in memory. The result does not depend on the
/// blocks, their order or the number of threads; only in which boxes it was decided does.
///
/// - Parameters:
///   - blockCounts: The number of blocks along each axis.
///   - fragmentCount: The number of fragments of the volume, whose ids are 1 ... `fragmentCount`.
///   - rules: Which regions merge.
///   - threads: The number of threads.
///   - graph: Gives the graph of a block, by its place in the grid's raster order; with histograms
///     where the score needs them.
///   - classes: Gives the classes of a block's fragments; asked only for a veto by class.
///   - record: Gets what every box decided, in any order and from any thread.
/// - Returns: The merges of the whole volume.
/// - Throws: ``MalformedGraphError`` where the graphs are not of blocks that tile a volume with
///   these fragments, and what the closures throw.
public func agglomerate(
  blockCounts: VoxelExtent, fragmentCount: Int, rules: AgglomerationRules, threads: Int,
  graph: @escaping @Sendable (Int) throws -> RegionGraph,
  classes: @escaping @Sendable (Int) throws -> [FragmentClass] = { _ in [] },
  record: @escaping @Sendable (BoxDecisions) throws -> Void = { _ in }
) throws -> MergeTree {
  try rules.score.apply(
    VolumeAgglomeration(
      blockCounts: blockCounts, fragmentCount: fragmentCount, rules: rules, threads: threads,
      graph: graph, classes: classes, record: record))
}

/// Agglomerates a volume by mean affinity from the region graphs of the blocks that tile it.
///
/// The same as ``agglomerate(blockCounts:fragmentCount:rules:threads:graph:classes:record:)`` with
/// only a maximum cost for rules.
public func agglomerate(
  blockCounts: VoxelExtent, fragmentCount: Int, maximumCost: Double, threads: Int,
  graph: @escaping @Sendable (Int) throws -> RegionGraph
) throws -> MergeTree {
  try agglomerate(
    blockCounts: blockCounts, fragmentCount: fragmentCount,
    rules: AgglomerationRules(maximumCost: maximumCost), threads: threads, graph: graph)
}

private struct VolumeAgglomeration: ContactScoring {
  let blockCounts: VoxelExtent
  let fragmentCount: Int
  let rules: AgglomerationRules
  let threads: Int
  let graph: @Sendable (Int) throws -> RegionGraph
  let classes: @Sendable (Int) throws -> [FragmentClass]
  let record: @Sendable (BoxDecisions) throws -> Void

  func run<Statistic: ContactStatistic>(
    _ statistic: @escaping @Sendable (RegionGraph, Int) -> Statistic
  ) throws -> MergeTree {
    let merges = Mutex<[Merge]>([])
    let (rules, classes, record) = (rules, classes, record)
    let leaves = GraphLeaves(
      fragmentCount: fragmentCount, needsHistograms: rules.score.needsHistograms, graph: graph)
    @Sendable func decided(
      _ result: ResidualGraph<Statistic>.Agglomerated, _ number: Int
    ) throws -> ResidualGraph<Statistic> {
      if !result.decisions.isEmpty {
        merges.withLock { $0 += result.decisions.compactMap(\.merge) }
        try record(
          BoxDecisions(
            number: number, box: result.residual.box, decisions: result.decisions))
      }
      return result.residual
    }
    let tree = BlockTree<ResidualGraph<Statistic>>(blockCounts: blockCounts) { index in
      let graph = try leaves.graph(index)
      let classes = rules.classVeto == nil ? [] : try classes(index)
      let result = ResidualGraph<Statistic>.agglomerated(
        ResidualGraph.regions(of: graph, classes: classes), box: graph.box,
        edgeCount: graph.contacts.count, rules: rules
      ) { ResidualGraph.Edge(graph, $0, statistic: statistic) }
      return try decided(result, index)
    } joined: { parts, number in
      try decided(ResidualGraph(joining: parts).agglomerated(rules), number)
    }
    let root = try tree.result(threads: threads)
    try leaves.checkTiling(of: root.box)
    guard root.regions.isEmpty else {
      throw MalformedGraphError(
        "the region graphs say that the volume goes on", found: "\(root.regions.count) regions")
    }
    return try MergeTree(
      merges: merges.withLock { $0 }, fragmentCount: fragmentCount,
      maximumCost: rules.maximumCost)
  }
}

/// Reads the region graphs of the blocks that tile a volume, and checks that they do.
final class GraphLeaves: Sendable {
  private let fragmentCount: Int
  private let needsHistograms: Bool
  private let read: @Sendable (Int) throws -> RegionGraph
  private let voxelCount = Mutex(0)

  init(
    fragmentCount: Int, needsHistograms: Bool,
    graph: @escaping @Sendable (Int) throws -> RegionGraph
  ) {
    self.fragmentCount = fragmentCount
    self.needsHistograms = needsHistograms
    read = graph
  }

  func graph(_ index: Int) throws -> RegionGraph {
    let graph = try read(index)
    if let last = graph.fragments.last, last.id > UInt64(fragmentCount) {
      throw MalformedGraphError(
        "block \(index) has a fragment that the volume has not", found: "\(last.id)",
        expected: "at most \(fragmentCount)")
    }
    guard graph.hasHistograms || graph.contacts.isEmpty || !needsHistograms else {
      throw MalformedGraphError("the graph of block \(index) has no histograms")
    }
    voxelCount.withLock { $0 += graph.box.extent.voxelCount }
    return graph
  }

  func checkTiling(of box: VoxelBox) throws(MalformedGraphError) {
    let found = voxelCount.withLock { $0 }
    guard found == box.extent.voxelCount else {
      throw MalformedGraphError(
        "the region graphs are not of blocks that tile a volume",
        found: "\(found) voxels in blocks that span \(box)")
    }
  }
}
