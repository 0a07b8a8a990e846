/// A graph of regions that merges over its cheapest edge, again and again.
///
/// Regions and edges are numbers. Each region has a chain of *halves*: half 2*e* or 2*e* + 1 is
/// the end of edge *e* at that region. Chains of merged regions are hung one behind the other; of
/// the two, the shorter is walked through.
struct RegionMerging<Statistic: ContactStatistic> {
  /// The rank of an edge, by cost, then by origin.
  ///
  /// No two edges rank the same.
  struct Rank {
    var costOrder: UInt64
    var score: MeanAffinity
    var origin: UInt32

    init(_ statistic: Statistic, origin: UInt32) {
      score = statistic.score
      costOrder = score.costOrder
      self.origin = origin
    }

    func precedes(_ other: Rank) -> Bool {
      if costOrder != other.costOrder { return costOrder < other.costOrder }
      if score.isCheaper(than: other.score) { return true }
      if other.score.isCheaper(than: score) { return false }
      return origin < other.origin
    }
  }

  struct Edge {
    /// The regions; of an edge that was fused into another, twice that one's number.
    var ends: (UInt32, UInt32)
    /// The links as they are.
    var statistic: Statistic
    /// The number of the last of the edges that were fused into it.
    var origin: UInt32
    var isLive = true
    var isStale = false
    var isFused = false
    /// Whether it was vetoed, and another edge took its place.
    var isDecided = false
    /// Whether it is never merged over.
    var isVetoed = false
    /// The rank by which the queue knows the edge: never behind the true one.
    var queuedRank: Rank
  }

  /// What became of an edge when it was the first of both its regions.
  struct Decision {
    var edge: UInt32
    var rule: ContactDecision.Rule
    var first: UInt64, second: UInt64
    var firstVoxels: UInt64, secondVoxels: UInt64
  }

  private struct Region {
    /// The smallest id of the fragments.
    var id: UInt64
    var voxelCount: UInt64
    var isFrozen: Bool
    var isLive = true
    /// The number of live edges.
    var degree = 0
    /// The first and last half of the chain; `none` where there are no edges.
    var first = RegionMerging.none
    var last = RegionMerging.none
  }

  private static var none: UInt32 { .max }

  private var regions: [Region]
  /// The voxels of each class by region; empty where no veto asks for them.
  private var classes: [ClassCounts]
  var edges: [Edge] = []
  private var nextHalf: [UInt32] = []
  /// The edge between each two regions.
  private var edgeTable: NeighbourTable
  /// Edges as they were at first, the one of the first rank in front, and how many are dealt with.
  var sortedEdges: [UInt32] = []
  var sortedPlace = 0
  /// Edges that have changed since: a heap.
  var changedEdges: [KeyedNumber] = []
  /// Edges that cost more are never merged over.
  private let limit: MeanAffinity
  private let vetoes: MergeVetoes
  private(set) var decisions: [Decision] = []

  /// Creates a graph without edges; regions that reach beyond the box are frozen.
  init(
    regions: [ResidualGraph<Statistic>.Region], edgeCount: Int, limit: MeanAffinity,
    vetoes: MergeVetoes
  ) {
    self.regions = regions.map {
      Region(id: $0.id, voxelCount: $0.voxelCount, isFrozen: !$0.openFaces.isEmpty)
    }
    classes = vetoes.needsClasses ? regions.map(\.classes) : []
    self.limit = limit
    self.vetoes = vetoes
    edgeTable = NeighbourTable(count: regions.count)
    edges.reserveCapacity(edgeCount)
    nextHalf.reserveCapacity(2 * edgeCount)
  }

  /// Adds the edge between two regions that have none yet.
  ///
  /// Of edges that cost the same, the one added first is merged over first; one that others were
  /// fused into counts as added with the last of them.
  mutating func addEdge(
    _ left: UInt32, _ right: UInt32, statistic: Statistic, isVetoed: Bool = false
  ) {
    let edge = UInt32(edges.count)
    edges.append(
      Edge(
        ends: (left, right), statistic: statistic, origin: edge, isVetoed: isVetoed,
        queuedRank: Rank(statistic, origin: edge)))
    nextHalf.append(Self.none)
    nextHalf.append(Self.none)
    edgeTable.set(left, right, to: edge)
    append(half: 2 * edge, to: Int(left))
    append(half: 2 * edge + 1, to: Int(right))
    regions[Int(left)].degree += 1
    regions[Int(right)].degree += 1
  }

