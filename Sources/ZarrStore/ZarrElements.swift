import VolumeStore
import Codecs
import Voxels

/// The parts of a `zarr.json` being read, with the path to name in errors.
struct ZarrDocument {
  let path: String
  let limits: Limits

  func malformed(
    _ message: String, found: JSONValue? = nil, expected: String? = nil, cause: (any Error)? = nil
  ) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message, found: found.map(describe), expected: expected,
      remedy: "repair the file or write the array again", cause: cause)
  }

  func unsupported(
    _ message: String, found: String? = nil, expected: String? = nil,
    remedy: String = "write the array again without it, for instance with zarr-python",
    cause: (any Error)? = nil
  ) -> VolumeError {
    VolumeError(
      .unsupportedFeature, path: path, message, found: found, expected: expected, remedy: remedy,
      cause: cause)
  }

  func tooLarge(_ message: String, found: String, expected: String) -> VolumeError {
    VolumeError(
      .limitExceeded, path: path, message, found: found, expected: expected,
      remedy: "write the array again with smaller chunks")
  }

  /// A short rendering of a value for messages.
  func describe(_ value: JSONValue) -> String {
    guard let bytes = try? value.encoded() else { return "a number that is not finite" }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.count > 80 ? text.prefix(80) + "…" : text
  }

  /// A list of one positive whole number per axis.
  func lengths(_ value: JSONValue?, _ name: String, rank: Int? = nil) throws(VolumeError) -> [Int] {
    guard let items = value?.array else {
      throw malformed("\(name) is missing or no list", found: value, expected: "a list of lengths")
    }
    guard items.count <= limits.maximalRank, rank == nil || items.count == rank else {
      let count = rank.map { "\($0) lengths" } ?? "at most \(limits.maximalRank) lengths"
      throw malformed("\(name) has the wrong rank", found: value, expected: count)
    }
    var lengths: [Int] = []
    for item in items {
      guard let length = item.int, length > 0, length <= limits.maximalLength else {
        throw malformed(
          "\(name) holds a length out of range", found: item,
          expected: "a whole number from 1 to \(limits.maximalLength)")
      }
      lengths.append(length)
    }
    return lengths
  }

  /// A named extension point: a codec, a grid, a key encoding.
  func extensionPoint(
    _ value: JSONValue?, _ role: String
  ) throws(VolumeError) -> (name: String, configuration: JSONObject) {
    if let name = value?.string { return (name, [:]) }
    guard let object = value?.object, let name = object["name"]?.string else {
      throw malformed("\(role) has no name", found: value, expected: "an object with a name")
    }
    for key in object.keys.sorted()
    where !["name", "configuration", "must_understand"].contains(key) {
      throw malformed(
        "\(role) \(name) has an unknown member", found: .string(key),
        expected: "name and configuration")
    }
    guard let configuration = object["configuration"] else { return (name, [:]) }
    guard let members = configuration.object else {
      throw malformed("the configuration of \(name) is no object", found: configuration)
    }
    return (name, members)
  }
}

/// The value of voxels that are not stored.
struct FillValue: Hashable, Sendable {
  /// The value's little-endian bytes.
  let bytes: [UInt8]

  init<Scalar: VoxelScalar>(_ value: Scalar) {
    var bytes: [UInt8] = []
    let one = [value]
    let raw = one.span.bytes
    for index in 0..<raw.byteCount {
      // Sound: the index is within the bytes, and a byte has no alignment and no invalid value.
      bytes.append(raw.unsafeLoad(fromByteOffset: index, as: UInt8.self))
    }
    self.bytes = bytes
  }

  func value<Scalar: VoxelScalar>(_ type: Scalar.Type) -> Scalar {
    precondition(bytes.count == MemoryLayout<Scalar>.size, "the fill value is of another type")
    // Sound: the size was checked, and every bit pattern is a value of the stored types.
    return bytes.span.bytes.unsafeLoadUnaligned(as: Scalar.self)
  }

  init(_ json: JSONValue?, dataType: DataType, in document: ZarrDocument) throws(VolumeError) {
    guard let json else {
      throw document.malformed("fill_value is missing", expected: "a value of \(dataType.rawValue)")
    }
    guard let fill = Self.parse(json, dataType) else {
      throw document.malformed(
        "fill_value is no value of the array's type", found: json,
        expected: "a value of \(dataType.rawValue)")
    }
    self = fill
  }

