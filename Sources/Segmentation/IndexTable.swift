/// A table from keys above 0 to small numbers.
///
/// Keys lie beside each other in one array; a key that is taken sends the next to the place after
/// it. What the table holds never depends on the order in which it was filled.
struct IndexTable {
  /// A key and its number side by side, so that finding both touches memory once.
  private struct Entry {
    /// 0 marks a free place.
    var key: UInt64 = 0
    var value: UInt32 = 0
  }

  private var entries: [Entry]
  private var shift: UInt64
  private(set) var count = 0

  init(capacity: Int = 0) {
    let bits = max(4, Int.bitWidth - (capacity * 2).leadingZeroBitCount)
    entries = Array(repeating: Entry(), count: 1 << bits)
    shift = UInt64(UInt64.bitWidth - bits)
  }

  /// The number a key stands for, or nil where it is not in the table.
  func value(of key: UInt64) -> UInt32? {
    let entry = entries[place(of: key)]
    return entry.key == key ? entry.value : nil
  }

  /// Gives a key, new or not, a number.
  mutating func set(_ key: UInt64, to value: UInt32) {
    let place = place(of: key)
    if entries[place].key == key {
      entries[place].value = value
    } else {
      add(key, value, at: place)
    }
  }

  /// The number a key stands for; a new key gets the number of keys before it.
  ///
  /// Only for tables from which nothing is removed.
  mutating func number(of key: UInt64) -> UInt32 {
    let place = place(of: key)
    if entries[place].key == key { return entries[place].value }
    let number = UInt32(count)
    add(key, number, at: place)
    return number
  }

  /// Takes a key out of the table, if it is in it.
  mutating func remove(_ key: UInt64) {
    var free = place(of: key)
    let shift = shift
    guard entries[free].key == key else { return }
    count -= 1
    var entries = entries.mutableSpan
    // Keys that were sent past the freed place move back into it.
    let mask = entries.count &- 1
    var place = free
    while true {
      place = (place &+ 1) & mask
      let entry = entries[place]
      guard entry.key != 0 else { break }
      if (place &- Self.home(of: entry.key, shift)) & mask >= (place &- free) & mask {
        entries[free] = entry
        free = place
      }
    }
    entries[free].key = 0
  }

  private static func home(of key: UInt64, _ shift: UInt64) -> Int {
    // Fibonacci hashing after folding the upper half down: keys are often two numbers in one.
    Int(truncatingIfNeeded: ((key ^ key &>> 29) &* 0x9e37_79b9_7f4a_7c15) &>> shift)
  }

  private func place(of key: UInt64) -> Int {
    let entries = entries.span
    let mask = entries.count &- 1
    var place = Self.home(of: key, shift)
    while true {
      let found = entries[place].key
      if found == key || found == 0 { return place }
      place = (place &+ 1) & mask
    }
  }

  /// Puts a new key at its free place, or where there is one in a larger table.
  private mutating func add(_ key: UInt64, _ value: UInt32, at place: Int) {
    guard (count + 1) * 2 <= entries.count else {
      grow()
      return set(key, to: value)
    }
    entries[place] = Entry(key: key, value: value)
    count += 1
  }

  private mutating func grow() {
    var larger = IndexTable(capacity: entries.count)
    for entry in entries where entry.key != 0 { larger.set(entry.key, to: entry.value) }
    self = larger
  }
}
