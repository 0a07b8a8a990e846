import FoundationEssentials

extension ONNXModel {
  /// Files larger than this are refused.
  static let maximalByteCount = 2 << 30
  /// Graphs with more operators than this are refused.
  static let maximalNodeCount = 100_000

  /// Reads a model's file.
  ///
  /// - Throws: `unreadable`, `malformed`, `limitExceeded`, or `unsupported` for weights of a type
  ///   that no supported operator reads.
  public init(contentsOfFile path: String) throws(ModelError) {
    let content: Data
    do {
      content = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw ModelError(
        .unreadable, path: path, "the model cannot be read",
        remedy: "name an ONNX file that exists and that you may read", cause: error)
    }
    guard content.count <= Self.maximalByteCount else {
      throw ModelError(
        .limitExceeded, path: path, "the model is too large", found: "\(content.count) bytes",
        expected: "at most \(Self.maximalByteCount)")
    }
    try self.init(bytes: [UInt8](content), path: path)
  }

  /// Decodes a model from a file's bytes.
  ///
  /// - Throws: As ``init(contentsOfFile:)``.
  public init(bytes: [UInt8], path: String = "") throws(ModelError) {
    do {
      try self.init(decoding: bytes, ExternalWeights(besides: path))
    } catch {
      throw error.naming(path)
    }
    self.path = path
  }

  private init(decoding bytes: [UInt8], _ external: ExternalWeights) throws(ModelError) {
    var reader = ProtobufReader(bytes)
    var hasGraph = false
    while let field = try reader.next() {
      switch field.number {
      case 2: producer = try reader.string(field.value)
      case 3: producerVersion = try reader.string(field.value)
      case 7:
        hasGraph = true
        try decodeGraph(try reader.message(field.value), external)
      case 8:
        var entry = try reader.message(field.value)
        var domain = ""
        var version: Int64 = 0
        while let part = try entry.next() {
          if part.number == 1 { domain = try entry.string(part.value) }
          if part.number == 2 { version = try entry.integer(part.value) }
        }
        if domain.isEmpty || domain == "ai.onnx" { operatorSetVersion = Int(version) }
      case 14:
        var entry = try reader.message(field.value)
        var (key, value) = ("", "")
        while let part = try entry.next() {
          if part.number == 1 { key = try entry.string(part.value) }
          if part.number == 2 { value = try entry.string(part.value) }
        }
        metadata[key] = value
      default: break
      }
    }
    guard hasGraph else { throw ProtobufReader.damaged("it holds no graph") }
    guard operatorSetVersion > 0 else {
      throw ProtobufReader.damaged("it does not say which operator set it uses")
    }
    // Older exporters list the weights among the inputs too.
    inputs.removeAll { initializers[$0.name] != nil }
  }

