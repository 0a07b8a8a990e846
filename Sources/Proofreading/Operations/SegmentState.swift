public import Segmentation

/// The segments after some operations: which supervoxels there are, which links hold between them,
/// and the root of each, the smallest supervoxel of its segment.
///
/// It is a value: what was is got by starting again from the base, or from a snapshot of the links.
public struct SegmentState: Sendable {
  /// A change of roots: some of the supervoxels of the old one are now of the new one.
  public struct Descent: Hashable, Sendable {
    /// The root before.
    public var old: UInt64
    /// The root after.
    public var new: UInt64

    /// Creates a change.
    public init(old: UInt64, new: UInt64) {
      self.old = old
      self.new = new
    }
  }

  /// The segmentation before all operations.
  public let base: BaseGraph
  /// What operations changed of its links.
  private(set) var links: EditedLinks
  /// The root of every supervoxel, by id; 0 where there is none, or none any more.
  public private(set) var roots: [UInt64]
  /// The supervoxels of segments that are not as in the base, by root.
  private var edited: [UInt64: [UInt64]] = [:]

  /// The state before all operations.
  public init(_ base: BaseGraph) {
    self.base = base
    links = EditedLinks()
    roots = base.roots
  }

  /// The state with given changes of links.
  ///
  /// - Complexity: O(*n*) in the base's supervoxels, and in the links of the segments concerned.
  init(_ base: BaseGraph, _ links: EditedLinks) {
    self.init(base)
    self.links = links
    let largest = links.partitions.flatMap(\.parts).map(\.supervoxel).max() ?? 0
    extendRoots(to: largest)
    // Parts have no root yet; what they were cut from has.
    let parts = links.liveParts
    _ = regroup(around: links.ends.union(links.retired), gone: links.retired, fresh: parts)
  }

  /// The supervoxels that were split, in the order in which they were.
  public var partitions: [SupervoxelPartition] { links.partitions }

  /// Whether there is a supervoxel of an id.
  public func contains(_ supervoxel: UInt64) -> Bool { root(of: supervoxel) != nil }

  /// The smallest supervoxel of a supervoxel's segment; nil where there is no such supervoxel.
  public func root(of supervoxel: UInt64) -> UInt64? {
    guard supervoxel < UInt64(roots.count), roots[Int(supervoxel)] != 0 else { return nil }
    return roots[Int(supervoxel)]
  }

  /// The supervoxels of a supervoxel's segment, by id; none where there is no such supervoxel.
  public func members(of supervoxel: UInt64) -> [UInt64] {
    guard let root = root(of: supervoxel) else { return [] }
    // A segment that was never edited has its root in the base too.
    return edited[root] ?? Array(base.members(ofRoot: root))
  }

  /// The voxels of a supervoxel; 0 where there is none.
  public func voxelCount(of supervoxel: UInt64) -> UInt64 {
    guard contains(supervoxel) else { return 0 }
    if supervoxel <= base.largestSupervoxel { return base.voxelCounts[Int(supervoxel)] }
    return links.partVoxels[supervoxel] ?? 0
  }

  /// Calls a function with every link of a supervoxel that holds.
  public func forEachLink(of supervoxel: UInt64, _ body: (SupervoxelEdge) -> Void) {
    guard contains(supervoxel) else { return }
    for place in base.contactPlaces(of: supervoxel) {
      let edge = base.contacts[place].edge
      if base.joins(edge.pair), !links.removed.contains(edge.pair) { body(edge) }
    }
    for edge in links.addedLinks(of: supervoxel) { body(edge) }
  }

  /// Whether two supervoxels have a link that holds.
  public func isLinked(_ pair: FragmentPair) -> Bool {
    if links.added[pair] != nil { return true }
    return base.joins(pair) && !links.removed.contains(pair) && base.contact(pair) != nil
  }

  /// The contact of two supervoxels, whether its link holds or not; nil where they do not touch.
  public func contact(_ pair: FragmentPair) -> SupervoxelEdge? {
    (links.contacts[pair]).map { SupervoxelEdge(pair, $0) } ?? base.contact(pair)?.edge
  }

  /// The links of a segment, each once, by their supervoxels.
  func links(within members: [UInt64]) -> [SupervoxelEdge] {
    var edges: [SupervoxelEdge] = []
    for member in members {
      forEachLink(of: member) { edge in
        if edge.pair.first == member { edges.append(edge) }
      }
    }
    return edges.sortedByPair()
  }

