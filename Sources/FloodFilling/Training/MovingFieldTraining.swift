import Networks
import Tensors
public import Training
import Voxels

/// Trains a network to flood: its field of view moves over the object while it learns.
///
/// A round draws a batch of samples and begins an object in the middle of each. At every step the
/// network is run once at the next place of each sample that the mask has reached; the parameters
/// follow the mean gradient, and the masks take what the network said. A sample is finished when its
/// 26 moves are; the round when all samples are.
///
/// As published, but for the optimizer and for rounds: there a finished sample is replaced at once.
/// So the state between rounds is that of any training.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, "FFN training"; google/ffn,
/// `train.py`.
public final class MovingFieldTraining<Network: AdjustableNetwork> {
  /// What the training carries from round to round.
  public var state: TrainingState
  /// How many steps the whole training has.
  public let steps: Int
  private let network: Network
  private let field: MovingField
  private let optimization: Optimization
  private let sample: (_ step: Int, _ index: Int) throws -> MovingFieldSample
  private var gradients: [Float]
  private var slopes: [Float]
  private var logits: [Float]

  /// The measures of a step, as the first columns of the state's curve.
  public static var stepColumns: [String] { ["loss", "learning_rate", "gradient_norm"] }

  /// Creates a training.
  ///
  /// - Parameters:
  ///   - network: The network, of two channels in and one out.
  ///   - state: Where to start, or to go on.
  ///   - field: How the field of view moves.
  ///   - optimization: How parameters are moved.
  ///   - steps: How many steps the whole training has; the last round is finished.
  ///   - sample: Gives the sample of a step and a place in the batch; the same each time.
  public init(
    network: Network, state: TrainingState, field: MovingField, optimization: Optimization,
    steps: Int, sample: @escaping (_ step: Int, _ index: Int) throws -> MovingFieldSample
  ) {
    precondition(
      network.inputShape.c == 2 && network.outputShape.c == 1
        && network.inputShape.extent == field.fieldOfView
        && network.outputShape.extent == field.fieldOfView,
      "the network reads image and mask and gives the mask")
    let count = network.parameters.last?.range.upperBound ?? 0
    precondition(state.parameters.count == count, "the state is of another network")
    self.network = network
    self.state = state
    self.field = field
    self.optimization = optimization
    self.steps = steps
    self.sample = sample
    gradients = Array(repeating: 0, count: count)
    slopes = Array(repeating: 0, count: field.fieldOfView.voxelCount)
    logits = slopes
  }

  /// Whether all steps are done.
  public var isFinished: Bool { state.step >= steps }

  /// Does the steps of one round.
  ///
  /// - Parameter report: Told the loss of each step.
  /// - Throws: ``TrainingError`` with `diverged`; what making samples and running the network throw.
  ///   The state may then be that of a step within the round.
  public func advanceRound(_ report: (Double) throws -> Void = { _ in }) throws {
    let start = state.step
    var objects: [MovingObject] = []
    for index in 0..<optimization.batch {
      objects.append(MovingObject(try sample(start, index), field))
    }
    while true {
      var places: [(index: Int, place: VoxelPosition)] = []
      for index in objects.indices {
        if let place = objects[index].next() { places.append((index, place)) }
      }
      guard !places.isEmpty else { return }
      try load(state.parameters)
      for index in gradients.indices { gradients[index] = 0 }
      var loss = 0.0
      for (index, place) in places {
        loss += try run(&objects[index], at: place, scale: 1 / Float(places.count))
      }
      loss /= Double(places.count)
      _ = try state.move(
        by: gradients, measures: [loss], optimization, network.parameters, steps: steps)
      try report(loss)
    }
  }

  /// How well the averaged parameters fill objects.
  ///
  /// - Parameter samples: The objects to fill.
  /// - Returns: The mean loss of all network calls, and the mean of how much of mask and object is
  ///   common to both when all moves are done, in [0, 1].
  /// - Throws: What the network throws.
  public func validate(_ samples: [MovingFieldSample]) throws -> (loss: Double, overlap: Double) {
    try load(state.average.values)
    var (loss, calls, overlap) = (0.0, 0, 0.0)
    for sample in samples {
      var object = MovingObject(sample, field)
      while let place = object.next() {
        loss += try run(&object, at: place, scale: nil)
        calls += 1
      }
      overlap += object.overlap()
    }
    return (loss / Double(max(calls, 1)), overlap / Double(max(samples.count, 1)))
  }

  private func load(_ values: [Float]) throws { try network.load(values.span) }

  /// Runs the network at a place and takes up its mask; adds the gradient where there is a factor.
  private func run(
    _ object: inout MovingObject, at place: VoxelPosition, scale: Float?
  ) throws -> Double {
    let window = object.window(at: place)
    // Taken out and put back: spans of a class's properties cannot be handed on.
    var (values, slopes, sums) = (logits, self.slopes, gradients)
    (logits, self.slopes, gradients) = ([], [], [])
    defer { (logits, self.slopes, gradients) = (values, slopes, sums) }
    var output = values.mutableSpan
    try network.forward(window.span, into: &output)
    var slopeSpan = slopes.mutableSpan
    let loss = object.take(
      values.span, at: place, slopes: &slopeSpan, scale: scale ?? 0)
    if scale != nil {
      var sumSpan = sums.mutableSpan
      try network.backward(slopes.span, addingTo: &sumSpan)
    }
    return loss
  }
}
