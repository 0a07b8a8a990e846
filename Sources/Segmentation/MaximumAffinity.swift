/// The strongest link between two regions; merging costs 1 − its affinity.
///
/// The strongest of all links is the stronger of both contacts' strongest, so two contacts together
/// never score higher than the higher of them.
public struct MaximumAffinity: ContactStatistic {
  /// The number of links.
  public private(set) var count: UInt64
  /// The strongest, in units of 1 / (2²⁴ − 1).
  public private(set) var strongest: UInt64

  /// Creates the statistic of no links.
  public init() {
    count = 0
    strongest = 0
  }

  /// Creates the statistic of so many links.
  public init(count: UInt64, strongest: UInt64) {
    precondition(strongest <= fixedPointOne, "an affinity is at most 1")
    self.count = count
    self.strongest = strongest
  }

  /// Adds the links of another contact.
  public mutating func add(_ other: MaximumAffinity) {
    count += other.count
    strongest = max(strongest, other.strongest)
  }

  /// The strongest link, counted for all.
  public var score: MeanAffinity { MeanAffinity(of: count, each: strongest) }
}
