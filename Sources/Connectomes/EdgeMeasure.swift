/// What one streamline adds to a connection, and how what all add is brought to one value.
///
/// Source: MRtrix3, `tck2connectome`; Hagmann et al. 2008, doi:10.1371/journal.pbio.0060159.
public struct EdgeMeasure: Hashable, Sendable {
  /// The part of a streamline's length in its contribution.
  public enum LengthScale: Hashable, Sendable {
    /// None.
    case none
    /// The length in mm.
    case length
    /// One over the length in mm.
    case inverse
  }

  /// How the contributions of a connection's streamlines become its value.
  public enum Statistic: String, CaseIterable, Hashable, Sendable {
    /// The sum of the weighted contributions.
    case sum
    /// That sum over the sum of the weights; 0 without streamlines.
    case mean
    /// The least contribution, whatever its weight; not a number without streamlines.
    case min
    /// The largest contribution, whatever its weight; not a number without streamlines.
    case max
  }

  /// What the value of a connection is divided by in the end.
  public enum Normalization: Hashable, Sendable {
    /// Nothing.
    case none
    /// The geometric mean of the two nodes' volumes in mm³.
    case geometricMeanVolume
  }

  /// The measure's name.
  public var name: String
  /// The part of the length.
  public var length: LengthScale
  /// The list of values, one for each streamline, that contributions are multiplied by.
  public var values: Int?
  /// Whether contributions are divided by the mean number of voxels of the streamline's nodes.
  public var isPerNodeVolume: Bool
  /// The statistic.
  public var statistic: Statistic
  /// What connections are divided by.
  public var normalization: Normalization
  /// What connections are multiplied by, such as the proportionality coefficient of SIFT2.
  public var factor: Double

  /// Creates a measure: the number of streamlines where nothing else is said.
  public init(
    _ name: String, length: LengthScale = .none, values: Int? = nil, isPerNodeVolume: Bool = false,
    statistic: Statistic = .sum, normalization: Normalization = .none, factor: Double = 1
  ) {
    self.name = name
    self.length = length
    self.values = values
    self.isPerNodeVolume = isPerNodeVolume
    self.statistic = statistic
    self.normalization = normalization
    self.factor = factor
  }

  /// The measures that have a name: `count` (the sum of the weights where there are any),
  /// `mean_length`, `sum_length`, `min_length`, `max_length`, `sum_inverse_length`,
  /// `sum_inverse_node_volume`, `sum_inverse_length_inverse_node_volume`, `density`.
  public static let named: [EdgeMeasure] = [
    EdgeMeasure("count"),
    EdgeMeasure("mean_length", length: .length, statistic: .mean),
    EdgeMeasure("sum_length", length: .length),
    EdgeMeasure("min_length", length: .length, statistic: .min),
    EdgeMeasure("max_length", length: .length, statistic: .max),
    EdgeMeasure("sum_inverse_length", length: .inverse),
    EdgeMeasure("sum_inverse_node_volume", isPerNodeVolume: true),
    EdgeMeasure(
      "sum_inverse_length_inverse_node_volume", length: .inverse, isPerNodeVolume: true),
    EdgeMeasure("density", normalization: .geometricMeanVolume),
  ]
}

/// What is known of one streamline besides its nodes.
public struct StreamlineFacts: Hashable, Sendable {
  /// The length in mm; nil with fewer than two points.
  public var length: Float?
  /// The weight.
  public var weight: Float
  /// Its value in each list of values.
  public var values: [Double]

  /// Creates the facts.
  public init(length: Float? = nil, weight: Float = 1, values: [Double] = []) {
    self.length = length
    self.weight = weight
    self.values = values
  }
}
