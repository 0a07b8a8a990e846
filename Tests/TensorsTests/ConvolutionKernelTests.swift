import Tensors
import TestSupport
import Testing
import Voxels

/// A convolution with random values, and what it gives in double precision by the definition.
struct ConvolutionExample: CustomTestStringConvertible {
  var extent = (z: 5, y: 6, x: 7)
  var parts = [16]
  var outputs = 16
  var kernelZ = 3
  var before = AxisTriple(1)
  var after = AxisTriple(1)
  var hasResidual = false
  var activation: Activation? = .relu()
  var precision = Precision.float32

  var testDescription: String {
    "\(parts)→\(outputs) \(kernelZ)×3×3 on \(extent) \(before.components)+\(after.components)"
  }

  var inputShape: TensorShape {
    TensorShape(c: parts.reduce(0, +), z: extent.z, y: extent.y, x: extent.x)
  }
  var geometry: WindowGeometry {
    WindowGeometry(
      kernel: AxisTriple(z: kernelZ, y: 3, x: 3), paddingBefore: before, paddingAfter: after)
  }

  struct Values {
    var input: [Float]
    var weights: ConvolutionWeights
    var residual: ConvolutionWeights?
  }

  func values() -> Values {
    var generator = SeededGenerator(seed: 7)
    func random(_ count: Int, _ scale: Float) -> [Float] {
      (0..<count).map { _ in (Float.random(in: 0..<1, using: &generator) - 0.5) * scale }
    }
    let channels = inputShape.c
    return Values(
      input: random(inputShape.lengths.reduce(1, *), 2),
      weights: ConvolutionWeights(
        kernels: random(outputs * channels * kernelZ * 9, 0.5), bias: random(outputs, 1),
        inputChannels: channels, outputChannels: outputs),
      residual: hasResidual
        ? ConvolutionWeights(
          kernels: random(outputs * channels, 0.5), inputChannels: channels,
          outputChannels: outputs) : nil)
  }

  /// Runs the convolution of the parts, added to a 1×1×1 convolution of them if it has a residual.
  func run(
    _ values: Values, _ engine: ConvolutionEngine, threads: Int = 1
  ) throws -> (values: [Float], operations: [String]) {
    var builder = try TensorProgramBuilder(
      input: inputShape, threads: threads, precision: precision)
    builder.convolutionEngine = engine
    var pieces: [TensorValue] = []
    var channel = 0
    for part in parts where parts.count > 1 {
      var shape = inputShape
      shape.c = part
      pieces.append(
        try builder.crop(builder.input, offsets: [0, channel, 0, 0, 0], shape: shape))
      channel += part
    }
    let source = parts.count > 1 ? try builder.concatenation(pieces) : builder.input
    var residual: TensorValue?
    if let weights = values.residual {
      residual = try builder.convolution(
        builder.input, weights: weights, geometry: WindowGeometry(kernel: AxisTriple(1)))
    }
    try builder.output(
      try builder.convolution(
        source, weights: values.weights, geometry: geometry, addingTo: residual,
        activation: activation, keepingFloat32: true))
    let program = try TensorProgram(builder, threads: threads)
    var output = [Float](repeating: .nan, count: try #require(program.outputShape.checkedCount))
    var span = output.mutableSpan
    // Twice: a run must not depend on what an earlier one left.
    try program.run(values.input.span, into: &span)
    try program.run(values.input.span, into: &span)
    return (output, builder.summary)
  }

  /// The definition.
  func expected(_ values: Values) throws -> [Double] {
    let lengths = try #require(geometry.outputLengths(of: inputShape))
    let taps = kernelZ * 9
    let channels = inputShape.c
    var result: [Double] = []
    for output in 0..<outputs {
      for z in 0..<lengths.z {
        for y in 0..<lengths.y {
          for x in 0..<lengths.x {
            var sum = Double(values.weights.bias[output])
            for channel in 0..<channels {
              for tap in 0..<taps {
                let from = (
                  z: z + tap / 9 - before.z, y: y + tap / 3 % 3 - before.y,
                  x: x + tap % 3 - before.x
                )
                guard (0..<extent.z).contains(from.z), (0..<extent.y).contains(from.y),
                  (0..<extent.x).contains(from.x)
                else { continue }
                let value = values.input[
                  ((channel * extent.z + from.z) * extent.y + from.y) * extent.x + from.x]
                sum +=
                  Double(value)
                  * Double(values.weights.kernels[(output * channels + channel) * taps + tap])
              }
              if let residual = values.residual {
                let value = values.input[
                  ((channel * extent.z + z) * extent.y + y) * extent.x + x]
                sum += Double(value) * Double(residual.kernels[output * channels + channel])
              }
            }
            switch activation {
            case .relu(let slope): result.append(sum < 0 ? Double(slope) * sum : sum)
            default: result.append(sum)
            }
          }
        }
      }
    }
    return result
  }
}

func relativeError(_ values: [Float], _ expected: [Double]) -> Double {
  var (error, largest) = (0.0, 0.0)
  for (value, truth) in zip(values, expected) {
    // A value that is not a number must not be lost in max().
    let difference = abs(Double(value) - truth)
    error = difference <= error ? error : difference
    largest = max(largest, abs(truth))
  }
  return error / largest
}

private let cubicTiles = [(2, 2, 2), (2, 2, 4), (2, 4, 4), (4, 4, 4)].map {
  AxisTriple(z: $0.0, y: $0.1, x: $0.2)
}
private let flatTiles = [(1, 2, 2), (1, 2, 4), (1, 4, 4)].map {
  AxisTriple(z: $0.0, y: $0.1, x: $0.2)
}

@Suite(
  .enabled(
    if: ConvolutionEngine.hasKernels, "the processor lacks the instructions of the kernels"))
struct ConvolutionKernelTests {
  /// Checks one convolution with every kernel that can compute it.
  private func check(_ example: ConvolutionExample) throws {
    let values = example.values()
    let expected = try example.expected(values)
    let oneDNN = try example.run(values, .oneDNN)
    #expect(relativeError(oneDNN.values, expected) < 2e-6)
    for tile in example.kernelZ == 1 ? flatTiles : cubicTiles {
      let result = try example.run(values, .kernel(tile: tile))
      let error = relativeError(result.values, expected)
      let limit = tile == AxisTriple(4) ? 2e-5 : 2e-6
      #expect(error < limit, "tile \(tile)")
      #expect(result.operations.contains { $0.hasPrefix("convolution winograd") })
    }
  }

