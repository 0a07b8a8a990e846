public import VolumeStore

/// A table of values divided by commas, with a heading.
///
/// Source: RFC 4180, <https://www.rfc-editor.org/rfc/rfc4180>
public struct CommaSeparatedRows: Hashable, Sendable {
  /// The names of the columns.
  public let columns: [String]
  /// The rows, each with as many fields as there are columns.
  public let rows: [[String]]
  /// The line of the file that each row begins in, from 1.
  public let lines: [Int]

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - bytes: the text, in UTF-8.
  ///   - path: the file, for messages.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where a row has more or fewer fields than
  ///   the heading, a quotation does not end, or a column is named twice.
  public init(parsing bytes: [UInt8], path: String) throws(VolumeError) {
    var parser = Parser(bytes: bytes)
    var records: [(line: Int, fields: [String])] = []
    while let record = try parser.next(path) {
      if record.fields != [""] { records.append(record) }
    }
    guard let heading = records.first else {
      throw VolumeError(.malformedMetadata, path: path, "the table is empty")
    }
    let names = heading.fields.map { String($0.trimmingSpaces) }
    guard Set(names).count == names.count else {
      throw VolumeError(.malformedMetadata, path: path, "a column is named twice")
    }
    for record in records where record.fields.count != names.count {
      throw VolumeError(
        .malformedMetadata, path: path, "line \(record.line) does not fit the heading",
        found: "\(record.fields.count) fields", expected: "\(names.count)")
    }
    columns = names
    rows = records.dropFirst().map(\.fields)
    lines = records.dropFirst().map(\.line)
  }

  /// A field as it is written: in quotation marks where it needs them.
  public static func quoted(_ field: String) -> String {
    let needsQuotes = field.utf8.contains {
      [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains($0)
    }
    return needsQuotes ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
  }

  private struct Parser {
    let bytes: [UInt8]
    var position = 0
    var line = 1

    init(bytes: [UInt8]) {
      self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    mutating func next(_ path: String) throws(VolumeError) -> (line: Int, fields: [String])? {
      guard position < bytes.count else { return nil }
      let start = line
      var fields: [String] = []
      var field: [UInt8] = []
      var isQuoted = false
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\n") { line += 1 }
        switch byte {
        case UInt8(ascii: "\"") where isQuoted:
          // Two quotation marks stand for one.
          if position < bytes.count, bytes[position] == byte {
            field.append(byte)
            position += 1
          } else {
            isQuoted = false
          }
        case _ where isQuoted: field.append(byte)
        case UInt8(ascii: "\"") where field.isEmpty: isQuoted = true
        case UInt8(ascii: ","):
          fields.append(String(decoding: field, as: UTF8.self))
          field = []
        case UInt8(ascii: "\r"): break
        case UInt8(ascii: "\n"):
          return (start, fields + [String(decoding: field, as: UTF8.self)])
        default: field.append(byte)
        }
      }
      guard !isQuoted else {
        throw VolumeError(
          .malformedMetadata, path: path, "the quotation in line \(start) does not end")
      }
      return (start, fields + [String(decoding: field, as: UTF8.self)])
    }
  }
}

extension String {
  fileprivate var trimmingSpaces: Substring {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
