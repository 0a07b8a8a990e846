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
    var statistic: Statistic
    var origin: UInt32

    init(_ statistic: Statistic, origin: UInt32) {
      costOrder = statistic.costOrder
      self.statistic = statistic
      self.origin = origin
    }

    func precedes(_ other: Rank) -> Bool {
      if costOrder != other.costOrder { return costOrder < other.costOrder }
      if statistic.isCheaper(than: other.statistic) { return true }
      if other.statistic.isCheaper(than: statistic) { return false }
      return origin < other.origin
    }
  }

  struct Edge {
    var ends: (UInt32, UInt32)
    /// The links as they are.
    var statistic: Statistic
    /// The number of the first of the edges that were fused into it.
    var origin: UInt32
    var isLive = true
    var isStale = false
    /// The rank by which the queue knows the edge: never behind the true one.
    var queuedRank: Rank
  }

  private struct Region {
    /// The smallest id of the fragments.
    var id: UInt64
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
  var edges: [Edge] = []
  private var nextHalf: [UInt32] = []
  /// The edge between each two regions.
  private var edgeTable: IndexTable
  /// Edges as they were at first, the one of the first rank in front, and how many are dealt with.
  var sortedEdges: [UInt32] = []
  var sortedPlace = 0
  /// Edges that have changed since: a heap.
  var changedEdges: [KeyedNumber] = []
  /// Edges that cost more are never merged over.
  private let limit: Statistic

  /// Creates a graph without edges.
  init(regions: [(id: UInt64, isFrozen: Bool)], edgeCount: Int, limit: Statistic) {
    self.regions = regions.map { Region(id: $0.id, isFrozen: $0.isFrozen) }
    self.limit = limit
    edgeTable = IndexTable(capacity: edgeCount)
    edges.reserveCapacity(edgeCount)
    nextHalf.reserveCapacity(2 * edgeCount)
  }

  /// Adds the edge between two regions that have none yet.
  ///
  /// Of edges that cost the same, the one added first is merged over first; one that others were
  /// fused into counts as added with the first of them.
  mutating func addEdge(_ left: UInt32, _ right: UInt32, statistic: Statistic) {
    let edge = UInt32(edges.count)
    edges.append(
      Edge(
        ends: (left, right), statistic: statistic, origin: edge,
        queuedRank: Rank(statistic, origin: edge)))
    nextHalf.append(Self.none)
    nextHalf.append(Self.none)
    edgeTable.set(Self.key(left, right), to: edge)
    append(half: 2 * edge, to: Int(left))
    append(half: 2 * edge + 1, to: Int(right))
    regions[Int(left)].degree += 1
    regions[Int(right)].degree += 1
  }

  /// Merges until every edge within the limit is at a frozen region; frozen regions, and those
  /// that would merge with them next, stay as they are.
  ///
  /// - Parameter report: Gets the id of the merged region, which is the smaller of the two, the
  ///   larger id, and the statistic of the edge between them.
  mutating func run(report: (_ into: UInt64, _ from: UInt64, Statistic) -> Void) {
    sortEdges()
    while let edge = popFirst().map(Int.init) {
      guard edges[edge].isLive else { continue }
      if edges[edge].isStale {
        edges[edge].isStale = false
        edges[edge].queuedRank = Rank(edges[edge].statistic, origin: edges[edge].origin)
        if isWithinLimit(edges[edge].statistic) { enqueue(UInt32(edge)) }
        continue
      }
      let (left, right) = (Int(edges[edge].ends.0), Int(edges[edge].ends.1))
      if regions[left].isFrozen || regions[right].isFrozen {
        regions[left].isFrozen = true
        regions[right].isFrozen = true
      } else {
        let ids = (regions[left].id, regions[right].id)
        report(min(ids.0, ids.1), max(ids.0, ids.1), edges[edge].statistic)
        merge(over: edge, left, right)
      }
    }
  }

  /// The frozen regions' numbers and ids, and the edges between them with the numbers of their
  /// origins.
  func residual() -> (
    regions: [(number: Int, id: UInt64)],
    edges: [(first: UInt64, second: UInt64, origin: Int, statistic: Statistic)]
  ) {
    let frozen = regions.indices.filter { regions[$0].isLive && regions[$0].isFrozen }
    let between = edges.filter {
      $0.isLive && regions[Int($0.ends.0)].isFrozen && regions[Int($0.ends.1)].isFrozen
    }
    return (
      frozen.map { ($0, regions[$0].id) },
      between.map { edge in
        let ids = (regions[Int(edge.ends.0)].id, regions[Int(edge.ends.1)].id)
        return (min(ids.0, ids.1), max(ids.0, ids.1), Int(edge.origin), edge.statistic)
      }
    )
  }

  private static func key(_ left: UInt32, _ right: UInt32) -> UInt64 {
    // One above the numbers, so that no key is 0.
    (UInt64(min(left, right)) + 1) << 32 | UInt64(max(left, right))
  }

  /// Whether an edge may be merged over: one that may not, and whatever it becomes by fusing with
  /// edges like it, is never queued.
  func isWithinLimit(_ statistic: Statistic) -> Bool { !limit.isCheaper(than: statistic) }

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
    edgeTable.remove(Self.key(UInt32(left), UInt32(right)))
    let leftIsLarger = regions[left].degree >= regions[right].degree
    let (kept, gone) = leftIsLarger ? (left, right) : (right, left)
    regions[kept].degree -= 1
    regions[kept].id = min(regions[left].id, regions[right].id)
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
    edgeTable.remove(Self.key(UInt32(gone), neighbour))
    let key = Self.key(UInt32(kept), neighbour)
    if let parallel = edgeTable.value(of: key) {
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
    edgeTable.set(key, to: edge)
    append(half: half, to: kept)
  }

  private mutating func fuse(_ edge: UInt32, into survivor: UInt32) {
    let (statistic, origin) = (edges[Int(edge)].statistic, edges[Int(edge)].origin)
    edges[Int(edge)].isLive = false
    edges[Int(survivor)].statistic.add(statistic)
    edges[Int(survivor)].origin = min(edges[Int(survivor)].origin, origin)
    edges[Int(survivor)].isStale = true
  }
}
