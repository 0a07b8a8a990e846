import Proofreading
import Segmentation
import TestSupport
import Testing

@Suite struct MinimumCutTests {
  /// The cheapest cut of all that part some supervoxels from others, by trying every one.
  private func cheapest(
    _ links: [(UInt64, UInt64, Double, UInt64)], count: Int, source: UInt64, sink: UInt64
  ) -> UInt64 {
    var best = UInt64.max
    for choice in 0..<(1 << count) {
      func isSource(_ supervoxel: UInt64) -> Bool { choice >> Int(supervoxel - 1) & 1 == 1 }
      guard isSource(source), !isSource(sink) else { continue }
      let cost = links.filter { isSource($0.0) != isSource($0.1) }
        .reduce(UInt64(0)) { $0 + max(1, affinity($1.2, area: $1.3).sum) }
      best = min(best, cost)
    }
    return best
  }

  @Test(arguments: 0..<60)
  func `no cut of a random segment is cheaper than the one found`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 3...9, using: &generator)
    var links: [(UInt64, UInt64, Double, UInt64)] = []
    for second in 2...count {
      for first in 1..<second {
        // A chain that holds all together, and others.
        let isChain = first == second - 1
        guard isChain || Double.random(in: 0..<1, using: &generator) < 0.4 else { continue }
        // Few different affinities, so that there are ties, also of no affinity.
        let mean = Double(Int.random(in: 0...4, using: &generator)) / 4
        let area = UInt64.random(in: 1...3, using: &generator)
        links.append((UInt64(first), UInt64(second), mean, area))
      }
    }
    let base = try graph(segments: Array(repeating: 1, count: count), links: links)
    let plan = try SegmentState(base).splitPlan(
      sides: [[1], [UInt64(count)]], isIsolationAllowed: true)
    let cost = plan.removed.reduce(UInt64(0)) { $0 + max(1, $1.affinity.sum) }
    #expect(
      cost == cheapest(links, count: count, source: 1, sink: UInt64(count)))
    #expect(plan.components.map(\.sides) == [[0], [1]])
    #expect(plan.components.map(\.voxelCount).reduce(0, +) == UInt64(10 * count))
  }

  @Test func `area counts as much as affinity`() throws {
    // 1 - 2 - 3 - 4: the middle is weak a face, but has many.
    let base = try graph(
      segments: [1, 1, 1, 1],
      links: [(1, 2, 0.9, 10), (2, 3, 0.5, 30), (3, 4, 0.8, 8)])
    let plan = try SegmentState(base).splitPlan(sides: [[1], [4]], isIsolationAllowed: true)
    #expect(plan.removed.map(\.pair) == [FragmentPair(first: 3, second: 4)])
    #expect(plan.area == 8)
    #expect(abs(plan.affinity - 6.4) < 1e-6)
  }

  @Test func `seeds of a side are not parted from each other`() throws {
    // Without the second seed, 1 | 2 3 4 5 is cheapest.
    let links: [(UInt64, UInt64, Double, UInt64)] = [
      (1, 2, 0.2, 1), (2, 3, 0.9, 9), (3, 4, 0.5, 2), (4, 5, 0.9, 9),
    ]
    let state = SegmentState(try graph(segments: [1, 1, 1, 1, 1], links: links))
    let plan = try state.splitPlan(sides: [[1, 3], [5]])
    #expect(plan.removed.map(\.pair) == [FragmentPair(first: 3, second: 4)])
    #expect(plan.components.map(\.root) == [1, 4])
    let alone = try state.splitPlan(sides: [[1], [5]], isIsolationAllowed: true)
    #expect(alone.removed.map(\.pair) == [FragmentPair(first: 1, second: 2)])
  }

  @Test func `where ways meet, the worse side goes round`() throws {
    // Side one, 1 and 2, is joined best over 5, as side two, 3 and 4, is; 1 - 6 - 2 goes round.
    let links: [(UInt64, UInt64, Double, UInt64)] = [
      (1, 5, 0.5, 1), (2, 5, 0.5, 1), (3, 5, 0.9, 1), (4, 5, 0.9, 1), (1, 6, 0.2, 1),
      (2, 6, 0.2, 1),
    ]
    let state = SegmentState(try graph(segments: [1, 1, 1, 1, 1, 1], links: links))
    let plan = try state.splitPlan(sides: [[1, 2], [3, 4]])
    #expect(plan.components.map(\.root) == [1, 3])
    #expect(plan.components.map(\.supervoxelCount) == [3, 3])
  }

  @Test func `sides that cannot be joined apart are refused by name`() throws {
    let links: [(UInt64, UInt64, Double, UInt64)] = [
      (1, 5, 0.5, 1), (2, 5, 0.5, 1), (3, 5, 0.9, 1), (4, 5, 0.9, 1),
    ]
    let state = SegmentState(try graph(segments: [1, 1, 1, 1, 1], links: links))
    let error = #expect(throws: EditRefusal.self) {
      try state.splitPlan(sides: [[1, 2], [3, 4]])
    }
    #expect(error?.reason == .conflictingSeeds)
    #expect(error?.found == "supervoxels 1 and 2 of side 1")
  }

  @Test func `a cut that peels off one seed is refused, unless it is allowed`() throws {
    let state = SegmentState(
      try graph(segments: [1, 1, 1], links: [(1, 2, 0.1, 1), (2, 3, 0.9, 9)]))
    let error = #expect(throws: EditRefusal.self) { try state.splitPlan(sides: [[1], [3]]) }
    #expect(error?.reason == .isolatingCut)
    #expect(error?.found == "supervoxel 1, 10 voxels")
    #expect(
      try state.splitPlan(sides: [[1], [3]], isIsolationAllowed: true).removed.map(\.pair)
        == [FragmentPair(first: 1, second: 2)])
  }

  @Test func `cleaving cuts the weakest links between many sides`() throws {
    // A chain of six with seeds at 1, 3 and 6; the weakest link between two seeds goes.
    let links: [(UInt64, UInt64, Double, UInt64)] = [
      (1, 2, 0.9, 1), (2, 3, 0.4, 100), (3, 4, 0.8, 1), (4, 5, 0.3, 100), (5, 6, 0.7, 1),
    ]
    let state = SegmentState(try graph(segments: [1, 1, 1, 1, 1, 1], links: links))
    let plan = try state.cleavePlan(sides: [[1], [3], [6]])
    #expect(
      plan.removed.map(\.pair) == [
        FragmentPair(first: 2, second: 3), FragmentPair(first: 4, second: 5),
      ])
    #expect(plan.components.map(\.sides) == [[0], [1], [2]])
  }

  @Test(arguments: 100..<130)
  func `every part of a cleaved segment has seeds of one side`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let base = try randomGraph(count: 30, contactsEach: 6, using: &generator)
    let state = SegmentState(base)
    let largest = (1...30).map { state.members(of: $0) }.max { $0.count < $1.count } ?? []
    let seeds = largest.shuffled(using: &generator).prefix(5)
    try #require(seeds.count == 5)
    let sides = [Array(seeds[0..<2]), [seeds[2]], Array(seeds[3..<5])]
    let plan = try state.cleavePlan(sides: sides)
    #expect(plan.components.allSatisfy { $0.sides.count == 1 })
    // No link may be cut that is stronger than every link within the parts that it would join:
    // each cut link is the weakest on any way between the seeds that it parts.
    #expect(plan.components.map(\.supervoxelCount).reduce(0, +) == largest.count)
  }

  @Test func `seeds that cannot be parted are refused`() throws {
    let state = SegmentState(
      try graph(segments: [1, 1, 3], links: [(1, 2, 0.5, 1), (2, 3, 0.1, 1)]))
    func reason(_ sides: [[UInt64]]) -> EditRefusal.Reason? {
      #expect(throws: EditRefusal.self) { try state.splitPlan(sides: sides) }?.reason
    }
    #expect(reason([[1], [1]]) == .sameSupervoxel)
    #expect(reason([[1], [3]]) == .differentSegments)
    #expect(reason([[1], [9]]) == .unknownSupervoxel)
    #expect(reason([[1], [0]]) == .background)
    #expect(reason([[1], []]) == .tooFewSeeds)
    #expect(reason([[1], [2], [3]]) == .tooFewSeeds)
  }
}
