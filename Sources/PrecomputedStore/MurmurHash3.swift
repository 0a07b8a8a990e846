/// The low 64 bits of MurmurHash3_x86_128, seed 0, of a 64-bit number's little-endian bytes.
///
/// Source: A. Appleby, MurmurHash3 (public domain),
/// <https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp>
func murmurHash3x86128(_ key: UInt64) -> UInt64 {
  func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word << count | word >> (32 - count)
  }
  func mix(_ word: UInt32) -> UInt32 {
    var word = word
    word ^= word >> 16
    word = word &* 0x85EB_CA6B
    word ^= word >> 13
    word = word &* 0xC2B2_AE35
    return word ^ word >> 16
  }
  // Eight bytes are less than a block: only the tail of the two first words is mixed in.
  let k1 = rotate(UInt32(truncatingIfNeeded: key) &* 0x239B_961B, 15) &* 0xAB0E_9789
  let k2 = rotate(UInt32(truncatingIfNeeded: key >> 32) &* 0xAB0E_9789, 16) &* 0x38B3_4AE5
  let length: UInt32 = 8
  var h = [k1 ^ length, k2 ^ length, length, length]
  h[0] = h[0] &+ h[1] &+ h[2] &+ h[3]
  for index in 1..<4 { h[index] = h[index] &+ h[0] }
  for index in 0..<4 { h[index] = mix(h[index]) }
  h[0] = h[0] &+ h[1] &+ h[2] &+ h[3]
  h[1] = h[1] &+ h[0]
  return UInt64(h[1]) << 32 | UInt64(h[0])
}
