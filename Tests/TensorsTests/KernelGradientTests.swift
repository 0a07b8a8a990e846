import Tensors
import TestSupport
import Testing
import Voxels

@Suite(
  .enabled(
    if: ConvolutionEngine.hasKernels, "the processor lacks the instructions of the kernels"))
struct KernelGradientTests {
  /// What a training program of two convolutions, the second of a concatenation, computes.
  private struct Results {
    var output: [Float]
    var gradients: [Float]
    var operations: [String]
  }

  /// Runs forward and backward; the gradient with respect to the first convolution's result passes
  /// through the second.
  private func run(
    _ engine: ConvolutionEngine, kernelZ: Int, channels: (Int, Int, Int), threads: Int = 1
  ) throws -> Results {
    let shape = TensorShape(c: channels.0, z: 4, y: 7, x: 9)
    let geometry = WindowGeometry(
      kernel: AxisTriple(z: kernelZ, y: 3, x: 3),
      paddingBefore: AxisTriple(z: kernelZ / 2, y: 1, x: 0),
      paddingAfter: AxisTriple(z: kernelZ / 2, y: 0, x: 1))
    let taps = kernelZ * 9
    var builder = try TrainingProgramBuilder(input: shape, threads: threads)
    builder.convolutionEngine = engine
    var end = 0
    func parameter(_ count: Int) -> TrainedNumbers {
      defer { end += count }
      return builder.parameter(end..<end + count)
    }
    let first = try builder.convolution(
      builder.input, kernels: parameter(channels.1 * channels.0 * taps),
      bias: parameter(channels.1), outputChannels: channels.1, geometry: geometry,
      activation: .relu(negativeSlope: 0.1))
    let joined = try builder.concatenation([first, first])
    let second = try builder.convolution(
      joined, kernels: parameter(channels.2 * 2 * channels.1 * taps),
      bias: parameter(channels.2), outputChannels: channels.2, geometry: geometry)
    try builder.output(second)
    let program = try TrainingProgram(builder)

    var generator = SeededGenerator(seed: 11)
    func random(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -0.5..<0.5, using: &generator) }
    }
    try program.load(random(end).span)
    var output = [Float](repeating: .nan, count: try #require(program.outputShape.checkedCount))
    var gradients = [Float](repeating: 0, count: end)
    do {
      var span = output.mutableSpan
      try program.runForward(random(shape.lengths.reduce(1, *)).span, into: &span)
      var sums = gradients.mutableSpan
      try program.runBackward(random(output.count).span, addingTo: &sums)
    }
    let summary = builder.summary
    return Results(
      output: output, gradients: gradients, operations: summary.forward + summary.backward)
  }

  private func relativeError(_ values: [Float], _ expected: [Float]) -> Float {
    var (error, largest): (Float, Float) = (0, 0)
    for (value, truth) in zip(values, expected) {
      let difference = abs(value - truth)
      error = difference <= error ? error : difference
      largest = max(largest, abs(truth))
    }
    return error / largest
  }

  @Test(arguments: [(1, 1, 1), (3, 12, 17), (16, 16, 16), (20, 33, 5)])
  func `gradients agree with those of oneDNN`(_ a: Int, _ b: Int, _ c: Int) throws {
    for kernelZ in [1, 3] {
      let truth = try run(.oneDNN, kernelZ: kernelZ, channels: (a, b, c))
      let tiles =
        kernelZ == 1
        ? [AxisTriple(z: 1, y: 2, x: 2), AxisTriple(z: 1, y: 4, x: 4)]
        : [AxisTriple(2), AxisTriple(z: 2, y: 4, x: 4)]
      for tile in tiles {
        let results = try run(.kernel(tile: tile), kernelZ: kernelZ, channels: (a, b, c))
        #expect(relativeError(results.output, truth.output) < 4e-6)
        #expect(relativeError(results.gradients, truth.gradients) < 4e-6)
        #expect(results.operations.contains { $0.hasPrefix("convolution winograd") })
        #expect(results.operations.contains { $0.contains("weight gradient winograd") })
      }
    }
  }

  @Test func `gradients do not depend on the number of threads`() throws {
    let engine = ConvolutionEngine.kernel(tile: AxisTriple(2))
    let alone = try run(engine, kernelZ: 3, channels: (4, 18, 3))
    for threads in [2, 3] {
      let shared = try run(engine, kernelZ: 3, channels: (4, 18, 3), threads: threads)
      #expect(shared.output == alone.output)
      #expect(shared.gradients == alone.gradients)
    }
  }
}
