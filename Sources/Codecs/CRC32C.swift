import CXXHash

/// The CRC-32C (Castagnoli) of bytes, continuing from the checksum of the bytes before.
///
/// Runs on the processor's own instruction where it has one, three parts of the bytes side by side
/// (about 8 bytes a cycle), on tables elsewhere.
///
/// - Complexity: O(*n*) in the bytes.
///
/// Source: RFC 3720, appendix B.4; Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using
/// CRC32 Instruction", Intel 2011.
public func crc32c(_ bytes: RawSpan, continuing checksum: UInt32 = 0) -> UInt32 {
  guard hasInstruction else { return tableCRC32C(bytes, continuing: checksum) }
  return bytes.withUnsafeBytes { buffer in
    guard let start = buffer.baseAddress else { return checksum }
    var state = ~checksum
    // Sound: every part read below lies within the `buffer.count` bytes that the pointer covers
    // for the time of the call.
    var next = start.assumingMemoryBound(to: UInt8.self)
    var rest = buffer.count
    if rest >= 3 * laneByteCount {
      let table = laneTable.span
      var states: (UInt32, UInt32, UInt32) = (state, 0, 0)
      while rest >= 3 * laneByteCount {
        withUnsafeMutableBytes(of: &states) { states in
          guard let states = states.baseAddress else { return }
          cxxhash_crc32c_three(
            states.assumingMemoryBound(to: UInt32.self), next, laneByteCount)
        }
        let two = advanced(states.0, by: table) ^ states.1
        states = (advanced(two, by: table) ^ states.2, 0, 0)
        next += 3 * laneByteCount
        rest -= 3 * laneByteCount
      }
      state = states.0
    }
    return ~cxxhash_crc32c(state, next, rest)
  }
}

/// The bytes of each of the three parts that are worked on side by side.
private let laneByteCount = 1024

/// The state after as many zero bytes as a part has.
private func advanced(_ state: UInt32, by table: Span<UInt32>) -> UInt32 {
  table[Int(state & 0xFF)] ^ table[256 + Int((state >> 8) & 0xFF)]
    ^ table[512 + Int((state >> 16) & 0xFF)] ^ table[768 + Int(state >> 24)]
}

/// Four tables of 256.
///
/// They tell what each byte of a state, lowest first, becomes over the zero bytes of one
/// part. The step is linear: a state becomes the exclusive or of what its bits become.
private let laneTable: [UInt32] = {
  var bits: [UInt32] = []
  for bit in 0..<32 {
    var state: UInt32 = 1 << UInt32(bit)
    for _ in 0..<laneByteCount {
      state = (state >> 8) ^ slicingTable[Int(state & 0xFF)]
    }
    bits.append(state)
  }
  return (0..<4 * 256).map { entry in
    (0..<8).reduce(0) { entry >> $1 & 1 == 1 ? $0 ^ bits[entry / 256 * 8 + $1] : $0 }
  }
}()

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
