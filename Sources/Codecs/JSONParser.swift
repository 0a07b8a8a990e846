/// What is wrong with a JSON text, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// Where, in bytes from the start.
  public var offset: Int

  /// The error as one line.
  public var description: String { "\(message) at byte \(offset)" }
}

/// A strict parser of JSON text in UTF-8.
///
/// Two members of the same name are an error, since readers differ on which one counts; so is
/// nesting deeper than 128.
///
/// Source: RFC 8259.
struct JSONParser {
  private let text: [UInt8]
  private var position = 0
  private var depth = 0

  private static let maximalDepth = 128

  init(_ text: [UInt8]) { self.text = text }

  /// Reads one value and nothing but white space after it.
  mutating func parse() throws(JSONError) -> JSONValue {
    let value = try value()
    skipSpace()
    guard position == text.count else { throw error("something follows the value") }
    return value
  }

  private func error(_ message: String) -> JSONError {
    JSONError(message: message, offset: position)
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case nil: throw error("the text ends too early")
    default: return try number()
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    guard depth < Self.maximalDepth else {
      throw error("values are nested deeper than \(Self.maximalDepth)")
    }
    depth += 1
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    var members: JSONObject = [:]
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a member's name is expected") }
      let start = position
      let name = try string()
      guard take(UInt8(ascii: ":")) else { throw error("a colon is expected") }
      guard members.updateValue(try value(), forKey: name) == nil else {
        throw JSONError(message: "the member \"\(name)\" is there twice", offset: start)
      }
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("a comma or closing brace is expected") }
    return .object(members)
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    var elements: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("a comma or closing bracket is expected") }
    return .array(elements)
  }

  private mutating func literal(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONError) -> JSONValue {
    let expected = Array("\(word)".utf8)
    guard text[position...].starts(with: expected) else { throw error("a value is expected") }
    position += expected.count
    return value
  }

  private mutating func digits() throws(JSONError) {
    guard let byte = next, isDigit(byte) else { throw error("a digit is expected") }
    while let byte = next, isDigit(byte) { position += 1 }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    var isWhole = true
    if next == UInt8(ascii: "-") { position += 1 }
    guard let first = next, isDigit(first) else { throw error("a value is expected") }
    if first == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isWhole = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    let spelling = String(decoding: text[start..<position], as: UTF8.self)
    if isWhole, let value = Int64(spelling) { return .integer(value) }
    if isWhole, let value = UInt64(spelling) { return .unsigned(value) }
    guard let value = Double(spelling), value.isFinite else {
      throw JSONError(message: "the number is out of range", offset: start)
    }
    return .number(value)
  }

  private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var bytes: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: bytes, as: UTF8.self) else {
          throw error("the text is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): bytes.append(contentsOf: try escaped())
      case 0..<0x20: throw error("a control character in a string")
      default: bytes.append(byte)
      }
    }
    throw error("the text ends within a string")
  }

  private mutating func escaped() throws(JSONError) -> [UInt8] {
    guard let byte = next else { throw error("the text ends within a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      if UTF16.isLeadSurrogate(units[0]), text[position...].starts(with: "\\u".utf8) {
        position += 2
        units.append(try codeUnit())
      }
      guard let text = String(validating: units, as: UTF16.self) else {
        throw error("half a surrogate pair")
      }
      return Array(text.utf8)
    default: throw error("no such escape")
    }
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    guard position + 4 <= text.count,
      text[position..<position + 4].allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits are expected") }
    position += 4
    return unit
  }
}
