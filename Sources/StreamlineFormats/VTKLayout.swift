import Codecs
import VolumeStore

/// Numbers of a VTK file: where they lie, or, of text, what they are.
struct VTKNumbers {
  var typeName: String
  var type: StoredNumber
  var count: Int
  var offset = 0
  /// The values of a file of text.
  var values: [Double]?

  /// Some of the numbers, as whole ones.
  func integers(_ range: Range<Int>, of file: borrowing StoredFile) throws(VolumeError) -> [Int] {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw VolumeError(
        .corruptChunk, path: file.path, "the list of lines ends too early",
        found: "\(count) numbers", expected: "\(range.upperBound)", remedy: "copy the file again")
    }
    if let values {
      return try values[range].map { value throws(VolumeError) in
        guard let number = Int(exactly: value) else {
          throw VolumeError(.corruptChunk, path: file.path, "an index is not whole")
        }
        return number
      }
    }
    let bytes = try file.read(
      at: offset + range.lowerBound * type.byteCount, count: range.count * type.byteCount)
    let numbers = StoredNumbers(type: type, isBigEndian: true)
    return (0..<range.count).map { numbers.integer(bytes.span.bytes, $0 * type.byteCount) }
  }

  /// Adds some of the numbers to a list.
  func append(
    _ range: Range<Int>, of file: borrowing StoredFile, to list: inout [Float]
  ) throws(VolumeError) {
    if let values { return list.append(contentsOf: values[range].map { Float($0) }) }
    let bytes = try file.read(
      at: offset + range.lowerBound * type.byteCount, count: range.count * type.byteCount)
    StoredNumbers(type: type, isBigEndian: true).append(
      bytes.span.bytes, from: 0, count: range.count, to: &list)
  }
}

/// Where the points and the lines of a legacy VTK file lie.
struct VTKLayout {
  /// The most bytes of a file of text: it is held whole.
  private static let textLimit = 1 << 30
  /// The longest line of words.
  private static let lineLimit = 1 << 12

  private(set) var title = ""
  private(set) var isBinary = false
  private(set) var points = VTKNumbers(typeName: "float", type: .float32, count: 0)
  private(set) var connections = VTKNumbers(typeName: "int", type: .int32, count: 0)
  /// Of version 5, where each line begins, and where the last one ends.
  private(set) var offsets: VTKNumbers?
  private(set) var lineCount = 0

  var isLPS: Bool { title.contains("SPACE=LPS") }

  init(_ file: borrowing StoredFile) throws(VolumeError) {
    var cursor = VTKCursor(path: file.path, byteCount: file.byteCount)
    let first = try cursor.line(file)
    guard first.hasPrefix("# vtk DataFile") else {
      throw VolumeError(
        .malformedMetadata, path: file.path, "not a legacy VTK file", found: first,
        expected: "# vtk DataFile in the first line")
    }
    title = try cursor.line(file)
    isBinary = try cursor.line(file).uppercased() == "BINARY"
    guard try cursor.line(file).uppercased().hasSuffix("POLYDATA") else {
      throw VolumeError(
        .unsupportedFeature, path: file.path, "the VTK file holds no polydata",
        remedy: "write the streamlines as polydata")
    }
    if !isBinary, file.byteCount > Self.textLimit {
      throw VolumeError(
        .limitExceeded, path: file.path,
        "a VTK file of text is held whole and this one is too large",
        found: "\(file.byteCount) bytes", expected: "at most \(Self.textLimit)",
        remedy: "write it in binary")
    }
    var (hasPoints, hasLines) = (false, false)
    while !(hasPoints && hasLines), !cursor.isAtEnd {
      let words = try cursor.line(file).split(separator: " ").map(String.init)
      switch words.first?.uppercased() {
      case "POINTS":
        let count = try cursor.count(words, at: 1)
        points = try numbers(words.count > 2 ? words[2] : "float", 3 * count, file, &cursor)
        hasPoints = true
      case "LINES":
        try readLines(words, file, &cursor)
        hasLines = true
      case "VERTICES", "POLYGONS", "TRIANGLE_STRIPS":
        let count = try cursor.count(words, at: 2)
        _ = try numbers("int", count, file, &cursor)
      case "CELL_DATA", "POINT_DATA":
        if hasPoints { return }
      default: break
      }
    }
    guard hasPoints else {
      throw VolumeError(.malformedMetadata, path: file.path, "the VTK file has no points")
    }
  }