  @Test(arguments: [(1, 17), (3, 16), (12, 12), (16, 3), (17, 28), (28, 1), (36, 36), (64, 48)])
  func `kernels agree with the definition for any channels`(_ inputs: Int, _ outputs: Int) throws {
    for kernelZ in [1, 3] {
      let padding = AxisTriple(z: kernelZ / 2, y: 1, x: 1)
      try check(
        ConvolutionExample(
          extent: (3, 4, 5), parts: [inputs], outputs: outputs, kernelZ: kernelZ, before: padding,
          after: padding))
    }
  }

  @Test(arguments: [(1, 1, 1), (1, 2, 9), (9, 1, 1), (2, 7, 1), (5, 9, 11), (3, 3, 70)])
  func `kernels agree with the definition for any extent`(_ z: Int, _ y: Int, _ x: Int) throws {
    for kernelZ in [1, 3] {
      let padding = AxisTriple(z: kernelZ / 2, y: 1, x: 1)
      try check(
        ConvolutionExample(
          extent: (z, y, x), parts: [5], outputs: 6, kernelZ: kernelZ, before: padding,
          after: padding, activation: nil))
    }
    try check(ConvolutionExample(extent: (z, y, x), parts: [2], outputs: 33))
  }

  @Test func `kernels agree with the definition for any zeros around`() throws {
    for before in 0...2 {
      for after in 0...2 {
        try check(
          ConvolutionExample(
            parts: [3], outputs: 4, before: AxisTriple(z: before, y: 2 - before, x: before),
            after: AxisTriple(z: after, y: after, x: 1)))
      }
    }
  }

  @Test(arguments: [
    [12, 12], [5, 16, 3], [1, 1], [17, 30], [2, 2, 2, 2, 2, 2, 2, 2],
  ])
  func `the parts of a concatenation are read where they are`(_ parts: [Int]) throws {
    let example = ConvolutionExample(extent: (3, 5, 5), parts: parts, outputs: 20)
    try check(example)
    let engine = ConvolutionEngine.kernel(tile: AxisTriple(2))
    let operations = try example.run(example.values(), engine).operations
    #expect(operations.filter { $0.hasPrefix("convolution") }.count == 1)
  }

  @Test(arguments: [Activation?.none, .relu(), .relu(negativeSlope: 0.25)])
  func `a residual is added before the activation`(_ activation: Activation?) throws {
    for parts in [[2], [18], [6, 5]] {
      try check(
        ConvolutionExample(
          extent: (4, 5, 6), parts: parts, outputs: 17, hasResidual: true, activation: activation))
    }
  }

  @Test(arguments: [Float(1), 0.5])
  func `an exponential unit is as oneDNN computes it`(_ alpha: Float) throws {
    let example = ConvolutionExample(parts: [4], outputs: 18, activation: .elu(alpha: alpha))
    let values = example.values()
    let expected = try example.run(values, .oneDNN).values.map { Double($0) }
    for tile in cubicTiles {
      let result = try example.run(values, .kernel(tile: tile))
      #expect(result.operations.contains { $0.hasPrefix("convolution winograd") })
      #expect(relativeError(result.values, expected) < (tile == AxisTriple(4) ? 2e-5 : 2e-6))
    }
  }

  @Test func `results do not depend on the number of threads`() throws {
    let example = ConvolutionExample(extent: (9, 13, 22), parts: [9, 8], outputs: 35)
    let values = example.values()
    for tile in cubicTiles {
      let alone = try example.run(values, .kernel(tile: tile)).values
      for threads in [2, 3] {
        #expect(try example.run(values, .kernel(tile: tile), threads: threads).values == alone)
      }
    }
  }

  @Test func `what kernels cannot compute is left to oneDNN`() throws {
    let tile = AxisTriple(2)
    var sigmoid = ConvolutionExample()
    sigmoid.activation = .sigmoid
    let operations = try sigmoid.run(sigmoid.values(), .kernel(tile: tile)).operations
    #expect(!operations.contains { $0.contains("winograd") })
    let many = ConvolutionExample(parts: Array(repeating: 1, count: 9))
    #expect(
      try !many.run(many.values(), .kernel(tile: tile)).operations.contains {
        $0.contains("winograd")
      })
  }
}
