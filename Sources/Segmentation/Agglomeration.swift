import Voxels

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

/// How regions are agglomerated.
public struct AgglomerationRules: Hashable, Sendable {
  /// What ranks contacts.
  public var score: ContactScore
  /// The cost, 1 − score, up to which regions merge; in [0, 1].
  public var maximumCost: Double
  /// Keeps large regions apart.
  public var sizeVeto: SizeVeto?
  /// Keeps regions of different classes apart.
  public var classVeto: ClassVeto?

  /// Creates rules.
  public init(
    score: ContactScore = .mean, maximumCost: Double, sizeVeto: SizeVeto? = nil,
    classVeto: ClassVeto? = nil
  ) {
    precondition((0...1).contains(maximumCost), "a cost lies between 0 and 1")
    self.score = score
    self.maximumCost = maximumCost
    self.sizeVeto = sizeVeto
    self.classVeto = classVeto
  }

  var vetoes: MergeVetoes { MergeVetoes(size: sizeVeto, classes: classVeto) }
}

extension ResidualGraph {
  /// What a box of voxels decides by itself.
  public struct Agglomerated: Sendable {
    /// The merges done and the contacts vetoed, in the order in which they were decided.
    public var decisions: [ContactDecision]
    /// What is left to boxes around this one: the frozen regions and the contacts between them.
    public var residual: ResidualGraph
  }

  /// Merges regions, best contact first, as far as this box alone decides what merges.
  ///
  /// Regions that reach beyond the box are frozen: links outside the box may change their contacts,
  /// and voxels outside what vetoes ask for. A region whose best contact is with a frozen one
  /// becomes frozen too. All others merge, or are kept apart, at the same costs and with the same
  /// partners as in an agglomeration of the whole volume; `docs/segmentation.md` has the proof.
  ///
  /// - Parameter rules: Which regions merge; the statistic is that of the graph.
  /// - Returns: What was decided, and what is left.
  /// - Complexity: O(*m* log² *m*) for *m* contacts.
  ///
  /// Source: the scheme follows Lu, Zlateski & Seung 2021, arXiv:2106.10795.
  public consuming func agglomerated(_ rules: AgglomerationRules) -> Agglomerated {
    // Edges of one block are in the order of their origins already.
    var edges = edges
    if !zip(edges, edges.dropFirst()).allSatisfy({ $0.origin < $1.origin }) {
      edges.sort { $0.origin < $1.origin }
    }
    return Self.agglomerated(
      regions, box: box, edgeCount: edges.count, rules: rules
    ) { edges[$0] }
  }

  /// Merges regions as far as a box alone decides what merges.
  ///
  /// - Parameters:
  ///   - regions: The regions, by id.
  ///   - box: The voxels accounted for.
  ///   - edgeCount: The number of contacts.
  ///   - rules: Which regions merge.
  ///   - contact: Gives the contact at a place in the order of origins.
  /// - Returns: What was decided, and what is left.
  static func agglomerated(
    _ regions: [Region], box: VoxelBox, edgeCount: Int, rules: AgglomerationRules,
    contact: (Int) -> Edge
  ) -> Agglomerated {
    let numbers = IdentifierNumbers(of: regions.map(\.id))
    var merging = RegionMerging<Statistic>(
      regions: regions, edgeCount: edgeCount, limit: .limit(cost: rules.maximumCost),
      vetoes: rules.vetoes)
    var strengths: [UInt32] = []
    strengths.reserveCapacity(edgeCount)
    for place in 0..<edgeCount {
      let edge = contact(place)
      guard let first = numbers.number(of: edge.first), let second = numbers.number(of: edge.second)
      else { preconditionFailure("a contact leads to a region that is not in the graph") }
      merging.addEdge(first, second, statistic: edge.statistic, isVetoed: edge.isVetoed)
      strengths.append(edge.peak.strength)
    }
    merging.run()
    let peaks = merging.peaks(of: strengths) { contact($0).peak.precedes(contact($1).peak) }
    let decisions = merging.decisions.map { decision in
      ContactDecision(
        first: decision.first, second: decision.second,
        affinity: merging.edges[Int(decision.edge)].queuedRank.score,
        firstVoxels: decision.firstVoxels, secondVoxels: decision.secondVoxels,
        peak: contact(Int(peaks[Int(decision.edge)])).peak, rule: decision.rule)
    }
    let left = merging.residual()
    let residual = ResidualGraph(
      box: box,
      regions: left.regions.map { number in
        let content = merging.content(of: number)
        return Region(
          id: content.id, openFaces: regions[number].openFaces, voxelCount: content.voxelCount,
          classes: content.classes)
      }
      .sorted { $0.id < $1.id },
      edges: left.edges.map { number in
        let left = merging.edges[number]
        let ids = merging.ids(of: number)
        return Edge(
          first: ids.first, second: ids.second, origin: contact(Int(left.origin)).origin,
          statistic: left.statistic, peak: contact(Int(peaks[number])).peak,
          isVetoed: left.isVetoed)
      }
      .sorted { ($0.first, $0.second) < ($1.first, $1.second) })
    return Agglomerated(decisions: decisions, residual: residual)
  }
}
