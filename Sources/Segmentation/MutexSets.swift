/// That what the mutex watershed keeps apart takes more memory than it may.
public struct MutexMemoryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What it may take, in bytes.
  public let limit: Int

  /// Creates an error.
  public init(limit: Int) { self.limit = limit }

  /// The error as one line.
  public var description: String {
    "the clusters to keep apart take more than \(limit) bytes of memory"
  }
}

/// For each cluster, the clusters that it must not join.
///
/// A cluster's partners are a hash table of 4, 8, 16 … places in one array that all share; tables
/// that are outgrown, or whose cluster has joined another, are used again. What clusters must not
/// join is known to both, so asking probes the smaller table.
///
/// - Complexity: 4 bytes a cluster; for each pair kept apart 11 to 40 bytes.
struct MutexSets {
  /// The start of each cluster's table in ``slots``; 0 where it has no partners.
  private var places: [UInt32]
  /// Tables one after another: the number of partners and the logarithm of the places, then the
  /// places.
  private var slots: [UInt32]
  /// The first free table of each size; each names the next in its first slot.
  private var free = [UInt32](repeating: 0, count: 32)
  private let limit: Int

  private static let empty = UInt32.max
  private static let smallest: UInt32 = 2
  private static let sizeMask: UInt32 = 31

  /// Creates sets without partners.
  ///
  /// - Parameters:
  ///   - count: The number of clusters.
  ///   - memoryLimit: What tables may take, in bytes; taken from the system only as it is needed.
  init(count: Int, memoryLimit: Int) {
    limit = memoryLimit
    places = Array(repeating: 0, count: count)
    slots = []
    // The system hands out pages when they are first touched, so what is not needed costs nothing,
    // and growing within what is reserved copies nothing.
    slots.reserveCapacity(min(max(memoryLimit / 4, 8), 16 * count, 1 << 32 - 1))
    slots.append(0)
  }

  /// What the tables take, in bytes.
  var byteCount: Int { 4 * slots.count }

  /// Whether two clusters must not join.
  func contains(_ first: UInt32, _ second: UInt32) -> Bool {
    let places = places.span
    let (left, right) = (places[Int(first)], places[Int(second)])
    guard left != 0, right != 0 else { return false }
    let slots = slots.span
    return slots[Int(left)] <= slots[Int(right)]
      ? Self.find(second, at: left, slots) != nil : Self.find(first, at: right, slots) != nil
  }

  /// Keeps two clusters apart for good.
  mutating func insert(_ first: UInt32, _ second: UInt32) throws(MutexMemoryError) {
    guard try add(second, to: first) else { return }
    _ = try add(first, to: second)
  }

  /// Joins two clusters that may join.
  ///
  /// - Returns: The one of the two that now stands for both: the one with more partners, else the
  ///   smaller.
  mutating func join(_ first: UInt32, _ second: UInt32) throws(MutexMemoryError) -> UInt32 {
    let (left, right) = (places[Int(first)], places[Int(second)])
    guard left | right != 0 else { return min(first, second) }
    let counts = (slots[Int(left)] >> 5, slots[Int(right)] >> 5)
    let keepsFirst = counts.0 == counts.1 ? first < second : counts.0 > counts.1
    let (kept, gone) = keepsFirst ? (first, second) : (second, first)
    let place = places[Int(gone)]
    guard place != 0 else { return kept }
    let end = Int(place) + 1 << Int(slots[Int(place)] & Self.sizeMask)
    for slot in Int(place) + 1...end where slots[slot] != Self.empty {
      let partner = slots[slot]
      remove(gone, from: partner)
      if try add(partner, to: kept) { _ = try add(kept, to: partner) }
    }
    release(place)
    places[Int(gone)] = 0
    return kept
  }

  private static func home(of partner: UInt32, size: UInt32) -> Int {
    Int(truncatingIfNeeded: (partner &* 0x9e37_79b9) &>> (32 &- size))
  }

  private static func find(
    _ partner: UInt32, at place: UInt32, _ slots: Span<UInt32>
  ) -> Int? {
    let size = slots[Int(place)] & sizeMask
    let mask = 1 &<< Int(size) &- 1
    let first = Int(place) &+ 1
    var index = home(of: partner, size: size)
    while true {
      let found = slots[first &+ index]
      if found == partner { return first &+ index }
      if found == empty { return nil }
      index = (index &+ 1) & mask
    }
  }

