/// The lengths of streamlines, and what they are like together.
///
/// Source: MRtrix3, `tckstats`.
public struct StreamlineLengths: Sendable {
  /// What is told of them.
  public struct Summary: Hashable, Sendable {
    /// The mean length in mm; not a number without streamlines, as with all of these.
    public var mean: Float
    /// The median in mm: of an even number the mean of both; with weights the length that half of
    /// them reaches.
    public var median: Float
    /// The standard deviation in mm.
    public var standardDeviation: Float
    /// The least length in mm.
    public var least: Float
    /// The greatest length in mm.
    public var greatest: Float
  }

  /// All streamlines.
  public private(set) var count = 0
  /// Those without points, which have no length.
  public private(set) var emptyCount = 0
  /// Those whose points all lie in one place.
  public private(set) var zeroCount = 0
  /// The sum of the weights by bin.
  public private(set) var histogram: [Double] = []
  /// The width of a bin in mm; the first is around 0.
  public let binWidth: Float
  private let isWeighted: Bool
  private var lengths: [Float] = []
  private var weights: [Float] = []
  private var sums = (length: 0.0, weight: 0.0)

  /// No streamlines.
  ///
  /// - Parameters:
  ///   - binWidth: The width of the histogram's bins in mm, above 0.
  ///   - isWeighted: Whether streamlines have weights.
  public init(binWidth: Float = 1, isWeighted: Bool = false) {
    precondition(binWidth > 0, "a bin has a width")
    self.binWidth = binWidth
    self.isWeighted = isWeighted
  }

  /// The most bins that are counted; longer streamlines fall into the last.
  private static let mostBins: Float = 1_048_576

  /// Adds a streamline by its length in mm, nil where it has no points.
  public mutating func add(_ length: Float?, weight: Float = 1) {
    count += 1
    guard let length, length.isFinite else {
      emptyCount += 1
      return
    }
    if length == 0 { zeroCount += 1 }
    lengths.append(length)
    if isWeighted { weights.append(weight) }
    sums.length += Double(weight * length)
    sums.weight += Double(weight)
    let place = (length / binWidth).rounded(.toNearestOrAwayFromZero)
    let bin = Int(min(place, Self.mostBins - 1))
    while histogram.count <= bin { histogram.append(0) }
    histogram[bin] += Double(weight)
  }

  /// Mean, median, deviation and bounds.
  ///
  /// - Complexity: O(n log n), and O(n) memory.
  public func summary() -> Summary {
    guard !lengths.isEmpty else {
      return Summary(
        mean: .nan, median: .nan, standardDeviation: .nan, least: .nan, greatest: .nan)
    }
    let mean = sums.weight != 0 ? Float(sums.length / sums.weight) : .nan
    var deviations = 0.0
    for (index, length) in lengths.enumerated() {
      let difference = Double(length - mean)
      deviations += Double(isWeighted ? weights[index] : 1) * (difference * difference)
    }
    let share = Double(count - 1) / Double(count) * sums.weight
    return Summary(
      mean: mean, median: median,
      standardDeviation: sums.weight != 0 ? Float((deviations / share).squareRoot()) : .nan,
      least: lengths.min() ?? .nan, greatest: lengths.max() ?? .nan)
  }

  private var median: Float {
    guard isWeighted else {
      let sorted = lengths.sorted()
      let middle = sorted.count / 2
      return sorted.count % 2 == 1
        ? sorted[middle] : Float(Double(sorted[middle - 1] + sorted[middle]) / 2)
    }
    let order = lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    var place = 0
    var rest = sums.weight - Double(weights[order[0]])
    while rest > 0.5 * sums.weight, place + 1 < order.count {
      place += 1
      rest -= Double(weights[order[place]])
    }
    return lengths[order[place]]
  }
}
