/// An exponential moving average of the parameters: smoother, and so mostly better, than the
/// parameters themselves.
///
/// The first steps count less: the decay rises as (1 + *n*) / (10 + *n*) up to its limit.
public struct ParameterAverage: Sendable, Equatable {
  /// The averages.
  public private(set) var values: [Float]

  /// Starts with the parameters as they are.
  public init(_ values: [Float]) { self.values = values }

  /// Takes the parameters after a step into the average.
  ///
  /// - Parameters:
  ///   - parameters: The values after the step.
  ///   - decay: How much of the average stays, in [0, 1].
  ///   - step: The number of steps done before.
  public mutating func update(_ parameters: [Float], decay: Double, step: Int) {
    precondition(parameters.count == values.count, "there is one average for each parameter")
    let limited = min(decay, Double(1 + step) / Double(10 + step))
    let rate = Float(1 - limited)
    var values = values.mutableSpan
    let parameters = parameters.span
    for index in parameters.indices {
      values[index] += rate * (parameters[index] - values[index])
    }
  }
}
