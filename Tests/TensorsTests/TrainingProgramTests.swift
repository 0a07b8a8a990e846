import Tensors
import TestSupport
import Testing
import Voxels

/// Numbers in [-1, 1].
private func numbers(_ count: Int, seed: UInt64) -> [Float] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
}

private let same = WindowGeometry(
  kernel: AxisTriple(3), paddingBefore: AxisTriple(1), paddingAfter: AxisTriple(1))

struct TrainingProgramTests {
  /// Convolutions after one another, with the ranges of their parameters.
  private struct Chain {
    var builder: TrainingProgramBuilder
    var value: TensorValue
    var end = 0

    init(channels: Int, edge: Int, threads: Int = 1) throws {
      builder = try TrainingProgramBuilder(
        input: TensorShape(c: channels, z: edge, y: edge, x: edge), threads: threads)
      value = builder.input
    }

    mutating func parameter(_ count: Int) -> TrainedNumbers {
      defer { end += count }
      return builder.parameter(end..<end + count)
    }

    mutating func convolution(
      _ input: TensorValue, channels: Int, addingTo residual: TensorValue? = nil
    ) throws -> TensorValue {
      let kernels = parameter(channels * builder.shape(of: input).c * 27)
      let bias = parameter(channels)
      return try builder.convolution(
        input, kernels: kernels, bias: bias, outputChannels: channels, geometry: same,
        addingTo: residual, activation: .relu())
    }
  }

  @Test func `a convolution's gradients are the sums that they are by definition`() throws {
    var chain = try Chain(channels: 1, edge: 2)
    let kernels = chain.parameter(2)
    let bias = chain.parameter(2)
    // Two output channels of one tap: y = w · x + b.
    let result = try chain.builder.convolution(
      chain.value, kernels: kernels, bias: bias, outputChannels: 2,
      geometry: WindowGeometry(kernel: AxisTriple(1)))
    try chain.builder.output(result)
    let program = try TrainingProgram(chain.builder)
    #expect(program.parameterCount == 4)
    let values: [Float] = [2, -1, 0.5, 0]
    try program.load(values.span)
    let input: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    var output = [Float](repeating: 0, count: 16)
    var outputSpan = output.mutableSpan
    try program.runForward(input.span, into: &outputSpan)
    let first: [Float] = [2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5, 16.5]
    let second: [Float] = [-1, -2, -3, -4, -5, -6, -7, -8]
    #expect(output == first + second)
    var gradients: [Float] = [10, 20, 30, 40]
    var span = gradients.mutableSpan
    let outputGradient: [Float] = [1, 1, 1, 1, 1, 1, 1, 1, 2, 0, 0, 0, 0, 0, 0, -1]
    try program.runBackward(outputGradient.span, addingTo: &span)
    // Σ x and 2 · 1 − 8 for the weights, 8 and 2 − 1 for the biases.
    let expected: [Float] = [46, 14, 38, 41]
    #expect(gradients == expected)
  }

  @Test func `nothing is reordered between operations, and the input has no gradient`() throws {
    var chain = try Chain(channels: 1, edge: 8)
    chain.builder.convolutionEngine = .oneDNN
    let entry = try chain.convolution(chain.value, channels: 16)
    let inner = try chain.convolution(entry, channels: 16)
    let sum = try chain.convolution(inner, channels: 16, addingTo: entry)
    try chain.builder.output(sum)
    let forward: [String] = chain.builder.summary.forward
    let backward: [String] = chain.builder.summary.backward
    func count(_ steps: [String], _ prefix: String) -> Int {
      steps.filter { $0.hasPrefix(prefix) }.count
    }
    // In and out; activations are fused, but for that of the sum, which is fused into the sum.
    #expect(count(forward, "reorder") == 2)
    #expect(count(forward, "convolution") == 3)
    #expect(count(forward, "add") == 1)
    #expect(forward.count == 6)
    // The output's gradient, and one for the weights of each convolution.
    #expect(count(backward, "reorder") == 4)
    #expect(count(backward, "convolution's weight gradient") == 3)
    #expect(count(backward, "activation's gradient") == 3)
    // Two of three have a gradient with respect to their input, and sums need no operation.
    let inputGradients =
      count(backward, "convolution ") + count(backward, "convolution's input gradient")
    #expect(inputGradients == 2)
    #expect(backward.count == 12)
    // Tensors of 16 channels: three results, and the gradient of the last while it is needed, with
    // one or two more.
    let tensor = 16 * 512 * 4
    let bytes = chain.builder.memory.activationBytes
    #expect(bytes < 6 * tensor + 200_000)
  }

  @Test func `the number of threads changes rounding only`() throws {
    var results: [[Float]] = []
    for threads in [1, 2, 3] {
      var chain = try Chain(channels: 2, edge: 8, threads: threads)
      let entry = try chain.convolution(chain.value, channels: 16)
      let inner = try chain.convolution(entry, channels: 20)
      try chain.builder.output(chain.convolution(inner, channels: 3))
      let program = try TrainingProgram(chain.builder)
      let values = numbers(program.parameterCount, seed: 1)
      try program.load(values.span)
      var output = [Float](repeating: 0, count: 3 * 512)
      var outputSpan = output.mutableSpan
      let input = numbers(2 * 512, seed: 2)
      try program.runForward(input.span, into: &outputSpan)
      var gradients = [Float](repeating: 0, count: program.parameterCount)
      var span = gradients.mutableSpan
      let outputGradient = numbers(3 * 512, seed: 3)
      try program.runBackward(outputGradient.span, addingTo: &span)
      results.append(gradients)
    }
    let largest = results[0].reduce(0) { max($0, abs($1)) }
    for other in results.dropFirst() {
      let difference = zip(other, results[0]).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(difference < 1e-5 * largest)
    }
  }

  @Test func `parameters that do not fit are refused`() throws {
    var chain = try Chain(channels: 2, edge: 4)
    let kernels = chain.parameter(5)
    #expect(throws: TensorError.self) {
      try chain.builder.convolution(
        chain.value, kernels: kernels, outputChannels: 3, geometry: same)
    }
    #expect(throws: TensorError.self) {
      try chain.builder.transposedConvolution(
        chain.value, kernels: kernels, outputChannels: 3, geometry: same)
    }
    #expect(throws: TensorError.self) {
      try chain.builder.normalization(
        chain.value, scale: kernels, shift: kernels, epsilon: 1e-5)
    }
  }

  @Test func `a program without parameters cannot be trained`() throws {
    var chain = try Chain(channels: 2, edge: 4)
    let result = try chain.builder.activation(chain.value, .tanh)
    let error = #expect(throws: TensorError.self) { try chain.builder.output(result) }
    #expect(error?.code == .unsupported)
    #expect(throws: TensorError.self) { try TrainingProgram(chain.builder) }
  }
}
