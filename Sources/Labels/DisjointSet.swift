/// Sets of whole numbers `0 ..< count` that can be joined, and told apart.
///
/// The smallest member represents its set, so that the result depends on what was joined and
/// never on the order in which it was joined.
///
/// - Complexity: Four or eight bytes a member; joining and finding take O(log *n*) each, amortised.
///
/// Source: Tarjan & van Leeuwen 1984, "Worst-case analysis of set union algorithms", J. ACM 31,
/// §2–3 (path halving; linking by index).
public struct DisjointSet<Member: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
  /// For every member another one of its set that is not larger; its own number where it
  /// represents the set.
  @usableFromInline
  var parents: [Member]

  /// Creates `count` sets of one member each.
  @inlinable
  public init(count: Int = 0) {
    precondition(
      count >= 0 && UInt64(count) <= UInt64(Member.max), "the members do not fit their type")
    parents = (0..<count).map { Member(truncatingIfNeeded: $0) }
  }

  /// The number of members.
  @inlinable
  public var count: Int { parents.count }

  /// Adds a set of one new member, and gives the member.
  @inlinable
  public mutating func append() -> Member {
    let member = Member(parents.count)
    parents.append(member)
    return member
  }

  /// The smallest member of a member's set.
  @inlinable
  public mutating func representative(of member: Member) -> Member {
    var span = parents.mutableSpan
    return span.representative(of: member)
  }

  /// Joins the sets of two members, and gives the smallest member of the joined set.
  @inlinable
  @discardableResult
  public mutating func join(_ first: Member, _ second: Member) -> Member {
    var span = parents.mutableSpan
    return span.join(first, second)
  }

  /// Makes every member point to its set's smallest one, and gives them, indexed by member.
  ///
  /// - Complexity: O(*n*).
  public consuming func representatives() -> [Member] {
    // In increasing order every parent, being smaller, is final before it is asked for.
    var span = parents.mutableSpan
    for index in span.indices {
      span[index] = span[Int(truncatingIfNeeded: span[index])]
    }
    return parents
  }
}

// The same operations on parents held elsewhere, for loops that take the storage's span once.
extension MutableSpan where Element: FixedWidthInteger & UnsignedInteger {
  /// The smallest member of a member's set, in a span of parents.
  @inlinable
  mutating func representative(of member: Element) -> Element {
    var current = member
    while true {
      let parent = self[Int(truncatingIfNeeded: current)]
      if parent == current { return current }
      let grandparent = self[Int(truncatingIfNeeded: parent)]
      self[Int(truncatingIfNeeded: current)] = grandparent
      current = grandparent
    }
  }

  /// Joins the sets of two members, in a span of parents.
  @inlinable
  @discardableResult
  mutating func join(_ first: Element, _ second: Element) -> Element {
    let firstParent = self[Int(truncatingIfNeeded: first)]
    let secondParent = self[Int(truncatingIfNeeded: second)]
    if firstParent == secondParent { return firstParent }
    let firstRoot = representative(of: firstParent)
    let secondRoot = representative(of: secondParent)
    let root = Swift.min(firstRoot, secondRoot)
    self[Int(truncatingIfNeeded: firstRoot)] = root
    self[Int(truncatingIfNeeded: secondRoot)] = root
    self[Int(truncatingIfNeeded: first)] = root
    self[Int(truncatingIfNeeded: second)] = root
    return root
  }
}
