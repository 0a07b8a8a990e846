extension ONNXModel {
  /// The model as the bytes of an ONNX file, the same bytes for the same model on every machine.
  ///
  /// Weights are stored as float32, whole numbers as int64, in the order in which operators read
  /// them. Parameters of operators that no supported operator has (``Attribute/other``) are left
  /// out.
  ///
  /// - Complexity: O(bytes).
  ///
  /// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
  public func encoded() -> [UInt8] {
    var writer = ProtobufWriter()
    // The first version of the format that knows the operator set.
    let formatVersion: Int64 =
      switch operatorSetVersion {
      case ...18: 8
      case ...20: 9
      default: 10
      }
    writer.integer(1, formatVersion)
    writer.optionalString(2, producer)
    writer.optionalString(3, producerVersion)
    writer.message(7) { encodeGraph(into: &$0) }
    writer.message(8) { $0.integer(2, Int64(operatorSetVersion)) }
    for domain in Set(nodes.map { $0.domain }).sorted() where !domain.isEmpty {
      writer.message(8) { entry in
        entry.string(1, domain)
        entry.integer(2, domain == "ai.onnx" ? Int64(operatorSetVersion) : 1)
      }
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      writer.message(14) { entry in
        entry.string(1, key)
        entry.string(2, value)
      }
    }
    return writer.bytes
  }

  private func encodeGraph(into graph: inout ProtobufWriter) {
    for node in nodes { graph.message(1) { Self.encode(node, into: &$0) } }
    graph.string(2, "network")
    for constant in orderedInitializers { graph.message(5) { Self.encode(constant, into: &$0) } }
    for port in inputs { graph.message(11) { Self.encode(port, into: &$0) } }
    for port in outputs { graph.message(12) { Self.encode(port, into: &$0) } }
  }

  /// The weights in the order in which operators first read them, then those that none reads.
  private var orderedInitializers: [Constant] {
    var known: Set<String> = []
    var result: [Constant] = []
    for name in nodes.flatMap({ $0.inputs }) + initializers.keys.sorted()
    where known.insert(name).inserted {
      guard var constant = initializers[name] else { continue }
      constant.name = name
      result.append(constant)
    }
    return result
  }

  private static func encode(_ node: Node, into message: inout ProtobufWriter) {
    for input in node.inputs { message.string(1, input) }
    for output in node.outputs { message.string(2, output) }
    message.optionalString(3, node.name)
    message.string(4, node.operatorType)
    for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) {
      if case .other = attribute { continue }
      message.message(5) { encode(attribute, name: name, into: &$0) }
    }
    message.optionalString(7, node.domain)
  }

  private static func encode(
    _ attribute: Attribute, name: String, into message: inout ProtobufWriter
  ) {
    message.string(1, name)
    let kind: Int64
    switch attribute {
    case .float(let value):
      kind = 1
      message.float(2, value)
    case .integer(let value):
      kind = 2
      message.integer(3, value)
    case .string(let text):
      kind = 3
      message.string(4, text)
    case .tensor(let constant):
      kind = 4
      message.message(5) { encode(constant, into: &$0) }
    case .floats(let values):
      kind = 6
      message.floats(7, values)
    case .integers(let values):
      kind = 7
      message.integers(8, values)
    case .strings(let texts):
      kind = 8
      for text in texts { message.string(9, text) }
    case .other: preconditionFailure("an attribute of an unknown kind is not written")
    }
    message.integer(20, kind)
  }

  private static func encode(_ constant: Constant, into message: inout ProtobufWriter) {
    if !constant.lengths.isEmpty { message.integers(1, constant.lengths.map { Int64($0) }) }
    switch constant.values {
    case .floats: message.integer(2, 1)
    case .integers: message.integer(2, 7)
    }
    message.optionalString(8, constant.name)
    switch constant.values {
    case .floats(let values): message.floats(9, values)
    case .integers(let values): message.words(9, values)
    }
  }

  private static func encode(_ port: Port, into message: inout ProtobufWriter) {
    message.string(1, port.name)
    guard port.elementType != 0 else { return }
    message.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, Int64(port.elementType))
        guard let lengths = port.lengths else { return }
        tensor.message(2) { shape in
          for length in lengths {
            shape.message(1) { axis in
              switch length {
              case .fixed(let value): axis.integer(1, Int64(value))
              case .symbolic(let name): axis.optionalString(2, name)
              }
            }
          }
        }
      }
    }
  }
}
