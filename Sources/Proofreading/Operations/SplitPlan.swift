import Segmentation

extension SegmentState {
  /// Finds the cheapest cut between seeds of two sides, where a link costs affinity × area.
  ///
  /// The seeds of each side are first joined by the shortest ways between them, so that the cut
  /// does not part them. Where ways of the two sides meet, the side with the longer ones goes round.
  ///
  /// - Parameters:
  ///   - sides: The supervoxels of the seeds of two sides, all of one segment.
  ///   - isIsolationAllowed: Whether the cut may peel off a single seed's supervoxel.
  /// - Returns: The cut; every component that it leaves has seeds of one side.
  /// - Throws: ``EditRefusal`` where the seeds do not allow for it, or the cut would only peel off
  ///   one supervoxel.
  /// - Complexity: That of a minimum cut in the segment.
  ///
  /// Source: Dorkenwald et al. 2022, "FlyWire: online community for whole-brain connectomics",
  /// Nat. Methods 19 (multi-point splits with path augmentation).
  public func splitPlan(
    sides: [[UInt64]], isIsolationAllowed: Bool = false
  ) throws(EditRefusal) -> CutPlan {
    guard sides.count == 2 else {
      throw EditRefusal(
        .tooFewSeeds, "a split has two sides", found: "\(sides.count)",
        remedy: "cleave for more sides")
    }
    try SegmentSeeds.check(sides, in: self)
    let graph = SegmentGraph(of: sides[0][0], in: self)
    let seeds = try SegmentSeeds(sides, of: graph, in: self)
    let joined = try SeedJoining(seeds.nodes, in: graph).disjoint()
    // The nodes of a side are one node of the network.
    var number = [Int](repeating: -1, count: graph.supervoxels.count)
    for node in joined[0] { number[node] = 0 }
    for node in joined[1] { number[node] = 1 }
    var count = 2
    for node in number.indices where number[node] < 0 {
      number[node] = count
      count += 1
    }
    let cut = MinimumCut(
      nodeCount: count,
      links: graph.ends.indices.map { link in
        MinimumCut.Link(
          first: number[graph.ends[link].first], second: number[graph.ends[link].second],
          capacity: graph.edges[link].capacity)
      }, source: 0, sink: 1)
    let isSource = number.map { cut.isOnSourceSide[$0] }
    let plan = CutPlan(
      graph, cut: { isSource[graph.ends[$0].first] != isSource[graph.ends[$0].second] },
      seeds: seeds, in: self)
    if !isIsolationAllowed, graph.supervoxels.count > 2 {
      try checkIsolation(plan, of: sides)
    }
    return plan
  }

  private func checkIsolation(_ plan: CutPlan, of sides: [[UInt64]]) throws(EditRefusal) {
    for component in plan.components where component.supervoxelCount == 1 {
      guard let side = component.sides.first, sides[side].contains(component.root) else {
        continue
      }
      throw EditRefusal(
        .isolatingCut, "the cut would only peel off the supervoxel of a seed",
        found: "supervoxel \(component.root), \(component.voxelCount) voxels",
        remedy: "add seeds further along that side, split the supervoxel itself, "
          + "or allow it to be isolated")
    }
  }
}

/// The seeds of two sides, each joined by ways through the segment.
private struct SeedJoining {
  /// The nodes of a side, and the mean length of the links that join them.
  private struct Ways {
    var nodes: Set<Int>
    var meanLength: Double
  }

  private let seeds: [Set<Int>]
  private let graph: SegmentGraph

  init(_ seeds: [Set<Int>], in graph: SegmentGraph) {
    self.seeds = seeds
    self.graph = graph
  }

  /// The nodes that belong to each side.
  ///
  /// - Throws: ``EditRefusal`` where the sides cannot be joined apart from each other.
  func disjoint() throws(EditRefusal) -> [Set<Int>] {
    let first = try ways(of: 0, avoiding: seeds[1])
    let second = try ways(of: 1, avoiding: seeds[0])
    if first.nodes.isDisjoint(with: second.nodes) { return [first.nodes, second.nodes] }
    // The worse ways yield; of equal ones, those of the second side.
    let order = first.meanLength > second.meanLength ? [0, 1] : [1, 0]
    var refusal: EditRefusal?
    for yielding in order {
      let kept = yielding == 0 ? second : first
      do throws(EditRefusal) {
        let other = try ways(of: yielding, avoiding: kept.nodes)
        return yielding == 0 ? [other.nodes, kept.nodes] : [kept.nodes, other.nodes]
      } catch {
        refusal = refusal ?? error
      }
    }
    throw refusal ?? conflict(of: [], on: 0)
  }

  /// The seeds of a side, and the shortest ways that join them.
  private func ways(of side: Int, avoiding blocked: Set<Int>) throws(EditRefusal) -> Ways {
    let order = seeds[side].sorted()
    var nodes: Set<Int> = [order[0]]
    var (length, linkCount) = (0.0, 0)
    for seed in order.dropFirst() where !nodes.contains(seed) {
      guard let way = graph.shortestWay(from: nodes, to: seed, avoiding: blocked) else {
        throw conflict(of: [order[0], seed], on: side)
      }
      nodes.formUnion(way.nodes)
      length += way.length
      linkCount += way.nodes.count - 1
    }
    return Ways(nodes: nodes, meanLength: linkCount > 0 ? length / Double(linkCount) : 0)
  }

  private func conflict(of nodes: [Int], on side: Int) -> EditRefusal {
    let names = nodes.map { "\(graph.supervoxels[$0])" }.joined(separator: " and ")
    return EditRefusal(
      .conflictingSeeds, "seeds of one side are not joined but through the other side",
      found: "supervoxels \(names) of side \(side + 1)",
      remedy: "remove one of them, or cleave")
  }
}
