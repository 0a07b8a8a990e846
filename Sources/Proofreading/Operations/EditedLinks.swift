import Segmentation

/// What operations changed of the links and supervoxels of a base graph, all together.
struct EditedLinks: Hashable, Sendable {
  /// The links of the base that do not hold any more.
  private(set) var removed: Set<FragmentPair> = []
  /// The links that hold and are not of the base.
  private(set) var added: [FragmentPair: MeanAffinity] = [:]
  /// The supervoxels that were split, in order.
  private(set) var partitions: [SupervoxelPartition] = []
  /// The supervoxels at the other ends of added links.
  private var neighbours: [UInt64: Set<UInt64>] = [:]
  /// The contacts of supervoxels that were made by splitting.
  private(set) var contacts: [FragmentPair: MeanAffinity] = [:]
  /// The voxels of supervoxels that were made by splitting.
  private(set) var partVoxels: [UInt64: UInt64] = [:]
  /// The parts of each supervoxel that was split.
  private var parts: [UInt64: [UInt64]] = [:]

  init() {}

  init(
    removed: Set<FragmentPair>, added: [SupervoxelEdge], partitions: [SupervoxelPartition]
  ) {
    self.removed = removed
    for edge in added { turnOn(edge, isOfBase: false) }
    for partition in partitions { retire(partition) }
  }

  /// The supervoxels at the ends of links that changed.
  var ends: Set<UInt64> {
    var ends = Set(neighbours.keys)
    for pair in removed { ends.formUnion([pair.first, pair.second]) }
    return ends
  }

  /// The supervoxels that were split.
  var retired: Set<UInt64> { Set(parts.keys) }
  /// The parts that were not split in turn.
  var liveParts: Set<UInt64> { Set(parts.values.joined()).subtracting(parts.keys) }

  /// The added links of a supervoxel, by the other end.
  func addedLinks(of supervoxel: UInt64) -> [SupervoxelEdge] {
    guard let others = neighbours[supervoxel] else { return [] }
    return others.sorted().compactMap { other in
      let pair = FragmentPair(joining: supervoxel, other)
      return added[pair].map { SupervoxelEdge(pair, $0) }
    }
  }

  /// Takes an effect, without asking whether it fits.
  mutating func take(_ effect: EditEffect, _ direction: EffectDirection, on base: BaseGraph) {
    func isOfBase(_ pair: FragmentPair) -> Bool { base.joins(pair) && base.contact(pair) != nil }
    let (on, off) =
      direction == .forward ? (effect.added, effect.removed) : (effect.removed, effect.added)
    for edge in off { turnOff(edge, isOfBase: isOfBase(edge.pair)) }
    for edge in on { turnOn(edge, isOfBase: isOfBase(edge.pair)) }
    guard let partition = effect.partition else { return }
    switch direction {
    case .forward: retire(partition)
    case .backward: restore(partition)
    }
  }

  private mutating func turnOn(_ edge: SupervoxelEdge, isOfBase: Bool) {
    if isOfBase {
      removed.remove(edge.pair)
      return
    }
    added[edge.pair] = edge.affinity
    neighbours[edge.pair.first, default: []].insert(edge.pair.second)
    neighbours[edge.pair.second, default: []].insert(edge.pair.first)
  }

  private mutating func turnOff(_ edge: SupervoxelEdge, isOfBase: Bool) {
    if isOfBase {
      removed.insert(edge.pair)
      return
    }
    added[edge.pair] = nil
    for end in [edge.pair.first, edge.pair.second] {
      neighbours[end]?.remove(edge.pair.other(than: end))
      if neighbours[end]?.isEmpty == true { neighbours[end] = nil }
    }
  }

  private mutating func retire(_ partition: SupervoxelPartition) {
    partitions.append(partition)
    parts[partition.supervoxel] = partition.parts.map(\.supervoxel)
    for part in partition.parts { partVoxels[part.supervoxel] = part.voxelCount }
    for contact in partition.contacts { contacts[contact.pair] = contact.affinity }
  }

  private mutating func restore(_ partition: SupervoxelPartition) {
    partitions.removeAll { $0.supervoxel == partition.supervoxel }
    parts[partition.supervoxel] = nil
    for part in partition.parts { partVoxels[part.supervoxel] = nil }
    for contact in partition.contacts { contacts[contact.pair] = nil }
  }
}
