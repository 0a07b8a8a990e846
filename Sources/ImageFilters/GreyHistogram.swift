public import Voxels

/// How often each grey value occurs.
///
/// Histograms of parts add up to that of the whole, whatever the parts.
public struct GreyHistogram: Hashable, Sendable {
  /// The count of each grey value.
  public private(set) var counts: [UInt64]

  /// Creates the histogram of no pixel.
  ///
  /// - Parameter greyCount: The number of grey values.
  public init(greyCount: Int) {
    precondition(greyCount > 0, "there is at least one grey value")
    counts = [UInt64](repeating: 0, count: greyCount)
  }

  /// Creates a histogram from its counts.
  public init(counts: [UInt64]) {
    precondition(!counts.isEmpty, "there is at least one grey value")
    self.counts = counts
  }

  /// Counts one section of a volume.
  ///
  /// - Parameters:
  ///   - volume: One channel (z, y, x).
  ///   - z: The section, counted from the volume's first.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  public init<Scalar: GreyScalar>(of volume: borrowing Volume<Scalar>, z: Int) {
    self.init(greyCount: Scalar.greyCount)
    for y in 0..<volume.extent.y {
      let row = volume.row(z: z, y: y)
      for x in row.indices { counts[row[x].greyIndex] += 1 }
    }
  }

  /// Adds the counts of another part.
  public mutating func add(_ other: GreyHistogram) {
    precondition(counts.count == other.counts.count, "the histograms have other grey values")
    for grey in counts.indices { counts[grey] += other.counts[grey] }
  }

  /// Counts more pixels of one grey value.
  public mutating func add(_ count: UInt64, of grey: Int) { counts[grey] += count }

  /// The number of pixels.
  public var pixelCount: UInt64 { counts.reduce(0, +) }

  /// The mean grey value; 0 where there is no pixel.
  public var mean: Double {
    let count = pixelCount
    guard count > 0 else { return 0 }
    var sum = 0.0
    for grey in counts.indices { sum += Double(grey) * Double(counts[grey]) }
    return sum / Double(count)
  }

  /// The standard deviation of the grey values, over all pixels; 0 where there is none.
  public var standardDeviation: Double {
    let (count, mean) = (pixelCount, mean)
    guard count > 0 else { return 0 }
    var sum = 0.0
    for grey in counts.indices {
      let step = Double(grey) - mean
      sum += step * step * Double(counts[grey])
    }
    return (sum / Double(count)).squareRoot()
  }

  /// The grey value below which a share of the pixels lies, between two of them by proportion.
  ///
  /// - Parameter percent: 0 to 100.
  /// - Returns: What `numpy.percentile` gives; 0 where there is no pixel.
  public func percentile(_ percent: Double) -> Double {
    precondition((0...100).contains(percent), "a percentile lies between 0 and 100")
    let count = pixelCount
    guard count > 0 else { return 0 }
    let rank = percent / 100 * Double(count - 1)
    let below = UInt64(rank.rounded(.down))
    let first = Double(grey(ofRank: below))
    let second = Double(grey(ofRank: min(below + 1, count - 1)))
    return first + (second - first) * (rank - Double(below))
  }

  /// The grey value of the pixel with so many before it in order.
  private func grey(ofRank rank: UInt64) -> Int {
    var seen: UInt64 = 0
    for grey in counts.indices {
      seen += counts[grey]
      if seen > rank { return grey }
    }
    return counts.count - 1
  }
}
