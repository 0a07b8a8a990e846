/// Reads the fields of one message in the Protocol Buffers wire format.
///
/// Everything is checked against the message's end; nested messages and strings are ranges of the
/// same bytes, so a hostile length cannot make it allocate.
///
/// Source: https://protobuf.dev/programming-guides/encoding/
struct ProtobufReader {
  /// The content of one field.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(Range<Int>)
  }

  struct Field {
    var number: Int
    var value: Value
  }

  /// Messages within messages deeper than this are refused; ONNX graphs need about ten.
  static let maximalDepth = 32

  let bytes: [UInt8]
  private var position: Int
  private let end: Int
  private let depth: Int

  init(_ bytes: [UInt8]) {
    self.init(bytes, bytes.startIndex..<bytes.endIndex, depth: 0)
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>, depth: Int) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
    self.depth = depth
  }

  /// The next field, or nil at the message's end.
  mutating func next() throws(ModelError) -> Field? {
    guard position < end else { return nil }
    let key = try varint()
    let number = key >> 3
    guard number > 0, number < 1 << 29 else {
      throw Self.damaged("a field has the number \(number)")
    }
    let value: Value
    switch key & 7 {
    case 0: value = .varint(try varint())
    case 1: value = .fixed64(try fixed(byteCount: 8))
    case 5: value = .fixed32(UInt32(truncatingIfNeeded: try fixed(byteCount: 4)))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw Self.damaged("a field of \(length) bytes reaches past the end of its message")
      }
      let start = position
      position += Int(length)
      value = .bytes(start..<position)
    default:
      throw Self.damaged("a field has the wire type \(key & 7)")
    }
    return Field(number: Int(number), value: value)
  }

  private mutating func varint() throws(ModelError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else { throw Self.damaged("the file ends within a number") }
      let byte = bytes[position]
      position += 1
      if shift == 63 && byte > 1 { break }
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw Self.damaged("a number has more than 64 bits")
  }

  private mutating func fixed(byteCount: Int) throws(ModelError) -> UInt64 {
    guard end - position >= byteCount else {
      throw Self.damaged("the file ends within a number")
    }
    defer { position += byteCount }
    return littleEndian(at: position, byteCount: byteCount)
  }

  private func littleEndian(at start: Int, byteCount: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<byteCount { value |= UInt64(bytes[start + index]) << UInt64(8 * index) }
    return value
  }

  static func damaged(_ message: String) -> ModelError {
    ModelError(
      .malformed, "this is not a sound ONNX file: \(message)",
      remedy: "export or copy the model again")
  }

  // MARK: - Contents of fields

  func message(_ value: Value) throws(ModelError) -> ProtobufReader {
    guard depth < Self.maximalDepth else {
      throw ModelError(
        .limitExceeded, "messages are nested more than \(Self.maximalDepth) deep")
    }
    return ProtobufReader(bytes, try range(value), depth: depth + 1)
  }

  func range(_ value: Value) throws(ModelError) -> Range<Int> {
    guard case .bytes(let range) = value else {
      throw Self.damaged("a field has another wire type than ONNX gives it")
    }
    return range
  }

  func string(_ value: Value) throws(ModelError) -> String {
    let range = try range(value)
    guard range.count <= 1 << 20, let text = String(validating: bytes[range], as: UTF8.self) else {
      throw Self.damaged("a text is longer than 1 MiB or not UTF-8")
    }
    return text
  }

  func integer(_ value: Value) throws(ModelError) -> Int64 {
    guard case .varint(let bits) = value else {
      throw Self.damaged("a field has another wire type than ONNX gives it")
    }
    return Int64(bitPattern: bits)
  }

  func float(_ value: Value) throws(ModelError) -> Float {
    guard case .fixed32(let bits) = value else {
      throw Self.damaged("a field has another wire type than ONNX gives it")
    }
    return Float(bitPattern: bits)
  }

  /// The numbers of a repeated integer field, packed or one by one.
  func integers(_ value: Value, appendingTo list: inout [Int64]) throws(ModelError) {
    if case .varint(let bits) = value {
      list.append(Int64(bitPattern: bits))
      return
    }
    var packed = ProtobufReader(bytes, try range(value), depth: depth)
    while packed.position < packed.end { list.append(Int64(bitPattern: try packed.varint())) }
  }

  /// The numbers of a repeated float field, packed or one by one.
  func floats(_ value: Value, appendingTo list: inout [Float]) throws(ModelError) {
    if case .fixed32(let bits) = value {
      list.append(Float(bitPattern: bits))
      return
    }
    list += try words(try range(value), byteCount: 4) {
      Float(bitPattern: UInt32(truncatingIfNeeded: $0))
    }
  }

  /// Numbers of a fixed size in a range, little-endian.
  func words<Number>(
    _ range: Range<Int>, byteCount: Int, _ convert: (UInt64) -> Number
  ) throws(ModelError) -> [Number] {
    guard range.count % byteCount == 0 else {
      throw Self.damaged("\(range.count) bytes are no whole count of \(byteCount)-byte numbers")
    }
    let count = range.count / byteCount
    var numbers: [Number] = []
    numbers.reserveCapacity(count)
    for index in 0..<count {
      numbers.append(
        convert(littleEndian(at: range.lowerBound + index * byteCount, byteCount: byteCount)))
    }
    return numbers
  }
}
