public import Networks
import Synchronization
public import Tensors
import Voxels

/// A network whose parameters can be adjusted: what the loop needs of one.
///
/// One sample of a fixed shape at a time.
public protocol AdjustableNetwork: AnyObject {
  /// The shape of the input: (1, channels, z, y, x).
  var inputShape: TensorShape { get }
  /// The shape of the output: (1, channels, z, y, x).
  var outputShape: TensorShape { get }
  /// Where each parameter lies among the values.
  var parameters: [NetworkParameter] { get }
  /// Sets all parameters.
  func load(_ values: Span<Float>) throws(ModelError)
  /// Computes the logits of one sample.
  func forward(_ input: Span<Float>, into output: inout MutableSpan<Float>) throws(ModelError)
  /// Adds the gradient by every parameter, for the sample of the last ``forward(_:into:)``.
  func backward(
    _ outputGradient: Span<Float>, addingTo gradients: inout MutableSpan<Float>
  ) throws(ModelError)
}

extension TrainableNetwork: AdjustableNetwork {}

/// How parameters are moved.
public struct Optimization: Sendable {
  /// The rule of a single step.
  public var rule: AdamW
  /// The learning rate of each step.
  public var schedule: LearningRateSchedule
  /// The length that a gradient is shortened to where it is longer; nil leaves all as they are.
  public var gradientLimit: Double?
  /// How much of the parameters' average stays at each step, in [0, 1].
  public var averageDecay: Double
  /// How many samples a step's gradient is the mean of.
  public var batch: Int

  /// Creates settings.
  public init(
    rule: AdamW = AdamW(), schedule: LearningRateSchedule, gradientLimit: Double? = 1,
    averageDecay: Double = 0.999, batch: Int = 1
  ) {
    self.rule = rule
    self.schedule = schedule
    self.gradientLimit = gradientLimit
    self.averageDecay = averageDecay
    self.batch = batch
  }
}

/// Adjusts a network's parameters step by step.
///
/// A step draws a batch of samples, adds up the gradients of their losses one sample at a time, and
/// moves the parameters. All that lasts is in ``state``.
public final class TrainingLoop<Network: AdjustableNetwork> {
  /// What one step did.
  public struct Report: Sendable {
    /// The weighted sum of the losses, and each of them; means over the batch.
    public var loss: Double, losses: [Double]
    /// The learning rate.
    public var rate: Double
    /// The length of the gradient, before it was shortened.
    public var gradientNorm: Double
  }

  /// What the training carries from step to step.
  public var state: TrainingState
  /// How many steps the whole training has.
  public let steps: Int
  private let network: Network
  private let losses: LossTerms
  private let optimization: Optimization
  private let supply: SampleSupply
  private var gradients: [Float]
  private var output: [Float]
  private var outputGradient: [Float]

  /// Creates a loop.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - state: Where to start, or to go on.
  ///   - losses: What is made small.
  ///   - optimization: How.
  ///   - steps: How many steps the whole training has.
  ///   - threads: How many samples are made side by side.
  ///   - sample: Gives the sample of a step and a place in its batch; the same each time.
  public init(
    network: Network, state: TrainingState, losses: LossTerms, optimization: Optimization,
    steps: Int, threads: Int,
    sample: @escaping @Sendable (_ step: Int, _ index: Int) throws -> PreparedSample
  ) {
    let count = network.parameters.last?.range.upperBound ?? 0
    precondition(state.parameters.count == count, "the state is of another network")
    self.network = network
    self.state = state
    self.losses = losses
    self.optimization = optimization
    self.steps = steps
    supply = SampleSupply(batch: optimization.batch, threads: threads, sample: sample)
    gradients = Array(repeating: 0, count: count)
    let outputs = network.outputShape.c * network.outputShape.extent.voxelCount
    output = Array(repeating: 0, count: outputs)
    outputGradient = Array(repeating: 0, count: outputs)
  }

  /// The measures of a step, as the first columns of the state's curve.
  public static func stepColumns(_ losses: LossTerms) -> [String] {
    ["loss"] + losses.terms.map { $0.name } + ["learning_rate", "gradient_norm"]
  }

