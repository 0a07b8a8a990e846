import Codecs
import Networks
import Tensors
import TestSupport
import Testing
import Training
import Voxels

/// A network of two parameters, weight and bias, that gives `weight · input + bias`.
private final class LinearNetwork: AdjustableNetwork {
  let inputShape = TensorShape(c: 1, z: 1, y: 4, x: 4)
  let outputShape = TensorShape(c: 1, z: 1, y: 4, x: 4)
  let parameters = [
    NetworkParameter(name: "weight", lengths: [1, 1], range: 0..<1),
    NetworkParameter(name: "bias", lengths: [1], range: 1..<2),
  ]
  private var values: [Float] = [0, 0]
  private var input: [Float] = []

  func load(_ values: Span<Float>) throws(ModelError) { self.values = [values[0], values[1]] }

  func forward(
    _ input: Span<Float>, into output: inout MutableSpan<Float>
  ) throws(ModelError) {
    self.input = input.indices.map { input[$0] }
    for index in input.indices { output[index] = values[0] * input[index] + values[1] }
  }

  func backward(
    _ outputGradient: Span<Float>, addingTo gradients: inout MutableSpan<Float>
  ) throws(ModelError) {
    for index in outputGradient.indices {
      gradients[0] += outputGradient[index] * input[index]
      gradients[1] += outputGradient[index]
    }
  }
}

/// Samples whose targets are 1 where the input is above 0.3.
@Sendable private func thresholdSample(step: Int, index: Int) -> PreparedSample {
  var generator = SeededGenerator(seed: UInt64(step * 100 + index + 1))
  let input = (0..<16).map { _ in Float.random(in: -1...1, using: &generator) }
  return PreparedSample(
    input: input, target: input.map { $0 > 0.3 ? 1 : 0 },
    weights: Array(repeating: 1, count: 16))
}

@Suite struct TrainingLoopTests {
  private let losses = LossTerms([
    LossTerm(name: "threshold", loss: CrossEntropyLoss(balance: .none), channels: 0..<1)
  ])

  private func loop(
    _ state: TrainingState? = nil, steps: Int = 200, batch: Int = 2, rate: Double = 0.1,
    threads: Int = 1,
    sample: @escaping @Sendable (Int, Int) throws -> PreparedSample = thresholdSample
  ) -> TrainingLoop<LinearNetwork> {
    TrainingLoop(
      network: LinearNetwork(),
      state: state
        ?? TrainingState(
          parameters: [0, 0],
          columns: TrainingLoop<LinearNetwork>.stepColumns(losses) + ["validation_loss"]),
      losses: losses,
      optimization: Optimization(
        schedule: LearningRateSchedule(peak: rate, warmUp: 5), averageDecay: 0.9, batch: batch),
      steps: steps, threads: threads, sample: sample)
  }

  @Test func `a linear network learns a threshold`() throws {
    let loop = loop()
    let first = try loop.advance().loss
    var last = first
    while !loop.isFinished { last = try loop.advance().loss }
    #expect(last < first / 2)
    // The border lies where weight · x + bias = 0.
    #expect(abs(-loop.state.parameters[1] / loop.state.parameters[0] - 0.3) < 0.1)
    let held = (1...8).map { thresholdSample(step: 1000 + $0, index: 0) }
    #expect(try loop.validate(held).loss < first / 2)
    #expect(loop.state.curve.recentMeans?.count == 4)
  }

  @Test(arguments: [1, 2, 7])
  func `six steps are three, a checkpoint and three more, bit for bit`(threads: Int) throws {
    let whole = loop(batch: 3)
    for _ in 0..<6 { _ = try whole.advance() }

    let first = loop(batch: 3, threads: threads)
    for _ in 0..<2 { _ = try first.advance() }
    first.state.curve.endRow(step: 2, validation: [0.25])
    _ = try first.advance()
    first.state.best = TrainingState.Best(score: 0.1 + 0.2, step: 2)
    let bytes = try Checkpoint(
      configuration: .object(["steps": .integer(200)]), state: first.state
    ).encoded()
    let stored = try Checkpoint(decoding: bytes, name: "test")
    #expect(stored.state == first.state)
    #expect(stored.configuration == .object(["steps": .integer(200)]))

    let second = loop(stored.state, batch: 3, threads: threads)
    for _ in 0..<3 { _ = try second.advance() }
    #expect(second.state.step == 6)
    for (found, expected) in [
      (second.state.parameters, whole.state.parameters),
      (second.state.moments.means, whole.state.moments.means),
      (second.state.moments.squares, whole.state.moments.squares),
      (second.state.average.values, whole.state.average.values),
    ] {
      #expect(found.map { $0.bitPattern } == expected.map { $0.bitPattern })
    }
  }

  @Test func `a loss that is not finite stops the training and leaves the state as it was`() throws
  {
    let loop = loop { step, index in
      var sample = thresholdSample(step: step, index: index)
      if step == 3 { sample.input[5] = .nan }
      return sample
    }
    for _ in 0..<3 { _ = try loop.advance() }
    let before = loop.state
    let error = #expect(throws: TrainingError.self) { try loop.advance() }
    #expect(error?.code == .diverged)
    #expect(error?.found == "nan at step 4")
    #expect(loop.state == before)
  }

  @Test func `a batch's gradient is the mean of its samples'`() throws {
    let single = loop(batch: 1) { step, _ in thresholdSample(step: step, index: 0) }
    let same = loop(batch: 4) { step, _ in thresholdSample(step: step, index: 0) }
    let (one, four) = (try single.advance(), try same.advance())
    #expect(abs(one.loss - four.loss) < 1e-12)
    #expect(abs(one.gradientNorm - four.gradientNorm) < 1e-6)
  }

  @Test func `what making a sample throws is thrown`() {
    struct Broken: Error {}
    let loop = loop(threads: 3) { _, _ in throw Broken() }
    #expect(throws: Broken.self) { try loop.advance() }
  }

  @Test func `every damaged checkpoint is refused`() throws {
    let loop = loop()
    _ = try loop.advance()
    loop.state.curve.endRow(step: 1, validation: [1])
    let bytes = try Checkpoint(configuration: .null, state: loop.state).encoded()
    for length in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: TrainingError.self) {
        try Checkpoint(decoding: Array(bytes[..<length]), name: "cut")
      }
    }
    for place in stride(from: 0, to: bytes.count, by: 11) {
      var changed = bytes
      changed[place] ^= 0x20
      let error = #expect(throws: TrainingError.self) {
        try Checkpoint(decoding: changed, name: "changed")
      }
      #expect(error?.code == .checkpoint)
    }
    #expect(throws: TrainingError.self) { try Checkpoint(decoding: bytes + [0], name: "long") }
  }

  @Test func `the curve as a table has the means of its rows and empty fields`() {
    var curve = loop().state.curve
    curve.endRow(step: 10, validation: [0.5])
    #expect(
      curve.csv == """
        step,loss,threshold,learning_rate,gradient_norm,validation_loss
        10,,,,,0.5

        """)
    #expect(curve.values(of: "validation_loss").map { $0.value } == [0.5])
    #expect(curve.values(of: "loss").isEmpty)
    #expect(curve == curve)
  }
}