  /// Merges until every edge within the limit is at a frozen region or vetoed; frozen regions, and
  /// those that would merge with them next, stay as they are.
  mutating func run() {
    sortEdges()
    while let edge = popFirst().map(Int.init) {
      guard edges[edge].isLive, !edges[edge].isVetoed else { continue }
      if edges[edge].isStale {
        edges[edge].isStale = false
        edges[edge].queuedRank = Rank(edges[edge].statistic, origin: edges[edge].origin)
        if isWithinLimit(edges[edge].queuedRank.score) { enqueue(UInt32(edge)) }
        continue
      }
      let (left, right) = (Int(edges[edge].ends.0), Int(edges[edge].ends.1))
      if regions[left].isFrozen || regions[right].isFrozen {
        regions[left].isFrozen = true
        regions[right].isFrozen = true
      } else {
        decide(edge, left, right)
      }
    }
  }

  /// Merges two regions, or notes that they are to stay apart.
  private mutating func decide(_ edge: Int, _ left: Int, _ right: Int) {
    let rule = vetoes.rule(
      score: edges[edge].queuedRank.score,
      voxelCounts: (regions[left].voxelCount, regions[right].voxelCount)
    ) { (classes[left], classes[right]) }
    let isInOrder = regions[left].id < regions[right].id
    let (first, second) = isInOrder ? (left, right) : (right, left)
    decisions.append(
      Decision(
        edge: UInt32(edge), rule: rule, first: regions[first].id, second: regions[second].id,
        firstVoxels: regions[first].voxelCount, secondVoxels: regions[second].voxelCount))
    if rule.isMerge {
      merge(over: edge, left, right)
    } else {
      veto(edge)
    }
  }

  /// Puts an edge in the place of another that is never merged over, so that what is fused with it
  /// later changes nothing of what was decided on.
  private mutating func veto(_ edge: Int) {
    let number = UInt32(edges.count)
    let (left, right) = edges[edge].ends
    var successor = edges[edge]
    successor.isVetoed = true
    edges.append(successor)
    nextHalf.append(Self.none)
    nextHalf.append(Self.none)
    append(half: 2 * number, to: Int(left))
    append(half: 2 * number + 1, to: Int(right))
    edgeTable.set(left, right, to: number)
    edges[edge].isLive = false
    edges[edge].isFused = true
    edges[edge].isDecided = true
    edges[edge].ends = (number, number)
  }

  /// Of every edge, the number of the one with the strongest link among those fused into it.
  ///
  /// - Parameters:
  ///   - strengths: The strength of the strongest link of every edge as it was added.
  ///   - precedes: Which of two edges as added, of links as strong, is the one to keep.
  /// - Returns: The numbers, by the edge's number.
  func peaks(of strengths: [UInt32], precedes: (Int, Int) -> Bool) -> [UInt32] {
    var peaks = (0..<UInt32(edges.count)).map { $0 }
    // What took a vetoed edge's place has no links that this one has not.
    for decision in decisions where !decision.rule.isMerge {
      peaks[Int(edges[Int(decision.edge)].ends.0)] = decision.edge
    }
    func strengthen(_ edge: Int, with other: UInt32) {
      let (known, new) = (Int(peaks[edge]), Int(other))
      let (left, right) = (strengths[new], strengths[known])
      if left > right || left == right && precedes(new, known) { peaks[edge] = other }
    }
    // What was fused into an edge before it was decided on counts for the decision, and then on.
    var targets = edges.map { $0.isFused && !$0.isDecided ? $0.ends.0 : Self.none }
    for edge in strengths.indices where targets[edge] != Self.none {
      strengthen(Self.root(of: edge, &targets), with: UInt32(edge))
    }
    let vetoed = decisions.filter { !$0.rule.isMerge }.map { Int($0.edge) }
    for edge in vetoed { targets[edge] = edges[edge].ends.0 }
    for edge in vetoed { strengthen(Self.root(of: edge, &targets), with: peaks[edge]) }
    return peaks
  }

  /// The edge that another was fused into in the end.
  private static func root(of edge: Int, _ targets: inout [UInt32]) -> Int {
    var edge = edge
    while targets[edge] != none {
      // Halving paths: edges on the way point on to where they lead.
      let next = Int(targets[edge])
      if targets[next] != none { targets[edge] = targets[next] }
      edge = Int(targets[edge])
    }
    return edge
  }

