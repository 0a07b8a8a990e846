import Segmentation

/// What an operation does to the links between supervoxels.
public struct EditEffect: Hashable, Sendable {
  /// The links that it adds, by their supervoxels.
  public var added: [SupervoxelEdge]
  /// The links that it cuts, by their supervoxels.
  public var removed: [SupervoxelEdge]
  /// The supervoxel that it splits.
  public var partition: SupervoxelPartition?

  /// Creates an effect; of none, where nothing is named.
  public init(
    added: [SupervoxelEdge] = [], removed: [SupervoxelEdge] = [],
    partition: SupervoxelPartition? = nil
  ) {
    self.added = added.sortedByPair()
    self.removed = removed.sortedByPair()
    self.partition = partition
  }

  /// Whether nothing changes.
  public var isEmpty: Bool { added.isEmpty && removed.isEmpty && partition == nil }

  /// Whether either of two effects can be undone only after the other: they share a link, or one
  /// has links of a supervoxel that the other makes or takes away.
  func touches(_ other: EditEffect) -> Bool {
    !pairs.isDisjoint(with: other.pairs)
      || !made.isDisjoint(with: other.made.union(other.ends))
      || !ends.isDisjoint(with: other.made)
  }

  private var pairs: Set<FragmentPair> { Set((added + removed).map(\.pair)) }
  private var ends: Set<UInt64> {
    Set((added + removed).flatMap { [$0.pair.first, $0.pair.second] })
  }
  /// The supervoxels that come into being or go.
  private var made: Set<UInt64> {
    guard let partition else { return [] }
    return Set([partition.supervoxel] + partition.parts.map(\.supervoxel))
  }
}

/// The way an effect is taken: as an operation does it, or as its undoing does.
enum EffectDirection: Sendable {
  case forward, backward
}
