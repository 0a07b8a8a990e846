/// The mean affinity of the links between two regions; merging costs 1 − mean.
///
/// Links are counted and summed in whole numbers, so means are compared without rounding.
public struct MeanAffinity: ContactStatistic {
  /// The number of links.
  public private(set) var count: UInt64
  /// The sum of their affinities in units of 1 / (2²⁴ − 1).
  public private(set) var sum: UInt64

  /// Creates the statistic of no links.
  public init() {
    count = 0
    sum = 0
  }

  /// Creates a statistic, or nil where links of at most 1 cannot sum up to it.
  public init?(count: UInt64, sum: UInt64) {
    guard count > 0, sum <= count.multipliedReportingOverflow(by: fixedPointOne).partialValue,
      count < Self.countLimit
    else { return nil }
    self.count = count
    self.sum = sum
  }

  /// The statistic of links that all have the same affinity, in units of 1 / (2²⁴ − 1).
  init(of count: UInt64, each affinity: UInt64) {
    self.count = count
    sum = count * affinity
  }

  /// Links are ranked by their mean itself.
  public var score: MeanAffinity { self }

  /// Below this many links, sums fit 64 bits: a contact of 10¹² voxel faces.
  static let countLimit: UInt64 = 1 << 40

  /// Adds one link, in units of 1 / (2²⁴ − 1).
  mutating func add(_ link: UInt64) {
    count += 1
    sum += link
  }

  /// Adds the links of another contact.
  public mutating func add(_ other: MeanAffinity) {
    count += other.count
    sum += other.sum
  }

  /// Whether this mean is the higher one.
  public func isCheaper(than other: MeanAffinity) -> Bool {
    let left = sum.multipliedFullWidth(by: other.count)
    let right = other.sum.multipliedFullWidth(by: count)
    return (left.high, left.low) > (right.high, right.low)
  }

  /// A number that grows with the cost.
  ///
  /// It is the same for what costs the same, and never higher for what is cheaper.
  /// It is how far the mean lies below 2²⁴, in units of 2⁻⁴⁰, rounded up.
  /// Means of fewer than 2²⁰ links each differ in it wherever they differ.
  public var costOrder: UInt64 {
    precondition(count > 0, "no links have no mean")
    // A sum is at most count · (2²⁴ − 1), so the quotient fits 64 bits.
    return ~count.dividingFullWidth((high: sum >> 24, low: sum << 40)).quotient
  }

  /// The mean affinity, in [0, 1].
  public var mean: Double { Double(sum) / (Double(count) * Double(fixedPointOne)) }

  /// The cost of merging over the contact, in [0, 1].
  public var cost: Double { 1 - mean }

  /// The lowest mean, of one link, that costs at most so much.
  static func limit(cost: Double) -> MeanAffinity {
    precondition((0...1).contains(cost), "a cost lies between 0 and 1")
    let one = Double(fixedPointOne)
    var link = ((1 - cost) * one).rounded()
    // By the same arithmetic as `cost`, so that a merge's own cost is a threshold that keeps it.
    while link < one && 1 - link / one > cost { link += 1 }
    var limit = MeanAffinity()
    limit.add(UInt64(link))
    return limit
  }
}
