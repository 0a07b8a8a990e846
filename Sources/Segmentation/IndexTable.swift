/// A table from keys above 0 to small numbers.
///
/// Keys lie beside each other in one array; a key that is taken sends the next to the place after
/// it. What the table holds never depends on the order in which it was filled.
struct IndexTable {
  /// 0 marks a free place.
  private var keys: [UInt64]
  private var values: [UInt32]
  private var shift: UInt64
  private(set) var count = 0

  init(capacity: Int = 0) {
    let bits = max(4, Int.bitWidth - (capacity * 2).leadingZeroBitCount)
    keys = Array(repeating: 0, count: 1 << bits)
    values = Array(repeating: 0, count: 1 << bits)
    shift = UInt64(UInt64.bitWidth - bits)
  }

  /// The number a key stands for, or nil where it is not in the table.
  func value(of key: UInt64) -> UInt32? {
    let place = place(of: key)
    return keys[place] == key ? values[place] : nil
  }

  /// Gives a key, new or not, a number.
  mutating func set(_ key: UInt64, to value: UInt32) {
    let place = place(of: key)
    if keys[place] != key {
      guard (count + 1) * 2 <= keys.count else {
        grow()
        return set(key, to: value)
      }
      keys[place] = key
      count += 1
    }
    values[place] = value
  }

  /// The number a key stands for; a new key gets the number of keys before it.
  ///
  /// Only for tables from which nothing is removed.
  mutating func number(of key: UInt64) -> UInt32 {
    let place = place(of: key)
    if keys[place] == key { return values[place] }
    let number = UInt32(count)
    set(key, to: number)
    return number
  }

  /// Takes a key out of the table, if it is in it.
  mutating func remove(_ key: UInt64) {
    var free = place(of: key)
    guard keys[free] == key else { return }
    count -= 1
    // Keys that were sent past the freed place move back into it.
    let mask = keys.count - 1
    var place = free
    while true {
      place = (place + 1) & mask
      guard keys[place] != 0 else { break }
      let home = home(of: keys[place])
      if (place &- home) & mask >= (place &- free) & mask {
        keys[free] = keys[place]
        values[free] = values[place]
        free = place
      }
    }
    keys[free] = 0
  }

  private func home(of key: UInt64) -> Int {
    // Fibonacci hashing after folding the upper half down: keys are often two numbers in one.
    Int(truncatingIfNeeded: ((key ^ key >> 29) &* 0x9e37_79b9_7f4a_7c15) >> shift)
  }

  private func place(of key: UInt64) -> Int {
    let mask = keys.count - 1
    var place = home(of: key)
    while keys[place] != key && keys[place] != 0 { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    var larger = IndexTable(capacity: keys.count)
    for place in keys.indices where keys[place] != 0 {
      larger.set(keys[place], to: values[place])
    }
    self = larger
  }
}
