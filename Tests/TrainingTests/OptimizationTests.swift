import Glibc
import Networks
import Testing
import Training

@Suite struct OptimizationTests {
  @Test func `AdamW moves as PyTorch's does, and biases do not decay`() {
    var values: [Float] = [0.5, -0.25, 1, 2, 0.1, -0.2]
    let parameters = [
      NetworkParameter(name: "weight", lengths: [2, 2], range: 0..<4),
      NetworkParameter(name: "bias", lengths: [2], range: 4..<6),
    ]
    let rule = AdamW(meanDecay: 0.9, squareDecay: 0.99, epsilon: 1e-8, weightDecay: 0.1)
    var moments = AdamW.Moments(count: 6)
    for step in 0..<5 {
      let gradients = values.enumerated().map { index, value in
        index < 4 ? sinf(value * 3 + Float(step)) : cosf(value * 2 + Float(step))
      }
      rule.update(
        &values, gradients: gradients, moments: &moments, parameters: parameters, rate: 0.01,
        step: step)
    }
    // torch 2.13, AdamW in float32, weight_decay 0.1 and 0.
    let expected: [Float] = [
      0.47459039, -0.24850293, 1.00959742, 1.97728372, 0.08289938, -0.22843558,
    ]
    for (found, wanted) in zip(values, expected) { #expect(abs(found - wanted) < 5e-7) }
  }

  @Test func `the rate rises linearly, then falls along a cosine to its floor`() {
    let schedule = LearningRateSchedule(peak: 2, warmUp: 4, floor: 0.1)
    #expect((0..<4).map { schedule.rate(step: $0, of: 104) } == [0.5, 1, 1.5, 2])
    #expect(schedule.rate(step: 4, of: 104) == 2)
    #expect(abs(schedule.rate(step: 54, of: 104) - 1.1) < 1e-12)
    #expect(abs(schedule.rate(step: 104, of: 104) - 0.2) < 1e-12)
    #expect(abs(schedule.rate(step: 1000, of: 104) - 0.2) < 1e-12)
    #expect(LearningRateSchedule(peak: 1, warmUp: 0).rate(step: 0, of: 1) == 1)
  }

  @Test func `an average follows the first values quickly, later ones slowly`() {
    var average = ParameterAverage([0])
    average.update([1], decay: 0.999, step: 0)
    #expect(abs(average.values[0] - 0.9) < 1e-6)
    average = ParameterAverage([0])
    average.update([1], decay: 0.999, step: 1_000_000)
    #expect(abs(average.values[0] - 0.001) < 1e-6)
    average.update([5], decay: 0, step: 3)
    #expect(average.values[0] == 5)
  }

  @Test func `a gradient's length is that of one vector`() {
    #expect(norm([3, 4]) == 5)
    #expect(norm([]) == 0)
    #expect(norm([.infinity]) == .infinity)
    #expect(norm([.nan, 1]).isNaN)
  }
}
