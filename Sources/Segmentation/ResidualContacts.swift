import Synchronization
public import Voxels

/// The contact of two segments that did not merge.
public struct ResidualContact: Hashable, Sendable {
  /// The segments, the smaller first.
  public var first: UInt64, second: UInt64
  /// The score of the contact, counted for each of its links.
  public var affinity: MeanAffinity
  /// The strongest of the links, with the two fragments that it joins.
  public var peak: ContactPeak

  /// What merging the two would cost, in [0, 1].
  public var cost: Double { affinity.cost }
}

/// Finds the contacts between segments whose costs lie in a range: what a proofreader looks at.
///
/// Block by block, as ``agglomerate(blockCounts:fragmentCount:rules:threads:graph:classes:record:)``
/// goes: contacts are added up in ever larger boxes and dropped when known in full.
///
/// - Parameters:
///   - blockCounts: The number of blocks along each axis.
///   - segments: The segment of every fragment, by id; those of segment 0 are left out.
///   - score: What ranks contacts.
///   - costs: The costs above which, and up to which, contacts are given; each in [0, 1].
///   - threads: The number of threads.
///   - graph: Gives the graph of a block, by its place in the grid's raster order.
/// - Returns: The contacts, the cheapest first; of equal cost, by segments.
/// - Throws: ``MalformedGraphError`` where the graphs are not of blocks that tile a volume with
///   these fragments, and what `graph` throws.
public func residualContacts(
  blockCounts: VoxelExtent, segments: [UInt64], score: ContactScore,
  costs: (above: Double, upTo: Double), threads: Int,
  graph: @escaping @Sendable (Int) throws -> RegionGraph
) throws -> [ResidualContact] {
  try score.apply(
    ResidualSearch(
      blockCounts: blockCounts, segments: segments, score: score,
      cheapest: .limit(cost: costs.above), dearest: .limit(cost: costs.upTo), threads: threads,
      graph: graph))
}

private struct ResidualSearch: ContactScoring {
  let blockCounts: VoxelExtent
  let segments: [UInt64]
  let score: ContactScore
  let cheapest: MeanAffinity, dearest: MeanAffinity
  let threads: Int
  let graph: @Sendable (Int) throws -> RegionGraph

  func run<Statistic: ContactStatistic>(
    _ statistic: @escaping @Sendable (RegionGraph, Int) -> Statistic
  ) throws -> [ResidualContact] {
    let found = Mutex<[ResidualContact]>([])
    let (segments, cheapest, dearest) = (segments, cheapest, dearest)
    let leaves = GraphLeaves(
      fragmentCount: segments.count - 1, needsHistograms: score.needsHistograms, graph: graph)
    @Sendable func reported(_ graph: ResidualGraph<Statistic>) -> ResidualGraph<Statistic> {
      let (known, rest) = graph.withoutKnown()
      let contacts = known.compactMap { edge -> ResidualContact? in
        let score = edge.statistic.score
        guard cheapest.isCheaper(than: score), !dearest.isCheaper(than: score) else { return nil }
        return ResidualContact(
          first: edge.first, second: edge.second, affinity: score, peak: edge.peak)
      }
      found.withLock { $0 += contacts }
      return rest
    }
    let tree = BlockTree<ResidualGraph<Statistic>>(blockCounts: blockCounts) { index in
      let graph = ResidualGraph(try leaves.graph(index), classes: [], statistic: statistic)
      return reported(graph.renamed(by: segments))
    } joined: { parts, _ in
      reported(ResidualGraph(joining: parts))
    }
    let root = try tree.result(threads: threads)
    try leaves.checkTiling(of: root.box)
    return found.withLock { $0 }.sorted {
      if $0.affinity.isCheaper(than: $1.affinity) { return true }
      if $1.affinity.isCheaper(than: $0.affinity) { return false }
      return ($0.first, $0.second) < ($1.first, $1.second)
    }
  }
}

extension ResidualGraph {
  /// The graph with segments in place of fragments: contacts within one are gone, and those of the
  /// same two added up.
  fileprivate func renamed(by segments: [UInt64]) -> ResidualGraph {
    let renamed = ResidualGraph(
      box: box,
      regions: regions.compactMap {
        var region = $0
        region.id = segments[Int($0.id)]
        return region.id == 0 ? nil : region
      },
      edges: edges.compactMap {
        let (left, right) = (segments[Int($0.first)], segments[Int($0.second)])
        guard left != right, left != 0, right != 0 else { return nil }
        var edge = $0
        (edge.first, edge.second) = (min(left, right), max(left, right))
        return edge
      })
    return ResidualGraph(joining: [renamed])
  }

  /// The contacts of which all links lie in the box, and the graph of all others.
  fileprivate func withoutKnown() -> (known: [Edge], rest: ResidualGraph) {
    var open = IndexTable(capacity: regions.count)
    for region in regions where !region.openFaces.isEmpty { open.set(region.id, to: 1) }
    // The links of a segment that lies in the box do.
    let isOpen = edges.map {
      open.value(of: $0.first) != nil && open.value(of: $0.second) != nil
    }
    return (
      zip(edges, isOpen).compactMap { $1 ? nil : $0 },
      ResidualGraph(
        box: box, regions: regions.filter { !$0.openFaces.isEmpty },
        edges: zip(edges, isOpen).compactMap { $1 ? $0 : nil })
    )
  }
}
