import Codecs
import Testing

@Suite struct `JSON text` {
  @Test func `is read value by value`() throws {
    let text = #"""
       {"a": [1, -2, 2.5, 1e3, 18446744073709551615, true, false, null], "b": {"c": ""},
        "d": "\"\\\/\b\f\n\r\té😀ü"}
      """#
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(
      value
        == .object([
          "a": .array([
            .integer(1), .integer(-2), .number(2.5), .number(1000), .unsigned(.max), .bool(true),
            .bool(false), .null,
          ]), "b": .object(["c": .string("")]),
          "d": .string("\"\\/\u{8}\u{c}\n\r\té😀ü"),
        ]))
  }

  @Test(arguments: [
    "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-", "nul", "NaN",
    "Infinity", "1e999", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\u+123\"", "\"\n\"",
    "1 2", "[1}", "{\"a\":1,\"a\":2}", "\u{feff}1", String(repeating: "[", count: 100_000),
    String(repeating: "[", count: 129) + String(repeating: "]", count: 129),
  ])
  func `that is none is refused`(text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test func `survives every cut and many flips`() throws {
    let text = Array(#"{"a":[1,2.5e-3,"x\u00e9"],"b":{"c":null,"d":true}}"#.utf8)
    for count in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.prefix(count))) }
    }
    for index in text.indices {
      for bit in 0..<8 {
        var flipped = text
        flipped[index] ^= 1 << UInt8(bit)
        _ = try? JSONValue(parsing: flipped)
      }
    }
  }

  @Test func `is written with sorted keys and read back the same`() throws {
    let value = JSONValue.object([
      "z": .integer(.min), "a": .unsigned(.max), "m": .array([.number(0.1), .string("é\n/")]),
    ])
    let text = try value.encoded()
    #expect(
      String(decoding: text, as: UTF8.self)
        == #"{"a":18446744073709551615,"m":[0.1,"é\n/"],"z":-9223372036854775808}"#)
    #expect(try JSONValue(parsing: text) == value)
  }
}
