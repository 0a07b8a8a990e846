import Codecs

/// HDF5's checksum filter: four bytes behind the data.
///
/// Source: HDF5 reference manual, `H5Pset_fletcher32`; J. Fletcher, IEEE Transactions on
/// Communications 30 (1982).
enum Fletcher32 {
  /// The checksum of bytes, which are taken as big-endian words of 16 bits.
  static func checksum(_ bytes: RawSpan) -> UInt32 {
    bytes.withUnsafeBytes { bytes in
      var (first, second): (UInt32, UInt32) = (0, 0)
      var (index, words) = (0, bytes.count / 2)
      while words > 0 {
        // As many words as cannot overflow the sums.
        let count = min(words, 360)
        words -= count
        for _ in 0..<count {
          // Sound: two bytes for each of the words counted.
          let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt16.self)
          first &+= UInt32(UInt16(bigEndian: word))
          second &+= first
          index &+= 2
        }
        first = folded(first)
        second = folded(second)
      }
      if let last = bytes.last, bytes.count % 2 == 1 {
        first &+= UInt32(last) << 8
        second &+= first
        first = folded(first)
        second = folded(second)
      }
      return folded(second) << 16 | folded(first)
    }
  }

  /// Whether stored bytes end with the checksum of those before; old files have its bytes swapped
  /// in pairs.
  static func isIntact(_ stored: RawSpan) -> Bool {
    guard stored.byteCount >= 4 else { return false }
    let data = stored.extracting(0..<stored.byteCount - 4)
    let expected = stored.littleEndianUInt32(at: data.byteCount)
    let found = checksum(data)
    let swapped = (found & 0x00FF_00FF) << 8 | (found >> 8) & 0x00FF_00FF
    return found == expected || swapped == expected
  }

  private static func folded(_ sum: UInt32) -> UInt32 { sum & 0xFFFF &+ sum >> 16 }
}
