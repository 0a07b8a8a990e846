/// What agglomeration made of the contact of two regions when it was the first in line of both.
public struct ContactDecision: Hashable, Sendable {
  /// What decided.
  public enum Rule: UInt8, CaseIterable, Sendable {
    /// The contact scored high enough: the regions merged.
    case statistic = 0
    /// It scored so low that vetoes were asked, and none applied: the regions merged.
    case exemption = 1
    /// Both regions were large: they stay apart.
    case sizeVeto = 2
    /// The regions were of different classes: they stay apart.
    case classVeto = 3

    /// Whether the regions merged.
    public var isMerge: Bool { self == .statistic || self == .exemption }
  }

  /// The regions, each named by the smallest of its fragments' ids, the smaller first.
  public var first: UInt64, second: UInt64
  /// The score of the contact, counted for each of its links.
  public var affinity: MeanAffinity
  /// The voxels of the two regions at the time.
  public var firstVoxels: UInt64, secondVoxels: UInt64
  /// The strongest of the links, with the two fragments that it joins.
  public var peak: ContactPeak
  /// What decided.
  public var rule: Rule

  /// Creates a decision.
  public init(
    first: UInt64, second: UInt64, affinity: MeanAffinity, firstVoxels: UInt64,
    secondVoxels: UInt64, peak: ContactPeak, rule: Rule
  ) {
    self.first = first
    self.second = second
    self.affinity = affinity
    self.firstVoxels = firstVoxels
    self.secondVoxels = secondVoxels
    self.peak = peak
    self.rule = rule
  }

  /// The cost, in [0, 1].
  public var cost: Double { affinity.cost }

  /// The merge; nil where regions stay apart.
  public var merge: Merge? {
    rule.isMerge ? Merge(first: first, second: second, affinity: affinity) : nil
  }
}
