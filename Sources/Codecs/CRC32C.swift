import CXXHash

/// The CRC-32C (Castagnoli) of bytes, continuing from the checksum of the bytes before.
///
/// Runs on the processor's own instruction where it has one (about 8 bytes in three cycles), on
/// tables elsewhere.
///
/// - Complexity: O(*n*) in the bytes.
///
/// Source: RFC 3720, appendix B.4.
public func crc32c(_ bytes: RawSpan, continuing checksum: UInt32 = 0) -> UInt32 {
  guard hasInstruction else { return tableCRC32C(bytes, continuing: checksum) }
  return bytes.withUnsafeBytes { buffer in
    guard let start = buffer.baseAddress else { return checksum }
    // Sound: the pointer covers `buffer.count` bytes for the time of the call.
    return ~cxxhash_crc32c(
      ~checksum, start.assumingMemoryBound(to: UInt8.self), buffer.count)
  }
}

/// The CRC-32C of bytes by tables; the same answer as ``crc32c(_:continuing:)``.
package func tableCRC32C(_ bytes: RawSpan, continuing checksum: UInt32 = 0) -> UInt32 {
  var state = ~checksum
  var index = 0
  let table = slicingTable.span
  while index + 8 <= bytes.byteCount {
    // Sound: eight bytes from `index` lie within the span.
    let word = bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    let mixed = UInt64(littleEndian: word) ^ UInt64(state)
    state = 0
    for lane in 0..<8 {
      let byte = Int(truncatingIfNeeded: (mixed >> UInt64(8 * lane)) & 0xFF)
      state ^= table[(7 - lane) * 256 + byte]
    }
    index += 8
  }
  while index < bytes.byteCount {
    let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
    state = (state >> 8) ^ table[Int((state ^ UInt32(byte)) & 0xFF)]
    index += 1
  }
  return ~state
}

private let hasInstruction = cxxhash_has_crc32c() != 0

/// Eight tables of 256: table *k* advances a byte over *k* zero bytes.
private let slicingTable: [UInt32] = {
  var table = [UInt32](repeating: 0, count: 8 * 256)
  for byte in 0..<256 {
    var state = UInt32(byte)
    for _ in 0..<8 { state = state & 1 == 1 ? (state >> 1) ^ 0x82F6_3B78 : state >> 1 }
    table[byte] = state
  }
  for index in 256..<8 * 256 {
    let before = table[index - 256]
    table[index] = (before >> 8) ^ table[Int(before & 0xFF)]
  }
  return table
}()
