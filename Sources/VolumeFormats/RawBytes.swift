import Glibc

// Unsafe code: copies between raw spans, and memory that is not touched before it is filled.
// Each use states why it is sound.

extension MutableRawSpan {
  /// Copies bytes to an offset.
  mutating func copy(_ source: RawSpan, to offset: Int) {
    precondition(
      offset >= 0 && source.byteCount <= byteCount - offset, "the bytes lie outside the target")
    withUnsafeMutableBytes { target in
      source.withUnsafeBytes { source in
        // Sound: the range was checked above; a span held for writing overlaps no other span.
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        memcpy(to + offset, from, source.count)
      }
    }
  }

  /// Flips every bit of a range: for unsigned integers, `maximum - value`.
  mutating func invert(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range lies outside")
    // Sound: the range was checked above.
    withUnsafeMutableBytes { bytes in
      for index in range { bytes[index] = ~bytes[index] }
    }
  }

  /// Sets every byte to zero.
  mutating func fillWithZeros() {
    // Sound: the fill stays within the span.
    withUnsafeMutableBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      memset(start, 0, bytes.count)
    }
  }

  /// Turns every 0 of a range into 1 and every 1 into 0.
  mutating func flipZeroAndOne(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range lies outside")
    // Sound: the range was checked above.
    withUnsafeMutableBytes { bytes in
      for index in range { bytes[index] ^= 1 }
    }
  }

  /// Reverses the byte order of every value of a range.
  mutating func swapBytes(_ range: Range<Int>, valueByteCount: Int) {
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

/// Memory for decoded strips and tiles that the system commits only as it is filled, so that a
/// file that claims huge strips costs nothing before it delivers them.
struct ScratchBytes: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer

  init(count: Int) {
    memory = .allocate(byteCount: count, alignment: 16)
  }

  deinit {
    memory.deallocate()
  }

  var count: Int { memory.count }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // Sound: the memory lives as long as self, which the span borrows.
      let span = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(memory))
      return _overrideLifetime(span, borrowing: self)
    }
  }

  var mutableBytes: MutableRawSpan {
    @_lifetime(&self)
    mutating get {
      // Sound: the memory lives as long as self, which the span holds exclusively.
      let span = MutableRawSpan(_unsafeBytes: memory)
      return _overrideLifetime(span, mutating: &self)
    }
  }
}
