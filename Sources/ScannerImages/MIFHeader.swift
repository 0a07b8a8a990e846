import VolumeStore
import Voxels

/// The text at the start of MRtrix's image files: `key: value` lines.
///
/// Source: <https://mrtrix.readthedocs.io/en/latest/getting_started/image_data.html>.
struct MIFHeader: Hashable, Sendable {
  /// The keys and values in order; a key may occur several times.
  var entries: [(key: String, value: String)] = []
  /// The header's file, for messages.
  var path: String

  private static let magic = "mrtrix image"
  /// The most bytes that are read in search of the header's end.
  private static let longest = 16 << 20

  static func == (one: MIFHeader, other: MIFHeader) -> Bool {
    one.path == other.path && one.entries.elementsEqual(other.entries, by: ==)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(path)
    for (key, value) in entries {
      hasher.combine(key)
      hasher.combine(value)
    }
  }

  /// Reads the header of a file.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where it is none or has no end.
  init(ofFile path: String) throws(VolumeError) {
    self.path = path
    let isPacked = try SeekableGzip.recognises(path)
    _ = try FileStatus.ofFile(path)
    var count = 1 << 16
    while true {
      let start =
        try isPacked
        ? SeekableGzip.prefix(of: path, count: count) : bytes(ofFile: path, count: count)
      if try parse(start, isWhole: start.count < count) { return }
      guard count < MIFHeader.longest else {
        throw malformed("the header has no end", "\(count) bytes without END", "a line END")
      }
      count *= 8
    }
  }

  func malformed(_ message: String, _ found: String?, _ expected: String) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message, found: found, expected: expected,
      remedy: "check that the file was copied whole, or write it again")
  }

  private mutating func parse(_ bytes: [UInt8], isWhole: Bool) throws(VolumeError) -> Bool {
    entries = []
    var start = 0
    var isFirst = true
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      guard end < bytes.count || isWhole else { return false }
      let line = String(decoding: bytes[start..<end], as: UTF8.self).trimmed
      start = end + 1
      if isFirst {
        guard line == MIFHeader.magic else {
          throw malformed(
            "is not an MRtrix image", String(line.prefix(40)), "the line \"mrtrix image\"")
        }
        isFirst = false
      } else if line == "END" {
        return true
      } else if let colon = line.firstIndex(of: ":") {
        entries.append(
          (
            String(line[..<colon]).trimmed.lowercased() == "file"
              ? "file" : String(line[..<colon]).trimmed,
            String(line[line.index(after: colon)...]).trimmed
          ))
      }
    }
    guard isWhole else { return false }
    // A header beside its values may end without saying so.
    guard !isFirst, path.lowercased().hasSuffix(".mih") else {
      throw malformed("the header has no end", "\(bytes.count) bytes without END", "a line END")
    }
    return true
  }

  /// The values of a key, in order.
  func values(_ key: String) -> [String] {
    entries.filter { $0.key == key }.map(\.value)
  }

  /// The last value of a key.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where there is none.
  func value(_ key: String) throws(VolumeError) -> String {
    guard let value = values(key).last else {
      throw malformed("the header does not say \"\(key)\"", nil, "a line \"\(key): …\"")
    }
    return value
  }

  /// The numbers of a text, separated by commas or spaces.
  func numbers(_ text: String, of key: String) throws(VolumeError) -> [Double] {
    var numbers: [Double] = []
    for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      guard let number = Double(word) else {
        throw malformed(
          "the line \"\(key)\" holds something else than numbers", String(word), "a number")
      }
      numbers.append(number)
    }
    return numbers
  }
}

extension MIFHeader {
  /// The spelling of types, without the byte order.
  static let types: [(name: String, type: DataType)] = [
    ("UInt8", .uint8), ("Int8", .int8), ("UInt16", .uint16), ("Int16", .int16),
    ("UInt32", .uint32), ("Int32", .int32), ("UInt64", .uint64), ("Int64", .int64),
    ("Float16", .float16), ("Float32", .float32), ("Float64", .float64),
  ]

  /// The type of the values, and whether they start with the highest byte.
  func valueType() throws(VolumeError) -> (ScannerImageHeader.ValueType, isBigEndian: Bool) {
    let text = try value("datatype")
    if text.lowercased() == "bit" { return (.bit, false) }
    for (name, type) in MIFHeader.types {
      for (ending, isBigEndian) in [("", false), ("LE", false), ("BE", true)]
      where text.lowercased() == (name + ending).lowercased() {
        return (.number(type), isBigEndian)
      }
    }
    throw VolumeError(
      .unsupportedFeature, path: path, "the values are of a type that is not read", found: text,
      expected: "Bit, integers of 8 to 64 bits, or Float16, Float32 or Float64",
      remedy: "convert the image to one of these types with mrconvert -datatype")
  }

  /// The lengths of the axes.
  func lengths() throws(VolumeError) -> [Int] {
    let lengths = try numbers(value("dim"), of: "dim")
    guard (1...16).contains(lengths.count),
      lengths.allSatisfy({ $0 >= 1 && $0 < 0x1p53 && $0 == $0.rounded() })
    else {
      throw malformed(
        "the axes are not sound", try value("dim"), "1 to 16 lengths above zero")
    }
    return lengths.map { Int($0) }
  }

  /// How the values of axes of these lengths lie.
  func layout(_ lengths: [Int]) throws(VolumeError) -> ImageLayout {
    let text = try value("layout")
    let words = text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
    let ranks = words.compactMap { Int($0.filter { $0 != "+" && $0 != "-" }) }
    guard ranks.count == lengths.count, words.count == lengths.count,
      ranks.sorted() == Array(lengths.indices)
    else {
      throw malformed(
        "the order of the values is not sound", text,
        "the numbers from 0 to \(lengths.count - 1), each with its sign")
    }
    var layout = ImageLayout(lengths: lengths)
    for (axis, rank) in ranks.enumerated() {
      layout.order[rank] = axis
      layout.isReversed[axis] = words[axis].hasPrefix("-")
    }
    return layout
  }

  /// The transform of voxels with edges of these lengths in mm; nil where the header has none.
  func transform(spacing: [Double]) throws(VolumeError) -> ScannerTransform? {
    var rows: [[Double]] = []
    for text in values("transform") { rows.append(try numbers(text, of: "transform")) }
    if rows.isEmpty { return nil }
    guard rows.count >= 3, rows.prefix(3).allSatisfy({ $0.count == 4 }) else {
      throw malformed(
        "the transform is not sound", "\(rows.count) rows of \(rows.map(\.count))",
        "three rows of four numbers")
    }
    guard rows.prefix(3).joined().allSatisfy(\.isFinite) else { return nil }
    let transform = ScannerTransform(
      rows: rows.prefix(3).map { row in
        [row[0] * spacing[0], row[1] * spacing[1], row[2] * spacing[2], row[3]]
      })
    guard transform.inverse != nil else {
      throw malformed(
        "the transform to scanner coordinates is singular", "\(rows)", "three independent axes")
    }
    return transform
  }
}

extension StringProtocol {
  /// The text without white space at its ends.
  var trimmed: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
