import Synchronization

/// Where pages of numbers wait that memory has no room for.
///
/// Pages are asked for by index, by one thread or by many; a page that was stored again is given
/// as it was stored last.
public protocol NumberPages: Sendable {
  /// Keeps a page, in place of an earlier one of that index.
  func store(_ page: [UInt64], at index: Int) throws
  /// A page that was stored.
  func page(_ index: Int) throws -> [UInt64]
}

/// Pages kept in memory, where there is room for all.
public final class MemoryPages: NumberPages {
  private let pages = Mutex<[Int: [UInt64]]>([:])

  /// Creates a store without pages.
  public init() {}

  /// Keeps a page.
  public func store(_ page: [UInt64], at index: Int) {
    pages.withLock { $0[index] = page }
  }

  /// A page that was stored.
  ///
  /// - Throws: ``SeamError`` where it was not.
  public func page(_ index: Int) throws -> [UInt64] {
    guard let page = pages.withLock({ $0[index] }) else {
      throw SeamError("page \(index) was never stored")
    }
    return page
  }
}

/// A row of numbers of which only some pages are held in memory.
struct PagedNumbers {
  static let pageLength = 1 << 14
  private static let shift = 14

  private struct Held {
    var page: Int
    var values: [UInt64]
    var lastUse: Int
    var isChanged: Bool
  }

  let count: Int
  private let pages: any NumberPages
  /// What is added to the index of a page, so that rows can share a store.
  private let firstPage: Int
  private let limit: Int
  private var held: [Held] = []
  private var places: [Int: Int] = [:]
  private var clock = 0
  /// The place of the page that was used last.
  private var latest = 0

  /// Creates a row.
  ///
  /// - Parameters:
  ///   - count: The number of numbers.
  ///   - limit: How many pages may be in memory.
  ///   - pages: Where the others are.
  ///   - firstPage: The index of the row's first page in the store.
  ///   - initial: The number at each index.
  /// - Throws: What the store throws.
  init(
    count: Int, limit: Int, in pages: any NumberPages, firstPage: Int,
    initial: (Int) -> UInt64
  ) throws {
    precondition(limit > 0, "at least one page is in memory")
    self.count = count
    self.pages = pages
    self.firstPage = firstPage
    self.limit = limit
    for page in 0..<Self.pageCount(count) {
      let start = page << Self.shift
      let values = (start..<min(start + Self.pageLength, count)).map(initial)
      if held.count < limit {
        places[page] = held.count
        held.append(Held(page: page, values: values, lastUse: 0, isChanged: true))
      } else {
        try pages.store(values, at: firstPage + page)
      }
    }
  }

  /// The number of pages of so many numbers.
  static func pageCount(_ count: Int) -> Int { (count + pageLength - 1) >> shift }

  /// The number at an index, for reading and writing.
  mutating func number(at index: Int) throws -> UInt64 {
    let place = try place(of: index >> Self.shift)
    return held[place].values[index & (Self.pageLength - 1)]
  }

  mutating func set(_ number: UInt64, at index: Int) throws {
    let place = try place(of: index >> Self.shift)
    held[place].values[index & (Self.pageLength - 1)] = number
    held[place].isChanged = true
  }

  /// Stores every page that changed, for readers of the store.
  mutating func flush() throws {
    for place in held.indices where held[place].isChanged {
      try pages.store(held[place].values, at: firstPage + held[place].page)
      held[place].isChanged = false
    }
  }

  private mutating func place(of page: Int) throws -> Int {
    if latest < held.count && held[latest].page == page { return latest }
    clock += 1
    if let place = places[page] {
      held[place].lastUse = clock
      latest = place
      return place
    }
    // The page that was not used for the longest time makes room.
    var oldest = 0
    for place in held.indices where held[place].lastUse < held[oldest].lastUse { oldest = place }
    let values = try pages.page(firstPage + page)
    precondition(
      values.count == min(Self.pageLength, count - page << Self.shift), "a page keeps its length")
    if held[oldest].isChanged {
      try pages.store(held[oldest].values, at: firstPage + held[oldest].page)
    }
    places[held[oldest].page] = nil
    places[page] = oldest
    held[oldest] = Held(page: page, values: values, lastUse: clock, isChanged: false)
    latest = oldest
    return oldest
  }
}

/// Disjoint sets of whole numbers of which only some pages are in memory; the smallest member
/// represents its set.
///
/// Source: Tarjan & van Leeuwen 1984, "Worst-case analysis of set union algorithms", J. ACM 31,
/// §2–3 (path halving; linking by index).
struct PagedDisjointSet {
  private(set) var parents: PagedNumbers

  init(count: Int, limit: Int, in pages: any NumberPages, firstPage: Int) throws {
    parents = try PagedNumbers(count: count, limit: limit, in: pages, firstPage: firstPage) {
      UInt64($0)
    }
  }

  mutating func representative(of member: Int) throws -> Int {
    var current = member
    while true {
      let parent = Int(try parents.number(at: current))
      if parent == current { return current }
      let grandparent = Int(try parents.number(at: parent))
      if grandparent != parent { try parents.set(UInt64(grandparent), at: current) }
      current = grandparent
    }
  }

  mutating func join(_ first: Int, _ second: Int) throws {
    let (a, b) = (try representative(of: first), try representative(of: second))
    if a != b { try parents.set(UInt64(min(a, b)), at: max(a, b)) }
  }
}