  private mutating func readLines(
    _ words: [String], _ file: borrowing StoredFile, _ cursor: inout VTKCursor
  ) throws(VolumeError) {
    let (first, second) = (try cursor.count(words, at: 1), try cursor.count(words, at: 2))
    let before = cursor.offset
    let next = try cursor.line(file).split(separator: " ").map(String.init)
    guard next.first?.uppercased() == "OFFSETS" else {
      cursor.offset = before
      lineCount = first
      connections = try numbers("int", second, file, &cursor)
      return
    }
    offsets = try numbers(next.count > 1 ? next[1] : "vtktypeint64", first, file, &cursor)
    lineCount = max(0, first - 1)
    let list = try cursor.line(file).split(separator: " ").map(String.init)
    guard list.first?.uppercased() == "CONNECTIVITY" else {
      throw VolumeError(
        .malformedMetadata, path: file.path, "the lines have offsets but no connectivity")
    }
    connections = try numbers(list.count > 1 ? list[1] : "vtktypeint64", second, file, &cursor)
  }

  /// The numbers from the cursor on, which goes behind them.
  private func numbers(
    _ typeName: String, _ count: Int, _ file: borrowing StoredFile, _ cursor: inout VTKCursor
  ) throws(VolumeError) -> VTKNumbers {
    let types: [String: StoredNumber] = [
      "float": .float32, "double": .float64, "int": .int32, "unsigned_int": .uint32,
      "long": .int64, "vtktypeint64": .int64, "vtktypeint32": .int32, "vtkidtype": .int64,
    ]
    guard let type = types[typeName.lowercased()] else {
      throw VolumeError(
        .unsupportedFeature, path: file.path, "a type of numbers is not supported", found: typeName,
        expected: "float, double, int or vtktypeint64")
    }
    var numbers = VTKNumbers(typeName: typeName, type: type, count: count, offset: cursor.offset)
    if isBinary {
      guard let size = checkedProduct([count, type.byteCount]),
        size <= file.byteCount - cursor.offset
      else {
        throw VolumeError(
          .corruptChunk, path: file.path, "the VTK file ends too early",
          found: "\(file.byteCount) bytes", expected: "\(count) numbers from \(cursor.offset)",
          remedy: "copy the file again")
      }
      cursor.offset += size
    } else {
      numbers.values = try cursor.textNumbers(count, file)
    }
    return numbers
  }
}

/// A place in a VTK file.
struct VTKCursor {
  let path: String
  let byteCount: Int
  var offset = 0

  init(path: String, byteCount: Int) {
    self.path = path
    self.byteCount = byteCount
  }

  var isAtEnd: Bool { offset >= byteCount }

  /// The next line of words; empty ones before it are left out.
  mutating func line(_ file: borrowing StoredFile) throws(VolumeError) -> String {
    while !isAtEnd {
      let bytes = try file.read(at: offset, count: min(1 << 12, byteCount - offset))
      let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
      // What is longer is no words: metadata, or values that were not announced.
      offset += line.count + (line.count < bytes.count ? 1 : 0)
      let text = Substring(decoding: line, as: UTF8.self).trimmed
      if !text.isEmpty { return text }
    }
    return ""
  }

  /// A word as a count.
  func count(_ words: [String], at index: Int) throws(VolumeError) -> Int {
    guard words.count > index, let count = Int(words[index]), count >= 0, count < 1 << 40 else {
      throw VolumeError(
        .malformedMetadata, path: path, "a count is not sound",
        found: words.joined(separator: " "))
    }
    return count
  }

  /// Numbers in text, divided by white space.
  mutating func textNumbers(
    _ count: Int, _ file: borrowing StoredFile
  ) throws(VolumeError) -> [Double] {
    var values: [Double] = []
    var word: [UInt8] = []
    func isSpace(_ byte: UInt8) -> Bool { byte <= UInt8(ascii: " ") }
    while values.count < count {
      let bytes = try file.read(at: offset, count: min(1 << 20, byteCount - offset))
      var used = 0
      for byte in bytes {
        if values.count == count { break }
        used += 1
        if !isSpace(byte) {
          word.append(byte)
        } else if !word.isEmpty {
          values.append(try number(word))
          word.removeAll(keepingCapacity: true)
        }
      }
      offset += used
      if isAtEnd {
        if !word.isEmpty, values.count < count { values.append(try number(word)) }
        break
      }
    }
    guard values.count == count else {
      throw VolumeError(
        .corruptChunk, path: path, "the VTK file ends too early", found: "\(values.count) numbers",
        expected: "\(count)", remedy: "copy the file again")
    }
    return values
  }

  private func number(_ word: [UInt8]) throws(VolumeError) -> Double {
    let text = String(decoding: word, as: UTF8.self)
    guard let value = Double(text) else {
      throw VolumeError(
        .corruptChunk, path: path, "a number in the text cannot be read", found: text)
    }
    return value
  }
}