  /// Whether all steps are done.
  public var isFinished: Bool { state.step >= steps }

  /// Does one step.
  ///
  /// - Throws: ``TrainingError`` with `diverged` where the loss or its gradient is not finite: the
  ///   state is then as before. What making samples and running the network throw.
  public func advance() throws -> Report {
    let batch = optimization.batch
    try load(state.parameters)
    for index in gradients.indices { gradients[index] = 0 }
    var means = [Double](repeating: 0, count: losses.terms.count)
    for sample in try supply.batch(of: state.step, before: steps) {
      let found = try addGradient(of: sample, scale: 1 / Float(batch))
      for (index, value) in found.enumerated() { means[index] += value / Double(batch) }
    }
    let loss = losses.total(means)
    let (rate, length) = try state.move(
      by: gradients, measures: [loss] + means, optimization, network.parameters, steps: steps)
    return Report(loss: loss, losses: means, rate: rate, gradientNorm: length)
  }

  /// The weighted sum of the losses of the averaged parameters, and each of them, over samples.
  ///
  /// - Throws: What the network throws.
  public func validate(_ samples: [PreparedSample]) throws -> (loss: Double, losses: [Double]) {
    try load(state.average.values)
    var values = [Double](repeating: 0, count: losses.terms.count)
    for sample in samples {
      let found = try addGradient(of: sample, scale: nil)
      for (index, value) in found.enumerated() {
        values[index] += value / Double(samples.count)
      }
    }
    return (losses.total(values), values)
  }

  private func load(_ values: [Float]) throws(ModelError) { try network.load(values.span) }

  /// The losses of one sample; adds their gradient by the parameters where there is a factor.
  private func addGradient(of sample: PreparedSample, scale: Float?) throws(ModelError) -> [Double]
  {
    // Taken out and put back: spans of a class's properties cannot be handed on.
    var (logits, slopes, sums) = (output, outputGradient, gradients)
    (output, outputGradient, gradients) = ([], [], [])
    defer { (output, outputGradient, gradients) = (logits, slopes, sums) }
    var logitSpan = logits.mutableSpan
    try network.forward(sample.input.span, into: &logitSpan)
    for index in slopes.indices { slopes[index] = 0 }
    var slopeSpan = slopes.mutableSpan
    let values = losses.evaluate(
      logits: logits.span, targets: sample.target.span, weights: sample.weights.span,
      voxelCount: network.outputShape.extent.voxelCount, scale: scale ?? 0,
      addingTo: &slopeSpan)
    if scale != nil {
      var sumSpan = sums.mutableSpan
      try network.backward(slopes.span, addingTo: &sumSpan)
    }
    return values
  }
}

/// Makes the samples of coming steps side by side.
private final class SampleSupply {
  private let batch: Int
  private let threads: Int
  private let sample: @Sendable (Int, Int) throws -> PreparedSample
  private var ready: [Int: [PreparedSample]] = [:]

  init(
    batch: Int, threads: Int,
    sample: @escaping @Sendable (Int, Int) throws -> PreparedSample
  ) {
    self.batch = batch
    self.threads = threads
    self.sample = sample
  }

  /// The samples of a step; makes those of the next ones too where threads would be idle.
  func batch(of step: Int, before end: Int) throws -> [PreparedSample] {
    if let samples = ready.removeValue(forKey: step) { return samples }
    let count = min(max(1, threads / batch), end - step) * batch
    let (batch, sample) = (batch, sample)
    let made = Mutex([Result<PreparedSample, any Error>?](repeating: nil, count: count))
    concurrentForEach(0..<count, threads: threads) { index in
      let result = Result { try sample(step + index / batch, index % batch) }
      made.withLock { $0[index] = result }
    }
    let samples = try made.withLock { made in try made.compactMap { try $0?.get() } }
    ready.removeAll()
    for place in stride(from: 0, to: count, by: batch) {
      ready[step + place / batch] = Array(samples[place..<place + batch])
    }
    return ready.removeValue(forKey: step) ?? []
  }
}
