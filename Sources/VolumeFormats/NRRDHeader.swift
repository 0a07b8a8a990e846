import VolumeStore
import Voxels

/// The header of an NRRD file.
///
/// Source: "Definition of NRRD File Format", <https://teem.sourceforge.net/nrrd/format.html>.
struct NRRDHeader: Sendable {
  /// The fields by name, in lower case, as they are written.
  var fields: [String: String]
  /// The files with the values, where the header lists them one a line.
  var listedFiles: [String]
  /// Where the values start in the header's own file.
  var end: Int
  /// The header's path, for messages.
  var path: String
  /// Fields that are not known.
  var unknownFields: [String] = []

  private static let longest = 1 << 20

  private static let synonyms = [
    "datafile": "data file", "lineskip": "line skip", "byteskip": "byte skip",
    "centers": "centerings", "sampleunits": "sample units", "axismins": "axis mins",
    "axismaxs": "axis maxs", "blocksize": "block size", "oldmin": "old min", "oldmax": "old max",
  ]

  private static let known: Set<String> = [
    "type", "dimension", "sizes", "encoding", "endian", "spacings", "space", "space dimension",
    "space directions", "space origin", "space units", "units", "kinds", "labels", "centerings",
    "data file", "line skip", "byte skip", "content", "sample units", "axis mins", "axis maxs",
    "block size", "old min", "old max", "min", "max", "number", "thicknesses",
    "measurement frame",
  ]

  /// Reads a header.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata`.
  init(path: String) throws(VolumeError) {
    let byteCount = try FileStatus.ofFile(path).byteCount
    let bytes = try VolumeStore.bytes(
      ofFile: path, count: min(byteCount, NRRDHeader.longest))
    self.path = path
    (fields, listedFiles, end) = ([:], [], bytes.count)
    guard bytes.starts(with: Array("NRRD000".utf8)) else {
      throw malformed("is not an NRRD file")
    }
    var start = 0
    var isFirst = true
    while start < bytes.count {
      let stop = bytes[start...].firstIndex(of: 10)
      var line = bytes[start..<(stop ?? bytes.count)]
      start = stop.map { $0 + 1 } ?? bytes.count
      if line.last == 13 { line.removeLast() }
      if isFirst {
        isFirst = false
        continue
      }
      guard !line.isEmpty else {
        end = start
        return
      }
      try add(String(decoding: line, as: UTF8.self))
      if fields["data file"]?.split(separator: " ").first == "LIST" {
        listedFiles = String(decoding: bytes[start...], as: UTF8.self)
          .split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }.map { String($0) }
        end = bytes.count
        return
      }
    }
    guard fields["data file"] != nil, bytes.count < NRRDHeader.longest else {
      throw malformed("the header does not end", found: "\(bytes.count) bytes")
    }
  }

  private mutating func add(_ line: String) throws(VolumeError) {
    guard !line.hasPrefix("#") else { return }
    guard let colon = line.firstIndex(of: ":") else {
      throw malformed("a line of the header is no field", found: String(line.prefix(80)))
    }
    let after = line[line.index(after: colon)...]
    guard !after.hasPrefix("=") else { return }
    var name = line[..<colon].trimmed.lowercased()
    name = NRRDHeader.synonyms[name] ?? name
    if !NRRDHeader.known.contains(name) { unknownFields.append(name) }
    guard fields.updateValue(after.trimmed, forKey: name) == nil else {
      throw malformed("a field is there twice", found: name)
    }
  }

  func malformed(
    _ message: String, found: String? = nil, expected: String? = nil
  ) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message, found: found, expected: expected,
      remedy: "check that the file was copied whole, or write it again")
  }

  private static let types: [String: DataType] = {
    let names: [(DataType, [String])] = [
      (.int8, ["signed char", "int8", "int8_t"]),
      (.uint8, ["uchar", "unsigned char", "uint8", "uint8_t"]),
      (
        .int16,
        ["short", "short int", "signed short", "signed short int", "int16", "int16_t"]
      ),
      (.uint16, ["ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"]),
      (.int32, ["int", "signed int", "int32", "int32_t"]),
      (.uint32, ["uint", "unsigned int", "uint32", "uint32_t"]),
      (
        .int64,
        [
          "longlong", "long long", "long long int", "signed long long", "signed long long int",
          "int64", "int64_t",
        ]
      ),
      (
        .uint64,
        [
          "ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t",
        ]
      ),
      (.float32, ["float"]), (.float64, ["double"]),
    ]
    var types: [String: DataType] = [:]
    for (type, names) in names { for name in names { types[name] = type } }
    return types
  }()

  /// The type of a value.
  func dataType() throws(VolumeError) -> DataType {
    let text = try field("type")
    if let type = NRRDHeader.types[text.lowercased()] { return type }
    throw VolumeError(
      .unsupportedFeature, path: path, "the values are of a type that is not read", found: text,
      expected: "integers of 8 to 64 bits, float or double", remedy: "convert it: unu convert")
  }

  /// A field that has to be there.
  func field(_ name: String) throws(VolumeError) -> String {
    guard let value = fields[name] else { throw malformed("the header has no field \(name)") }
    return value
  }

  /// A field's whole number, where it is there.
  func integer(_ name: String) throws(VolumeError) -> Int? {
    guard let text = fields[name] else { return nil }
    guard let value = Int(text) else {
      throw malformed("a field is no whole number", found: "\(name): \(text)")
    }
    return value
  }

  /// The lengths of the axes, fastest first.
  func lengths() throws(VolumeError) -> [Int] {
    guard let rank = try integer("dimension"), (1...16).contains(rank) else {
      throw malformed("the number of axes is wrong", found: fields["dimension"] ?? "none")
    }
    let text = try field("sizes")
    let words = text.split(separator: " ")
    let lengths = words.compactMap { Int($0) }
    guard lengths.count == rank, words.count == rank, lengths.allSatisfy({ $0 > 0 }) else {
      throw malformed(
        "the lengths of the axes are wrong", found: text, expected: "\(rank) numbers above zero")
    }
    return lengths
  }

  /// A field's words, one for each axis; nil where it is not there.
  func words(_ name: String, count: Int) throws(VolumeError) -> [String]? {
    guard let text = fields[name] else { return nil }
    var words: [String] = []
    var rest = text[...]
    while let first = rest.first {
      if first == " " || first == "\t" {
        rest.removeFirst()
      } else if first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") {
        words.append(String(rest[rest.index(after: rest.startIndex)..<end]))
        rest = rest[rest.index(after: end)...]
      } else if first == "(", let end = rest.firstIndex(of: ")") {
        words.append(String(rest[...end]))
        rest = rest[rest.index(after: end)...]
      } else {
        let word = rest.prefix { $0 != " " && $0 != "\t" }
        words.append(String(word))
        rest = rest.dropFirst(word.count)
      }
    }
    guard words.count == count else {
      throw malformed(
        "a field has another number of values than axes", found: "\(name): \(text)",
        expected: "\(count)")
    }
    return words
  }

  /// The numbers of `(a,b,c)`; nil for `none`.
  func vector(_ text: String) throws(VolumeError) -> [Double]? {
    guard text != "none" else { return nil }
    let parts = text.dropFirst().dropLast().split(separator: ",").map { $0.trimmed }
    let numbers = parts.compactMap { Double($0) }
    guard text.hasPrefix("("), text.hasSuffix(")"), numbers.count == parts.count,
      (1...3).contains(numbers.count)
    else { throw malformed("a vector is wrong", found: text, expected: "(x,y,z)") }
    return numbers
  }
}

extension StringProtocol {
  /// The text without blanks at either end.
  var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
