/// A table from pairs of small numbers to numbers.
///
/// The pairs of each smaller number lie beside each other, in one line of the processor's cache; only
/// those of numbers with many pairs go on in a table of all. What it holds never depends on the order
/// in which it was filled.
struct NeighbourTable {
  private static var width: Int { 8 }
  private static var free: UInt64 { .max }

  /// The larger number of a pair above its value, eight for each smaller number.
  private var slots: [UInt64]
  /// Whether a smaller number has pairs in the other table.
  private var isSpilled: [Bool]
  private var spilled = IndexTable()

  /// Creates a table of pairs of numbers below a count, which is below 2³² − 1.
  init(count: Int) {
    slots = Array(repeating: Self.free, count: Self.width * count)
    isSpilled = Array(repeating: false, count: count)
  }

  /// The value of a pair of different numbers; nil where it has none.
  func value(_ left: UInt32, _ right: UInt32) -> UInt32? {
    let (small, large) = (min(left, right), max(left, right))
    if let slot = slot(of: small, large) {
      return UInt32(truncatingIfNeeded: slots[slot])
    }
    return isSpilled[Int(small)] ? spilled.value(of: Self.key(small, large)) : nil
  }

  /// Gives a pair, new or not, a value.
  mutating func set(_ left: UInt32, _ right: UInt32, to value: UInt32) {
    let (small, large) = (min(left, right), max(left, right))
    let entry = UInt64(large) << 32 | UInt64(value)
    if let slot = slot(of: small, large) {
      slots[slot] = entry
    } else if isSpilled[Int(small)], spilled.value(of: Self.key(small, large)) != nil {
      spilled.set(Self.key(small, large), to: value)
    } else if let slot = slot(of: small, .max) {
      slots[slot] = entry
    } else {
      isSpilled[Int(small)] = true
      spilled.set(Self.key(small, large), to: value)
    }
  }

  /// Takes a pair out of the table, if it is in it.
  mutating func remove(_ left: UInt32, _ right: UInt32) {
    let (small, large) = (min(left, right), max(left, right))
    if let slot = slot(of: small, large) {
      slots[slot] = Self.free
    } else if isSpilled[Int(small)] {
      spilled.remove(Self.key(small, large))
    }
  }

  /// Where a pair's entry is; a large number of `.max` finds a free slot.
  private func slot(of small: UInt32, _ large: UInt32) -> Int? {
    let start = Self.width &* Int(small)
    let line = slots.span.extracting(start..<start &+ Self.width)
    for index in line.indices where UInt32(truncatingIfNeeded: line[index] &>> 32) == large {
      return start &+ index
    }
    return nil
  }

  private static func key(_ small: UInt32, _ large: UInt32) -> UInt64 {
    // One above the number, so that no key is 0.
    (UInt64(small) + 1) << 32 | UInt64(large)
  }
}
