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
    copy(bytes, to: 0)
  }

  /// Copies bytes to an offset.
  package mutating func copy(_ source: RawSpan, to offset: Int) {
    precondition(
      offset >= 0 && source.byteCount <= byteCount - offset, "the bytes lie outside the target")
    withUnsafeMutableBytes { target in
      source.withUnsafeBytes { source in
        // Sound: the range was checked above; a span held for writing overlaps no other span.
        UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: source)
      }
    }
  }

  /// Reverses the byte order of every value of a range.
  package mutating func swapBytes(_ range: Range<Int>, valueByteCount: Int) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range lies outside")
    // Sound: the range was checked above, and values are loaded and stored without alignment.
    withUnsafeMutableBytes { bytes in
      let part = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
      switch valueByteCount {
      case 2: swapValues(part, UInt16.self)
      case 4: swapValues(part, UInt32.self)
      case 8: swapValues(part, UInt64.self)
      default: break
      }
    }
  }
}

private func swapValues<Value: FixedWidthInteger & BitwiseCopyable>(
  _ bytes: UnsafeMutableRawBufferPointer, _ type: Value.Type
) {
  let width = MemoryLayout<Value>.size
  for index in 0..<bytes.count / width {
    let value = bytes.loadUnaligned(fromByteOffset: index * width, as: Value.self)
    bytes.storeBytes(of: value.byteSwapped, toByteOffset: index * width, as: Value.self)
  }
}
