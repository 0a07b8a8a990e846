import Testing

/// A small terminal: what it would show of the bytes that it was sent.
struct ScreenModel {
  let rows: Int, columns: Int
  private(set) var characters: [[Character]]
  private(set) var styles: [[String]]
  private(set) var hasOtherScreen = false
  private(set) var hasCursor = true
  private(set) var sixelCount = 0
  private(set) var kittyCount = 0
  private(set) var drawnCells = 0
  private var row = 0, column = 0
  private var style = "0"

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    characters = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    styles = Array(repeating: Array(repeating: "0", count: columns), count: rows)
  }

  var lines: [String] {
    characters.map { line in
      var text = String(line.filter { $0 != "\u{0}" })
      while text.last == " " { text.removeLast() }
      return text
    }
  }

  mutating func take(_ bytes: [UInt8]) {
    var rest = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "\u{1B}" else {
        put(Character(scalar))
        continue
      }
      switch rest.popFirst() {
      case "[":
        var parameters = ""
        while let next = rest.popFirst() {
          guard ("\u{40}"..."\u{7E}").contains(next) else {
            parameters.unicodeScalars.append(next)
            continue
          }
          control(next, parameters)
          break
        }
      case "P", "_":
        let isKitty = rest.first == "G"
        var text = ""
        while let next = rest.popFirst(), next != "\u{1B}" { text.unicodeScalars.append(next) }
        _ = rest.popFirst()
        if !isKitty { sixelCount += 1 } else if text.contains("a=T") { kittyCount += 1 }
      default: break
      }
    }
  }

  private mutating func put(_ character: Character) {
    let isWide = character.unicodeScalars.first.map { $0.value >= 0x2E80 && $0.value < 0xFF00 }
    guard row < rows, column < columns else { return }
    characters[row][column] = character
    styles[row][column] = style
    drawnCells += 1
    column += 1
    if isWide == true, column < columns {
      characters[row][column] = "\u{0}"
      column += 1
    }
  }

  private mutating func control(_ final: Unicode.Scalar, _ parameters: String) {
    let numbers = parameters.split(separator: ";").compactMap { Int($0) }
    switch final {
    case "H":
      row = (numbers.first ?? 1) - 1
      column = (numbers.count > 1 ? numbers[1] : 1) - 1
    case "J":
      for row in 0..<rows {
        for column in 0..<columns {
          characters[row][column] = " "
          styles[row][column] = "0"
        }
      }
    case "m": style = parameters
    case "h", "l":
      if parameters == "?1049" { hasOtherScreen = final == "h" }
      if parameters == "?25" { hasCursor = final == "h" }
    default: break
    }
  }
}

extension ScreenModel: CustomTestStringConvertible {
  var testDescription: String { lines.joined(separator: "\n") }
}
