/// What ranks the contact of two regions for merging.
///
/// Agglomeration is exact, whatever the order of independent merges, for statistics of which
/// - what two contacts give together does not depend on the order in which they are added, and
/// - two contacts together never score higher than the higher of them.
public protocol ContactStatistic: Hashable, Sendable {
  /// Creates the statistic of no links.
  init()
  /// Adds the links of another contact.
  mutating func add(_ other: Self)
  /// The affinity by which contacts rank, as the mean of as many links as the contact has.
  var score: MeanAffinity { get }
}

/// The choice of what ranks contacts.
public enum ContactScore: Hashable, Sendable {
  /// By the mean affinity of all links.
  case mean
  /// By the strongest link.
  case maximum
  /// By a quantile of the links, in 256 bins: 0.5 is the median, 1 the strongest.
  case quantile(QuantileLevel)

  /// Whether graphs must hold a histogram of every contact.
  public var needsHistograms: Bool {
    switch self {
    case .mean, .maximum: false
    case .quantile: true
    }
  }
}

/// The share of a contact's links that are at or below a quantile, in ten-thousandths.
public struct QuantileLevel: Hashable, Sendable {
  /// The share in ten-thousandths, from 0 to 10 000.
  public let tenThousandths: UInt64

  /// Creates a level from a share in [0, 1], to the nearest ten-thousandth; nil outside.
  public init?(_ share: Double) {
    guard (0...1).contains(share) else { return nil }
    tenThousandths = UInt64((share * 10_000).rounded())
  }

  /// The share in [0, 1].
  public var share: Double { Double(tenThousandths) / 10_000 }
}
