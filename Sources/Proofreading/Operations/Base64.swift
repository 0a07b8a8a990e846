/// Bytes as text of 64 letters.
///
/// Source: RFC 4648, "The Base16, Base32, and Base64 Data Encodings", §4.
enum Base64 {
  private static let letters = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  static func text(of bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let word = group.enumerated().reduce(UInt32(0)) { word, byte in
        word | UInt32(byte.element) << UInt32(16 - 8 * byte.offset)
      }
      for place in 0..<4 {
        let letter = Self.letters[Int(word >> UInt32(18 - 6 * place) & 0x3f)]
        text.append(place <= group.count ? letter : padding)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text; nil where ``text(of:)`` gives another for them.
  static func bytes(of text: String) -> [UInt8]? {
    var values = [UInt8?](repeating: nil, count: 256)
    for (value, letter) in letters.enumerated() { values[Int(letter)] = UInt8(value) }
    var bytes: [UInt8] = []
    var (word, bitCount): (UInt32, UInt32) = (0, 0)
    for letter in text.utf8 where letter != padding {
      guard let value = values[Int(letter)] else { return nil }
      word = word << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: word >> bitCount))
        word &= 1 << bitCount - 1
      }
    }
    return self.text(of: bytes) == text ? bytes : nil
  }
}
