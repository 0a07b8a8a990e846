import Glibc

// Unsafe code: loops over raw spans, and memory that is not touched before it is filled.
// Each use states why it is sound.

extension MutableRawSpan {
  /// Sets every byte to zero.
  mutating func fillWithZeros() {
    // Sound: the fill stays within the span.
    withUnsafeMutableBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      memset(start, 0, bytes.count)
    }
  }

  /// Flips the bits of a mask in every byte of a range.
  mutating func flip(_ mask: UInt8, in range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range lies outside")
    // Sound: the range was checked above.
    withUnsafeMutableBytes { bytes in
      for index in range { bytes[index] ^= mask }
    }
  }

  /// Stores each bit of a range as a byte of 0 or 1; the first bit is the highest of the first byte.
  mutating func expand(_ bits: Range<Int>, of source: RawSpan, to offset: Int) {
    for bit in bits {
      // Sound: the load checks that it lies within the source, and any byte is a number.
      let byte = source.unsafeLoad(fromByteOffset: bit / 8, as: UInt8.self)
      storeBytes(
        of: byte >> (7 - bit % 8) & 1, toByteOffset: offset + bit - bits.lowerBound,
        as: UInt8.self)
    }
  }
}

/// Memory for decoded strips and tiles that the system commits only as it is filled, so that a
/// file that claims huge strips costs nothing before it delivers them.
struct ScratchBytes: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer

  init(count: Int) {
    // Sound: freed once, in deinit; only spans that keep self alive reach it. libtiff fills the part
    // that is read, or throws.
    memory = .allocate(byteCount: count, alignment: 16)
  }

  deinit {
    // Sound: allocated in init, freed nowhere else.
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
