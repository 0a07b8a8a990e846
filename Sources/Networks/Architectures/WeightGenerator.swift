/// Draws the weights that a network starts with: the same from a seed on every machine.
///
/// Weights are drawn uniformly, so that nothing but additions, products and a square root is
/// computed, which round the same everywhere.
struct WeightGenerator {
  private var numbers: SplitMix64

  init(seed: UInt64) { numbers = SplitMix64(seed: seed) }

  /// Weights that keep the variance of what they are applied to.
  ///
  /// - Parameters:
  ///   - count: The number of weights.
  ///   - fanIn: How many inputs are summed for one output.
  ///   - gain: The factor of the standard deviation; √2 before a rectifier.
  /// - Returns: The weights.
  ///
  /// Source: He et al. 2015, doi:10.1109/ICCV.2015.123.
  mutating func weights(count: Int, fanIn: Int, gain: Float) -> [Float] {
    let bound = gain * (3 / Float(max(fanIn, 1))).squareRoot()
    return (0..<count).map { _ in (2 * numbers.nextFraction() - 1) * bound }
  }
}

/// A sequence of pseudo-random numbers that is the same everywhere.
///
/// Source: Steele et al. 2014, doi:10.1145/2660193.2660195.
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// A multiple of 2⁻²⁴ in 0..<1, which float32 holds exactly.
  mutating func nextFraction() -> Float { Float(next() >> 40) * 0x1p-24 }
}

/// How large the weights of a layer start, as a factor of what keeps the variance.
enum LayerGain {
  /// Before a rectifier, which halves the mean square.
  static let rectified = Float(2).squareRoot()
  /// Where no rectifier follows.
  static let plain: Float = 1
  /// The last layer: logits start near 0, probabilities near one half.
  static let last: Float = 0.01

  /// The last convolution of each of several branches whose results are added up one after the
  /// other, so that all of them together add no more than one.
  static func branch(of count: Int) -> Float { 1 / Float(max(count, 1)).squareRoot() }
}
