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
    let (merges, residual) = ResidualGraph(
      regionGraph(affinities: affinities, fragments: fragments, box: block, volume: volume)
    ).agglomerated(maximumCost: 1)
    #expect(merges.isEmpty)
    #expect(residual.regions.map(\.id) == [1, 2])
    #expect(residual.edges.count == 1)
  }

  @Test func `a block keeps nothing of what no one else can change`() {
    let (affinities, fragments) = row([250, 20, 30, 40])
    let block = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4))
    let (merges, residual) = ResidualGraph(
      regionGraph(
        affinities: affinities, fragments: fragments, box: block, volume: affinities.box)
    ).agglomerated(maximumCost: 0.5)
    #expect(merges.map { [$0.first, $0.second] } == [[1, 2]])
    // Regions 1 and 3 can never merge below the maximum cost; 4 may, with what lies beyond.
    #expect(residual.regions.map(\.id) == [4])
    #expect(residual.edges.isEmpty)
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

  @Test(arguments: AffinityTexture.allCases, 0..<6 as Range<UInt64>)
  func `blocks of any shape give the merges of a global greedy search`(
    texture: AffinityTexture, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let volume = VoxelBox.random(upTo: 8, using: &generator)
    let costs: [Double] = [1, 0.6, 0.3]
    let maximumCost = costs[Int(seed % 3)]
    func check<Affinity: AffinityScalar>(_ type: Affinity.Type) throws {
      let affinities = Volume<Affinity>.affinities(texture, box: volume, using: &generator)
      let fragments = watershed(
        affinities: affinities, box: volume, volume: volume,
        parameters: WatershedParameters(low: 0.2, high: 0.99, plateauReach: 0)
      ).labels.converted(to: UInt64.self)
      let expected = greedyMerges(
        of: regionGraph(
          affinities: affinities, fragments: fragments, box: volume, volume: volume),
        maximumCost: maximumCost)
      for _ in 0..<4 {
        let shape = VoxelBox.random(upTo: 8, using: &generator).extent
        let tree = try agglomerated(
          affinities, fragments, blocks: shape, maximumCost: maximumCost)
        #expect(tree.merges == expected, "seed \(seed), blocks of \(shape)")
      }
    }
    try check(UInt8.self)
    try check(Float.self)
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `whatever the costs, fragments of single voxels merge alike in any blocks`(
    seed: UInt64
  ) throws {
    // Every voxel a fragment: the densest graph there is, nearly all of it at the cuts.
    var generator = SeededGenerator(seed: seed)
    let volume = VoxelBox.random(upTo: 6, using: &generator)
    let texture = AffinityTexture.allCases[Int(seed % 4)]
    let affinities = Volume<UInt8>.affinities(texture, box: volume, using: &generator)
    var ids = (1...UInt64(volume.extent.voxelCount)).map { $0 }
    ids.shuffle(using: &generator)
    let fragments = Volume<UInt64>(box: volume, values: ids)
    let expected = greedyMerges(
      of: regionGraph(affinities: affinities, fragments: fragments, box: volume, volume: volume),
      maximumCost: 0.7)
    for _ in 0..<4 {
      let shape = VoxelBox.random(upTo: 5, using: &generator).extent
      let tree = try agglomerated(affinities, fragments, blocks: shape, maximumCost: 0.7)
      #expect(tree.merges == expected, "seed \(seed), blocks of \(shape)")
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
        blockCounts: VoxelExtent(z: 1, y: 1, x: 2), fragmentCount: 4, maximumCost: 1, threads: 1
      ) { _ in
        regionGraph(
          affinities: affinities, fragments: fragments, box: block, volume: affinities.box)
      }
    }
    #expect(throws: MalformedGraphError.self) {
      try agglomerate(
        blockCounts: VoxelExtent(cube: 1), fragmentCount: 3, maximumCost: 1, threads: 1
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

/// Agglomerates block by block.
func agglomerated<Affinity: AffinityScalar>(
  _ affinities: Volume<Affinity>, _ fragments: Volume<UInt64>, blocks shape: VoxelExtent,
  maximumCost: Double = 1
) throws -> MergeTree {
  let volume = affinities.box
  let boxes = volume.blocks(of: shape)
  let counts = VoxelExtent(
    z: (volume.extent.z + shape.z - 1) / shape.z, y: (volume.extent.y + shape.y - 1) / shape.y,
    x: (volume.extent.x + shape.x - 1) / shape.x)
  return try agglomerate(
    blockCounts: counts, fragmentCount: Int(fragments.values.max() ?? 0),
    maximumCost: maximumCost, threads: 2
  ) { index in
    regionGraph(
      affinities: affinities, fragments: fragments, box: boxes[index], volume: volume)
  }
}

/// Merges the cheapest contact of the whole graph, looking at all of them each time.
func greedyMerges(of graph: RegionGraph, maximumCost: Double) -> [Merge] {
  struct Edge {
    var regions: Set<UInt64>
    var origin: FragmentPair
    var affinity: MeanAffinity
  }
  var edges = graph.contacts.map {
    Edge(
      regions: [$0.first, $0.second], origin: FragmentPair(first: $0.first, second: $0.second),
      affinity: $0.affinity)
  }
  var merges: [Merge] = []
  while let cheapest = edges.min(by: {
    if $0.affinity.isCheaper(than: $1.affinity) { return true }
    if $1.affinity.isCheaper(than: $0.affinity) { return false }
    return $0.origin < $1.origin
  }), cheapest.affinity.cost <= maximumCost + 1e-12 {
    let (kept, gone) = (cheapest.regions.min() ?? 0, cheapest.regions.max() ?? 0)
    merges.append(Merge(first: kept, second: gone, affinity: cheapest.affinity))
    var fused: [Edge] = []
    for edge in edges where edge.regions != cheapest.regions {
      var edge = edge
      if edge.regions.remove(gone) != nil { edge.regions.insert(kept) }
      if let index = fused.firstIndex(where: { $0.regions == edge.regions }) {
        fused[index].affinity.add(edge.affinity)
        fused[index].origin = min(fused[index].origin, edge.origin)
      } else {
        fused.append(edge)
      }
    }
    edges = fused
  }
  // The same order as a tree's: by cost, then by regions.
  return merges.sorted {
    if $0.affinity.isCheaper(than: $1.affinity) { return true }
    if $1.affinity.isCheaper(than: $0.affinity) { return false }
    return ($0.first, $0.second) < ($1.first, $1.second)
  }
}
