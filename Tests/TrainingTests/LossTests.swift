import Codecs
import TestSupport
import Testing
import Training

@Suite struct LossTests {
  static let kinds: [any Loss] = [
    CrossEntropyLoss(balance: .none), CrossEntropyLoss(balance: .classes), DiceLoss(),
    SquaredErrorLoss(activation: .sigmoid), SquaredErrorLoss(activation: .none),
  ]

  /// Logits, targets and weights of three channels of forty voxels.
  private func example(seed: UInt64) -> (logits: [Float], targets: [Float], weights: [Float]) {
    var generator = SeededGenerator(seed: seed)
    let count = 120
    return (
      (0..<count).map { _ in Float.random(in: -4...4, using: &generator) },
      (0..<count).map { _ in Float.random(in: 0...1, using: &generator) < 0.8 ? 1 : 0 },
      (0..<count).map { _ in max(0, Float.random(in: -0.5...1, using: &generator)) }
    )
  }

  @Test(arguments: kinds.indices)
  func `a loss's gradient is what finite differences say`(_ kind: Int) {
    let loss = Self.kinds[kind]
    let (logits, targets, weights) = example(seed: UInt64(kind) + 1)
    func value(_ logits: [Float]) -> Double {
      loss.value(
        logits: logits.span, targets: targets.span, weights: weights.span, channels: 3)
    }
    var gradients = [Float](repeating: 1, count: logits.count + 2)
    var span = gradients.mutableSpan
    let found = loss.evaluate(
      logits: logits.span, targets: targets.span, weights: weights.span, channels: 3, scale: 2,
      addingTo: &span, at: 2)
    #expect(abs(found - value(logits)) < 1e-12)
    #expect(gradients[0] == 1 && gradients[1] == 1)
    for index in logits.indices {
      let step: Float = 0.02
      var (higher, lower) = (logits, logits)
      higher[index] += step
      lower[index] -= step
      let slope = (value(higher) - value(lower)) / Double(higher[index] - lower[index])
      // 1 was there before, and the gradient is asked for twice its size. Losses are sums of
      // single-precision terms: 1e-6 over steps of 0.04.
      let expected = 1 + 2 * slope
      #expect(abs(Double(gradients[index + 2]) - expected) < 1e-4, "\(index)")
    }
  }

  @Test func `cross-entropy is that of PyTorch`() {
    let logits: [Float] = [-30, -2, -0.5, 0, 0.75, 3, 40, 1.25]
    let targets: [Float] = [0, 1, 0, 1, 0, 1, 0, 1]
    let weights: [Float] = [1, 2, 1, 1, 0, 1, 0.5, 1]
    var gradients = [Float](repeating: 0, count: 8)
    var span = gradients.mutableSpan
    let value = CrossEntropyLoss(balance: .none).evaluate(
      logits: logits.span, targets: targets.span, weights: weights.span, channels: 1, scale: 1,
      addingTo: &span, at: 0)
    // torch 2.13, binary_cross_entropy_with_logits in float64, weighted mean.
    #expect(abs(value - 3.429546215966) < 1e-6)
    let expected = [
      1.2476830625e-14, -0.234879220794, 0.050338755840, -0.0666666666667, 0,
      -0.0063234497570, 0.0666666666667, -0.0296933518434,
    ]
    for index in 0..<8 {
      // A few units in the last place of a quarter.
      #expect(abs(Double(gradients[index]) - expected[index]) < 6e-8, "\(index)")
    }
  }

  @Test(arguments: 0..<4, [Float(1e4), 1e30])
  func `huge logits give finite losses and gradients`(_ kind: Int, _ size: Float) {
    let logits = [size, -size, size, -size]
    let targets: [Float] = [1, 0, 0, 1]
    let weights: [Float] = [1, 1, 1, 1]
    var gradients = [Float](repeating: 0, count: 4)
    var span = gradients.mutableSpan
    let value = Self.kinds[kind].evaluate(
      logits: logits.span, targets: targets.span, weights: weights.span, channels: 1, scale: 1,
      addingTo: &span, at: 0)
    #expect(value > 0 && value.isFinite)
    #expect(gradients.allSatisfy { $0.isFinite })
  }

