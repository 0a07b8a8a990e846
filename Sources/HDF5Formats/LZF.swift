import Codecs

/// LZF compression as h5py writes it: filter 32000.
///
/// Source: LibLZF 3.6, the format in `lzf.h`; h5py, `lzf_filter.c`.
enum LZF {
  /// Decompresses bytes, filling `decoded` exactly.
  ///
  /// - Throws: ``CodecError`` where the bytes are damaged or decode to another size.
  static func decode(_ encoded: RawSpan, into decoded: inout MutableRawSpan) throws(CodecError) {
    var isSound = false
    decoded.withUnsafeMutableBytes { output in
      encoded.withUnsafeBytes { input in
        isSound = decode(input, into: output)
      }
    }
    guard isSound else {
      throw CodecError(
        .corruptData, codec: "lzf",
        "the bytes do not decode to the \(decoded.byteCount) expected")
    }
  }

  /// Every index is checked by the buffers' own bounds or by the guard ahead of it.
  private static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard let from = input.baseAddress, let to = output.baseAddress else {
      return input.isEmpty && output.isEmpty
    }
    var (read, written) = (0, 0)
    while read < input.count {
      let control = Int(input[read])
      read += 1
      if control < 32 {
        // The next bytes as they are.
        let count = control + 1
        guard count <= input.count - read, count <= output.count - written else { return false }
        // Sound: both ranges were checked, and the buffers do not overlap.
        (to + written).copyMemory(from: from + read, byteCount: count)
        read += count
        written += count
        continue
      }
      var count = control >> 5 + 2
      if count == 9 {
        guard read < input.count else { return false }
        count += Int(input[read])
        read += 1
      }
      guard read < input.count else { return false }
      let distance = (control & 31) << 8 + Int(input[read]) + 1
      read += 1
      guard distance <= written, count <= output.count - written else { return false }
      // Sound: source and target lie within the output; bytes repeat where they overlap.
      if distance >= count {
        (to + written).copyMemory(from: to + (written - distance), byteCount: count)
      } else {
        for index in written..<written + count {
          to.storeBytes(
            of: to.load(fromByteOffset: index &- distance, as: UInt8.self),
            toByteOffset: index, as: UInt8.self)
        }
      }
      written += count
    }
    return written == output.count
  }
}
