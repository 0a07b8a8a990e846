/// The numbers in a binary header of either byte order.
package struct HeaderBytes {
  package var bytes: [UInt8]
  package var isBigEndian: Bool

  /// Zeros to be filled in, lowest bytes first.
  package init(count: Int) {
    bytes = [UInt8](repeating: 0, count: count)
    isBigEndian = false
  }

  /// Uses the bytes of a file.
  package init(_ bytes: [UInt8], isBigEndian: Bool) {
    self.bytes = bytes
    self.isBigEndian = isBigEndian
  }

  /// A whole number.
  package func integer<Number: FixedWidthInteger>(at offset: Int, _ type: Number.Type = Number.self)
    -> Number
  {
    var number: Number = 0
    let width = Number.bitWidth / 8
    for index in 0..<width {
      let byte = bytes[offset + (isBigEndian ? index : width - 1 - index)]
      // A number of one byte has nothing to make room for.
      number = width == 1 ? Number(truncatingIfNeeded: byte) : number << 8 | Number(byte)
    }
    return number
  }

  /// A number of single precision, as the shortest decimal that it stands for.
  package func float(at offset: Int) -> Double {
    let value = Float(bitPattern: integer(at: offset))
    return Double(value.description) ?? Double(value)
  }

  /// A number of double precision.
  package func double(at offset: Int) -> Double { Double(bitPattern: integer(at: offset)) }

  /// The text up to a zero.
  package func text(at offset: Int, count: Int) -> String {
    String(decoding: bytes[offset..<offset + count].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Stores a whole number.
  package mutating func set<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    for index in 0..<Number.bitWidth / 8 {
      bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
    }
  }

  /// Stores a number in single precision.
  package mutating func set(single value: Double, at offset: Int) {
    set(Float(value).bitPattern, at: offset)
  }

  /// Stores a number in double precision.
  package mutating func set(double value: Double, at offset: Int) {
    set(value.bitPattern, at: offset)
  }

  /// Stores text.
  package mutating func set(_ text: String, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
  }
}
