/// Breaks text into lines no wider than a width, each behind an indent.
///
/// Paragraphs are divided by empty lines; lines that begin with two spaces stand as they are.
///
/// - Parameters:
///   - text: The text.
///   - width: The most columns a line fills, where its words allow it.
///   - indent: How many spaces stand before a line.
///   - hanging: How many more stand before every line but the first.
/// - Returns: The lines, without line breaks.
package func wrapped(
  _ text: String, width: Int, indent: Int = 0, hanging: Int = 0
) -> [String] {
  var lines: [String] = []
  var line = ""
  var column: Int { indent + (lines.isEmpty ? 0 : hanging) }
  var margin: String { String(repeating: " ", count: column) }
  func flush() {
    if !line.isEmpty { lines.append(margin + line) }
    line = ""
  }
  for paragraphLine in text.split(separator: "\n", omittingEmptySubsequences: false) {
    if paragraphLine.isEmpty {
      flush()
      lines.append("")
    } else if paragraphLine.hasPrefix("  ") {
      flush()
      lines.append(margin + paragraphLine)
    } else {
      for word in paragraphLine.split(separator: " ") {
        if !line.isEmpty, column + line.count + 1 + word.count > width { flush() }
        line += line.isEmpty ? String(word) : " \(word)"
      }
    }
  }
  flush()
  return lines
}

/// Rows of text in columns that line up, for summaries.
public struct TextTable: Sendable {
  /// On which side a column's texts meet.
  public enum Alignment: Hashable, Sendable {
    /// Texts begin at the same column.
    case left
    /// Texts end at the same column, as numbers should.
    case right
  }

  private let headings: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Creates a table without rows.
  ///
  /// - Parameter columns: Headings, each with its alignment; empty headings everywhere leave the
  ///   heading line out.
  public init(_ columns: [(heading: String, alignment: Alignment)]) {
    headings = columns.map(\.heading)
    alignments = columns.map(\.alignment)
  }

  /// Adds a row with one text for each column.
  public mutating func append(_ row: [String]) {
    precondition(row.count == headings.count, "a row has one text for each column")
    rows.append(row)
  }

  /// The table as lines, without spaces at their ends, each ended by a line break.
  public var text: String {
    let shown = headings.allSatisfy(\.isEmpty) ? rows : [headings] + rows
    let widths = headings.indices.map { column in
      shown.map { $0[column].count }.max() ?? 0
    }
    return shown.map { row in
      let cells = row.indices.map { column in
        alignments[column] == .left
          ? rightPadded(row[column], to: widths[column])
          : leftPadded(row[column], to: widths[column])
      }
      return withoutTrailingSpaces(cells.joined(separator: "  ")) + "\n"
    }.joined()
  }

  private func withoutTrailingSpaces(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
