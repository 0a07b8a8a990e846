public import Codecs

/// Binary cross-entropy of logits, where each channel may be balanced between its two classes.
///
/// Balanced, the voxels of both classes of a channel weigh the same in a sample: a class that makes
/// up the fraction *f* of a channel's weight counts 1 / 2*f* times, with *f* kept within
/// ``leastFraction`` ... 1 − ``leastFraction`` so that a rare class does not drown the other.
///
/// Source: the balance is that of gunpowder's BalanceLabels,
/// <https://funkelab.github.io/gunpowder/api.html#balancelabels>
public struct CrossEntropyLoss: Loss {
  /// Which voxels weigh more than others.
  public enum Balance: String, CaseIterable, Sendable {
    /// All weigh the same.
    case none
    /// Those of the rarer class of each channel weigh more.
    case classes
  }

  /// `cross_entropy`.
  public static let name = "cross_entropy"

  /// Which voxels weigh more than others.
  public var balance: Balance
  /// The fraction of a class below which its voxels' weight no longer rises, in (0, ½].
  public var leastFraction: Double

  /// Creates a loss.
  public init(balance: Balance = .classes, leastFraction: Double = 0.05) {
    self.balance = balance
    self.leastFraction = leastFraction
  }

  /// Reads `balance`, `none` or `classes`, and `least_fraction`.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    let word = try settings.word(
      "balance", among: Balance.allCases.map { $0.rawValue }, default: Balance.classes.rawValue)
    balance = Balance(rawValue: word) ?? .classes
    leastFraction = try settings.number("least_fraction", default: 0.05, in: 1e-6...0.5)
  }

  /// Computes the loss and adds its gradient.
  public func evaluate(
    logits: Span<Float>, targets: Span<Float>, weights: Span<Float>, channels: Int, scale: Float,
    addingTo gradients: inout MutableSpan<Float>, at start: Int
  ) -> Double {
    let count = logits.count / channels
    let factors = (0..<channels).map { channel in
      classFactors(targets, weights, channel * count..<(channel + 1) * count)
    }
    let total = factors.reduce(0) { $0 + $1.weight }
    guard total > 0 else { return 0 }
    let unit = Float(1 / total)
    var sum = 0.0
    for channel in 0..<channels {
      let range = channel * count..<(channel + 1) * count
      let (logits, targets, weights) = (
        logits.extracting(range), targets.extracting(range), weights.extracting(range)
      )
      let (one, zero) = (factors[channel].one * unit, factors[channel].zero * unit)
      let place = start + range.lowerBound
      // Sums of short pieces in single precision, of pieces in double.
      for piece in stride(from: 0, to: count, by: 256) {
        var pieceSum: Float = 0
        for index in piece..<min(piece + 256, count) {
          let (logit, target) = (logits[index], targets[index])
          let logistic = Logistic(logit)
          let weight = weights[index] * (zero + (one - zero) * target)
          let loss = max(logit, 0) - logit * target + logistic.remainder
          pieceSum += weight * loss
          gradients[place + index] += scale * weight * (logistic.probability - target)
        }
        sum += Double(pieceSum)
      }
    }
    return sum
  }

  /// The factors of both classes of a channel, and the weight they give all its voxels together.
  private func classFactors(
    _ targets: Span<Float>, _ weights: Span<Float>, _ range: Range<Int>
  ) -> (one: Float, zero: Float, weight: Double) {
    var (ones, all) = (0.0, 0.0)
    for index in range {
      all += Double(weights[index])
      ones += Double(weights[index] * targets[index])
    }
    guard balance == .classes, all > 0 else { return (1, 1, all) }
    let fraction = min(max(ones / all, leastFraction), 1 - leastFraction)
    let (one, zero) = (1 / (2 * fraction), 1 / (2 * (1 - fraction)))
    return (Float(one), Float(zero), ones * one + (all - ones) * zero)
  }
}
