import Tensors
import Testing

struct PrecisionTests {
  @Test(arguments: Precision.allCases)
  func `a processor without brain floats computes in float32 instead`(_ precision: Precision) {
    #expect(precision.realized(hasBFloat16: true) == precision)
    #expect(
      precision.realized(hasBFloat16: false)
        == (precision == .bfloat16 ? .float32 : precision))
  }

  @Test(arguments: Precision.allCases)
  func `without matrix tiles, kernels on 32-bit numbers beat brain floats`(_ precision: Precision) {
    #expect(
      precision.fastest(hasKernels: true, hasTiles: false)
        == (precision == .bfloat16 ? .nearFloat32 : precision))
    #expect(precision.fastest(hasKernels: true, hasTiles: true) == precision)
    #expect(precision.fastest(hasKernels: false, hasTiles: false) == precision)
  }

  @Test func `a sum of brain floats keeps what 32 bits keep`() throws {
    // 256 products of 1 + 1/128, whose sum needs more than the 8 bits of a brain float.
    let shape = TensorShape(c: 256, z: 1, y: 1, x: 16)
    var builder = try TensorProgramBuilder(input: shape, threads: 1, precision: .bfloat16)
    let sum = try builder.convolution(
      builder.input,
      weights: ConvolutionWeights(
        kernels: Array(repeating: 1.0078125, count: 256), inputChannels: 256, outputChannels: 1),
      geometry: WindowGeometry(kernel: AxisTriple(1)), keepingFloat32: true)
    try builder.output(sum)
    let program = try TensorProgram(builder, threads: 1)
    let input = [Float](repeating: 1, count: 256 * 16)
    var output = [Float](repeating: 0, count: 16)
    var span = output.mutableSpan
    try program.run(input.span, into: &span)
    #expect(output == Array(repeating: 258, count: 16))
  }
}
