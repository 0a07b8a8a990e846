/// A size in cells of a terminal.
public struct ScreenExtent: Hashable, Sendable {
  /// The number of lines and of columns.
  public var rows: Int, columns: Int

  /// Creates a size.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }
}

/// A rectangle of cells of a terminal.
public struct ScreenArea: Hashable, Sendable {
  /// The first line and column, from 0.
  public var row: Int, column: Int
  /// The number of lines and of columns.
  public var rows: Int, columns: Int

  /// Creates a rectangle.
  public init(row: Int, column: Int, rows: Int, columns: Int) {
    self.row = row
    self.column = column
    self.rows = rows
    self.columns = columns
  }

  /// Whether it holds a cell.
  public func contains(row: Int, column: Int) -> Bool {
    row >= self.row && row < self.row + rows && column >= self.column
      && column < self.column + columns
  }
}

/// Text laid out on the cells of a screen.
///
/// What does not fit is cut at the screen's edge. Characters that take two cells, such as Chinese
/// ones, hold both; those that take none are left out.
public struct ScreenText: Hashable, Sendable {
  /// One cell; the second one of a wide character has no character of its own.
  struct Cell: Hashable, Sendable {
    var character: Character?
    var style: ScreenStyle
  }

  /// The size in cells.
  public let extent: ScreenExtent
  private(set) var cells: [Cell]

  /// Creates an empty screen.
  public init(_ extent: ScreenExtent) {
    precondition(extent.rows >= 0 && extent.columns >= 0, "a screen has a size")
    self.extent = extent
    cells = Array(
      repeating: Cell(character: " ", style: .plain), count: extent.rows * extent.columns)
  }

  /// Writes text in a line, from a column on.
  ///
  /// - Parameters:
  ///   - text: What is written; control characters are left out.
  ///   - row: The line, from 0.
  ///   - column: The first column, from 0.
  ///   - width: How many cells it may take; what is longer ends in `…`.
  ///   - style: How it looks.
  /// - Returns: The column after the text.
  @discardableResult
  public mutating func write(
    _ text: String, row: Int, column: Int, width: Int = .max, style: ScreenStyle = .plain
  ) -> Int {
    guard 0..<extent.rows ~= row, column >= 0 else { return column }
    let end = column + min(width, max(0, extent.columns - column))
    let fitting = Self.fitting(text, width: end - column)
    let line = row * extent.columns
    guard !fitting.isEmpty else { return column }
    // Half a wide character is none.
    if cells[line + column].character == nil { cells[line + column - 1].character = " " }
    var next = column
    for character in fitting {
      let width = character.cellWidth
      cells[line + next] = Cell(character: character, style: style)
      if width == 2 {
        cells[line + next + 1] = Cell(character: nil, style: style)
      }
      next += width
    }
    if next < extent.columns, cells[line + next].character == nil {
      cells[line + next].character = " "
    }
    return next
  }

  /// Fills a line with a style and writes text over it.
  public mutating func writeBar(_ text: String, row: Int, style: ScreenStyle) {
    let blank = String(repeating: " ", count: extent.columns)
    write(blank, row: row, column: 0, style: style)
    write(text, row: row, column: 0, style: style)
  }

  /// What of a text fits into some cells; what is cut ends in `…`.
  public static func fitting(_ text: String, width: Int) -> String {
    let shown = text.filter { $0.cellWidth > 0 }
    let total = shown.reduce(0) { $0 + $1.cellWidth }
    guard total > width else { return shown }
    guard width > 0 else { return "" }
    var (kept, used) = ("", 0)
    for character in shown {
      guard used + character.cellWidth <= width - 1 else { break }
      kept.append(character)
      used += character.cellWidth
    }
    return kept + "…"
  }

  /// How many cells a text takes.
  public static func width(of text: String) -> Int { text.reduce(0) { $0 + $1.cellWidth } }

  /// The lines without their styles, and without spaces at their ends.
  public var lines: [String] {
    (0..<extent.rows).map { row in
      let line = String(
        cells[row * extent.columns..<(row + 1) * extent.columns].compactMap(\.character))
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}

extension Character {
  /// How many cells the character takes: 0, 1 or 2.
  ///
  /// Source: Unicode Standard Annex 11, the wide and full-width blocks.
  var cellWidth: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .nonspacingMark,
      .enclosingMark:
      return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
      0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
      0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
