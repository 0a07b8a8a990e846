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

  /// Stores each value of 1, 2 or 4 bits of a range as a byte; the first value is the highest of the
  /// first byte.
  mutating func expand(
    _ values: Range<Int>, of source: RawSpan, bitsPerValue: Int = 1, to offset: Int
  ) {
    let perByte = 8 / bitsPerValue
    let mask = UInt8((1 << bitsPerValue) - 1)
    for value in values {
      // Sound: the load checks that it lies within the source, and any byte is a number.
      let byte = source.unsafeLoad(fromByteOffset: value / perByte, as: UInt8.self)
      storeBytes(
        of: byte >> ((perByte - 1 - value % perByte) * bitsPerValue) & mask,
        toByteOffset: offset + value - values.lowerBound, as: UInt8.self)
    }
  }

  /// Stores 64-bit numbers in 32 bits each; false where one does not fit.
  mutating func narrow(_ source: RawSpan, to offset: Int) -> Bool {
    let count = source.byteCount / 8
    precondition(offset >= 0 && offset + count * 4 <= byteCount, "the values lie outside")
    return withUnsafeMutableBytes { target in
      source.withUnsafeBytes { source in
        // Sound: both ranges were checked above; any bytes are a number.
        var high: UInt64 = 0
        for index in 0..<count {
          let value = source.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
          high |= value >> 32
          target.storeBytes(
            of: UInt32(truncatingIfNeeded: value), toByteOffset: offset + index * 4, as: UInt32.self
          )
        }
        return high == 0
      }
    }
  }

  /// Replaces every value of a row but the first by its difference to the one before.
  mutating func differenceValues(_ range: Range<Int>, valueByteCount: Int) {
    switch valueByteCount {
    case 1: differenceValues(range, UInt8.self)
    case 2: differenceValues(range, UInt16.self)
    default: differenceValues(range, UInt32.self)
    }
  }

  private mutating func differenceValues<Value: FixedWidthInteger & BitwiseCopyable>(
    _ range: Range<Int>, _ type: Value.Type
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range lies outside")
    let width = MemoryLayout<Value>.size
    withUnsafeMutableBytes { bytes in
      // Sound: the range was checked above; any bytes are a number.
      let row = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
      var previous: Value = 0
      for index in 0..<row.count / width {
        let value = row.loadUnaligned(fromByteOffset: index * width, as: Value.self)
        row.storeBytes(of: value &- previous, toByteOffset: index * width, as: Value.self)
        previous = value
      }
    }
  }

  /// Gathers the first bytes of a row's little-endian values from the highest on, then the second
  /// ones, and so on, and replaces every byte but the first by its difference to the one before.
  mutating func separateBytes(_ range: Range<Int>, valueByteCount: Int) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range lies outside")
    withUnsafeMutableBytes { bytes in
      // Sound: the range was checked above.
      let row = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
      let copy = Array(row)
      let count = row.count / valueByteCount
      var previous: UInt8 = 0
      for place in 0..<valueByteCount {
        for index in 0..<count {
          let byte = copy[index * valueByteCount + valueByteCount - 1 - place]
          row[place * count + index] = byte &- previous
          previous = byte
        }
      }
    }
  }

  /// Stores every `step`th value of a source, from the one numbered `first` on.
  mutating func gather(
    _ source: RawSpan, valueByteCount: Int, from first: Int, every step: Int, to offset: Int,
    count: Int
  ) {
    switch valueByteCount {
    case 1: gather(source, UInt8.self, from: first, every: step, to: offset, count: count)
    case 2: gather(source, UInt16.self, from: first, every: step, to: offset, count: count)
    case 4: gather(source, UInt32.self, from: first, every: step, to: offset, count: count)
    default: gather(source, UInt64.self, from: first, every: step, to: offset, count: count)
    }
  }

  private mutating func gather<Value: FixedWidthInteger & BitwiseCopyable>(
    _ source: RawSpan, _ type: Value.Type, from first: Int, every step: Int, to offset: Int,
    count: Int
  ) {
    let width = MemoryLayout<Value>.size
    precondition(
      offset >= 0 && offset + count * width <= byteCount && first < step
        && count * step * width <= source.byteCount, "the values lie outside")
    withUnsafeMutableBytes { target in
      source.withUnsafeBytes { source in
        // Sound: both ranges were checked above; any bytes are a number.
        for index in 0..<count {
          let value = source.loadUnaligned(
            fromByteOffset: (index * step + first) * width, as: Value.self)
          target.storeBytes(of: value, toByteOffset: offset + index * width, as: Value.self)
        }
      }
    }
  }

  /// Stores three colours of 8 bits each as one number of 32, red the highest.
  mutating func packColours(
    _ source: RawSpan, pixelStep: Int, sampleStep: Int, to offset: Int, count: Int
  ) {
    precondition(
      offset >= 0 && offset + count * 4 <= byteCount
        && (count - 1) * pixelStep + 2 * sampleStep < source.byteCount, "the values lie outside")
    withUnsafeMutableBytes { target in
      source.withUnsafeBytes { source in
        // Sound: both ranges were checked above.
        for index in 0..<count {
          let pixel = index * pixelStep
          let label =
            UInt32(source[pixel]) << 16 | UInt32(source[pixel + sampleStep]) << 8
            | UInt32(source[pixel + 2 * sampleStep])
          target.storeBytes(of: label, toByteOffset: offset + index * 4, as: UInt32.self)
        }
      }
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