  /// Adds a partner to a cluster's table; false where it is there already.
  private mutating func add(
    _ partner: UInt32, to cluster: UInt32
  ) throws(MutexMemoryError) -> Bool {
    var place = places[Int(cluster)]
    if place == 0 {
      place = try table(size: Self.smallest)
      places[Int(cluster)] = place
    }
    do {
      var slots = slots.mutableSpan
      let header = slots[Int(place)]
      let size = header & Self.sizeMask
      let count = header >> 5
      let mask = 1 &<< Int(size) &- 1
      let first = Int(place) &+ 1
      var index = Self.home(of: partner, size: size)
      while slots[first &+ index] != Self.empty {
        if slots[first &+ index] == partner { return false }
        index = (index &+ 1) & mask
      }
      if (Int(count) &+ 1) &* 4 <= 3 &<< Int(size) {
        slots[first &+ index] = partner
        slots[Int(place)] = header &+ 1 &<< 5
        return true
      }
    }
    try grow(cluster)
    return try add(partner, to: cluster)
  }

  private mutating func grow(_ cluster: UInt32) throws(MutexMemoryError) {
    let old = places[Int(cluster)]
    let size = slots[Int(old)] & Self.sizeMask
    let new = try table(size: size + 1)
    var slots = slots.mutableSpan
    let mask = 1 &<< Int(size &+ 1) &- 1
    for slot in Int(old) + 1...Int(old) + 1 << Int(size) where slots[slot] != Self.empty {
      let partner = slots[slot]
      var index = Self.home(of: partner, size: size + 1)
      while slots[Int(new) &+ 1 &+ index] != Self.empty { index = (index &+ 1) & mask }
      slots[Int(new) &+ 1 &+ index] = partner
    }
    slots[Int(new)] = slots[Int(old)] & ~Self.sizeMask | (size + 1)
    places[Int(cluster)] = new
    release(old)
  }

  private mutating func remove(_ partner: UInt32, from cluster: UInt32) {
    let place = places[Int(cluster)]
    guard let found = Self.find(partner, at: place, slots.span) else { return }
    var slots = slots.mutableSpan
    let header = slots[Int(place)]
    let size = header & Self.sizeMask
    let mask = 1 &<< Int(size) &- 1
    let first = Int(place) &+ 1
    // Partners that were sent past the freed place move back into it.
    var hole = found &- first
    var index = hole
    while true {
      index = (index &+ 1) & mask
      let next = slots[first &+ index]
      guard next != Self.empty else { break }
      if (index &- Self.home(of: next, size: size)) & mask >= (index &- hole) & mask {
        slots[first &+ hole] = next
        hole = index
      }
    }
    slots[first &+ hole] = Self.empty
    slots[Int(place)] = header &- 1 &<< 5
  }

  /// An empty table of 2 to the power of `size` places.
  private mutating func table(size: UInt32) throws(MutexMemoryError) -> UInt32 {
    let length = 1 << Int(size)
    let place = free[Int(size)]
    if place != 0 {
      free[Int(size)] = slots[Int(place)]
      slots[Int(place)] = size
      var slots = slots.mutableSpan
      for slot in Int(place) + 1...Int(place) + length { slots[slot] = Self.empty }
      return place
    }
    let start = slots.count
    guard 4 * (start + 1 + length) <= limit, start + 1 + length <= 1 << 32 - 1 else {
      throw MutexMemoryError(limit: limit)
    }
    slots.append(size)
    slots.append(contentsOf: repeatElement(Self.empty, count: length))
    return UInt32(start)
  }

  private mutating func release(_ place: UInt32) {
    let size = Int(slots[Int(place)] & Self.sizeMask)
    slots[Int(place)] = free[size]
    free[size] = place
  }
}

/// Joins the clusters of a link's ends, or keeps them apart from then on.
///
/// An attracting link joins them where nothing keeps them apart. The cluster `outside` is left alone.
/// `parents` holds for every member another one of its cluster, or itself where it stands for it.
@inline(__always)
func settle(
  _ first: UInt32, _ second: UInt32, attracts: Bool, outside: UInt32,
  parents: inout MutableSpan<UInt32>, sets: inout MutexSets
) throws(MutexMemoryError) {
  let (left, right) = (parents.cluster(of: first), parents.cluster(of: second))
  guard left != right, left != outside, right != outside else { return }
  guard attracts else { return try sets.insert(left, right) }
  guard !sets.contains(left, right) else { return }
  let root = try sets.join(left, right)
  parents[Int(left)] = root
  parents[Int(right)] = root
  parents[Int(first)] = root
  parents[Int(second)] = root
}

extension MutableSpan<UInt32> {
  /// The member that stands for a member's cluster.
  ///
  /// Source: Tarjan & van Leeuwen 1984, J. ACM 31, §3 (path halving).
  @inline(__always)
  mutating func cluster(of member: UInt32) -> UInt32 {
    var current = member
    while true {
      let parent = self[Int(truncatingIfNeeded: current)]
      if parent == current { return current }
      let grandparent = self[Int(truncatingIfNeeded: parent)]
      self[Int(truncatingIfNeeded: current)] = grandparent
      current = grandparent
    }
  }
}
