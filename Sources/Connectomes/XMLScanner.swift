/// The tags and texts of an XML document, one after the other.
///
/// What connectome files need: elements, attributes, texts, the five named and numbered characters,
/// and character data; comments, declarations and document types are passed over. Entities of a
/// document's own are refused.
///
/// Source: W3C, Extensible Markup Language 1.0, fifth edition.
struct XMLScanner {
  /// A part of a document.
  enum Token: Hashable, Sendable {
    /// `<name a="b">`; one that ends at once, `<name/>`, is followed by its end.
    case start(String, attributes: [String: String])
    /// `</name>`
    case end(String)
    /// Text between tags.
    case text(String)
  }

  private let bytes: [UInt8]
  private var place = 0
  private var pendingEnd: String?
  private var open: [String] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next part; nil at the end of a sound document.
  mutating func next() throws(MatrixParsingError) -> Token? {
    if let name = pendingEnd {
      pendingEnd = nil
      return .end(name)
    }
    while place < bytes.count {
      guard bytes[place] == UInt8(ascii: "<") else {
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "<") { place += 1 }
        return .text(try decoded(start..<place))
      }
      if follows("<!--") {
        try skip(past: "-->")
      } else if follows("<![CDATA[") {
        let start = place + 9
        try skip(past: "]]>")
        return .text(String(decoding: bytes[start..<place - 3], as: UTF8.self))
      } else if follows("<?") {
        try skip(past: "?>")
      } else if follows("<!") {
        let start = place
        try skip(past: ">")
        guard !bytes[start..<place].contains(UInt8(ascii: "[")) else {
          throw error("a document type with definitions of its own is not read")
        }
      } else if follows("</") {
        place += 2
        let name = self.name()
        skipSpace()
        guard follows(">"), open.popLast() == name else { throw error("a tag is closed wrongly") }
        place += 1
        return .end(name)
      } else {
        place += 1
        return try startTag()
      }
    }
    guard open.isEmpty else { throw error("the document ends within <\(open.last ?? "")>") }
    return nil
  }

  private mutating func startTag() throws(MatrixParsingError) -> Token {
    let name = self.name()
    guard !name.isEmpty else { throw error("a tag has no name") }
    var attributes: [String: String] = [:]
    while true {
      skipSpace()
      if follows("/>") {
        place += 2
        pendingEnd = name
        return .start(name, attributes: attributes)
      }
      if follows(">") {
        place += 1
        guard open.count < 256 else { throw error("tags are nested too deeply") }
        open.append(name)
        return .start(name, attributes: attributes)
      }
      let key = self.name()
      skipSpace()
      guard !key.isEmpty, follows("=") else { throw error("a tag's attribute is not sound") }
      place += 1
      skipSpace()
      guard place < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[place])
      else { throw error("an attribute's value is not quoted") }
      let quote = bytes[place]
      let start = place + 1
      guard let end = bytes[start...].firstIndex(of: quote) else {
        throw error("an attribute's value has no end")
      }
      attributes[key] = try decoded(start..<end)
      place = end + 1
    }
  }

  private func follows(_ text: String) -> Bool {
    place + text.utf8.count <= bytes.count
      && bytes[place..<place + text.utf8.count].elementsEqual(text.utf8)
  }

  private mutating func skip(past text: String) throws(MatrixParsingError) {
    while place < bytes.count, !follows(text) { place += 1 }
    guard place < bytes.count else { throw error("the document ends before \(text)") }
    place += text.utf8.count
  }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
  }

  private mutating func name() -> String {
    let start = place
    while place < bytes.count, !" \t\r\n=/><\"'".utf8.contains(bytes[place]) { place += 1 }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  /// Text with its written-out characters put in.
  private func decoded(_ range: Range<Int>) throws(MatrixParsingError) -> String {
    let text = String(decoding: bytes[range], as: UTF8.self)
    guard text.contains("&") else { return text }
    var result = ""
    var rest = text[...]
    while let mark = rest.firstIndex(of: "&") {
      result += rest[..<mark]
      guard let end = rest[mark...].firstIndex(of: ";"),
        let character = character(of: rest[rest.index(after: mark)..<end])
      else { throw error("a written-out character is not known") }
      result.unicodeScalars.append(character)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private func character(of name: Substring) -> Unicode.Scalar? {
    let known: [Substring: Unicode.Scalar] = [
      "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
    ]
    if let scalar = known[name] { return scalar }
    guard name.first == "#" else { return nil }
    let digits = name.dropFirst()
    let code =
      digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
    return code.flatMap { Unicode.Scalar($0) }
  }

  private func error(_ message: String) -> MatrixParsingError {
    let line = bytes[..<min(place, bytes.count)].reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
    return MatrixParsingError("\(message), in line \(line)")
  }
}
