public import Codecs

/// One minus the soft Dice overlap of the probabilities, averaged over the channels.
///
/// Of a channel it is 1 − (2 Σ w p t + s) / (Σ w p² + Σ w t² + s), with the logistic function's
/// probability p and a smoothing s that keeps channels without foreground finite. Channels of
/// which nothing is annotated do not count.
///
/// Source: Milletari, Navab & Ahmadi 2016, arXiv:1606.04797, §3.
public struct DiceLoss: Loss {
  /// `dice`.
  public static let name = "dice"

  /// What is added to numerator and denominator, in voxels, above 0.
  public var smoothing: Double

  /// Creates a loss.
  public init(smoothing: Double = 1) { self.smoothing = smoothing }

  /// Reads `smoothing`.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    smoothing = try settings.number("smoothing", default: 1, in: 1e-6...1e9)
  }

  /// Computes the loss and adds its gradient.
  public func evaluate(
    logits: Span<Float>, targets: Span<Float>, weights: Span<Float>, channels: Int, scale: Float,
    addingTo gradients: inout MutableSpan<Float>, at start: Int
  ) -> Double {
    let count = logits.count / channels
    let sums = (0..<channels).map { channel in
      overlap(logits, targets, weights, channel * count..<(channel + 1) * count)
    }
    let annotated = sums.filter { $0.weight > 0 }.count
    guard annotated > 0 else { return 0 }
    var total = 0.0
    for (channel, sum) in sums.enumerated() where sum.weight > 0 {
      let above = 2 * sum.product + smoothing
      let below = sum.squares + smoothing
      total += 1 - above / below
      // d(1 − a/b)/dp = w (2 a p / b² − 2 t / b), and dp/dx = p (1 − p).
      let factor = scale / Float(annotated)
      let (byProbability, byTarget) = (
        Float(2 * above / (below * below)) * factor, Float(2 / below) * factor
      )
      for index in channel * count..<(channel + 1) * count {
        let p = Logistic(logits[index]).probability
        gradients[start + index] +=
          weights[index] * (byProbability * p - byTarget * targets[index]) * p * (1 - p)
      }
    }
    return total / Double(annotated)
  }

  private func overlap(
    _ logits: Span<Float>, _ targets: Span<Float>, _ weights: Span<Float>, _ range: Range<Int>
  ) -> (product: Double, squares: Double, weight: Double) {
    var (product, squares, weight) = (0.0, 0.0, 0.0)
    for index in range {
      let (w, t) = (weights[index], targets[index])
      let p = Logistic(logits[index]).probability
      product += Double(w * p * t)
      squares += Double(w * (p * p + t * t))
      weight += Double(w)
    }
    return (product, squares, weight)
  }
}
