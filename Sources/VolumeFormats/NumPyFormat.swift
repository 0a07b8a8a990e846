import ScannerImages
public import VolumeStore
import Voxels

/// NumPy's `.npy` files, versions 1 to 3.
///
/// Source: NEP 1, "A simple file format for NumPy arrays"; `numpy.lib.format`.
public enum NumPyFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "NumPy"

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let longestHeader = 1 << 20

  /// Whether a file starts, or is named, as NumPy's do.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard let status = try FileStatus(source.path), status.isRegularFile else { return false }
    if source.path.lowercased().hasSuffix(".npy") { return true }
    return try VolumeStore.bytes(ofFile: source.path, count: 6) == magic
  }

  /// Opens a file.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let path = source.path
    let start = try VolumeStore.bytes(ofFile: path, count: 12)
    guard start.count == 12, Array(start[..<6]) == magic, (1...3).contains(start[6]) else {
      throw malformed(path, "is not a NumPy file of a known version")
    }
    let isShort = start[6] == 1
    let place = isShort ? 10 : 12
    let bytes = HeaderBytes(start, isBigEndian: false)
    let count =
      isShort ? Int(bytes.integer(at: 8, UInt16.self)) : Int(bytes.integer(at: 8, UInt32.self))
    guard count <= longestHeader else {
      throw VolumeError(
        .limitExceeded, path: path, "the header is too long", found: "\(count) bytes",
        expected: "at most \(longestHeader)", remedy: "check that the file was copied whole")
    }
    let text = try VolumeStore.bytes(ofFile: path, from: place, count: count)
    guard text.count == count, let header = NumPyHeader(text) else {
      throw malformed(path, "the header is cut short or is no description of an array")
    }
    let (type, isBigEndian) = try header.dataType(path: path)
    var notes: [String] = []
    var axes = try rawAxes(source.stated.axes, lengths: header.shape, path: path, notes: &notes)
    var lengths = header.shape
    if header.isFortranOrder {
      // The first axis varies fastest: stored, the order is the other way round.
      lengths.reverse()
      guard let reversed = VolumeAxes(axes.order.reversed()) else {
        preconditionFailure("the same axes")
      }
      axes = reversed
    }
    let layout = try DenseLayout(
      axes: axes, lengths: lengths, dataType: type, isBigEndian: isBigEndian, path: path)
    let source = try FileBytes(path, from: place + count)
    if let rest = source.byteCount, rest > layout.byteCount {
      throw VolumeError(
        .malformedMetadata, path: path, "the file is longer than its description says",
        found: "\(rest) bytes of values", expected: "\(layout.byteCount)",
        remedy: "write the file again with numpy.save")
    }
    let volume = try DenseVolume(
      path, bytes: source, layout: layout, metadata: layout.metadata(voxelSize: nil))
    return OpenedVolume(reader: volume, formatName: name, notes: notes)
  }

  private static func malformed(_ path: String, _ message: String) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message,
      remedy: "check that the file was copied whole, or write it again with numpy.save")
  }
}

/// What the header of a `.npy` file says: `{'descr': '<u2', 'fortran_order': False, 'shape': (3, 4)}`.
package struct NumPyHeader: Hashable, Sendable {
  /// The type of the values, such as `<f4`.
  package var type: String
  /// Whether the first axis varies fastest.
  package var isFortranOrder: Bool
  /// The lengths of the axes.
  package var shape: [Int]

  init(type: String, isFortranOrder: Bool, shape: [Int]) {
    self.type = type
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  /// Reads a header; nil where it is none, or its values are no numbers.
  package init?(_ bytes: [UInt8]) {
    var rest = String(decoding: bytes, as: UTF8.self)[...]
    func take(_ token: String) -> Bool {
      rest = rest.drop { $0.isWhitespace }
      guard rest.hasPrefix(token) else { return false }
      rest.removeFirst(token.count)
      return true
    }
    func text() -> String? {
      let quote = take("'") ? "'" : take("\"") ? "\"" : nil
      guard let quote, let end = rest.firstIndex(of: Character(quote)) else { return nil }
      defer { rest = rest[rest.index(after: end)...] }
      return String(rest[..<end])
    }
    var (type, order, shape): (String?, Bool?, [Int]?) = (nil, nil, nil)
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = text(), take(":") else { return nil }
      switch key {
      case "descr":
        // A list describes records.
        type = text() ?? (take("[") ? "records" : nil)
        if type == "records" {
          self.init(type: "records", isFortranOrder: false, shape: [])
          return
        }
      case "fortran_order": order = take("True") ? true : take("False") ? false : nil
      case "shape":
        guard take("(") else { return nil }
        var lengths: [Int] = []
        while !take(")") {
          rest = rest.drop { $0.isWhitespace }
          let digits = rest.prefix { $0 != "," && $0 != ")" && !$0.isWhitespace }
          guard let length = Int(digits.hasSuffix("L") ? digits.dropLast() : digits) else {
            return nil
          }
          lengths.append(length)
          rest = rest.dropFirst(digits.count)
          _ = take(",")
        }
        shape = lengths
      default: return nil
      }
      _ = take(",")
    }
    guard let type, let order, let shape else { return nil }
    self.init(type: type, isFortranOrder: order, shape: shape)
  }

  private static let types: [String: DataType] = [
    "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "i1": .int8, "i2": .int16,
    "i4": .int32, "i8": .int64, "f2": .float16, "f4": .float32, "f8": .float64,
  ]

  private static let otherTypes: [Character: String] = [
    "b": "truth values", "c": "complex numbers", "f": "numbers of another width", "O": "objects",
    "S": "text", "U": "text", "V": "records", "r": "records", "M": "dates", "m": "durations",
  ]

  func dataType(path: String) throws(VolumeError) -> (DataType, isBigEndian: Bool) {
    if let first = type.first, "<>|=".contains(first),
      let known = NumPyHeader.types[String(type.dropFirst())]
    {
      return (known, first == ">")
    }
    let letter = type.first.map { "<>|=".contains($0) ? type.dropFirst().first : $0 } ?? nil
    throw VolumeError(
      .unsupportedFeature, path: path, "the values are of a type that is not read",
      found: "\(letter.flatMap { NumPyHeader.otherTypes[$0] } ?? "an unknown type") (\(type))",
      expected: "integers of 8 to 64 bits, or float16, float32 or float64",
      remedy: "save the array as one of these types, such as array.astype('uint8')")
  }

  /// The bytes before the values, for a type with the lowest byte first: a multiple of 64.
  static func encoded(_ type: DataType, shape: [Int]) -> [UInt8] {
    let name = types.first { $0.value == type }?.key ?? ""
    let lengths = shape.map { "\($0)," }.joined(separator: " ")
    let order = type.byteCount == 1 ? "|" : "<"
    let text =
      "{'descr': '\(order)\(name)', 'fortran_order': False, 'shape': (\(lengths)), }"
    let count = (10 + text.utf8.count + 1 + 63) / 64 * 64
    let padding = String(repeating: " ", count: count - 11 - text.utf8.count)
    let length = UInt16(count - 10)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array("\(text)\(padding)\n".utf8)
  }
}