  private static func parse(_ json: JSONValue, _ dataType: DataType) -> FillValue? {
    switch dataType {
    case .uint8: integer(json, UInt8.self)
    case .uint16: integer(json, UInt16.self)
    case .uint32: integer(json, UInt32.self)
    case .uint64: integer(json, UInt64.self)
    case .int8: integer(json, Int8.self)
    case .int16: integer(json, Int16.self)
    case .int32: integer(json, Int32.self)
    case .int64: integer(json, Int64.self)
    case .float16:
      real(json).map { FillValue(Float16($0)) }
        ?? bits(json, UInt16.self).map { FillValue(Float16(bitPattern: $0)) }
    case .float32:
      real(json).map { FillValue(Float($0)) }
        ?? bits(json, UInt32.self).map { FillValue(Float(bitPattern: $0)) }
    case .float64:
      real(json).map { FillValue($0) }
        ?? bits(json, UInt64.self).map { FillValue(Double(bitPattern: $0)) }
    }
  }

  private static func integer<Scalar: VoxelScalar & FixedWidthInteger>(
    _ json: JSONValue, _ type: Scalar.Type
  ) -> FillValue? {
    switch json {
    case .integer(let value): Scalar(exactly: value).map { FillValue($0) }
    case .unsigned(let value): Scalar(exactly: value).map { FillValue($0) }
    case .number(let value): Scalar(exactly: value).map { FillValue($0) }
    default: nil
    }
  }

  private static func real(_ json: JSONValue) -> Double? {
    switch json {
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    case .string: nil
    default: json.double
    }
  }

  /// A float's bits as a hexadecimal string.
  private static func bits<Word: FixedWidthInteger>(_ json: JSONValue, _ type: Word.Type) -> Word? {
    guard let text = json.string, text.hasPrefix("0x"), text.utf8.count == 2 + Word.bitWidth / 4
    else { return nil }
    return Word(text.dropFirst(2), radix: 16)
  }

  func json(_ dataType: DataType) -> JSONValue {
    switch dataType {
    case .uint8: .integer(Int64(value(UInt8.self)))
    case .uint16: .integer(Int64(value(UInt16.self)))
    case .uint32: .integer(Int64(value(UInt32.self)))
    case .uint64: Self.json(value(UInt64.self))
    case .int8: .integer(Int64(value(Int8.self)))
    case .int16: .integer(Int64(value(Int16.self)))
    case .int32: .integer(Int64(value(Int32.self)))
    case .int64: .integer(value(Int64.self))
    case .float16: Self.json(Double(value(Float16.self)))
    case .float32: Self.json(Double(value(Float.self)))
    case .float64: Self.json(value(Double.self))
    }
  }

  private static func json(_ value: UInt64) -> JSONValue {
    Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
  }

  private static func json(_ value: Double) -> JSONValue {
    guard value.isFinite else {
      return .string(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
    }
    return .number(value)
  }
}

/// How a chunk's index is spelled as a key.
struct ChunkKeyEncoding: Hashable, Sendable {
  /// Whether keys start with `c`, as in the default encoding.
  var hasPrefix = true
  var separator = "/"
  /// Whether the fastest axis comes first, as in N5.
  var isReversed = false

  init() {}

  init(_ json: JSONValue?, in document: ZarrDocument) throws(VolumeError) {
    var (name, configuration) = try document.extensionPoint(json, "chunk_key_encoding")
    guard name == "default" || name == "v2" else {
      throw document.unsupported(
        "the chunk key encoding is not supported", found: name, expected: "default or v2")
    }
    hasPrefix = name == "default"
    separator = hasPrefix ? "/" : "."
    if let value = configuration.removeValue(forKey: "separator") {
      guard let text = value.string, text == "/" || text == "." else {
        throw document.malformed("the separator is wrong", found: value, expected: "\"/\" or \".\"")
      }
      separator = text
    }
    if let stranger = configuration.keys.min() {
      throw document.malformed("chunk_key_encoding has an unknown member", found: .string(stranger))
    }
  }

  var json: JSONValue {
    .object([
      "name": .string(hasPrefix ? "default" : "v2"),
      "configuration": .object(["separator": .string(separator)]),
    ])
  }

  func key(_ index: [Int]) -> String {
    var key = hasPrefix ? "c" : ""
    for (axis, position) in (isReversed ? index.reversed() : index).enumerated() {
      if axis > 0 || hasPrefix { key += separator }
      key += String(position)
    }
    return key
  }

  /// The index that a key spells; nil where it spells none.
  func index(of key: String, rank: Int) -> [Int]? {
    var parts = key.split(separator: Character(separator), omittingEmptySubsequences: false)
    if hasPrefix {
      guard parts.first == "c" else { return nil }
      parts.removeFirst()
    }
    guard parts.count == rank else { return nil }
    var index = parts.compactMap { Int($0) }
    if isReversed { index.reverse() }
    return index.count == rank && self.key(index) == key ? index : nil
  }
}
