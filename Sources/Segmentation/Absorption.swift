import Labels

extension AbsorptionGraph {
  /// Absorbs regions that are not grown, strongest link first, as far as this box alone decides.
  ///
  /// Over each link, in the order of links, the two regions merge unless both are grown by then.
  /// Whether a region that reaches beyond the box is not grown yet, and which link comes next for
  /// it, may be decided outside: it waits, and so does a region that would merge with it. Regions
  /// that are grown stay so, whatever merges elsewhere, and need not wait for anything.
  /// `docs/segmentation.md` has the proof.
  ///
  /// - Parameter needed: What a region must have to be grown.
  /// - Returns: The merges, as pairs of regions, and what is left to boxes around this one.
  /// - Complexity: O(*m* α(*m*)) for *m* links.
  ///
  /// Source: size-limited merging of Zlateski & Seung 2015, arXiv:1505.00249, §3; waiting at open
  /// faces follows Lu, Zlateski & Seung 2021, arXiv:2106.10795.
  public consuming func absorbed(
    until needed: RegionGrowth
  ) -> (merges: [FragmentPair], residual: AbsorptionGraph) {
    let place = places()
    var sets = DisjointSet<UInt32>(count: regions.count)
    // What stands at a set's representative is true of the set.
    var merged = regions
    var waits = regions.map { !$0.openFaces.isEmpty }
    var merges: [FragmentPair] = []
    var deferred: [(ends: (UInt32, UInt32), link: Link)] = []
    for number in order() {
      let edge = edges[Int(number)]
      let left = Int(sets.representative(of: place(edge.first)))
      let right = Int(sets.representative(of: place(edge.second)))
      guard left != right else { continue }
      let leftIsGrown = merged[left].growth.reaches(needed)
      let rightIsGrown = merged[right].growth.reaches(needed)
      if leftIsGrown && rightIsGrown { continue }
      if (!leftIsGrown && waits[left]) || (!rightIsGrown && waits[right]) {
        waits[left] = waits[left] || !leftIsGrown
        waits[right] = waits[right] || !rightIsGrown
        deferred.append(((UInt32(left), UInt32(right)), edge.link))
        continue
      }
      let ids = (merged[left].id, merged[right].id)
      merges.append(FragmentPair(first: min(ids.0, ids.1), second: max(ids.0, ids.1)))
      let into = Int(sets.join(UInt32(left), UInt32(right)))
      let from = into == left ? right : left
      merged[into].growth.add(merged[from].growth)
      // The name of the one that others know: two that reach outside never merge here.
      if merged[into].openFaces.isEmpty {
        merged[into].id =
          merged[from].openFaces.isEmpty
          ? min(merged[into].id, merged[from].id) : merged[from].id
      }
      merged[into].openFaces.formUnion(merged[from].openFaces)
      waits[into] = waits[into] || waits[from]
    }
    return (merges, residual(of: merged, deferred, &sets))
  }

  /// Where a region stands, by its id.
  private func places() -> (UInt64) -> UInt32 {
    // Ids go up, so the last one tells whether any was left out.
    if regions.last?.id == UInt64(regions.count) { return { UInt32($0 - 1) } }
    var table = IndexTable(capacity: regions.count)
    for region in regions { _ = table.number(of: region.id) }
    return { [table] id in
      guard let place = table.value(of: id) else {
        preconditionFailure("a link leads to a region that is not in the graph")
      }
      return place
    }
  }

  /// The edges by their links.
  private func order() -> [UInt32] {
    var keys = edges.enumerated().map {
      KeyedNumber(key: $1.link.position, number: UInt32($0))
    }
    keys.sortByKey()
    keys = keys.map { entry in
      KeyedNumber(key: UInt64(~edges[Int(entry.number)].link.strength), number: entry.number)
    }
    keys.sortByKey()
    return keys.map(\.number)
  }

  /// The regions that others may know or decide about, and the links that wait.
  private func residual(
    of merged: [Region], _ deferred: [(ends: (UInt32, UInt32), link: Link)],
    _ sets: inout DisjointSet<UInt32>
  ) -> AbsorptionGraph {
    var isKept = merged.map { !$0.openFaces.isEmpty }
    var links: [Edge] = []
    links.reserveCapacity(deferred.count)
    for edge in deferred {
      let left = Int(sets.representative(of: edge.ends.0))
      let right = Int(sets.representative(of: edge.ends.1))
      isKept[left] = true
      isKept[right] = true
      let ids = (merged[left].id, merged[right].id)
      links.append(
        Edge(first: min(ids.0, ids.1), second: max(ids.0, ids.1), link: edge.link))
    }
    var kept: [Region] = []
    for place in merged.indices
    where isKept[place] && Int(sets.representative(of: UInt32(place))) == place {
      kept.append(merged[place])
    }
    var residual = AbsorptionGraph(box: box, regions: kept, edges: links)
    residual.fuseEqual()
    return residual
  }
}
