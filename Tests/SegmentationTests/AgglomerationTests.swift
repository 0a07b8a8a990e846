import Segmentation
import TestSupport
import Testing
import Voxels

struct AgglomerationTests {
  /// One row of one-voxel fragments with links between neighbours.
  private func row(_ links: [UInt8]) -> (affinities: Volume<UInt8>, fragments: Volume<UInt64>) {
    let count = links.count + 1
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: count))
    return (
      Volume(
        channels: 3, box: box, values: Array(repeating: 0, count: 2 * count) + [0] + links),
      Volume(box: box, values: (1...UInt64(count)).map { $0 })
    )
  }

  @Test func `the cheapest contact merges first and costs 1 minus its mean affinity`() throws {
    let (affinities, fragments) = row([204, 255, 51])
    let tree = try agglomerated(affinities, fragments, blocks: VoxelExtent(cube: 9))
    #expect(tree.merges.map { [$0.first, $0.second] } == [[2, 3], [1, 2], [1, 4]])
    #expect(tree.merges.map(\.cost) == [0, 1 - 0.8, 1 - 0.2])
  }

  @Test func `regions stay apart above the maximum cost`() throws {
    let (affinities, fragments) = row([204, 255, 51])
    let tree = try agglomerated(
      affinities, fragments, blocks: VoxelExtent(cube: 9), maximumCost: 0.5)
    #expect(tree.segmentTable(threshold: 0.5) == [0, 1, 1, 1, 2])
    #expect(tree.segmentTable(threshold: 0.1) == [0, 1, 2, 2, 3])
    #expect(tree.segmentTable(threshold: 0) == [0, 1, 2, 2, 3])
  }

  @Test func `a cost of exactly the threshold merges`() throws {
    for value in UInt8.min...UInt8.max {
      let (affinities, fragments) = row([value])
      let cost = 1 - Double(value) / 255
      let tree = try agglomerated(affinities, fragments, blocks: VoxelExtent(cube: 9))
      #expect(tree.segmentTable(threshold: min(1, cost + 1e-7)) == [0, 1, 1])
      if cost > 1e-6 { #expect(tree.segmentTable(threshold: cost - 1e-7) == [0, 1, 2]) }
    }
  }

  @Test func `a block leaves to others what reaches beyond it`() {
    // Fragments 2 | 3 lie at the cut: 2 would merge with 1, but may yet prefer 3.
    let (affinities, fragments) = row([200, 250, 100, 230])
    let volume = affinities.box
    let block = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 2))
    let result = ResidualGraph(
      regionGraph(affinities: affinities, fragments: fragments, box: block, volume: volume)
    ).agglomerated(AgglomerationRules(maximumCost: 1))
    #expect(result.decisions.isEmpty)
    #expect(result.residual.regions.map(\.id) == [1, 2])
    #expect(result.residual.edges.count == 1)
  }

  @Test func `a block keeps nothing of what no one else can change`() {
    let (affinities, fragments) = row([250, 20, 30, 40])
    let block = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4))
    let result = ResidualGraph(
      regionGraph(
        affinities: affinities, fragments: fragments, box: block, volume: affinities.box)
    ).agglomerated(AgglomerationRules(maximumCost: 0.5))
    #expect(result.decisions.map { [$0.first, $0.second] } == [[1, 2]])
    // Regions 1 and 3 can never merge below the maximum cost; 4 may, with what lies beyond.
    #expect(result.residual.regions.map(\.id) == [4])
    #expect(result.residual.edges.isEmpty)
  }

  @Test func `a chain along all cuts merges as in one block`() throws {
    // Equal affinities everywhere: the order of fragments alone decides.
    let (affinities, fragments) = row(Array(repeating: 128, count: 23))
    let whole = try agglomerated(affinities, fragments, blocks: VoxelExtent(cube: 99))
    #expect(whole.merges.count == 23)
    for length in 1...12 {
      let tree = try agglomerated(affinities, fragments, blocks: VoxelExtent(cube: length))
      #expect(tree == whole, "blocks of \(length)")
    }
  }

  @Test func `an empty volume and a single fragment have nothing to merge`() throws {
    let box = VoxelBox(extent: VoxelExtent(cube: 3))
    let affinities = Volume<Float>(channels: 3, box: box, fill: 0.5)
    let empty = try agglomerated(affinities, Volume(box: box), blocks: VoxelExtent(cube: 2))
    #expect(empty.merges.isEmpty)
    #expect(empty.segmentTable(threshold: 1) == [0])
    let single = try agglomerated(
      affinities, Volume(box: box, fill: 1), blocks: VoxelExtent(cube: 2))
    #expect(single.segmentTable(threshold: 1) == [0, 1])
  }

  @Test func `sums near the limit of 64 bits compare and add exactly`() throws {
    let one: UInt64 = 1 << 24 - 1
    let count: UInt64 = 1 << 39
    var large = try #require(MeanAffinity(count: count - 1, sum: (count - 1) * one))
    let slightlyLess = try #require(MeanAffinity(count: count - 1, sum: (count - 1) * one - 1))
    #expect(large.isCheaper(than: slightlyLess))
    #expect(!slightlyLess.isCheaper(than: large))
    large.add(slightlyLess)
    #expect(large.sum == 2 * (count - 1) * one - 1)
    #expect(MeanAffinity(count: 1 << 40, sum: 0) == nil)
    #expect(MeanAffinity(count: 2, sum: 2 * one + 1) == nil)
    #expect(MeanAffinity(count: 0, sum: 0) == nil)
  }

  @Test func `graphs that do not tile a volume are refused`() {
    let (affinities, fragments) = row([200, 200, 200])
    let block = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 2))
    #expect(throws: MalformedGraphError.self) {
      try agglomerate(
        blockCounts: VoxelExtent(z: 1, y: 1, x: 2), fragmentCount: 4,
        rules: AgglomerationRules(maximumCost: 1), threads: 1
      ) { _ in
        regionGraph(
          affinities: affinities, fragments: fragments, box: block, volume: affinities.box)
      }
    }
    #expect(throws: MalformedGraphError.self) {
      try agglomerate(
        blockCounts: VoxelExtent(cube: 1), fragmentCount: 3,
        rules: AgglomerationRules(maximumCost: 1), threads: 1
      ) { _ in
        regionGraph(
          affinities: affinities, fragments: fragments, box: affinities.box,
          volume: affinities.box)
      }
    }
  }

  @Test func `a tree goes to bytes and back, and damage is refused`() throws {
    let (affinities, fragments) = row([204, 255, 51, 90])
    let tree = try agglomerated(affinities, fragments, blocks: VoxelExtent(cube: 2))
    let bytes = tree.encoded
    #expect(try MergeTree(decoding: bytes, expectedFragmentCount: 5) == tree)
    #expect(throws: MalformedGraphError.self) {
      try MergeTree(decoding: bytes, expectedFragmentCount: 6)
    }
    for count in 0..<bytes.count {
      #expect(throws: MalformedGraphError.self) {
        try MergeTree(decoding: Array(bytes.prefix(count)), expectedFragmentCount: 5)
      }
    }
    for index in bytes.indices {
      var changed = bytes
      changed[index] = 0xff
      let isRefused = (try? MergeTree(decoding: changed, expectedFragmentCount: 5)) == nil
      // The mark, the counts, the cost and the regions; a sum may become another possible one.
      if index < 32 + 2 * 8 * tree.merges.count { #expect(isRefused, "byte \(index)") }
    }
  }

  @Test func `a region that merges twice is refused`() throws {
    let affinity = try #require(MeanAffinity(count: 1, sum: 1))
    let merges = [
      Merge(first: 1, second: 3, affinity: affinity),
      Merge(first: 2, second: 3, affinity: affinity),
    ]
    #expect(throws: MalformedGraphError.self) {
      try MergeTree(merges: merges, fragmentCount: 3, maximumCost: 1)
    }
  }
}
