public import Codecs
public import Networks

/// Adaptive moments with decoupled weight decay, on one flat array of parameters.
///
/// Weights of two axes or more decay; biases, and scales of normalisations, do not.
///
/// Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1; Loshchilov & Hutter 2019,
/// arXiv:1711.05101, algorithm 2.
public struct AdamW: Sendable {
  /// The decay of the gradients' running mean and of their squares', each in [0, 1).
  public var meanDecay: Double, squareDecay: Double
  /// What is added to the root of the squares, above 0.
  public var epsilon: Double
  /// The fraction by which weights shrink each step, per unit of learning rate.
  public var weightDecay: Double

  /// Creates an optimizer.
  public init(
    meanDecay: Double = 0.9, squareDecay: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01
  ) {
    self.meanDecay = meanDecay
    self.squareDecay = squareDecay
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Reads `beta1`, `beta2`, `epsilon` and `weight_decay`.
  ///
  /// - Throws: `SettingsError` for a value that cannot be.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    meanDecay = try settings.number("beta1", default: 0.9, in: 0...0.9999)
    squareDecay = try settings.number("beta2", default: 0.999, in: 0...0.999999)
    epsilon = try settings.number("epsilon", default: 1e-8, in: 1e-16...1)
    weightDecay = try settings.number("weight_decay", default: 0.01, in: 0...1)
  }

  /// What the optimizer keeps from step to step: the running means of each parameter's gradient
  /// and of its square.
  public struct Moments: Sendable, Equatable {
    /// One value for each parameter.
    public var means: [Float], squares: [Float]

    /// The moments before the first step.
    public init(count: Int) {
      means = Array(repeating: 0, count: count)
      squares = Array(repeating: 0, count: count)
    }

    /// Moments read back.
    public init(means: [Float], squares: [Float]) {
      self.means = means
      self.squares = squares
    }
  }

  /// Moves the parameters one step.
  ///
  /// - Parameters:
  ///   - values: The parameters' values.
  ///   - gradients: The gradient of the loss by each.
  ///   - factor: What the gradients are multiplied with first, to clip them.
  ///   - moments: What is kept from step to step.
  ///   - parameters: Which parameter lies where.
  ///   - rate: The learning rate.
  ///   - step: The number of steps done before.
  /// - Complexity: O(*n*) in the values.
  public func update(
    _ values: inout [Float], gradients: [Float], factor: Float = 1, moments: inout Moments,
    parameters: [NetworkParameter], rate: Double, step: Int
  ) {
    precondition(
      values.count == gradients.count && values.count == moments.means.count,
      "there is one gradient and one moment of each kind for each parameter")
    // Corrected moments differ from the running ones by these factors only.
    let count = Double(step + 1)
    let meanCorrection = 1 - power(meanDecay, count)
    let squareCorrection = 1 - power(squareDecay, count)
    let stepSize = Float(rate / meanCorrection)
    let rootScale = Float(1 / squareCorrection.squareRoot())
    let (first, second, small) = (Float(meanDecay), Float(squareDecay), Float(epsilon))
    var values = values.mutableSpan
    let gradients = gradients.span
    // Taken out and put back, so that both can be written at once.
    var (meanValues, squareValues) = (moments.means, moments.squares)
    moments = Moments(count: 0)
    var means = meanValues.mutableSpan
    var squares = squareValues.mutableSpan
    for parameter in parameters {
      let shrink = parameter.lengths.count > 1 ? Float(1 - rate * weightDecay) : 1
      for index in parameter.range {
        let gradient = gradients[index] * factor
        let mean = first * means[index] + (1 - first) * gradient
        let square = second * squares[index] + (1 - second) * gradient * gradient
        means[index] = mean
        squares[index] = square
        values[index] =
          values[index] * shrink - stepSize * mean / (square.squareRoot() * rootScale + small)
      }
    }
    moments = Moments(means: meanValues, squares: squareValues)
  }

  /// A positive base to a whole power, by repeated squaring: the same bits everywhere.
  private func power(_ base: Double, _ exponent: Double) -> Double {
    var (result, square, rest) = (1.0, base, Int(exponent))
    while rest > 0 {
      if rest % 2 == 1 { result *= square }
      square *= square
      rest /= 2
    }
    return result
  }
}

/// The length of a gradient as one vector.
///
/// - Complexity: O(*n*) in the values.
public func norm(_ gradients: [Float]) -> Double {
  let gradients = gradients.span
  var sum = 0.0
  for index in gradients.indices { sum += Double(gradients[index]) * Double(gradients[index]) }
  return sum.squareRoot()
}
