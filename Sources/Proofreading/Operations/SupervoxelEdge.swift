public import Segmentation

/// A link between two supervoxels, with what affinities say of it.
public struct SupervoxelEdge: Hashable, Sendable {
  /// The two supervoxels, the smaller id first.
  public var pair: FragmentPair
  /// The number of voxel faces in contact, and the sum of their affinities.
  public var affinity: MeanAffinity

  /// Creates a link; the supervoxels may be given in either order.
  public init(_ first: UInt64, _ second: UInt64, _ affinity: MeanAffinity) {
    pair = FragmentPair(joining: first, second)
    self.affinity = affinity
  }

  init(_ pair: FragmentPair, _ affinity: MeanAffinity) {
    self.pair = pair
    self.affinity = affinity
  }

  /// What cutting the link costs: mean affinity × area, which is the sum of the affinities.
  var capacity: UInt64 { max(1, affinity.sum) }

  /// The link of supervoxels that do not touch, which a person joined: one face of affinity 1.
  static func stated(_ pair: FragmentPair) -> SupervoxelEdge {
    guard let affinity = MeanAffinity(count: 1, sum: Self.one) else {
      preconditionFailure("one link of affinity 1 is possible")
    }
    return SupervoxelEdge(pair, affinity)
  }

  /// An affinity of 1 in ``MeanAffinity``'s units.
  private static let one: UInt64 = 1 << 24 - 1
}

extension FragmentPair {
  /// Two supervoxels, given in either order.
  init(joining first: UInt64, _ second: UInt64) {
    self.init(first: min(first, second), second: max(first, second))
  }

  /// The other one of the two.
  func other(than supervoxel: UInt64) -> UInt64 { supervoxel == first ? second : first }
}

extension [SupervoxelEdge] {
  /// The same links by their supervoxels.
  func sortedByPair() -> [SupervoxelEdge] { sorted { $0.pair < $1.pair } }
}
