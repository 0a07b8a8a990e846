import Tensors
import Testing
import Voxels

struct TensorProgramTests {
  private func run(
    _ shape: TensorShape, _ input: [Float],
    _ build: (inout TensorProgramBuilder, TensorValue) throws(TensorError) -> TensorValue
  ) throws -> [Float] {
    var builder = try TensorProgramBuilder(input: shape, threads: 1)
    try builder.output(try build(&builder, builder.input))
    let program = try TensorProgram(builder, threads: 1)
    var output = [Float](repeating: .nan, count: try #require(program.outputShape.checkedCount))
    var span = output.mutableSpan
    try program.run(input.span, into: &span)
    return output
  }

  @Test func `a convolution is a correlation with zeros outside`() throws {
    let weights = ConvolutionWeights(
      kernels: [1, 10, 100], bias: [1000], inputChannels: 1, outputChannels: 1)
    let geometry = WindowGeometry(
      kernel: AxisTriple(z: 1, y: 1, x: 3), paddingBefore: AxisTriple(z: 0, y: 0, x: 1),
      paddingAfter: AxisTriple(z: 0, y: 0, x: 1))
    let output = try run(TensorShape(c: 1, z: 1, y: 1, x: 4), [1, 2, 3, 4]) {
      (builder, input) throws(TensorError) in
      try builder.convolution(input, weights: weights, geometry: geometry)
    }
    #expect(output == [1210, 1321, 1432, 1043])
  }

  @Test func `a residual is added before the activation`() throws {
    let weights = ConvolutionWeights(kernels: [-2], inputChannels: 1, outputChannels: 1)
    let output = try run(TensorShape(c: 1, z: 1, y: 1, x: 3), [1, -2, 3]) {
      (builder, input) throws(TensorError) in
      try builder.convolution(
        input, weights: weights, geometry: WindowGeometry(kernel: AxisTriple(1)),
        addingTo: input, activation: .relu())
    }
    #expect(output == [0, 2, 0])
  }

  @Test func `a touching transposed convolution puts each tap in its place`() throws {
    let weights = ConvolutionWeights(
      kernels: (1...8).map { Float($0) }, bias: [0.5], inputChannels: 1, outputChannels: 1)
    let geometry = WindowGeometry(kernel: AxisTriple(2), stride: AxisTriple(2))
    let output = try run(TensorShape(c: 1, z: 1, y: 1, x: 2), [1, 10]) {
      (builder, input) throws(TensorError) in
      try builder.transposedConvolution(input, weights: weights, geometry: geometry)
    }
    let bare: [Float] = [1, 2, 10, 20, 3, 4, 30, 40, 5, 6, 50, 60, 7, 8, 70, 80]
    #expect(output == bare.map { $0 + 0.5 })
  }

  @Test func `a concatenation keeps the order of its parts`() throws {
    let output = try run(TensorShape(c: 2, z: 1, y: 1, x: 2), [1, 2, 3, 4]) {
      (builder, input) throws(TensorError) in
      let first = try builder.crop(
        input, offsets: [0, 1, 0, 0, 0], shape: TensorShape(c: 1, z: 1, y: 1, x: 2))
      return try builder.concatenation([first, input])
    }
    #expect(output == [3, 4, 1, 2, 3, 4])
  }

  @Test func `padding surrounds with zeros on every run`() throws {
    let output = try run(TensorShape(c: 1, z: 1, y: 1, x: 2), [5, 6]) {
      (builder, input) throws(TensorError) in
      try builder.zeroPadding(
        input, before: AxisTriple(z: 0, y: 0, x: 1), after: AxisTriple(z: 0, y: 1, x: 0))
    }
    #expect(output == [0, 5, 6, 0, 0, 0])
  }

  @Test func `weights that do not fit the channels are refused`() throws {
    var builder = try TensorProgramBuilder(
      input: TensorShape(c: 2, z: 4, y: 4, x: 4), threads: 1)
    let input = builder.input
    #expect(throws: TensorError.self) {
      try builder.convolution(
        input, weights: ConvolutionWeights(kernels: [1], inputChannels: 1, outputChannels: 1),
        geometry: WindowGeometry(kernel: AxisTriple(1)))
    }
  }

  @Test func `a program without an output is refused`() throws {
    let builder = try TensorProgramBuilder(
      input: TensorShape(c: 1, z: 2, y: 2, x: 2), threads: 1)
    #expect(throws: TensorError.self) { try TensorProgram(builder, threads: 1) }
  }
}

struct ArenaPlanTests {
  @Test func `tensors that never meet share their place`() {
    let plan = ArenaPlan(sizes: [640, 640, 640], lifetimes: [0...1, 1...2, 2...3])
    #expect(plan.byteCount == 1280)
    #expect(plan.offsets[0] == plan.offsets[2])
  }

  @Test func `tensors that live together never overlap`() {
    var state: UInt64 = 42
    func random(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    for _ in 0..<50 {
      let sizes = (0..<12).map { _ in 1 + random(1000) }
      let lifetimes: [ClosedRange<Int>?] = (0..<12).map { _ in
        let start = random(10)
        return start...start + random(6)
      }
      let plan = ArenaPlan(sizes: sizes, lifetimes: lifetimes)
      for one in 0..<12 {
        #expect(plan.offsets[one] % 64 == 0)
        #expect(plan.offsets[one] + sizes[one] <= plan.byteCount)
        for other in 0..<one {
          guard let first = lifetimes[one], let second = lifetimes[other], first.overlaps(second)
          else { continue }
          let apart =
            plan.offsets[one] + sizes[one] <= plan.offsets[other]
            || plan.offsets[other] + sizes[other] <= plan.offsets[one]
          #expect(apart)
        }
      }
    }
  }

  @Test(arguments: [TensorShape(c: 0, z: 1, y: 1, x: 1), TensorShape(c: -1, z: 1, y: 1, x: 1)])
  func `a shape without values has no count`(_ shape: TensorShape) {
    #expect(shape.checkedCount == nil)
  }

  @Test func `a shape whose values overflow has no count`() {
    #expect(TensorShape(c: 1 << 32, z: 1 << 32, y: 4, x: 4).checkedCount == nil)
  }
}
