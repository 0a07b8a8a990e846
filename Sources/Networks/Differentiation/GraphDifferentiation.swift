import Tensors

/// Turns a model's graph into a training program for one input shape.
///
/// What depends on constants and shapes alone is known from the graph's lowering, which has checked
/// every operator, too. Sums and activations are fused into the convolutions before them.
struct GraphDifferentiation {
  let model: ONNXModel
  let order: GraphOrder
  /// The graph as it is lowered for predictions: constants by name.
  let lowering: GraphLowering
  let inputName: String
  let parameters: [String: NetworkParameter]
  var builder: TrainingProgramBuilder
  /// The tensors computed so far, by name.
  var values: [String: TensorValue] = [:]
  /// The parameters declared so far, by name.
  var trained: [String: TrainedNumbers] = [:]
  /// Operators that were carried out together with one before them.
  var fused: Set<Int> = []

  init(
    _ model: ONNXModel, input: TensorShape, threads: Int, precision: TrainingPrecision
  ) throws(ModelError) {
    self.model = model
    let port = try model.interface.input
    inputName = port.name
    var lowering = try GraphLowering(
      model, input: input, threads: threads, precision: .float32)
    try lowering.lower(input: port, activation: nil)
    order = lowering.order
    self.lowering = lowering
    parameters = Dictionary(
      model.parameters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    do {
      builder = try TrainingProgramBuilder(input: input, threads: threads, precision: precision)
    } catch {
      throw ModelError(.execution, "the input's shape cannot be used", cause: error)
    }
  }

  /// Adds the whole graph, and its gradient, to the program.
  mutating func differentiate() throws(ModelError) {
    values[inputName] = builder.input
    for index in order.nodes.indices where !fused.contains(index) {
      let reader = reader(at: index)
      // What is a constant needs no operation.
      if let output = reader.node.outputs.first, case .constant? = lowering.tensors[output] {
        continue
      }
      try differentiate(reader)
    }
    guard let name = order.outputs.first, let output = values[name] else {
      throw ModelError(.malformed, "the graph's output does not depend on its input")
    }
    do {
      try builder.output(output)
    } catch {
      throw ModelError(
        error.code == .unsupported ? .unsupported : .execution, "the network cannot be trained",
        cause: error)
    }
  }

  /// The operators that can be trained.
  static let operators = [
    "Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Conv", "ConvTranspose",
    "Dropout", "Elu", "Gelu", "GroupNormalization", "HardSwish", "Identity",
    "InstanceNormalization", "LeakyRelu",
    "MaxPool", "Mish", "Mul", "Pad", "Relu", "Resize", "Sigmoid", "Slice", "Softplus", "Sub",
    "Swish", "Tanh", "Upsample",
  ]

  private mutating func differentiate(_ reader: NodeReader) throws(ModelError) {
    switch reader.node.operatorType {
    case "Conv": try differentiateConvolution(reader)
    case "ConvTranspose": try differentiateTransposedConvolution(reader)
    case "BatchNormalization", "InstanceNormalization": try differentiateNormalization(reader)
    case "GroupNormalization": try differentiateGroupNormalization(reader)
    case "Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Gelu", "Clip", "Swish", "Mish",
      "HardSwish", "Softplus":
      try differentiateActivation(reader)
    case "MaxPool", "AveragePool": try differentiatePooling(reader)
    case "Resize", "Upsample": try differentiateResize(reader)
    case "Concat": try differentiateConcatenation(reader)
    case "Add": try differentiateBinary(reader, .add)
    case "Sub": try differentiateBinary(reader, .subtract)
    case "Mul": try differentiateBinary(reader, .multiply)
    case "Pad": try differentiatePadding(reader)
    case "Slice": try differentiateSlice(reader)
    default:
      throw reader.unsupported(
        "the operator can be run but not trained", found: reader.node.operatorType,
        expected: "one of " + Self.operators.joined(separator: ", "))
    }
  }

  // MARK: - Reading a node's inputs, writing its output

  /// Adds operations for a node and names their result.
  mutating func define(
    _ reader: NodeReader, as name: String? = nil,
    _ add: (inout TrainingProgramBuilder) throws(TensorError) -> TensorValue
  ) throws(ModelError) {
    guard let output = name ?? reader.node.outputs.first, !output.isEmpty else {
      throw reader.malformed("the operator has no output")
    }
    do {
      values[output] = try add(&builder)
    } catch {
      throw ModelError(
        error.code == .unsupported ? .unsupported : .execution,
        "the layer cannot be prepared for training", node: reader.node.label, cause: error)
    }
  }

  /// A tensor that a node reads.
  func value(_ reader: NodeReader, _ index: Int) throws(ModelError) -> TensorValue {
    guard index < reader.node.inputs.count, let value = values[reader.node.inputs[index]] else {
      throw reader.unsupported("input \(index + 1) is not computed from the network's input")
    }
    return value
  }

  /// Parameters that a node reads, or nil where it leaves them out.
  mutating func parameter(
    _ reader: NodeReader, _ index: Int
  ) throws(ModelError) -> (numbers: TrainedNumbers, lengths: [Int])? {
    guard index < reader.node.inputs.count, !reader.node.inputs[index].isEmpty else { return nil }
    let name = reader.node.inputs[index]
    guard let parameter = parameters[name] else {
      throw reader.unsupported(
        "input \(index + 1) is not a parameter but computed", found: "\"\(name)\"",
        expected: "an initializer of floats")
    }
    if let known = trained[name] { return (known, parameter.lengths) }
    let numbers = builder.parameter(parameter.range)
    trained[name] = numbers
    return (numbers, parameter.lengths)
  }

  /// The shape of a node's result as the lowering found it; nil where it is no tensor.
  func loweredShape(_ reader: NodeReader) -> TensorShape? {
    guard let output = reader.node.outputs.first,
      case .value(_, let lengths)? = lowering.tensors[output]
    else { return nil }
    return TensorShape(graphLengths: lengths)
  }

  func reader(at index: Int) -> NodeReader {
    NodeReader(node: order.nodes[index], operatorSetVersion: model.operatorSetVersion)
  }

  /// The only operator that reads a tensor, unless it was carried out already or the tensor is
  /// also an output.
  func onlyReader(of name: String) -> Int? {
    guard let readers = order.readers[name], readers.count == 1, !order.outputs.contains(name),
      !fused.contains(readers[0])
    else { return nil }
    return readers[0]
  }
}
