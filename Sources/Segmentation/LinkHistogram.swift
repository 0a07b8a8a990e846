/// How many links of a contact have about which affinity, in 256 bins of which few are in use.
///
/// A bin is the affinity in 255ths, rounded down for floats; bytes are their own bins.
public struct LinkHistogram: Hashable, Sendable {
  /// What one bin is in units of 1 / (2²⁴ − 1).
  static let unitsPerBin: UInt64 = 65_793

  /// One word for each bin that is not empty, the lowest first: the bin above 56 bits of count.
  private(set) var words: [UInt64]

  /// Creates the histogram of no links.
  public init() { words = [] }

  /// Takes words in the order of their bins, none of which is empty.
  init(words: [UInt64]) { self.words = words }

  static func word(bin: UInt8, count: UInt64) -> UInt64 { UInt64(bin) << 56 | count }
  static func bin(of word: UInt64) -> UInt8 { UInt8(word >> 56) }
  static func count(of word: UInt64) -> UInt64 { word & (1 << 56 - 1) }

  /// The bin of an affinity in units of 1 / (2²⁴ − 1).
  static func bin(ofUnits units: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: units >> 16) }

  /// The bins in use with their numbers of links, the lowest first.
  public var bins: [(bin: UInt8, count: UInt64)] {
    words.map { (Self.bin(of: $0), Self.count(of: $0)) }
  }

  /// The number of links.
  public var linkCount: UInt64 { words.reduce(0) { $0 + Self.count(of: $1) } }

  /// Adds the links of another histogram.
  mutating func add(_ other: LinkHistogram) {
    guard !other.words.isEmpty else { return }
    var merged: [UInt64] = []
    merged.reserveCapacity(words.count + other.words.count)
    var (own, others) = (0, 0)
    while own < words.count && others < other.words.count {
      let (left, right) = (words[own], other.words[others])
      if Self.bin(of: left) == Self.bin(of: right) {
        merged.append(left + Self.count(of: right))
        own += 1
        others += 1
      } else if left < right {
        merged.append(left)
        own += 1
      } else {
        merged.append(right)
        others += 1
      }
    }
    merged += words[own...]
    merged += other.words[others...]
    words = merged
  }

  /// The lowest bin up to which lie a share of the links, and at least one.
  func bin(at level: QuantileLevel) -> UInt8 {
    // Counts are below 2⁴⁰ and the level below 2¹⁴, so products fit.
    let wanted = max(1, linkCount * level.tenThousandths)
    var below: UInt64 = 0
    for word in words {
      below += Self.count(of: word) * 10_000
      if below >= wanted { return Self.bin(of: word) }
    }
    return 0
  }
}
