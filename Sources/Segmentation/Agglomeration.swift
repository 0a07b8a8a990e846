/// Two regions that became one.
public struct Merge: Hashable, Sendable {
  /// The regions, each named by the smallest of its fragments' ids; the smaller first, which
  /// names the merged region too.
  public var first: UInt64, second: UInt64
  /// The links between the two regions.
  public var affinity: MeanAffinity

  /// Creates a merge.
  public init(first: UInt64, second: UInt64, affinity: MeanAffinity) {
    self.first = first
    self.second = second
    self.affinity = affinity
  }

  /// The cost of the merge, in [0, 1].
  public var cost: Double { affinity.cost }

  /// Whether the merge stands before another: by cost, then by regions.
  func precedes(_ other: Merge) -> Bool {
    if affinity.isCheaper(than: other.affinity) { return true }
    if other.affinity.isCheaper(than: affinity) { return false }
    return (first, second) < (other.first, other.second)
  }
}

extension ResidualGraph {
  /// Merges regions, cheapest contact first, as far as this box alone decides what merges.
  ///
  /// Regions that reach beyond the box are frozen: links outside the box may change their cost. A
  /// region whose cheapest contact is with a frozen one becomes frozen too. All others merge, at
  /// the same costs and with the same partners as in an agglomeration of the whole volume;
  /// `docs/segmentation.md` has the proof.
  ///
  /// - Parameter maximumCost: The cost, 1 − mean affinity, up to which regions merge; in [0, 1].
  /// - Returns: The merges done, in the order in which they were done, and what is left to boxes
  ///   around this one: the frozen regions and the contacts between them.
  /// - Complexity: O(*m* log² *m*) for *m* contacts.
  ///
  /// Source: the scheme follows Lu, Zlateski & Seung 2021, arXiv:2106.10795.
  public consuming func agglomerated(
    maximumCost: Double
  ) -> (merges: [Merge], residual: ResidualGraph) {
    let regions = regions
    var numbers = IndexTable(capacity: regions.count)
    for region in regions { _ = numbers.number(of: region.id) }
    // Edges of one block are in the order of their origins already.
    var edges = edges
    if !zip(edges, edges.dropFirst()).allSatisfy({ $0.origin < $1.origin }) {
      edges.sort { $0.origin < $1.origin }
    }
    var merging = RegionMerging(
      regions: regions.map { ($0.id, !$0.openFaces.isEmpty) }, edgeCount: edges.count,
      limit: MeanAffinity.limit(cost: maximumCost))
    for edge in edges {
      guard let first = numbers.value(of: edge.first), let second = numbers.value(of: edge.second)
      else { preconditionFailure("a contact leads to a region that is not in the graph") }
      merging.addEdge(first, second, statistic: edge.affinity)
    }
    var merges: [Merge] = []
    merging.run { merges.append(Merge(first: $0, second: $1, affinity: $2)) }
    let left = merging.residual()
    let residual = ResidualGraph(
      box: box,
      regions: left.regions.map { Region(id: $0.id, openFaces: regions[$0.number].openFaces) }
        .sorted { $0.id < $1.id },
      edges: left.edges.map {
        Edge(
          first: $0.first, second: $0.second, origin: edges[$0.origin].origin,
          affinity: $0.statistic)
      }
      .sorted { ($0.first, $0.second) < ($1.first, $1.second) })
    return (merges, residual)
  }
}
