import Tensors
import Voxels

/// Turns a model's graph into a tensor program for one input shape.
///
/// Batch normalisations are folded into the convolutions before them, sums and activations fused
/// into those before them, and what depends on constants and shapes alone is computed at once.
struct GraphLowering {
  /// A tensor of the graph: computed by the program, or known already.
  enum Tensor {
    case value(TensorValue)
    case constant(ONNXModel.Constant)
  }

  let model: ONNXModel
  let order: GraphOrder
  var builder: TensorProgramBuilder
  var tensors: [String: Tensor] = [:]
  /// How often a tensor will still be read.
  var remainingReads: [String: Int]
  /// Operators that were carried out together with one before them.
  var fused: Set<Int> = []

  init(
    _ model: ONNXModel, input: TensorShape, threads: Int, precision: Precision
  ) throws(ModelError) {
    self.model = model
    order = try GraphOrder(model)
    do {
      builder = try TensorProgramBuilder(input: input, threads: threads, precision: precision)
    } catch {
      throw ModelError(.execution, "the input's shape cannot be used", cause: error)
    }
    remainingReads = order.readers.mapValues { $0.count }
    for output in order.outputs { remainingReads[output, default: 0] += 1 }
    for (name, constant) in model.initializers { tensors[name] = .constant(constant) }
  }

  /// Adds the whole graph to the program, and the activation that is applied to its output.
  mutating func lower(inputName: String, activation: Activation?) throws(ModelError) {
    tensors[inputName] = .value(builder.input)
    for index in order.nodes.indices where !fused.contains(index) {
      let node = order.nodes[index]
      let reader = NodeReader(node: node, operatorSetVersion: model.operatorSetVersion)
      guard node.domain.isEmpty || node.domain == "ai.onnx" else {
        throw reader.unsupported(
          "the operator is not one of ONNX's own", found: "domain \(node.domain)")
      }
      if try foldConstants(reader) {
        finishReading(node)
        continue
      }
      try lower(reader, at: index)
      finishReading(node)
    }
    guard let name = order.outputs.first, case .value(var output)? = tensors[name] else {
      throw ModelError(.malformed, "the graph's output does not depend on its input")
    }
    do {
      if let activation { output = try builder.activation(output, activation) }
      try builder.output(output)
    } catch {
      throw ModelError(.execution, "the output cannot be prepared", cause: error)
    }
  }

  private mutating func finishReading(_ node: ONNXModel.Node) {
    for name in node.inputs where !name.isEmpty { remainingReads[name, default: 0] -= 1 }
  }

  /// The operators that are supported.
  static let operators = [
    "Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Constant", "Conv",
    "ConvTranspose", "Dropout", "Elu", "Gelu", "Identity", "InstanceNormalization", "LeakyRelu",
    "MaxPool", "Mul", "Pad", "Relu", "Resize", "Sigmoid", "Slice", "Softmax", "Sub", "Tanh",
    "Upsample",
  ]

  private mutating func lower(_ reader: NodeReader, at index: Int) throws(ModelError) {
    switch reader.node.operatorType {
    case "Conv": try lowerConvolution(reader, at: index)
    case "ConvTranspose": try lowerTransposedConvolution(reader, at: index)
    case "BatchNormalization": try lowerBatchNormalization(reader)
    case "InstanceNormalization": try lowerInstanceNormalization(reader)
    case "Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Gelu", "Clip":
      guard let activation = try activation(of: reader) else { break }
      let input = try value(reader, 0)
      try define(reader) { (builder) throws(TensorError) in
        try builder.activation(input, activation)
      }
    case "Softmax": try lowerSoftmax(reader)
    case "MaxPool", "AveragePool": try lowerPooling(reader)
    case "Resize", "Upsample": try lowerResize(reader)
    case "Concat": try lowerConcatenation(reader)
    case "Add": try lowerBinary(reader, .add)
    case "Sub": try lowerBinary(reader, .subtract)
    case "Mul": try lowerBinary(reader, .multiply)
    case "Pad": try lowerPadding(reader)
    case "Slice": try lowerSlice(reader)
    default:
      throw reader.unsupported(
        "the operator is not supported", found: reader.node.operatorType,
        expected: "one of " + Self.operators.joined(separator: ", "))
    }
  }

  // MARK: - Reading a node's inputs, writing its output

  /// Adds operations for a node and names their result.
  mutating func define(
    _ reader: NodeReader, as name: String? = nil,
    _ add: (inout TensorProgramBuilder) throws(TensorError) -> TensorValue
  ) throws(ModelError) {
    guard let output = name ?? reader.node.outputs.first, !output.isEmpty else {
      throw reader.malformed("the operator has no output")
    }
    do {
      tensors[output] = .value(try add(&builder))
    } catch {
      throw ModelError(
        error.code == .invalidShape ? .mismatch : .execution,
        "the layer cannot be prepared for this input", node: reader.node.label,
        remedy: error.code == .invalidShape
          ? "choose a patch extent that the model's strides divide" : nil, cause: error)
    }
  }

  /// A tensor that a node reads, computed by the program.
  func value(_ reader: NodeReader, _ index: Int) throws(ModelError) -> TensorValue {
    guard index < reader.node.inputs.count, let tensor = tensors[reader.node.inputs[index]] else {
      throw reader.malformed("the operator lacks its input \(index + 1)")
    }
    guard case .value(let value) = tensor else {
      throw reader.unsupported("input \(index + 1) is a constant")
    }
    return value
  }

  /// A constant that a node reads, or nil where the node leaves it out.
  func constant(_ reader: NodeReader, _ index: Int) throws(ModelError) -> ONNXModel.Constant? {
    guard index < reader.node.inputs.count, !reader.node.inputs[index].isEmpty else { return nil }
    guard case .constant(let constant)? = tensors[reader.node.inputs[index]] else {
      throw reader.unsupported("input \(index + 1) is not a constant")
    }
    return constant
  }

  /// The numbers of a constant of floats that a node must have.
  func floats(_ reader: NodeReader, _ index: Int, count: Int? = nil) throws(ModelError) -> [Float] {
    guard let constant = try constant(reader, index), case .floats(let values) = constant.values
    else {
      throw reader.malformed("the operator lacks numbers as its input \(index + 1)")
    }
    guard count == nil || values.count == count else {
      throw reader.malformed(
        "input \(index + 1) has the wrong size", found: "\(values.count) numbers",
        expected: "\(count ?? 0)")
    }
    return values
  }

  /// The whole numbers of a constant that a node reads, or nil where it leaves it out.
  func integers(_ reader: NodeReader, _ index: Int) throws(ModelError) -> [Int]? {
    guard let constant = try constant(reader, index) else { return nil }
    guard case .integers(let values) = constant.values else {
      throw reader.malformed("input \(index + 1) does not hold whole numbers")
    }
    return values.map { Int($0) }
  }

  /// The only operator that reads a tensor, unless it was carried out already or the tensor is
  /// also an output.
  func onlyReader(of name: String) -> Int? {
    guard let readers = order.readers[name], readers.count == 1, !order.outputs.contains(name),
      !fused.contains(readers[0])
    else { return nil }
    return readers[0]
  }

  func reader(at index: Int) -> NodeReader {
    NodeReader(node: order.nodes[index], operatorSetVersion: model.operatorSetVersion)
  }
}
