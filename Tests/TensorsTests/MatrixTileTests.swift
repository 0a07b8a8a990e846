import Tensors
import Testing
import Voxels

// Matrix tiles are imitated in portable code, bit for bit, so that these tests mean something on
// processors without them; where they are, they must give the same.

struct MatrixTileTests {
  /// The largest relative error of a precision, and the products that stand for one.
  private static func limit(_ precision: Precision) -> (error: Double, products: Int) {
    switch precision {
    case .bfloat16: (1e-2, 1)
    case .nearFloat32: (2e-5, 3)
    case .float32: (2e-6, 6)
    }
  }

  /// The precisions that this processor computes in.
  private static let precisions = Precision.allCases.filter { precision in
    let builder = try? TensorProgramBuilder(
      input: TensorShape(c: 1, z: 1, y: 1, x: 1), threads: 1, precision: precision)
    return builder?.precision == precision
  }

  /// Checks a convolution in every precision.
  private func check(_ example: ConvolutionExample, against expected: [Double]? = nil) throws {
    let values = example.values()
    let expected = try expected ?? example.expected(values)
    for precision in Self.precisions {
      var example = example
      example.precision = precision
      let (limit, products) = Self.limit(precision)
      let portable = try example.run(values, .matrixTiles(inPortableCode: true))
      #expect(relativeError(portable.values, expected) < limit, "\(precision)")
      #expect(
        portable.operations.contains("convolution matrix tiles ×\(products) in portable code"))
      if ConvolutionEngine.hasMatrixTiles {
        let result = try example.run(values, .matrixTiles())
        #expect(result.values == portable.values)
        #expect(result.operations.contains("convolution matrix tiles ×\(products)"))
      }
    }
  }

  @Test(arguments: [(1, 17), (3, 16), (12, 12), (16, 3), (17, 36), (28, 1), (32, 32), (48, 40)])
  func `tiles agree with the definition for any channels`(_ inputs: Int, _ outputs: Int) throws {
    for kernelZ in [1, 3] {
      let padding = AxisTriple(z: kernelZ / 2, y: 1, x: 1)
      try check(
        ConvolutionExample(
          extent: (2, 3, 4), parts: [inputs], outputs: outputs, kernelZ: kernelZ, before: padding,
          after: padding))
    }
  }

  @Test(arguments: [(1, 1, 1), (1, 2, 9), (9, 1, 1), (2, 7, 1), (5, 19, 11), (2, 3, 140)])
  func `tiles agree with the definition for any extent`(_ z: Int, _ y: Int, _ x: Int) throws {
    for kernelZ in [1, 3] {
      let padding = AxisTriple(z: kernelZ / 2, y: 1, x: 1)
      try check(
        ConvolutionExample(
          extent: (z, y, x), parts: [2], outputs: 3, kernelZ: kernelZ, before: padding,
          after: padding, activation: nil))
    }
  }

  @Test func `tiles agree with the definition for any zeros around`() throws {
    for before in 0...2 {
      for after in -1...2 {
        try check(
          ConvolutionExample(
            parts: [3], outputs: 4, before: AxisTriple(z: before, y: 2 - before, x: before),
            after: AxisTriple(z: after, y: after, x: 1)))
      }
    }
  }

  @Test(arguments: [[12, 12], [5, 16, 3], [1, 1], [2, 2, 2, 2, 2, 2, 2, 2]])
  func `the parts of a concatenation are read where they are`(_ parts: [Int]) throws {
    try check(ConvolutionExample(extent: (3, 4, 5), parts: parts, outputs: 20))
  }

  @Test(arguments: [Activation?.none, .relu(), .relu(negativeSlope: 0.25)])
  func `a residual is added before the activation`(_ activation: Activation?) throws {
    for parts in [[2], [6, 5]] {
      try check(
        ConvolutionExample(
          extent: (4, 5, 6), parts: parts, outputs: 17, hasResidual: true, activation: activation))
    }
  }

  @Test(arguments: [Float(1), 0.5])
  func `an exponential unit is as oneDNN computes it`(_ alpha: Float) throws {
    let example = ConvolutionExample(parts: [4], outputs: 18, activation: .elu(alpha: alpha))
    let expected = try example.run(example.values(), .oneDNN).values.map { Double($0) }
    for precision in Self.precisions {
      var example = example
      example.precision = precision
      let result = try example.run(example.values(), .matrixTiles())
      #expect(relativeError(result.values, expected) < Self.limit(precision).error)
    }
  }

  @Test func `results do not depend on the number of threads`() throws {
    for precision in Self.precisions {
      var example = ConvolutionExample(extent: (9, 13, 22), parts: [5], outputs: 7)
      example.precision = precision
      let values = example.values()
      let alone = try example.run(values, .matrixTiles()).values
      for threads in [2, 3] {
        #expect(try example.run(values, .matrixTiles(), threads: threads).values == alone)
      }
    }
  }

  /// The middle voxel's result for the channels of one voxel, with weights of its own tap alone.
  private func product(_ numbers: [Float], _ weights: [Float]) throws -> Float {
    let shape = TensorShape(c: numbers.count, z: 1, y: 1, x: 1)
    var builder = try TensorProgramBuilder(input: shape, threads: 1, precision: .bfloat16)
    builder.convolutionEngine = .matrixTiles()
    let kernels = weights.flatMap { (weight) -> [Float] in [0, 0, 0, 0, weight, 0, 0, 0, 0] }
    try builder.output(
      try builder.convolution(
        builder.input,
        weights: ConvolutionWeights(
          kernels: kernels, inputChannels: numbers.count, outputChannels: 1),
        geometry: WindowGeometry(
          kernel: AxisTriple(z: 1, y: 3, x: 3), paddingBefore: AxisTriple(z: 0, y: 1, x: 1),
          paddingAfter: AxisTriple(z: 0, y: 1, x: 1)), keepingFloat32: true))
    let program = try TensorProgram(builder, threads: 1)
    var output: [Float] = [.nan]
    var span = output.mutableSpan
    try program.run(numbers.span, into: &span)
    return output[0]
  }

  @Test(.enabled(if: precisions.contains(.bfloat16), "needs a processor with brain floats"))
  func `tiles add up even and odd products apart`() throws {
    let large: Float = 0x1p24
    // One after the other they would give 1, then 2: 2²⁴ + 1 is no float.
    #expect(try product([large, 1, -large, 1], [1, 1, 1, 1]) == 2)
    #expect(try product([large, -large, 1, 1], [1, 1, 1, 1]) == 1)
  }

  @Test(.enabled(if: precisions.contains(.bfloat16), "needs a processor with brain floats"))
  func `numbers below the normal ones are zero to tiles`() throws {
    let smallest = Float.leastNormalMagnitude
    #expect(try product([smallest], [0x1p100]) == 0x1p-26)
    #expect(try product([smallest / 2], [0x1p100]) == 0)
    #expect(try product([smallest], [0.5]) == 0)
  }
}
