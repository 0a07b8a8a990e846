/// Writes the fields of one message in the Protocol Buffers wire format, in the order given.
///
/// Source: https://protobuf.dev/programming-guides/encoding/
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }

  private mutating func key(_ number: Int, wireType: UInt64) {
    varint(UInt64(number) << 3 | wireType)
  }

  /// Adds a whole number.
  mutating func integer(_ number: Int, _ value: Int64) {
    key(number, wireType: 0)
    varint(UInt64(bitPattern: value))
  }

  /// Adds a float32.
  mutating func float(_ number: Int, _ value: Float) {
    key(number, wireType: 5)
    append(value)
  }

  /// Adds a text.
  mutating func string(_ number: Int, _ text: String) { content(number, Array(text.utf8)) }

  /// Adds a text that readers take as empty where it is not there.
  mutating func optionalString(_ number: Int, _ text: String) {
    if !text.isEmpty { string(number, text) }
  }

  /// Adds a message within this one.
  mutating func message(_ number: Int, _ write: (inout ProtobufWriter) -> Void) {
    var writer = ProtobufWriter()
    write(&writer)
    content(number, writer.bytes)
  }

  /// Adds a list of whole numbers, packed.
  mutating func integers(_ number: Int, _ values: [Int64]) {
    var writer = ProtobufWriter()
    for value in values { writer.varint(UInt64(bitPattern: value)) }
    content(number, writer.bytes)
  }

  /// Adds a list of float32, packed.
  mutating func floats(_ number: Int, _ values: [Float]) {
    key(number, wireType: 2)
    varint(UInt64(values.count * 4))
    bytes.reserveCapacity(bytes.count + values.count * 4)
    for value in values { append(value) }
  }

  /// Adds a list of 64-bit whole numbers as their little-endian bytes.
  mutating func words(_ number: Int, _ values: [Int64]) {
    key(number, wireType: 2)
    varint(UInt64(values.count * 8))
    for value in values {
      for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
      }
    }
  }

  private mutating func content(_ number: Int, _ content: [UInt8]) {
    key(number, wireType: 2)
    varint(UInt64(content.count))
    bytes += content
  }

  private mutating func append(_ value: Float) {
    let bits = value.bitPattern
    bytes.append(UInt8(truncatingIfNeeded: bits))
    bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
    bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
    bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
  }
}
