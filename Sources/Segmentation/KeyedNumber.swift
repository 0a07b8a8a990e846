/// A number under a key by which numbers are sorted.
struct KeyedNumber: BitwiseCopyable, Sendable {
  var key: UInt64
  var number: UInt32
}

extension [KeyedNumber] {
  /// Sorts by key; what has the same key stays in its order.
  ///
  /// - Complexity: O(*n*): one pass for each byte in which keys differ.
  ///
  /// Source: Knuth 1998, The Art of Computer Programming 3, §5.2.5 (radix sorting).
  mutating func sortByKey() {
    guard count > 1 else { return }
    var places = [Int](repeating: 0, count: 8 * 256)
    do {
      let items = span
      var counts = places.mutableSpan
      for index in items.indices {
        var key = items[index].key
        for digit in 0..<8 {
          counts[digit &<< 8 | Int(truncatingIfNeeded: key & 0xff)] &+= 1
          key &>>= 8
        }
      }
    }
    var other = self
    for digit in 0..<8 {
      let range = digit * 256..<(digit + 1) * 256
      if places[range].contains(count) { continue }
      var start = 0
      for bucket in range {
        let bucketCount = places[bucket]
        places[bucket] = start
        start += bucketCount
      }
      Self.distribute(self, by: digit, from: &places, to: &other)
      swap(&self, &other)
    }
  }

  private static func distribute(
    _ items: [KeyedNumber], by digit: Int, from places: inout [Int], to other: inout [KeyedNumber]
  ) {
    let source = items.span
    var target = other.mutableSpan
    var next = places.mutableSpan
    let (first, shift) = (digit * 256, UInt64(8 * digit))
    for index in source.indices {
      let item = source[index]
      let bucket = first &+ Int(truncatingIfNeeded: item.key &>> shift & 0xff)
      target[next[bucket]] = item
      next[bucket] &+= 1
    }
  }
}
