import Glibc

/// How many voxels segments share with the objects of the truth, and what they cost in bits, while
/// segments merge.
///
/// A merge changes only the terms of the two segments, so that a score follows every verdict
/// without a look at a voxel.
public struct MergingScore: Sendable {
  /// Voxels that a segment shares with a true object.
  public struct Overlap: Hashable, Sendable {
    /// The segment; 0 is one like any other.
    public var segment: UInt64
    /// The true object, which is not 0: such voxels are not counted.
    public var object: UInt64
    /// How many voxels carry both.
    public var voxels: Int

    /// Creates an overlap.
    public init(segment: UInt64, object: UInt64, voxels: Int) {
      self.segment = segment
      self.object = object
      self.voxels = voxels
    }
  }

  /// The voxels counted.
  public private(set) var voxelCount = 0
  private var parents: [UInt64: UInt64] = [:]
  private var objects: [UInt64: [UInt64: Int]] = [:]
  private var sizes: [UInt64: Int] = [:]
  private let objectTerm: Double
  private var segmentTerm = 0.0
  private var jointTerm = 0.0

  /// Counts overlaps; those of the same two labels add up.
  public init(_ overlaps: some Sequence<Overlap>) {
    var objectSizes: [UInt64: Int] = [:]
    for overlap in overlaps where overlap.object != 0 && overlap.voxels > 0 {
      objects[overlap.segment, default: [:]][overlap.object, default: 0] += overlap.voxels
      objectSizes[overlap.object, default: 0] += overlap.voxels
      sizes[overlap.segment, default: 0] += overlap.voxels
      voxelCount += overlap.voxels
    }
    // In a fixed order, so that the sums are the same bits every time.
    objectTerm = objectSizes.values.sorted().reduce(0) { $0 + Self.term($1) }
    segmentTerm = sizes.values.sorted().reduce(0) { $0 + Self.term($1) }
    jointTerm = objects.values.flatMap(\.values).sorted().reduce(0) { $0 + Self.term($1) }
  }

  /// What false splits cost: H(segmentation | truth), in bits.
  ///
  /// Source: Meilă 2007, "Comparing clusterings", J. Multivariate Anal. 98(5).
  public var split: Double {
    voxelCount > 0 ? max(0, objectTerm - jointTerm) / Double(voxelCount) : 0
  }
  /// What false merges cost: H(truth | segmentation), in bits.
  public var merge: Double {
    voxelCount > 0 ? max(0, segmentTerm - jointTerm) / Double(voxelCount) : 0
  }
  /// Both costs.
  public var sum: Double { split + merge }

  /// The segment that one has become part of; itself where it was not merged.
  public func root(of segment: UInt64) -> UInt64 {
    var root = segment
    while let parent = parents[root] { root = parent }
    return root
  }

  /// The object that a segment shares most voxels with; nil where it shares none.
  ///
  /// Of several, the one with the smallest label.
  public func mainObject(of segment: UInt64) -> UInt64? {
    objects[root(of: segment)]?.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
  }

  /// Makes two segments one.
  ///
  /// - Returns: whether they were two.
  /// - Complexity: O(*n*) in the objects of the one with fewer.
  @discardableResult
  public mutating func join(_ first: UInt64, _ second: UInt64) -> Bool {
    let (one, other) = (root(of: first), root(of: second))
    guard one != other else { return false }
    let isLarger = (objects[one]?.count ?? 0) >= (objects[other]?.count ?? 0)
    let (kept, joined) = isLarger ? (one, other) : (other, one)
    let (keptSize, joinedSize) = (sizes[kept] ?? 0, sizes[joined] ?? 0)
    segmentTerm +=
      Self.term(keptSize + joinedSize) - Self.term(keptSize) - Self.term(joinedSize)
    var counts = objects[kept] ?? [:]
    for (object, count) in (objects[joined] ?? [:]).sorted(by: { $0.key < $1.key }) {
      let before = counts[object] ?? 0
      jointTerm += Self.term(before + count) - Self.term(before) - Self.term(count)
      counts[object] = before + count
    }
    objects[kept] = counts
    objects[joined] = nil
    sizes[kept] = keptSize + joinedSize
    sizes[joined] = nil
    parents[joined] = kept
    return true
  }

  /// n log₂ n.
  private static func term(_ count: Int) -> Double {
    count > 0 ? Double(count) * log2(Double(count)) : 0
  }
}
