/// A table of connections that cannot be understood.
public struct ConnectionTableError: Error, Hashable, Sendable {
  /// The line, from 1.
  public var line: Int
  /// What is wrong.
  public var message: String
  /// What was read, and what was expected.
  public var found: String?, expected: String?
}

/// Connections of neurons as a table divided by commas or tabs, with names in its first line.
///
/// `pre` and `post` are neurons; a column of numbers is the strength; `transmitter`, where there is
/// one, is the sender's transmitter.
public enum ConnectionTable {
  /// One line of a table.
  public struct Row: Hashable, Sendable {
    /// The neurons that send and receive.
    public var source: UInt64, target: UInt64
    /// The strength, such as a number of synapses.
    public var strength: Double
    /// The transmitter; nil where the table does not say.
    public var transmitter: String?
  }

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - text: The contents of the file.
  ///   - column: The name of the strength's column.
  /// - Returns: The rows in order.
  /// - Throws: ``ConnectionTableError``.
  public static func rows(
    parsing text: [UInt8], strength column: String
  ) throws(ConnectionTableError) -> [Row] {
    let table = try SeparatedText(text)
    let (source, target) = (try table.column("pre"), try table.column("post"))
    let strength = try table.column(column)
    let transmitter = table.names.firstIndex(of: "transmitter")
    var rows: [Row] = []
    rows.reserveCapacity(table.rows.count)
    for (line, fields) in table.rows {
      guard let number = Double(fields[strength]), number.isFinite, number >= 0 else {
        throw ConnectionTableError(
          line: line, message: "\(column) is no strength", found: String(fields[strength]),
          expected: "a number from 0")
      }
      let name = transmitter.map { String(fields[$0]) }
      rows.append(
        Row(
          source: try neuron(fields[source], line), target: try neuron(fields[target], line),
          strength: number, transmitter: name?.isEmpty ?? true ? nil : name))
    }
    return rows
  }

  /// Reads a table of `neuron` and `transmitter`.
  ///
  /// - Throws: ``ConnectionTableError``, also where a neuron has two.
  public static func transmitters(
    parsing text: [UInt8]
  ) throws(ConnectionTableError) -> [UInt64: String] {
    let table = try SeparatedText(text)
    let (key, value) = (try table.column("neuron"), try table.column("transmitter"))
    var found: [UInt64: String] = [:]
    for (line, fields) in table.rows {
      let name = String(fields[value])
      let neuron = try neuron(fields[key], line)
      if let old = found[neuron], old != name {
        throw ConnectionTableError(
          line: line, message: "neuron \(neuron) has two transmitters", found: name, expected: old)
      }
      found[neuron] = name
    }
    return found
  }

  private static func neuron(
    _ field: Substring, _ line: Int
  ) throws(ConnectionTableError) -> UInt64 {
    guard let neuron = UInt64(field) else {
      throw ConnectionTableError(
        line: line, message: "no neuron", found: String(field),
        expected: "a whole number from 0 to \(UInt64.max)")
    }
    return neuron
  }
}

/// Lines of fields under the names of the first.
private struct SeparatedText {
  let names: [String]
  let rows: [(line: Int, fields: [Substring])]

  init(_ bytes: [UInt8]) throws(ConnectionTableError) {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    guard let head = lines.first, !head.isEmpty else {
      throw ConnectionTableError(
        line: 1, message: "the table is empty", expected: "a line of names")
    }
    let separator: Character = head.contains("\t") ? "\t" : ","
    func fields(_ line: Substring) -> [Substring] {
      line.split(separator: separator, omittingEmptySubsequences: false)
    }
    names = fields(head).map(String.init)
    var rows: [(Int, [Substring])] = []
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let parts = fields(line)
      guard parts.count == names.count else {
        throw ConnectionTableError(
          line: index + 1, message: "the line has another number of fields",
          found: "\(parts.count)", expected: "\(names.count)")
      }
      rows.append((index + 1, parts))
    }
    self.rows = rows
  }

  func column(_ name: String) throws(ConnectionTableError) -> Int {
    guard let index = names.firstIndex(of: name) else {
      throw ConnectionTableError(
        line: 1, message: "there is no column \(name)", found: names.joined(separator: ","),
        expected: name)
    }
    return index
  }
}
