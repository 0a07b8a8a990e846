/// A quantile of the links between two regions; merging costs 1 − that affinity.
///
/// The quantile is the lowest bin *b* such that of *n* links at least *q n*, and at least one, lie
/// in bins up to *b*. Where this holds of two contacts at the higher of their bins, it holds of
/// both together, so two contacts together never score higher than the higher of them.
public struct QuantileAffinity: ContactStatistic {
  private var histogram: LinkHistogram
  private var level: QuantileLevel?

  /// Creates the statistic of no links.
  public init() { histogram = LinkHistogram() }

  /// Creates the statistic of the links in a histogram.
  public init(_ histogram: LinkHistogram, level: QuantileLevel) {
    self.histogram = histogram
    self.level = level
  }

  /// Adds the links of another contact.
  public mutating func add(_ other: QuantileAffinity) {
    precondition(
      level == nil || other.level == nil || level == other.level, "quantiles of two levels")
    level = level ?? other.level
    histogram.add(other.histogram)
  }

  /// The affinity that the quantile's bin stands for, counted for all links.
  public var score: MeanAffinity {
    guard let level else { return MeanAffinity() }
    return MeanAffinity(
      of: histogram.linkCount,
      each: UInt64(histogram.bin(at: level)) * LinkHistogram.unitsPerBin)
  }
}