  @Test(arguments: kinds.indices)
  func `nothing annotated costs nothing and moves nothing`(_ kind: Int) {
    let (logits, targets, _) = example(seed: 9)
    let weights = [Float](repeating: 0, count: logits.count)
    var gradients = [Float](repeating: 0, count: logits.count)
    var span = gradients.mutableSpan
    let value = Self.kinds[kind].evaluate(
      logits: logits.span, targets: targets.span, weights: weights.span, channels: 3, scale: 1,
      addingTo: &span, at: 0)
    #expect(value == 0)
    #expect(gradients.allSatisfy { $0 == 0 })
  }

  @Test func `balanced, both classes of a channel pull alike`() {
    // One voxel in ten is 0. At a logit of 0 every voxel pulls with half its weight.
    let targets: [Float] = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    #expect(abs(pull(CrossEntropyLoss(), targets).reduce(0, +)) < 1e-7)
    #expect(abs(pull(CrossEntropyLoss(), targets)[0] - 0.25) < 1e-7)
    // A class below the least fraction is not raised further: the other one outweighs it.
    let clipped = CrossEntropyLoss(balance: .classes, leastFraction: 0.2)
    #expect(pull(clipped, targets).reduce(0, +) < -0.1)
  }

  /// The gradient where all logits are 0 and all weights 1.
  private func pull(_ loss: CrossEntropyLoss, _ targets: [Float]) -> [Float] {
    let logits = [Float](repeating: 0, count: targets.count)
    let weights = [Float](repeating: 1, count: targets.count)
    var gradients = logits
    var span = gradients.mutableSpan
    _ = loss.evaluate(
      logits: logits.span, targets: targets.span, weights: weights.span, channels: 1, scale: 1,
      addingTo: &span, at: 0)
    return gradients
  }

  @Test func `Dice of a perfect answer is nearly 0 and of the opposite nearly 1`() {
    let targets = (0..<2000).map { Float($0 % 2) }
    let weights = [Float](repeating: 1, count: 2000)
    let right = targets.map { $0 * 40 - 20 }
    let wrong = right.map { -$0 }
    let loss = DiceLoss()
    let good = loss.value(
      logits: right.span, targets: targets.span, weights: weights.span, channels: 2)
    let bad = loss.value(
      logits: wrong.span, targets: targets.span, weights: weights.span, channels: 2)
    #expect(abs(good) < 1e-6)
    #expect(bad > 0.99 && bad < 1)
  }

  @Test func `terms add up with their weights, each on its own channels`() {
    let (logits, targets, weights) = example(seed: 3)
    let terms = LossTerms([
      LossTerm(name: "a", loss: SquaredErrorLoss(), channels: 0..<1, weight: 3),
      LossTerm(name: "b", loss: DiceLoss(), channels: 1..<3, weight: 0.5),
    ])
    var gradients = [Float](repeating: 0, count: logits.count)
    var span = gradients.mutableSpan
    let values = terms.evaluate(
      logits: logits.span, targets: targets.span, weights: weights.span, voxelCount: 40,
      addingTo: &span)
    let (part, goal, weight) = (
      Array(logits[..<40]), Array(targets[..<40]), Array(weights[..<40])
    )
    var alone = [Float](repeating: 0, count: 40)
    var aloneSpan = alone.mutableSpan
    let first = SquaredErrorLoss().evaluate(
      logits: part.span, targets: goal.span, weights: weight.span, channels: 1, scale: 3,
      addingTo: &aloneSpan, at: 0)
    #expect(values.count == 2 && values[0] == first)
    #expect(Array(gradients[..<40]) == alone)
    #expect(terms.total(values) == 3 * values[0] + 0.5 * values[1])
  }
}
