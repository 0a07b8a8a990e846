public import Codecs

/// How far a prediction is from its target, and which way it should go.
///
/// A loss sees the logits of one group of channels, (c, z, y, x) of one sample, before any
/// activation. Its value is a mean weighted by `weights`, so that it does not depend on how much of
/// a sample is annotated; where all weights are 0 it is 0.
public protocol Loss: Sendable {
  /// The name in a configuration, such as `cross_entropy`.
  static var name: String { get }

  /// Reads the loss's own settings.
  ///
  /// - Throws: `SettingsError` for a value that cannot be.
  init(_ settings: inout SettingsReader) throws(SettingsError)

  /// Computes the loss and adds its gradient, times a factor.
  ///
  /// - Parameters:
  ///   - logits: (c, z, y, x) values of the network.
  ///   - targets: (c, z, y, x) values to reach, in [0, 1] but for regressions of raw values.
  ///   - weights: (c, z, y, x) weights, not negative; 0 where nothing is known.
  ///   - channels: The number of channels, c.
  ///   - scale: What the gradient is multiplied with.
  ///   - gradients: Receives the gradient by the logits, added to what is there.
  ///   - start: The place of the first logit's gradient.
  /// - Returns: The loss, without the factor.
  /// - Complexity: O(*n*) in the values.
  func evaluate(
    logits: Span<Float>, targets: Span<Float>, weights: Span<Float>, channels: Int, scale: Float,
    addingTo gradients: inout MutableSpan<Float>, at start: Int
  ) -> Double
}

/// Every loss, in the order of the documentation.
public let lossTypes: [any Loss.Type] = [
  CrossEntropyLoss.self,
  DiceLoss.self,
  SquaredErrorLoss.self,
]

extension Loss {
  /// Computes the loss alone.
  public func value(
    logits: Span<Float>, targets: Span<Float>, weights: Span<Float>, channels: Int
  ) -> Double {
    var gradients = [Float](repeating: 0, count: logits.count)
    var span = gradients.mutableSpan
    return evaluate(
      logits: logits, targets: targets, weights: weights, channels: channels, scale: 0,
      addingTo: &span, at: 0)
  }
}
