import Codecs
import VolumeStore

/// The header of MRtrix3 tracks.
///
/// Source: MRtrix3 documentation, "Tracks file format (.tck)".
struct TCKHeader {
  static let magic = "mrtrix tracks"
  /// The most bytes a header may have.
  private static let limit = 16 << 20

  var properties: [(name: String, value: String)] = []
  var numbers = StoredNumbers(type: .float32)
  var typeName = "Float32LE"
  var dataOffset = 0

  /// Reads a header.
  init(path: String, _ bytes: [UInt8]) throws(VolumeError) {
    func fault(_ message: String, found: String? = nil, expected: String? = nil) -> VolumeError {
      VolumeError(.malformedMetadata, path: path, message, found: found, expected: expected)
    }
    guard let end = Self.end(of: bytes) else {
      throw fault("the header of the tracks has no END", found: "\(bytes.count) bytes")
    }
    let text = String(decoding: bytes[..<end], as: UTF8.self)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: true)[...]
    guard lines.popFirst()?.trimmed == Self.magic else {
      throw fault("not a file of MRtrix3 tracks", expected: "\(Self.magic) in the first line")
    }
    var (file, type): (String?, String?) = (nil, nil)
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].trimmed
      let value = line[line.index(after: colon)...].trimmed
      switch name.lowercased() {
      case "file": file = value
      case "datatype": type = value
      default: properties.append((name, value))
      }
    }
    guard let type else { throw fault("the header of the tracks states no datatype") }
    guard let numbers = Self.numbers(named: type) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the datatype of the tracks is unknown", found: type,
        expected: "Float32LE, Float32BE, Float64LE or Float64BE")
    }
    self.numbers = numbers
    typeName = type
    guard let words = file?.split(whereSeparator: { $0 == " " || $0 == "\t" }) else {
      throw fault("the header of the tracks does not say where the data begins")
    }
    guard words.count == 2, words[0] == ".", let offset = Int(words[1]) else {
      throw fault(
        "the header of the tracks does not say where in this file the data begins",
        found: file, expected: "'. ' and a number of bytes")
    }
    guard offset >= end else {
      throw fault("the data would begin within the header", found: "\(offset) bytes")
    }
    dataOffset = offset
  }

  /// The header's bytes of a file: as many as it takes to come to `END`.
  static func bytes(of file: borrowing StoredFile) throws(VolumeError) -> [UInt8] {
    var count = min(1 << 14, file.byteCount)
    while true {
      let bytes = try file.read(at: 0, count: count)
      if end(of: bytes) != nil || count == min(limit, file.byteCount) { return bytes }
      count = min(count * 8, limit, file.byteCount)
    }
  }

  /// The place after the line `END`.
  private static func end(of bytes: [UInt8]) -> Int? {
    let pattern = Array("\nEND".utf8)
    var index = 0
    while index + pattern.count <= bytes.count {
      if bytes[index] == pattern[0], bytes[index..<index + 4].elementsEqual(pattern) {
        let after = index + 4
        if after == bytes.count { return after }
        if bytes[after] == UInt8(ascii: "\n") { return after + 1 }
        if bytes[after] == UInt8(ascii: "\r") { return min(after + 2, bytes.count) }
      }
      index += 1
    }
    return nil
  }

  private static func numbers(named name: String) -> StoredNumbers? {
    switch name.lowercased() {
    case "float32le", "float32": StoredNumbers(type: .float32)
    case "float32be": StoredNumbers(type: .float32, isBigEndian: true)
    case "float64le", "float64": StoredNumbers(type: .float64)
    case "float64be": StoredNumbers(type: .float64, isBigEndian: true)
    default: nil
    }
  }

  /// The first value of a name, whatever its case.
  func value(of name: String) -> String? {
    properties.first { $0.name.lowercased() == name }?.value
  }
}

extension Substring {
  /// The text without white space at its ends.
  var trimmed: String {
    let isSpace: (Character) -> Bool = { $0.isWhitespace || $0 == "\0" }
    guard let first = firstIndex(where: { !isSpace($0) }),
      let last = lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(self[first...last])
  }
}
