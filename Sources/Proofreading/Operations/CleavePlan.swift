import Labels
import Segmentation

extension SegmentState {
  /// Gives every supervoxel of a segment to the seeds of one of many sides.
  ///
  /// Supervoxels join over the strongest links first, by mean affinity, and never such that seeds of
  /// two sides come together: the minimum spanning forest that is left of a tree with a root above
  /// all seeds when the root is taken away. A side whose seeds are not joined by its own supervoxels
  /// gives several segments.
  ///
  /// - Parameter sides: The supervoxels of the seeds of two or more sides, all of one segment.
  /// - Returns: The cut.
  /// - Throws: ``EditRefusal`` where the seeds do not allow for it.
  /// - Complexity: O(*m* log *m*) in the segment's links.
  ///
  /// Source: Kruskal 1956, "On the shortest spanning subtree of a graph"; Cousty et al. 2009,
  /// "Watershed cuts: minimum spanning forests and the drop of water principle", IEEE TPAMI 31(8).
  public func cleavePlan(sides: [[UInt64]]) throws(EditRefusal) -> CutPlan {
    try SegmentSeeds.check(sides, in: self)
    let graph = SegmentGraph(of: sides[0][0], in: self)
    let seeds = try SegmentSeeds(sides, of: graph, in: self)
    // The side of each node, and of the set that it represents; −1 for none yet.
    var side = [Int](repeating: -1, count: graph.supervoxels.count)
    for (number, nodes) in seeds.nodes.enumerated() {
      for node in nodes { side[node] = number }
    }
    var sets = DisjointSet<UInt32>(count: graph.supervoxels.count)
    let order = graph.edges.indices.sorted { left, right in
      let (first, second) = (graph.edges[left].affinity, graph.edges[right].affinity)
      if first.isCheaper(than: second) { return true }
      if second.isCheaper(than: first) { return false }
      return left < right
    }
    for link in order {
      let first = Int(sets.representative(of: UInt32(graph.ends[link].first)))
      let second = Int(sets.representative(of: UInt32(graph.ends[link].second)))
      guard first != second, side[first] < 0 || side[second] < 0 || side[first] == side[second]
      else { continue }
      let joined = max(side[first], side[second])
      side[Int(sets.join(UInt32(first), UInt32(second)))] = joined
    }
    let owner = sets.representatives().map { side[Int($0)] }
    return CutPlan(
      graph, cut: { owner[graph.ends[$0].first] != owner[graph.ends[$0].second] },
      seeds: seeds, in: self)
  }
}
