/// The fields of a table's lines, divided by commas, or by tabs where the first line holds one.
///
/// Source: RFC 4180.
struct SeparatedFields {
  private let bytes: [UInt8]
  private let separator: UInt8
  private var offset = 0
  private var line = 0

  init(_ bytes: [UInt8]) {
    let first = bytes.prefix { $0 != UInt8(ascii: "\n") }
    separator = first.contains(UInt8(ascii: "\t")) ? UInt8(ascii: "\t") : UInt8(ascii: ",")
    self.bytes = bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
  }

  /// The next line that is not empty, its number from 1 and its fields; nil at the end.
  ///
  /// - Throws: ``SynapseTableError`` where a quote is not closed.
  mutating func next() throws(SynapseTableError) -> (line: Int, fields: [String])? {
    while offset < bytes.count {
      line += 1
      let number = line
      let fields = try fields()
      if fields != [""] { return (number, fields) }
    }
    return nil
  }

  private mutating func fields() throws(SynapseTableError) -> [String] {
    let (quote, newline) = (UInt8(ascii: "\""), UInt8(ascii: "\n"))
    let start = line
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if isQuoted {
        if byte == quote {
          if offset < bytes.count, bytes[offset] == quote {
            field.append(quote)
            offset += 1
          } else {
            isQuoted = false
          }
        } else {
          if byte == newline { line += 1 }
          field.append(byte)
        }
      } else if byte == quote {
        isQuoted = true
      } else if byte == separator {
        fields.append(Self.text(field))
        field = []
      } else if byte == newline {
        break
      } else {
        field.append(byte)
      }
    }
    guard !isQuoted else {
      throw SynapseTableError(line: start, "a quote is not closed")
    }
    fields.append(Self.text(field))
    return fields
  }

  private static func text(_ field: [UInt8]) -> String {
    let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 13 || $0 == 9 }
    let trimmed = field.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }
}
