public import Voxels

/// A straight line from grey values to grey values, cut off at both ends of their range.
public struct GreyMap: Hashable, Sendable {
  /// What a grey value is multiplied by.
  public let slope: Double
  /// What is added then.
  public let intercept: Double

  /// Creates a map from its slope and intercept.
  public init(slope: Double, intercept: Double) {
    precondition(slope.isFinite && intercept.isFinite, "a map is made of numbers")
    self.slope = slope
    self.intercept = intercept
  }

  /// The map that leaves every value as it is.
  public static let identity = GreyMap(slope: 1, intercept: 0)

  /// Stretches the values between two percentiles of a histogram over the whole range.
  ///
  /// A section of one grey value stays as it is.
  ///
  /// - Parameters:
  ///   - histogram: The values of a section.
  ///   - low: The percentile that becomes 0, 0 to 100.
  ///   - high: The percentile that becomes the highest value, above `low`.
  public init(stretching histogram: GreyHistogram, from low: Double, to high: Double) {
    let first = histogram.percentile(low)
    let last = histogram.percentile(high)
    guard last > first else {
      self = .identity
      return
    }
    let slope = Double(histogram.counts.count - 1) / (last - first)
    self.init(slope: slope, intercept: -first * slope)
  }

  /// Moves and spreads values to another mean and standard deviation.
  ///
  /// Values that are all the same move to the mean.
  ///
  /// - Parameters:
  ///   - values: The mean and the standard deviation of the values to map.
  ///   - mean: The mean they get, but for rounding and for what is cut off.
  ///   - standardDeviation: The standard deviation they get, likewise.
  public init(
    matching values: (mean: Double, standardDeviation: Double), mean: Double,
    standardDeviation: Double
  ) {
    let slope = values.standardDeviation > 0 ? standardDeviation / values.standardDeviation : 1
    self.init(slope: slope, intercept: mean - values.mean * slope)
  }

  /// Maps a volume section by section, each value to the nearest, halves away from zero.
  ///
  /// - Parameters:
  ///   - maps: One map for each section.
  ///   - volume: One channel (z, y, x); its values change.
  /// - Complexity: O(*n* + *s g*) for *n* voxels in *s* sections of *g* grey values.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  public static func apply<Scalar: GreyScalar>(
    _ maps: [GreyMap], to volume: inout Volume<Scalar>
  ) {
    precondition(maps.count == volume.extent.z, "every section has one map")
    for z in 0..<volume.extent.z {
      let table = maps[z].table(of: Scalar.self)
      let targets = table.span
      for y in 0..<volume.extent.y {
        var row = volume.mutableRow(z: z, y: y)
        for x in row.indices { row[x] = targets[row[x].greyIndex] }
      }
    }
  }

  @inline(__always)
  private func table<Scalar: GreyScalar>(of type: Scalar.Type) -> [Scalar] {
    (0..<Scalar.greyCount).map { Scalar(nearest: Double($0) * slope + intercept) }
  }
}
