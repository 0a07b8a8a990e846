import Voxels

/// Sums up the blocks' components by set, drops those a filter drops, and numbers the others.
///
/// Four rows of numbers are as long as there are components of blocks: the parents; and at the
/// smallest member of each set, which represents it, its voxels with a mark where it touches the
/// border, its first index, and in the end its number.
struct ComponentNumbering {
  private static let absent = UInt64.max

  private let joiner: SeamJoiner
  private let offsets: [Int]
  private let filter: ComponentFilter
  private let pages: any NumberPages
  private var sets: PagedDisjointSet
  private var sizes: PagedNumbers
  private var firsts: PagedNumbers
  private var numbers: PagedNumbers
  /// The size and the first index of every component kept, in the order of their numbers, as far
  /// as they are no whole page yet.
  private var descriptions: [UInt64] = []
  private var descriptionPage: Int
  /// The planes between which each block's components start.
  private var startPlanes: [Range<Int>] = []

  init(
    joiner: SeamJoiner, offsets: [Int], sets: PagedDisjointSet, filter: ComponentFilter,
    pagesHeld: Int, pages: any NumberPages
  ) throws {
    self.joiner = joiner
    self.offsets = offsets
    self.filter = filter
    self.pages = pages
    self.sets = sets
    let count = sets.parents.count
    func row(_ number: Int, _ initial: UInt64) throws -> PagedNumbers {
      try PagedNumbers(
        count: count, limit: pagesHeld, in: pages,
        firstPage: number * PagedNumbers.pageCount(count)
      ) { _ in initial }
    }
    sizes = try row(1, 0)
    firsts = try row(2, Self.absent)
    numbers = try row(3, 0)
    descriptionPage = 4 * PagedNumbers.pageCount(count)
  }

  /// The map of all components.
  mutating func map(_ seams: (Int) throws -> BlockSeams) throws -> ComponentMap {
    try sumUp(seams)
    let least = try leastOfLargest()
    var kept = ComponentMap.Totals()
    var dropped = ComponentMap.Totals()
    var remainingTies = least?.ties ?? 0
    for window in try windows(seams) {
      var starting: [(firstIndex: UInt64, set: Int)] = []
      for block in startPlanes.indices where startPlanes[block].overlaps(window) {
        for (local, component) in try seams(block).components.enumerated() {
          guard let first = component.firstIndex, window.contains(plane(of: first)) else {
            continue
          }
          let set = try sets.representative(of: offsets[block] + local)
          if try firsts.number(at: set) == UInt64(first) { starting.append((UInt64(first), set)) }
        }
      }
      starting.sort { $0.firstIndex < $1.firstIndex }
      for (firstIndex, set) in starting {
        let size = try sizes.number(at: set)
        let component = description(size)
        var isKept = filter.passes(component)
        if isKept, let least {
          isKept = component.voxelCount > least.size
          if component.voxelCount == least.size, remainingTies > 0 {
            isKept = true
            remainingTies -= 1
          }
        }
        if isKept {
          kept.add(component.voxelCount)
          try numbers.set(UInt64(kept.count), at: set)
          try describe(size, firstIndex: firstIndex)
        } else {
          dropped.add(component.voxelCount)
        }
      }
    }
    try spreadNumbers()
    try pages.store(descriptions, at: descriptionPage)
    return ComponentMap(kept: kept, dropped: dropped, offsets: offsets, pages: pages)
  }

  private mutating func describe(_ size: UInt64, firstIndex: UInt64) throws {
    descriptions.append(size)
    descriptions.append(firstIndex)
    guard descriptions.count == PagedNumbers.pageLength else { return }
    try pages.store(descriptions, at: descriptionPage)
    descriptionPage += 1
    descriptions = []
  }

  /// Adds the blocks' components to their sets.
  private mutating func sumUp(_ seams: (Int) throws -> BlockSeams) throws {
    for block in 0..<offsets.count - 1 {
      for (local, component) in try seams(block).components.enumerated() {
        guard let first = component.firstIndex else { continue }
        let set = try sets.representative(of: offsets[block] + local)
        let size = try sizes.number(at: set)
        let sum = (size & ~1) + UInt64(component.voxelCount) << 1
        try sizes.set(sum | (size & 1) | (component.touchesBorder ? 1 : 0), at: set)
        try firsts.set(min(try firsts.number(at: set), UInt64(first)), at: set)
      }
    }
  }

  /// What the filter asks of a component, whose size and border mark are known.
  private func description(_ size: UInt64) -> JoinedComponent {
    JoinedComponent(firstIndex: 0, voxelCount: Int(size >> 1), touchesBorder: size & 1 == 1)
  }

  /// The size of the smallest of the largest components to keep, and how many of that size are
  /// kept; nil where all that pass the filter are.
  private mutating func leastOfLargest() throws -> (size: Int, ties: Int)? {
    guard let largest = filter.largestCount else { return nil }
    guard largest > 0 else { return (.max, 0) }
    var sizes: [Int] = []
    var passing = 0
    for set in 0..<offsets[offsets.count - 1] {
      guard try firsts.number(at: set) != Self.absent else { continue }
      let component = description(try self.sizes.number(at: set))
      guard filter.passes(component) else { continue }
      passing += 1
      sizes.append(component.voxelCount)
      if sizes.count >= 2 * largest + 1024 {
        sizes.sort(by: >)
        sizes.removeSubrange(largest...)
      }
    }
    guard largest < passing else { return nil }
    sizes.sort(by: >)
    let least = sizes[largest - 1]
    return (least, sizes[..<largest].count { $0 == least })
  }

  /// Planes in each of which, or in each few of which, components can be sorted in memory.
  private mutating func windows(_ seams: (Int) throws -> BlockSeams) throws -> [Range<Int>] {
    var starting = [Int](repeating: 0, count: joiner.region.extent.z)
    for block in 0..<offsets.count - 1 {
      var planes = 0..<0
      for component in try seams(block).components {
        guard let first = component.firstIndex else { continue }
        let start = plane(of: first)
        starting[start] += 1
        planes =
          planes.isEmpty
          ? start..<start + 1
          : min(start, planes.lowerBound)..<max(start + 1, planes.upperBound)
      }
      startPlanes.append(planes)
    }
    var windows: [Range<Int>] = []
    var held = 0
    for (plane, count) in starting.enumerated() {
      if let last = windows.last, held + count <= PagedNumbers.pageLength * 8 {
        windows[windows.count - 1] = last.lowerBound..<plane + 1
        held += count
      } else {
        windows.append(plane..<plane + 1)
        held = count
      }
    }
    return windows
  }

  private func plane(of index: Int) -> Int {
    index / (joiner.region.extent.y * joiner.region.extent.x)
  }

  /// Writes the number of every set at all its members.
  private mutating func spreadNumbers() throws {
    for member in 0..<offsets[offsets.count - 1] {
      let set = try sets.representative(of: member)
      if set != member { try numbers.set(try numbers.number(at: set), at: member) }
    }
    try numbers.flush()
  }
}
