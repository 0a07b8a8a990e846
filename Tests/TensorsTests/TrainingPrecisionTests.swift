import Tensors
import TestSupport
import Testing
import Voxels

private func numbers(_ count: Int, seed: UInt64) -> [Float] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
}

/// The length of the difference of two vectors, relative to that of the second.
private func distance(_ found: [Float], _ expected: [Float]) -> Double {
  let difference = zip(found, expected).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
  let length = expected.reduce(0) { $0 + Double($1 * $1) }
  return (difference / length).squareRoot()
}

@Suite(
  .enabled(
    if: TrainingPrecision.bfloat16.isSupported, "the processor does not multiply brain floats"))
struct TrainingPrecisionTests {
  /// A convolution in the middle of a program.
  enum Layer: CaseIterable {
    case cube, flat, strided, dilated, grouped, pointwise, residual, concatenation
    case transposedTouching, transposedOverlapping
  }

  struct Results {
    var output: [Float]
    var gradients: [Float]
    var operations: [String]
  }

  /// A layer of 16 channels after one of 16 and before one of 3, forward and backward.
  ///
  /// Activations have no kink: rounding that moves a value across one changes a gradient by much.
  static func run(
    _ layer: Layer, _ precision: TrainingPrecision, passes: Int = 1, threads: Int = 1
  ) throws -> [Results] {
    let channels = 16
    var builder = try TrainingProgramBuilder(
      input: TensorShape(c: 4, z: 6, y: 8, x: 10), threads: threads, precision: precision)
    var end = 0
    func parameter(_ count: Int) -> TrainedNumbers {
      defer { end += count }
      return builder.parameter(end..<end + count)
    }
    func convolution(
      _ input: TensorValue, _ outputs: Int, _ geometry: WindowGeometry, groups: Int = 1,
      addingTo residual: TensorValue? = nil
    ) throws -> TensorValue {
      let taps = geometry.kernel.components.reduce(1, *)
      return try builder.convolution(
        input, kernels: parameter(outputs * builder.shape(of: input).c / groups * taps),
        bias: parameter(outputs), outputChannels: outputs, groups: groups, geometry: geometry,
        addingTo: residual, activation: .elu(alpha: 1))
    }
    func transposed(_ input: TensorValue, _ geometry: WindowGeometry) throws -> TensorValue {
      let taps = geometry.kernel.components.reduce(1, *)
      return try builder.transposedConvolution(
        input, kernels: parameter(channels * channels * taps), bias: parameter(channels),
        outputChannels: channels, geometry: geometry)
    }
    let same = WindowGeometry(
      kernel: AxisTriple(3), paddingBefore: AxisTriple(1), paddingAfter: AxisTriple(1))
    let first = try convolution(builder.input, channels, same)
    let middle =
      switch layer {
      case .cube: try convolution(first, channels, same)
      case .flat:
        try convolution(
          first, channels,
          WindowGeometry(
            kernel: AxisTriple(z: 1, y: 3, x: 3), paddingBefore: AxisTriple(z: 0, y: 1, x: 1),
            paddingAfter: AxisTriple(z: 0, y: 1, x: 1)))
      case .strided:
        try convolution(
          first, channels,
          WindowGeometry(
            kernel: AxisTriple(3), stride: AxisTriple(2), paddingBefore: AxisTriple(1),
            paddingAfter: AxisTriple(1)))
      case .dilated:
        try convolution(
          first, channels,
          WindowGeometry(
            kernel: AxisTriple(3), dilation: AxisTriple(2), paddingBefore: AxisTriple(2),
            paddingAfter: AxisTriple(2)))
      case .grouped: try convolution(first, channels, same, groups: 2)
      case .pointwise:
        try convolution(first, channels, WindowGeometry(kernel: AxisTriple(1)))
      case .residual:
        try convolution(try convolution(first, channels, same), channels, same, addingTo: first)
      case .concatenation:
        try convolution(
          try builder.concatenation([first, try convolution(first, channels, same)]), channels,
          same)
      case .transposedTouching:
        try transposed(first, WindowGeometry(kernel: AxisTriple(2), stride: AxisTriple(2)))
      case .transposedOverlapping:
        try transposed(
          first,
          WindowGeometry(
            kernel: AxisTriple(3), stride: AxisTriple(2), paddingBefore: AxisTriple(1),
            paddingAfter: AxisTriple(1)))
      }
    try builder.output(try convolution(middle, 3, same))
    let program = try TrainingProgram(builder)
    let values = numbers(end, seed: 1).map { $0 * 0.2 }
    let input = numbers(4 * 480, seed: 2)
    let count = try #require(program.outputShape.checkedCount)
    let summary = builder.summary
    return try (0..<passes).map { _ in
      var output = [Float](repeating: .nan, count: count)
      var gradients = [Float](repeating: 0, count: end)
      try program.load(values.span)
      var span = output.mutableSpan
      try program.runForward(input.span, into: &span)
      var sums = gradients.mutableSpan
      try program.runBackward(numbers(count, seed: 3).span, addingTo: &sums)
      return Results(
        output: output, gradients: gradients, operations: summary.forward + summary.backward)
    }
  }

  @Test(arguments: Layer.allCases)
  func `brain floats give float32's results and gradients up to their rounding`(
    _ layer: Layer
  ) throws {
    let exact = try Self.run(layer, .float32)[0]
    let rounded = try Self.run(layer, .bfloat16)[0]
    // A brain float is exact to 2⁻⁹: three convolutions after one another, there and back.
    #expect(distance(rounded.output, exact.output) < 8e-3)
    #expect(distance(rounded.gradients, exact.gradients) < 2e-2)
    // And it is they that were multiplied.
    #expect(distance(rounded.output, exact.output) > 3e-4)
    #expect(distance(rounded.gradients, exact.gradients) > 3e-4)
    let multiplications = rounded.operations.filter {
      $0.contains("convolution") || $0.contains("product")
    }
    let coarse = multiplications.filter { $0.contains("bf16") }
    #expect(multiplications.count >= 8)
    // The gradients of three or four layers with respect to weights and tensors.
    #expect(coarse.count * 4 >= multiplications.count * 3, "\(multiplications)")
    #expect(!exact.operations.contains { $0.contains("bf16") })
  }

  @Test(arguments: [1, 2])
  func `equal passes in brain floats give equal bits`(_ threads: Int) throws {
    let results = try Self.run(.residual, .bfloat16, passes: 3, threads: threads)
    for other in results.dropFirst() {
      #expect(other.output == results[0].output)
      #expect(other.gradients == results[0].gradients)
    }
  }
}

struct TrainingPrecisionSupportTests {
  @Test func `brain floats need instructions, float32 none`() {
    #expect(!TrainingPrecision.bfloat16.isSupported(hasBFloat16: false))
    #expect(TrainingPrecision.bfloat16.isSupported(hasBFloat16: true))
    #expect(TrainingPrecision.float32.isSupported(hasBFloat16: false))
    #expect(TrainingPrecision.float32.isSupported && !TrainingPrecision.float32.isSlowerThanFloat32)
  }
}
