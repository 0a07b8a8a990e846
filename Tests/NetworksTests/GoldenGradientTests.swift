import Networks
import Tensors
import TestSupport
import Testing
import Voxels

/// A network of every operator that can be trained, with the gradients that PyTorch computes in
/// float64; `tools/golden/gradients.py` wrote it.
struct GoldenGradientTests {
  static let folder = volumes + "/golden/torch-2.13.0-gradients/residual-unet"
  static let extent = VoxelExtent(z: 6, y: 12, x: 16)

  struct Step {
    var output: [Float]
    var gradients: [Float]
  }

  static func step(
    _ model: ONNXModel, threads: Int, precision: TrainingPrecision = .float32,
    repeating count: Int = 1
  ) throws -> (network: TrainableNetwork, steps: [Step]) {
    let network = try TrainableNetwork(
      model, extent: extent, threads: threads, precision: precision)
    let input = try floats(folder + "/input.f32")
    let weights = try floats(folder + "/weights.f32")
    let steps = try (0..<count).map { _ in
      var output = [Float](repeating: .nan, count: weights.count)
      var outputSpan = output.mutableSpan
      try network.forward(input.span, into: &outputSpan)
      var gradients = [Float](repeating: 0, count: model.parameterValues.count)
      var span = gradients.mutableSpan
      try network.backward(weights.span, addingTo: &span)
      return Step(output: output, gradients: gradients)
    }
    return (network, steps)
  }

  /// The largest difference in each parameter, relative to the parameter's largest gradient.
  static func errors(
    _ gradients: [Float], _ expected: [Float], _ parameters: [NetworkParameter]
  ) -> [Float] {
    parameters.map { parameter in
      let largest = expected[parameter.range].reduce(0) { max($0, abs($1)) }
      return largestDifference(
        Array(gradients[parameter.range]), Array(expected[parameter.range])) / largest
    }
  }

  @Test(
    .enabled(
      if: TrainingPrecision.bfloat16.isSupported, "the processor does not multiply brain floats"))
  func `in brain floats every parameter's gradient points where PyTorch's does`() throws {
    let model = try ONNXModel(contentsOfFile: Self.folder + "/model.onnx")
    let (network, steps) = try Self.step(model, threads: 1, precision: .bfloat16)
    let expected = try floats(Self.folder + "/gradients.f32")
    func dot(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
      zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    for parameter in network.parameters {
      let (found, truth) = (steps[0].gradients[parameter.range], expected[parameter.range])
      let (length, wanted) = (dot(found, found).squareRoot(), dot(truth, truth).squareRoot())
      // Rounding moves values across the kinks of some activations.
      #expect(dot(found, truth) > 0.98 * length * wanted, "\(parameter.name)")
      #expect(abs(length / wanted - 1) < 0.12, "\(parameter.name)")
    }
    let all = zip(steps[0].gradients, expected).reduce(0) {
      $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
    }
    let error = (all / dot(expected[...], expected[...])).squareRoot()
    #expect(error > 1e-3 && error < 0.2)
  }

  @Test(arguments: [1, 2, 3])
  func `every parameter has the gradient that PyTorch finds`(_ threads: Int) throws {
    let model = try ONNXModel(contentsOfFile: Self.folder + "/model.onnx")
    let (network, steps) = try Self.step(model, threads: threads)
    let output = try floats(Self.folder + "/output.f32")
    #expect(
      largestDifference(steps[0].output, output) < 1e-5 * output.reduce(0) { max($0, abs($1)) })
    let expected = try floats(Self.folder + "/gradients.f32")
    try #require(expected.count == steps[0].gradients.count)
    for (parameter, error) in zip(
      network.parameters, Self.errors(steps[0].gradients, expected, network.parameters))
    {
      #expect(error < 1e-5, "\(parameter.name) \(parameter.lengths)")
    }
  }

  @Test(arguments: [1, 2])
  func `two equal steps give the same bits, in one network and in two`(_ threads: Int) throws {
    let model = try ONNXModel(contentsOfFile: Self.folder + "/model.onnx")
    let first = try Self.step(model, threads: threads, repeating: 3).steps
    let second = try Self.step(model, threads: threads).steps
    for step in first + second {
      #expect(step.output == first[0].output)
      #expect(step.gradients == first[0].gradients)
    }
  }

  @Test func `gradients are added to what is there`() throws {
    let model = try ONNXModel(contentsOfFile: Self.folder + "/model.onnx")
    let (network, steps) = try Self.step(model, threads: 1)
    let weights = try floats(Self.folder + "/weights.f32")
    let input = try floats(Self.folder + "/input.f32")
    var output = steps[0].output
    var outputSpan = output.mutableSpan
    try network.forward(input.span, into: &outputSpan)
    var gradients = steps[0].gradients.map { -$0 }
    var span = gradients.mutableSpan
    try network.backward(weights.span, addingTo: &span)
    // A gradient that several places add to is not added in one rounding.
    let largest = steps[0].gradients.reduce(0) { max($0, abs($1)) }
    #expect(gradients.allSatisfy { abs($0) < 1e-6 * largest })
  }

  @Test func `a forward pass is that of a prediction`() throws {
    let model = try ONNXModel(contentsOfFile: Self.folder + "/model.onnx")
    let input = try floats(Self.folder + "/input.f32")
    let volume = Volume(channels: 1, box: VoxelBox(extent: Self.extent), values: input)
    let predicted = try Network(try NetworkPlan(model, extent: Self.extent, threads: 1)).run(volume)
    let trained = try Self.step(model, threads: 1).steps[0].output
    #expect(largestDifference(predicted, trained) < 5e-5)
  }

  @Test func `parameters that are loaded are those that count`() throws {
    let model = try ONNXModel(contentsOfFile: Self.folder + "/model.onnx")
    let halved = model.parameterValues.map { $0 / 2 }
    let network = try TrainableNetwork(model, extent: Self.extent, threads: 1)
    try network.load(halved.span)
    let input = try floats(Self.folder + "/input.f32")
    var output = [Float](repeating: 0, count: try floats(Self.folder + "/output.f32").count)
    var span = output.mutableSpan
    try network.forward(input.span, into: &span)
    let other = try Self.step(model.replacingParameters(halved.span), threads: 1).steps[0].output
    #expect(output == other)
    #expect(try output != floats(Self.folder + "/output.f32"))
  }
}