  /// Whether an effect can be taken in a direction: every link and supervoxel is as it expects.
  func accepts(_ effect: EditEffect, _ direction: EffectDirection) -> Bool {
    let (on, off) =
      direction == .forward ? (effect.removed, effect.added) : (effect.added, effect.removed)
    guard on.allSatisfy({ isLinked($0.pair) }), off.allSatisfy({ !isLinked($0.pair) }) else {
      return false
    }
    var (fresh, gone): (Set<UInt64>, Set<UInt64>) = ([], [])
    if let partition = effect.partition {
      let parts = partition.parts.map(\.supervoxel)
      switch direction {
      case .forward:
        guard contains(partition.supervoxel), parts.allSatisfy({ !contains($0) }) else {
          return false
        }
        (fresh, gone) = (Set(parts), [partition.supervoxel])
      case .backward:
        guard !contains(partition.supervoxel), parts.allSatisfy({ contains($0) }) else {
          return false
        }
        (fresh, gone) = ([partition.supervoxel], Set(parts))
      }
    }
    // No link may be left of a supervoxel that goes.
    let known = Set(on.map(\.pair))
    for supervoxel in gone {
      var isLeft = false
      forEachLink(of: supervoxel) { if !known.contains($0.pair) { isLeft = true } }
      if isLeft { return false }
    }
    return off.allSatisfy { edge in
      [edge.pair.first, edge.pair.second].allSatisfy { contains($0) || fresh.contains($0) }
    }
  }

  /// Takes an effect that ``accepts(_:_:)``.
  ///
  /// - Returns: Which roots come from which, by old root, then new one.
  /// - Complexity: O(*m*) in the links of the segments that change.
  @discardableResult
  mutating func take(_ effect: EditEffect, _ direction: EffectDirection) -> [Descent] {
    precondition(accepts(effect, direction), "the effect is not of these segments")
    links.take(effect, direction, on: base)
    var fresh: Set<UInt64> = []
    var gone: Set<UInt64> = []
    if let partition = effect.partition {
      let parts = partition.parts.map(\.supervoxel)
      switch direction {
      case .forward:
        (fresh, gone) = (Set(parts), [partition.supervoxel])
      case .backward:
        (fresh, gone) = ([partition.supervoxel], Set(parts))
      }
      extendRoots(to: fresh.max() ?? 0)
    }
    let ends = (effect.added + effect.removed).flatMap { [$0.pair.first, $0.pair.second] }
    return regroup(around: Set(ends).union(gone), gone: gone, fresh: fresh)
  }

  private mutating func extendRoots(to supervoxel: UInt64) {
    while UInt64(roots.count) <= supervoxel { roots.append(0) }
  }

  /// Finds the roots of the segments of some supervoxels anew.
  ///
  /// - Parameters:
  ///   - touched: Supervoxels of these segments.
  ///   - gone: Supervoxels that are no more.
  ///   - fresh: Supervoxels that took their place.
  /// - Returns: Which roots come from which.
  private mutating func regroup(
    around touched: Set<UInt64>, gone: Set<UInt64>, fresh: Set<UInt64>
  ) -> [Descent] {
    var oldRoots: Set<UInt64> = []
    for supervoxel in touched {
      if let root = root(of: supervoxel) { oldRoots.insert(root) }
    }
    var before: [(supervoxel: UInt64, root: UInt64)] = []
    for root in oldRoots.sorted() {
      for member in members(of: root) { before.append((member, root)) }
    }
    for root in oldRoots { edited[root] = nil }
    for (member, _) in before { roots[Int(member)] = 0 }
    let live = (before.map(\.supervoxel).filter { !gone.contains($0) } + fresh).sorted()
    // Anything but 0, so that links to them count.
    for member in live { roots[Int(member)] = member }
    var isReached: Set<UInt64> = []
    for root in live where isReached.insert(root).inserted {
      // In increasing order, so that whoever is not reached yet is the smallest of its segment.
      var segment = [root]
      var next = 0
      while next < segment.count {
        let current = segment[next]
        next += 1
        forEachLink(of: current) { edge in
          let other = edge.pair.other(than: current)
          if contains(other), isReached.insert(other).inserted { segment.append(other) }
        }
      }
      for member in segment { roots[Int(member)] = root }
      edited[root] = segment.sorted()
    }
    var found: Set<Descent> = []
    for (supervoxel, old) in before {
      for heir in gone.contains(supervoxel) ? fresh : [supervoxel] {
        if let new = root(of: heir) { found.insert(Descent(old: old, new: new)) }
      }
    }
    return found.sorted { ($0.old, $0.new) < ($1.old, $1.new) }
  }
}
