import Networks
import Tensors
import TestSupport
import Testing
import Voxels

/// A graph put together by hand, whose tensors can be parameters: a transposed convolution of one
/// voxel of value 1 gives its weights.
struct TestGraph {
  private(set) var model = ONNXModel()
  private var generator: SeededGenerator

  init(seed: UInt64 = 1) {
    generator = SeededGenerator(seed: seed)
    model.operatorSetVersion = 18
    model.inputs = [Self.port("one", channels: 1)]
  }

  private static func port(_ name: String, channels: Int) -> ONNXModel.Port {
    var port = ONNXModel.Port()
    port.name = name
    port.elementType = 1
    port.lengths = [
      .fixed(1), .fixed(channels), .symbolic("z"), .symbolic("y"), .symbolic("x"),
    ]
    return port
  }

  /// Adds an initializer of numbers in [-1, 1], moved by an offset.
  mutating func numbers(_ lengths: [Int], offset: Float = 0) -> String {
    let count = lengths.reduce(1, *)
    return constant(
      lengths, (0..<count).map { _ in Float.random(in: -1...1, using: &generator) + offset })
  }

  mutating func constant(_ lengths: [Int], _ values: [Float]) -> String {
    let name = "constant\(model.initializers.count)"
    model.initializers[name] = .init(name: name, lengths: lengths, values: .floats(values))
    return name
  }

  mutating func integers(_ values: [Int64]) -> String {
    let name = "constant\(model.initializers.count)"
    model.initializers[name] = .init(
      name: name, lengths: [values.count], values: .integers(values))
    return name
  }

  /// Adds a tensor of (channels, z, y, x) whose every value is a parameter.
  mutating func tensor(_ lengths: [Int]) -> String {
    let weights = numbers([1] + lengths)
    let edges = lengths[1...].map { Int64($0) }
    return node(
      "ConvTranspose", ["one", weights],
      ["kernel_shape": .integers(edges), "strides": .integers(edges)])
  }

  mutating func node(
    _ type: String, _ inputs: [String], _ attributes: [String: ONNXModel.Attribute] = [:]
  ) -> String {
    var node = ONNXModel.Node()
    node.operatorType = type
    node.name = "\(type)\(model.nodes.count)"
    node.inputs = inputs
    node.outputs = ["tensor\(model.nodes.count)"]
    node.attributes = attributes
    model.nodes.append(node)
    return node.outputs[0]
  }

  /// The model with one output; mutating, so that the graph is read after what adds the output.
  mutating func finished(_ output: String) -> ONNXModel {
    model.outputs = [Self.port(output, channels: 1)]
    return model
  }
}

/// The gradient of Σ weight · output, with weights in [-1, 1], that a network finds; with the number
/// itself as a function of the parameters.
struct GradientProbe {
  let network: TrainableNetwork
  let values: [Float]
  let weights: [Float]
  let input: [Float]

  init(
    _ model: ONNXModel, extent: VoxelExtent = VoxelExtent(cube: 1), threads: Int = 1,
    input: [Float] = [1]
  ) throws {
    network = try TrainableNetwork(model, extent: extent, threads: threads)
    values = model.parameterValues
    self.input = input
    var generator = SeededGenerator(seed: 7)
    weights = (0..<network.outputShape.extent.voxelCount * network.outputShape.c).map { _ in
      Float.random(in: -1...1, using: &generator)
    }
  }

  func output(_ values: [Float]) throws -> [Float] {
    var output = [Float](repeating: .nan, count: weights.count)
    try network.load(values.span)
    var span = output.mutableSpan
    try network.forward(input.span, into: &span)
    return output
  }

  func objective(_ values: [Float]) throws -> Double {
    zip(try output(values), weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  func gradient(startingAt start: Float = 0) throws -> [Float] {
    _ = try output(values)
    var gradients = [Float](repeating: start, count: values.count)
    var span = gradients.mutableSpan
    try network.backward(weights.span, addingTo: &span)
    return gradients
  }
}

/// Compares every parameter's gradient with central finite differences.
///
/// A function with kinks may have one between the two points that a difference is taken of; the
/// best of three step widths counts.
func checkGradients(
  _ model: ONNXModel, extent: VoxelExtent = VoxelExtent(cube: 1), input: [Float] = [1],
  tolerance: Double = 5e-3, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let probe = try GradientProbe(model, extent: extent, input: input)
  let gradient = try probe.gradient()
  let scale = gradient.reduce(0) { max($0, abs(Double($1))) }
  #expect(
    scale > 0.01 && scale.isFinite, "nothing depends on anything", sourceLocation: sourceLocation)
  var worst = 0.0
  for index in probe.values.indices {
    var error = Double.infinity
    for step: Float in [1e-2, 2e-3, 4e-4] {
      var (above, below) = (probe.values, probe.values)
      above[index] += step
      below[index] -= step
      let difference =
        (try probe.objective(above) - probe.objective(below))
        / Double(above[index] - below[index])
      error = min(error, abs(difference - Double(gradient[index])) / scale)
      if error < tolerance { break }
    }
    worst = max(worst, error)
  }
  #expect(worst < tolerance, sourceLocation: sourceLocation)
}