  private mutating func decodeGraph(
    _ message: ProtobufReader, _ external: ExternalWeights
  ) throws(ModelError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1:
        guard nodes.count < Self.maximalNodeCount else {
          throw ModelError(
            .limitExceeded, "the graph has more than \(Self.maximalNodeCount) operators")
        }
        nodes.append(try Self.node(try reader.message(field.value), external))
      case 5:
        let constant = try Self.constant(try reader.message(field.value), external)
        guard initializers.updateValue(constant, forKey: constant.name) == nil else {
          throw ProtobufReader.damaged("two weights have the name \"\(constant.name)\"")
        }
      case 11: inputs.append(try Self.port(try reader.message(field.value)))
      case 12: outputs.append(try Self.port(try reader.message(field.value)))
      case 15:
        throw ModelError(
          .unsupported, "the model has sparse weights", remedy: "export it with dense weights")
      default: break
      }
    }
  }

  private static func node(
    _ message: ProtobufReader, _ external: ExternalWeights
  ) throws(ModelError) -> Node {
    var reader = message
    var node = Node()
    while let field = try reader.next() {
      switch field.number {
      case 1: node.inputs.append(try reader.string(field.value))
      case 2: node.outputs.append(try reader.string(field.value))
      case 3: node.name = try reader.string(field.value)
      case 4: node.operatorType = try reader.string(field.value)
      case 5:
        let (name, attribute) = try attribute(try reader.message(field.value), external)
        node.attributes[name] = attribute
      case 7: node.domain = try reader.string(field.value)
      default: break
      }
    }
    return node
  }

  private static func attribute(
    _ message: ProtobufReader, _ external: ExternalWeights
  ) throws(ModelError) -> (String, Attribute) {
    var reader = message
    var name = ""
    var kind: Int64 = 0
    var float: Float = 0
    var integer: Int64 = 0
    var text = ""
    var floats: [Float] = []
    var integers: [Int64] = []
    var texts: [String] = []
    var tensor: Constant?
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field.value)
      case 2: float = try reader.float(field.value)
      case 3: integer = try reader.integer(field.value)
      case 4: text = try reader.string(field.value)
      case 5: tensor = try constant(try reader.message(field.value), external)
      case 7: try reader.floats(field.value, appendingTo: &floats)
      case 8: try reader.integers(field.value, appendingTo: &integers)
      case 9: texts.append(try reader.string(field.value))
      case 20: kind = try reader.integer(field.value)
      default: break
      }
    }
    let attribute: Attribute =
      switch kind {
      case 1: .float(float)
      case 2: .integer(integer)
      case 3: .string(text)
      case 4: tensor.map { .tensor($0) } ?? .other
      case 6: .floats(floats)
      case 7: .integers(integers)
      case 8: .strings(texts)
      default: .other
      }
    return (name, attribute)
  }

  private static func port(_ message: ProtobufReader) throws(ModelError) -> Port {
    var reader = message
    var port = Port()
    while let field = try reader.next() {
      if field.number == 1 { port.name = try reader.string(field.value) }
      guard field.number == 2 else { continue }
      var type = try reader.message(field.value)
      while let part = try type.next() {
        guard part.number == 1 else { continue }
        var tensor = try type.message(part.value)
        while let item = try tensor.next() {
          if item.number == 1 { port.elementType = Int(try tensor.integer(item.value)) }
          if item.number == 2 { port.lengths = try lengths(try tensor.message(item.value)) }
        }
      }
    }
    return port
  }

  private static func lengths(_ message: ProtobufReader) throws(ModelError) -> [Length] {
    var reader = message
    var lengths: [Length] = []
    while let field = try reader.next() {
      guard field.number == 1 else { continue }
      var axis = try reader.message(field.value)
      var length = Length.symbolic("")
      while let part = try axis.next() {
        if part.number == 2 { length = .symbolic(try axis.string(part.value)) }
        if part.number == 1 {
          let value = try axis.integer(part.value)
          // Zero and below are how some exporters write "any length".
          length = value > 0 ? .fixed(Int(value)) : .symbolic("")
        }
      }
      lengths.append(length)
    }
    return lengths
  }

  private static func constant(
    _ message: ProtobufReader, _ external: ExternalWeights
  ) throws(ModelError) -> Constant {
    var reader = message
    var name = ""
    var lengths: [Int64] = []
    var type: Int64 = 0
    var raw: Range<Int>?
    var floats: [Float] = []
    var integers: [Int64] = []
    var doubles: [Float] = []
    var isExternal = false
    var entries: [(key: String, value: String)] = []
    while let field = try reader.next() {
      switch field.number {
      case 1: try reader.integers(field.value, appendingTo: &lengths)
      case 2: type = try reader.integer(field.value)
      case 4: try reader.floats(field.value, appendingTo: &floats)
      case 5, 7, 11: try reader.integers(field.value, appendingTo: &integers)
      case 8: name = try reader.string(field.value)
      case 9: raw = try reader.range(field.value)
      case 10:
        doubles += try reader.words(try reader.range(field.value), byteCount: 8) {
          Float(Double(bitPattern: $0))
        }
      case 13:
        var entry = try reader.message(field.value)
        var (key, value) = ("", "")
        while let part = try entry.next() {
          if part.number == 1 { key = try entry.string(part.value) }
          if part.number == 2 { value = try entry.string(part.value) }
        }
        entries.append((key, value))
      case 14:
        let location = try reader.integer(field.value)
        if location == 1 { isExternal = true }
      default: break
      }
    }
    let count = try checkedCount(lengths, name: name)
    var content = reader
    if isExternal {
      let place = try ExternalWeights.Place(entries, of: name)
      let (file, range) = try external.bytes(of: place, name: name)
      (content, raw) = (file, range)
    }
    let values = try values(
      type: type, raw: raw, floats: floats + doubles, integers: integers, reader: content,
      name: name)
    let found =
      switch values {
      case .floats(let list): list.count
      case .integers(let list): list.count
      }
    guard found == count else {
      throw ModelError(
        .malformed, "the weights \"\(name)\" have another size than they state",
        found: "\(found) values", expected: "\(count) for \(lengths)",
        remedy: "export or copy the model again")
    }
    return Constant(name: name, lengths: lengths.map { Int($0) }, values: values)
  }

  private static func checkedCount(_ lengths: [Int64], name: String) throws(ModelError) -> Int {
    var count = 1
    guard lengths.count <= 8 else {
      throw ModelError(
        .limitExceeded, "the weights \"\(name)\" have \(lengths.count) axes",
        expected: "at most 8")
    }
    for length in lengths {
      let (product, overflows) = count.multipliedReportingOverflow(by: Int(length))
      guard length >= 0, !overflows else {
        throw ModelError(
          .malformed, "the weights \"\(name)\" have impossible lengths", found: "\(lengths)")
      }
      count = product
    }
    return count
  }

  private static func values(
    type: Int64, raw: Range<Int>?, floats: [Float], integers: [Int64], reader: ProtobufReader,
    name: String
  ) throws(ModelError) -> Constant.Values {
    switch (type, raw) {
    case (1, let raw?):
      return .floats(
        try reader.words(raw, byteCount: 4) { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) })
    case (11, let raw?):
      return .floats(try reader.words(raw, byteCount: 8) { Float(Double(bitPattern: $0)) })
    case (10, let raw?):
      return .floats(try reader.words(raw, byteCount: 2, halfPrecision))
    case (16, let raw?):
      return .floats(
        try reader.words(raw, byteCount: 2) {
          Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16)
        })
    case (7, let raw?):
      return .integers(try reader.words(raw, byteCount: 8) { Int64(bitPattern: $0) })
    case (6, let raw?):
      return .integers(
        try reader.words(raw, byteCount: 4) { Int64(Int32(truncatingIfNeeded: $0)) })
    case (2, let raw?), (9, let raw?):
      return .integers(try reader.words(raw, byteCount: 1) { Int64($0) })
    case (3, let raw?):
      return .integers(
        try reader.words(raw, byteCount: 1) { Int64(Int8(truncatingIfNeeded: $0)) })
    case (1, nil), (11, nil): return .floats(floats)
    case (10, nil): return .floats(integers.map { halfPrecision(UInt64(bitPattern: $0)) })
    case (16, nil):
      return .floats(
        integers.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
    case (2, nil), (3, nil), (6, nil), (7, nil), (9, nil): return .integers(integers)
    default:
      throw ModelError(
        .unsupported, "the weights \"\(name)\" have the element type \(type)",
        expected: "float32, float64, float16, bfloat16, bool, int8, uint8, int32 or int64",
        remedy: "export the model in float32")
    }
  }

  /// The number that sixteen bits stand for in IEEE 754 half precision.
  static func halfPrecision(_ bits: UInt64) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Float(bits & 0x3ff)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}
