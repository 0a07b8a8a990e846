// Copies and loads of raw bytes, for the codecs and the store. The unsafe code of moving bytes is
// all here; each use states why it is sound.

extension RawSpan {
  /// The four bytes at an offset as a little-endian number.
  package func littleEndianUInt32(at offset: Int) -> UInt32 {
    precondition(offset >= 0 && offset + 4 <= byteCount, "the number lies outside the bytes")
    // Sound: the bounds were checked, any bytes are a valid number.
    return UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The eight bytes at an offset as a little-endian number.
  package func littleEndianUInt64(at offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset + 8 <= byteCount, "the number lies outside the bytes")
    // Sound: the bounds were checked, any bytes are a valid number.
    return UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}

extension OutputSpan<UInt8> {
  /// Appends bytes.
  package mutating func append(copying bytes: RawSpan) {
    precondition(bytes.byteCount <= freeCapacity, "the bytes do not fit")
    withUnsafeMutableBufferPointer { buffer, count in
      bytes.withUnsafeBytes { source in
        // Sound: the room was checked; the target is exclusively held, so they cannot overlap.
        UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
          .copyMemory(from: source)
      }
      count += bytes.byteCount
    }
  }
}

extension MutableRawSpan {
  /// Overwrites all bytes with others of the same count.
  package mutating func update(copying bytes: RawSpan) {
    precondition(bytes.byteCount == byteCount, "the bytes do not fill the span")
    withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        // Sound: the counts are equal; the target is exclusively held, so they cannot overlap.
        target.copyMemory(from: source)
      }
    }
  }
}
