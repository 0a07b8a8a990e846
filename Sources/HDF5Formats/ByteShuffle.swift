// HDF5's shuffle filter. The unsafe code of this is all here.

/// The filter that stores the first bytes of all values, then their second bytes, and so on.
///
/// Source: HDF5 reference manual, `H5Pset_shuffle`.
enum ByteShuffle {
  /// Puts the bytes of each value together again.
  ///
  /// Bytes behind the last whole value keep their place.
  static func restore(_ shuffled: RawSpan, width: Int, into values: inout MutableRawSpan) {
    precondition(
      shuffled.byteCount == values.byteCount && width > 0, "shuffling keeps the number of bytes")
    let count = shuffled.byteCount / width
    shuffled.withUnsafeBytes { source in
      values.withUnsafeMutableBytes { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        // Sound: both hold `count` values of `width` bytes and `source.count` bytes; a span held
        // for writing overlaps no other.
        switch width {
        case 2: restore2(from, to, count)
        case 4: restore4(from, to, count)
        case 8: restore8(from, to, count)
        default:
          for byte in 0..<width {
            for index in 0..<count {
              to.storeBytes(
                of: from.load(fromByteOffset: byte &* count &+ index, as: UInt8.self),
                toByteOffset: index &* width &+ byte, as: UInt8.self)
            }
          }
        }
        let whole = count * width
        (to + whole).copyMemory(from: from + whole, byteCount: source.count - whole)
      }
    }
  }

  /// Separates the bytes of the values.
  static func apply(_ values: RawSpan, width: Int) -> [UInt8] {
    precondition(width > 0 && values.byteCount % width == 0, "whole values are shuffled")
    let count = values.byteCount / width
    return [UInt8](unsafeUninitializedCapacity: values.byteCount) { target, filled in
      values.withUnsafeBytes { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        // Sound: both hold `count` values of `width` bytes, and every byte of the target is set.
        let room = UnsafeMutableRawPointer(to)
        for byte in 0..<width {
          for index in 0..<count {
            room.storeBytes(
              of: from.load(fromByteOffset: index &* width &+ byte, as: UInt8.self),
              toByteOffset: byte &* count &+ index, as: UInt8.self)
          }
        }
      }
      filled = values.byteCount
    }
  }

  // Sixteen bytes of each place at once; `rest` does those that are left.

  private static func restore2(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
  ) {
    var index = 0
    while index + 16 <= count {
      let (low, high) = interleaved(
        bytes(from, index), bytes(from + count, index))
      let target = to + 2 &* index
      target.storeBytes(of: low, as: SIMD16<UInt8>.self)
      target.storeBytes(of: high, toByteOffset: 16, as: SIMD16<UInt8>.self)
      index &+= 16
    }
    rest(from, to, count, width: 2, from: index)
  }

  private static func restore4(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
  ) {
    var index = 0
    while index + 16 <= count {
      let (evenLow, evenHigh) = interleaved(
        bytes(from, index), bytes(from + 2 &* count, index))
      let (oddLow, oddHigh) = interleaved(
        bytes(from + count, index), bytes(from + 3 &* count, index))
      let target = to + 4 &* index
      let first = interleaved(evenLow, oddLow)
      let second = interleaved(evenHigh, oddHigh)
      target.storeBytes(of: first.0, as: SIMD16<UInt8>.self)
      target.storeBytes(of: first.1, toByteOffset: 16, as: SIMD16<UInt8>.self)
      target.storeBytes(of: second.0, toByteOffset: 32, as: SIMD16<UInt8>.self)
      target.storeBytes(of: second.1, toByteOffset: 48, as: SIMD16<UInt8>.self)
      index &+= 16
    }
    rest(from, to, count, width: 4, from: index)
  }

  private static func restore8(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
  ) {
    var index = 0
    while index + 16 <= count {
      let (a, b) = interleaved(bytes(from, index), bytes(from + 4 &* count, index))
      let (c, d) = interleaved(
        bytes(from + count, index), bytes(from + 5 &* count, index))
      let (e, f) = interleaved(
        bytes(from + 2 &* count, index), bytes(from + 6 &* count, index))
      let (g, h) = interleaved(
        bytes(from + 3 &* count, index), bytes(from + 7 &* count, index))
      let target = to + 8 &* index
      let halves = [(a, c, e, g), (b, d, f, h)] as InlineArray<2, _>
      for half in 0..<2 {
        let (places04, places15, places26, places37) = halves[half]
        let (evenLow, evenHigh) = interleaved(places04, places26)
        let (oddLow, oddHigh) = interleaved(places15, places37)
        let first = interleaved(evenLow, oddLow)
        let second = interleaved(evenHigh, oddHigh)
        let room = target + half &* 64
        room.storeBytes(of: first.0, as: SIMD16<UInt8>.self)
        room.storeBytes(of: first.1, toByteOffset: 16, as: SIMD16<UInt8>.self)
        room.storeBytes(of: second.0, toByteOffset: 32, as: SIMD16<UInt8>.self)
        room.storeBytes(of: second.1, toByteOffset: 48, as: SIMD16<UInt8>.self)
      }
      index &+= 16
    }
    rest(from, to, count, width: 8, from: index)
  }

  private static func rest(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int, width: Int,
    from start: Int
  ) {
    for index in start..<count {
      for byte in 0..<width {
        to.storeBytes(
          of: from.load(fromByteOffset: byte &* count &+ index, as: UInt8.self),
          toByteOffset: index &* width &+ byte, as: UInt8.self)
      }
    }
  }

  @inline(__always)
  private static func bytes(_ from: UnsafeRawPointer, _ index: Int) -> SIMD16<UInt8> {
    from.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
  }

  /// The bytes of two vectors in turn.
  @inline(__always)
  private static func interleaved(
    _ even: SIMD16<UInt8>, _ odd: SIMD16<UInt8>
  ) -> (SIMD16<UInt8>, SIMD16<UInt8>) {
    var both = SIMD32<UInt8>()
    both.evenHalf = even
    both.oddHalf = odd
    return (both.lowHalf, both.highHalf)
  }
}
