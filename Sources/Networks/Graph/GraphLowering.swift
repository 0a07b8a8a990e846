import Tensors
import Voxels

/// Turns a model's graph into a tensor program for one input shape.
///
/// Batch normalisations are folded into the convolutions before them, sums and activations fused
/// into those before them, and what depends on constants and shapes alone is computed at once.
struct GraphLowering {
  /// A tensor of the graph.
  enum Tensor {
    /// Computed by the program: the values in order, and the lengths that the graph gives them.
    ///
    /// The program's shape may be another of as many values: a reshaping costs nothing until an
    /// operator needs the axes that it makes.
    case value(TensorValue, lengths: [Int])
    /// Known already.
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

  /// Later versions of ONNX's operators may mean something else.
  static let newestOperatorSet = 25

  init(
    _ model: ONNXModel, input: TensorShape, threads: Int, precision: Precision
  ) throws(ModelError) {
    guard model.operatorSetVersion <= Self.newestOperatorSet else {
      throw ModelError(
        .unsupported, "the model is written for a newer operator set",
        found: "operator set \(model.operatorSetVersion)",
        expected: "at most \(Self.newestOperatorSet)",
        remedy: "export the model with opset_version=20")
    }
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
  ///
  /// The extents are what the model makes of them, unless a filled extent says otherwise.
  mutating func lower(
    input: ONNXModel.Port, activation: Activation?, extent: FilledExtent? = nil
  ) throws(ModelError) {
    let rank = input.lengths?.count ?? 5
    var image = builder.input
    do {
      if let extent { image = try extent.continued(image, &builder) }
    } catch {
      throw ModelError(.execution, "the input cannot be prepared", cause: error)
    }
    tensors[input.name] = .value(
      image, lengths: builder.shape(of: image).graphLengths(rank: rank))
    // Constants that a file holds after what precedes their reader are known from the start.
    for index in order.nodes.indices where order.nodes[index].operatorType == "Constant" {
      if try foldConstants(reader(at: index)) { fused.insert(index) }
    }
    for index in order.nodes.indices where !fused.contains(index) {
      let node = order.nodes[index]
      let reader = self.reader(at: index)
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
    guard let name = order.outputs.first, case .value(var output, let lengths)? = tensors[name]
    else { throw ModelError(.malformed, "the graph's output does not depend on its input") }
    guard lengths.count == rank, lengths[0] == 1, let shape = TensorShape(graphLengths: lengths)
    else {
      throw ModelError(
        .unsupported, "the model's output \"\(name)\" is not of the input's axes",
        found: "\(lengths)", expected: "(1, channels, \(rank == 5 ? "z, " : "")y, x)")
    }
    do {
      output = try builder.reshaped(output, as: shape)
      if let extent { output = try extent.filled(output, &builder) }
      if let activation { output = try builder.activation(output, activation) }
      try builder.output(output)
    } catch {
      throw ModelError(.execution, "the output cannot be prepared", cause: error)
    }
  }

  private mutating func finishReading(_ node: ONNXModel.Node) {
    for name in node.inputs where !name.isEmpty { remainingReads[name, default: 0] -= 1 }
  }

  // MARK: - Reading a node's inputs, writing its output

  /// Adds operations for a node and names their result.
  ///
  /// Without lengths the result has those of its shape, with as many axes as the node's input.
  mutating func define(
    _ reader: NodeReader, as name: String? = nil, lengths: [Int]? = nil,
    _ add: (inout TensorProgramBuilder) throws(TensorError) -> TensorValue
  ) throws(ModelError) {
    guard let output = name ?? reader.node.outputs.first, !output.isEmpty else {
      throw reader.malformed("the operator has no output")
    }
    let result = try prepared(reader) { (builder) throws(TensorError) in try add(&builder) }
    tensors[output] = .value(
      result, lengths: lengths ?? builder.shape(of: result).graphLengths(rank: reader.rank))
  }

  /// Adds operations for a node, with errors that name it.
  mutating func prepared(
    _ reader: NodeReader,
    _ add: (inout TensorProgramBuilder) throws(TensorError) -> TensorValue
  ) throws(ModelError) -> TensorValue {
    do {
      return try add(&builder)
    } catch {
      throw ModelError(
        error.code == .invalidShape ? .mismatch : .execution,
        "the layer cannot be prepared for this input", node: reader.node.label,
        remedy: error.code == .invalidShape
          ? "choose a patch extent that the model's strides divide" : nil, cause: error)
    }
  }

  /// Gives a tensor that a node reads to the node's output, under lengths of as many values.
  mutating func alias(_ reader: NodeReader, lengths: [Int]) throws(ModelError) {
    let (value, _) = try computed(reader, 0)
    try define(reader, lengths: lengths) { (builder) throws(TensorError) in
      try builder.share(value)
      return value
    }
  }

  /// A tensor that a node reads, computed by the program, in whatever shape, and its lengths.
  func computed(
    _ reader: NodeReader, _ index: Int
  ) throws(ModelError) -> (TensorValue, lengths: [Int]) {
    guard index < reader.node.inputs.count, let tensor = tensors[reader.node.inputs[index]] else {
      throw reader.malformed("the operator lacks its input \(index + 1)")
    }
    guard case .value(let value, let lengths) = tensor else {
      throw reader.unsupported("input \(index + 1) is a constant")
    }
    return (value, lengths)
  }

  /// A tensor that a node reads, computed by the program, in the shape that its lengths tell.
  mutating func value(
    _ reader: NodeReader, _ index: Int, ofOneSample: Bool = true
  ) throws(ModelError) -> TensorValue {
    let (value, lengths) = try computed(reader, index)
    guard let shape = TensorShape(graphLengths: lengths) else {
      throw reader.unsupported(
        "input \(index + 1) has \(lengths.count) axes", found: "\(lengths)",
        expected: "at most five")
    }
    guard shape.n == 1 || !ofOneSample else {
      throw reader.unsupported("input \(index + 1) has more than one sample", found: "\(lengths)")
    }
    return try prepared(reader) { (builder) throws(TensorError) in
      try builder.reshaped(value, as: shape)
    }
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

  /// Whole numbers that older operators have as an attribute and newer ones as an input.
  func integers(
    _ reader: NodeReader, _ attribute: String, orInput index: Int
  ) throws(ModelError) -> [Int]? {
    if let stated = try reader.integers(attribute) { return stated }
    return try integers(reader, index)
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
    var reader = NodeReader(node: order.nodes[index], operatorSetVersion: model.operatorSetVersion)
    for name in reader.node.inputs {
      if case .value(_, let lengths)? = tensors[name] {
        reader.rank = lengths.count
        break
      }
    }
    return reader
  }
}

extension TensorShape {
  /// The shape of a graph's tensor: its samples, its channels and, last axis last, its space; nil
  /// for more than five axes.
  init?(graphLengths lengths: [Int]) {
    switch lengths.count {
    case 0: self.init(c: 1, z: 1, y: 1, x: 1)
    case 1: self.init(c: lengths[0], z: 1, y: 1, x: 1)
    case 2: self.init(n: lengths[0], c: lengths[1], z: 1, y: 1, x: 1)
    case 3: self.init(n: lengths[0], c: lengths[1], z: 1, y: 1, x: lengths[2])
    case 4: self.init(n: lengths[0], c: lengths[1], z: 1, y: lengths[2], x: lengths[3])
    case 5:
      self.init(n: lengths[0], c: lengths[1], z: lengths[2], y: lengths[3], x: lengths[4])
    default: return nil
    }
  }

  /// The axes of (n, c, z, y, x) that a graph's tensor of so many axes has.
  static func axes(ofRank rank: Int) -> [Int] {
    switch rank {
    case 0: []
    case 1: [1]
    case 2: [0, 1]
    case 3: [0, 1, 4]
    case 4: [0, 1, 3, 4]
    default: [0, 1, 2, 3, 4]
    }
  }

  /// The lengths of a graph's tensor of so many axes.
  func graphLengths(rank: Int) -> [Int] {
    Self.axes(ofRank: rank).map { lengths[$0] }
  }
}
