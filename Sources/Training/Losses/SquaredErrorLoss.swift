public import Codecs

/// The mean squared difference to the target, of probabilities or of raw values.
public struct SquaredErrorLoss: Loss {
  /// What is compared with the target.
  public enum Activation: String, CaseIterable, Sendable {
    /// The logistic function of the logits: for targets in [0, 1].
    case sigmoid
    /// The logits themselves: for targets of any size.
    case none
  }

  /// `squared_error`.
  public static let name = "squared_error"

  /// What is compared with the target.
  public var activation: Activation

  /// Creates a loss.
  public init(activation: Activation = .sigmoid) { self.activation = activation }

  /// Reads `activation`, `sigmoid` or `none`.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    let word = try settings.word(
      "activation", among: Activation.allCases.map { $0.rawValue },
      default: Activation.sigmoid.rawValue)
    activation = Activation(rawValue: word) ?? .sigmoid
  }

  /// Computes the loss and adds its gradient.
  public func evaluate(
    logits: Span<Float>, targets: Span<Float>, weights: Span<Float>, channels: Int, scale: Float,
    addingTo gradients: inout MutableSpan<Float>, at start: Int
  ) -> Double {
    var total = 0.0
    for index in weights.indices { total += Double(weights[index]) }
    guard total > 0 else { return 0 }
    let unit = Float(1 / total)
    var sum = 0.0
    switch activation {
    case .sigmoid:
      for index in logits.indices {
        let p = Logistic(logits[index]).probability
        let (weight, difference) = (weights[index] * unit, p - targets[index])
        sum += Double(weight * difference * difference)
        gradients[start + index] += scale * 2 * weight * difference * p * (1 - p)
      }
    case .none:
      for index in logits.indices {
        let (weight, difference) = (weights[index] * unit, logits[index] - targets[index])
        sum += Double(weight * difference * difference)
        gradients[start + index] += scale * 2 * weight * difference
      }
    }
    return sum
  }
}
