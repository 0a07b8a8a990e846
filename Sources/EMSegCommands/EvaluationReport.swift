import Codecs
import CommandLineInterface
import VolumeStore

/// What an evaluation has found, in order, to be printed as lines or as JSON.
struct EvaluationReport {
  private var facts: [(name: String, value: JSONValue)] = []
  private var lines: [(name: String, text: String)] = []
  private var tables: [(name: String, value: JSONValue)] = []

  /// Adds a fact, printed as one line and as one member; a list is in JSON only.
  mutating func add(_ name: String, _ value: JSONValue) { facts.append((name, value)) }

  /// Adds a number.
  mutating func add(_ name: String, _ value: Double) { add(name, .number(value)) }

  /// Adds a count.
  mutating func add(_ name: String, _ value: Int) { add(name, .integer(Int64(value))) }

  /// Adds a text.
  mutating func add(_ name: String, _ value: String) { add(name, .string(value)) }

  /// Adds entries that are a line each, and one list in JSON.
  mutating func add(_ name: String, each: String, _ entries: [(text: String, value: JSONValue)]) {
    lines += entries.map { (each, $0.text) }
    tables.append((name, .array(entries.map(\.value))))
  }

  /// Prints everything.
  func print(asJSON isJSON: Bool, _ context: CommandContext) throws {
    if isJSON {
      let object = Dictionary(uniqueKeysWithValues: facts + tables)
      let text = try JSONValue.object(object).encoded(pretty: true)
      try context.print(String(decoding: text, as: UTF8.self))
      return
    }
    for (name, value) in facts where value.array == nil {
      let number = value.string == nil ? value.double : nil
      try context.print("\(name)\t\(number.map { shortText($0) } ?? value.string ?? "")")
    }
    for (name, text) in lines { try context.print("\(name)\t\(text)") }
  }
}

/// A table of values divided by commas, as spreadsheets read it.
struct CommaSeparatedTable {
  private(set) var text: String

  /// Begins a table.
  init(columns: [String]) {
    text = columns.joined(separator: ",") + "\n"
  }

  /// Adds a row; texts that hold commas, quotes or line ends are quoted.
  mutating func append(_ row: [String]) {
    let quoted = row.map { field in
      field.contains { $0 == "," || $0 == "\"" || $0.isNewline }
        ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }
    text += quoted.joined(separator: ",") + "\n"
  }

  /// Writes the table as a file, in place of one that is there.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  func write(to path: String) throws { try ReportFile.write(Array(text.utf8), to: path) }
}

/// A file that a command writes beside what it prints.
enum ReportFile {
  /// Writes a file, in place of one that is there.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let (folder, name) = parts(of: path)
    try FileStore(root: folder).write(bytes.rawSpan, to: name)
  }

  private static func parts(of path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = String(path[..<slash])
    return (folder.isEmpty ? "/" : folder, String(path[path.index(after: slash)...]))
  }
}