  /// The numbers of the frozen regions, and of the edges between them.
  func residual() -> (regions: [Int], edges: [Int]) {
    (
      regions.indices.filter { regions[$0].isLive && regions[$0].isFrozen },
      edges.indices.filter {
        edges[$0].isLive && regions[Int(edges[$0].ends.0)].isFrozen
          && regions[Int(edges[$0].ends.1)].isFrozen
      }
    )
  }

  /// The ids of an edge's regions, the smaller first.
  func ids(of edge: Int) -> (first: UInt64, second: UInt64) {
    let (left, right) = edges[edge].ends
    let ids = (regions[Int(left)].id, regions[Int(right)].id)
    return (min(ids.0, ids.1), max(ids.0, ids.1))
  }

  /// The id, voxels and voxels of each class of a region.
  func content(of region: Int) -> (id: UInt64, voxelCount: UInt64, classes: ClassCounts) {
    (
      regions[region].id, regions[region].voxelCount,
      classes.isEmpty ? ClassCounts() : classes[region]
    )
  }

  /// Whether an edge may be merged over: one that may not, and whatever it becomes by fusing with
  /// edges like it, is never queued.
  func isWithinLimit(_ score: MeanAffinity) -> Bool { !limit.isCheaper(than: score) }

  private mutating func append(half: UInt32, to region: Int) {
    nextHalf[Int(half)] = Self.none
    let last = regions[region].last
    if last == Self.none {
      regions[region].first = half
    } else {
      nextHalf[Int(last)] = half
    }
    regions[region].last = half
  }

  private mutating func merge(over merged: Int, _ left: Int, _ right: Int) {
    edges[merged].isLive = false
    edgeTable.remove(UInt32(left), UInt32(right))
    let leftIsLarger = regions[left].degree >= regions[right].degree
    let (kept, gone) = leftIsLarger ? (left, right) : (right, left)
    regions[kept].degree -= 1
    regions[kept].id = min(regions[left].id, regions[right].id)
    regions[kept].voxelCount += regions[gone].voxelCount
    if !classes.isEmpty { classes[kept].add(classes[gone]) }
    regions[gone].isLive = false
    var half = regions[gone].first
    while half != Self.none {
      let next = nextHalf[Int(half)]
      if edges[Int(half / 2)].isLive { move(half: half, from: gone, to: kept) }
      half = next
    }
  }

  /// Gives a live edge of a region that is gone to the region that took it in, or fuses it with
  /// the edge that this one already has to the same neighbour.
  private mutating func move(half: UInt32, from gone: Int, to kept: Int) {
    let edge = half / 2
    let isFirst = half % 2 == 0
    let neighbour = isFirst ? edges[Int(edge)].ends.1 : edges[Int(edge)].ends.0
    edgeTable.remove(UInt32(gone), neighbour)
    if let parallel = edgeTable.value(UInt32(kept), neighbour) {
      regions[Int(neighbour)].degree -= 1
      // The survivor is the one first in the queue, since together they may come right after it.
      if edges[Int(parallel)].queuedRank.precedes(edges[Int(edge)].queuedRank) {
        fuse(edge, into: parallel)
        return
      }
      fuse(parallel, into: edge)
    } else {
      regions[kept].degree += 1
    }
    if isFirst {
      edges[Int(edge)].ends.0 = UInt32(kept)
    } else {
      edges[Int(edge)].ends.1 = UInt32(kept)
    }
    edgeTable.set(UInt32(kept), neighbour, to: edge)
    append(half: half, to: kept)
  }

  private mutating func fuse(_ edge: UInt32, into survivor: UInt32) {
    let fused = edges[Int(edge)]
    edges[Int(edge)].isLive = false
    edges[Int(edge)].isFused = true
    edges[Int(edge)].ends = (survivor, survivor)
    edges[Int(edge)].statistic = Statistic()
    edges[Int(survivor)].statistic.add(fused.statistic)
    edges[Int(survivor)].origin = max(edges[Int(survivor)].origin, fused.origin)
    edges[Int(survivor)].isStale = true
    if fused.isVetoed { edges[Int(survivor)].isVetoed = true }
  }
}
