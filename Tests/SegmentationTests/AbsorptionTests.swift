import Labels
import Segmentation
import TestSupport
import Testing
import Voxels

struct AbsorptionTests {
  /// Absorbs the regions of a graph without faces.
  private func merges(
    sizes: [UInt64], _ edges: [(UInt64, UInt64, strength: UInt32)], needed: UInt64,
    open: Set<UInt64> = []
  ) -> (merges: [[UInt64]], residual: AbsorptionGraph) {
    let graph = AbsorptionGraph(
      box: VoxelBox(extent: VoxelExtent(cube: 100)),
      regions: sizes.enumerated().map {
        AbsorptionGraph.Region(
          id: UInt64($0 + 1), growth: RegionGrowth(voxelCount: $1),
          openFaces: open.contains(UInt64($0 + 1)) ? .farX : [])
      },
      edges: edges.enumerated().map { place, edge in
        AbsorptionGraph.Edge(
          first: edge.0, second: edge.1,
          link: AbsorptionGraph.Link(strength: edge.strength, position: UInt64(place)))
      })
    let (merges, residual) = graph.absorbed(until: RegionGrowth(voxelCount: needed))
    return (merges.map { [$0.first, $0.second] }, residual)
  }

  @Test func `a small region joins the neighbour of its strongest link`() {
    let found = merges(sizes: [100, 3, 100], [(1, 2, 5), (2, 3, 9)], needed: 10)
    #expect(found.merges == [[2, 3]])
    #expect(found.residual.regions.isEmpty)
  }

  @Test func `regions that are grown never merge`() {
    #expect(merges(sizes: [10, 10], [(1, 2, 9)], needed: 10).merges.isEmpty)
    #expect(merges(sizes: [10, 9], [(1, 2, 9)], needed: 10).merges == [[1, 2]])
  }

  @Test func `small regions that grew together stop merging`() {
    let found = merges(
      sizes: [5, 5, 5, 5], [(1, 2, 9), (3, 4, 8), (2, 3, 7)], needed: 10)
    #expect(found.merges == [[1, 2], [3, 4]])
  }

  @Test func `of links as strong as each other the one that lies first counts`() {
    #expect(merges(sizes: [9, 3, 9], [(1, 2, 5), (2, 3, 5)], needed: 9).merges == [[1, 2]])
  }

  @Test func `an open region that is grown takes in at once what is small`() {
    let found = merges(sizes: [100, 3], [(1, 2, 5)], needed: 10, open: [1])
    #expect(found.merges == [[1, 2]])
    #expect(found.residual.regions.map(\.id) == [1])
    #expect(found.residual.edges.isEmpty)
  }

  @Test func `the neighbour of an open small region waits`() {
    let found = merges(
      sizes: [3, 3, 100, 3], [(1, 2, 9), (2, 3, 8), (3, 4, 7)], needed: 10, open: [1])
    #expect(found.merges == [[3, 4]])
    #expect(found.residual.regions.map(\.id) == [1, 2, 3])
    #expect(found.residual.edges.map(\.first) == [1, 2])
  }

  @Test func `an absorbing region keeps the name that others know`() {
    let found = merges(sizes: [3, 100], [(1, 2, 5)], needed: 10, open: [2])
    #expect(found.merges == [[1, 2]])
    #expect(found.residual.regions.map(\.id) == [2])
    #expect(found.residual.regions.map(\.growth.voxelCount) == [103])
  }

  @Test(arguments: AffinityTexture.allCases, 0..<8 as Range<UInt64>)
  func `blocks of any shape absorb what the whole absorbs`(
    texture: AffinityTexture, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 13, using: &generator)
    let parameters = WatershedParameters(
      low: 0.2, high: 0.95, plateauReach: .random(in: 0...3, using: &generator))
    let affinities = Volume<UInt8>.affinities(texture, box: box, using: &generator)
    let needed = RegionGrowth(voxelCount: [2, 5, 12, 60].randomElement(using: &generator) ?? 5)
    let weakest: UInt8 = [51, 100, 150].randomElement(using: &generator) ?? 51
    let basins = watershed(affinities: affinities, box: box, volume: box, parameters: parameters)
    let expected = absorbedLinkByLink(
      basins.labels.values.map(Int.init), affinities, weakest: weakest, needed: needed)
    for _ in 0..<3 {
      let shape = VoxelBox.random(upTo: 8, using: &generator).extent
      let joined = try joinedBlocks(of: box, shape: shape, until: needed) { own, grown in
        let part = affinities.cropped(to: own.grown(by: parameters.halo).intersection(box))
        return watershed(affinities: part, box: grown, volume: box, parameters: parameters)
          .absorbed(links: part, weakest: weakest, until: needed, ownBox: own, volume: box)
      }
      #expect(joined == expected, "seed \(seed), blocks \(shape)")
    }
  }

  @Test func `a graph is the same after coding, and damage is refused`() throws {
    var generator = SeededGenerator(seed: 3)
    let box = VoxelBox(extent: VoxelExtent(cube: 9))
    let affinities = Volume<Float>.affinities(.noise, box: box, using: &generator)
    let own = VoxelBox(extent: VoxelExtent(cube: 8))
    let graph = watershed(
      affinities: affinities, box: box, volume: box, parameters: WatershedParameters()
    ).absorbed(
      links: affinities, weakest: 0, until: RegionGrowth(voxelCount: 50), ownBox: own, volume: box
    ).undecided
    #expect(!graph.edges.isEmpty)
    let bytes = graph.encoded
    #expect(try AbsorptionGraph(decoding: bytes) == graph)
    for length in stride(from: 0, to: bytes.count, by: 37) {
      #expect(throws: MalformedGraphError.self) {
        try AbsorptionGraph(decoding: Array(bytes.prefix(length)))
      }
    }
    #expect(throws: MalformedGraphError.self) { try AbsorptionGraph(decoding: bytes + [0]) }
    for place in [8 + 8 * 3 + 7, 8 + 8 * 6 + 6, 8 + 8 * 8 + 7] {
      var damaged = bytes
      damaged[place] = 0xff
      #expect(throws: MalformedGraphError.self) { try AbsorptionGraph(decoding: damaged) }
    }
  }

  @Test func `graphs that do not tile a volume are refused`() {
    let box = VoxelBox(extent: VoxelExtent(cube: 2))
    let stray = AbsorptionGraph(
      box: box,
      regions: [.init(id: 3, growth: RegionGrowth(), openFaces: [])], edges: [])
    #expect(throws: MalformedGraphError.self) {
      try absorb(
        blockCounts: VoxelExtent(cube: 1), fragmentCount: 2, until: RegionGrowth(voxelCount: 2)
      ) { _ in stray }
    }
    #expect(throws: MalformedGraphError.self) {
      try absorb(
        blockCounts: VoxelExtent(z: 1, y: 1, x: 2), fragmentCount: 3,
        until: RegionGrowth(voxelCount: 2)
      ) { _ in stray }
    }
  }
}

/// Makes fragments block by block, joins them, and decides what blocks have left undecided.
func joinedBlocks(
  of volume: VoxelBox, shape: VoxelExtent, until needed: RegionGrowth,
  fragments: (_ own: VoxelBox, _ grown: VoxelBox) -> BlockFragments
) throws -> [Int] {
  let boxes = volume.blocks(of: shape)
  let counts = { (length: Int, step: Int) in (length + step - 1) / step }
  let grid = VoxelExtent(
    z: counts(volume.extent.z, shape.z), y: counts(volume.extent.y, shape.y),
    x: counts(volume.extent.x, shape.x))
  let blocks = boxes.map { own in
    fragments(own, BlockSeams.grownBox(of: own, in: volume))
  }
  let map = try SeamJoiner(region: volume, gridExtent: grid).join { index in
    BlockSeams(
      of: blocks[index].fragments.labels, labelCount: blocks[index].fragments.count,
      ownBox: boxes[index], region: volume)
  }
  let numbers = try absorb(
    blockCounts: grid, fragmentCount: map.kept.count, until: needed
  ) { index in
    let coded = try AbsorptionGraph(decoding: blocks[index].undecided.encoded)
    return coded.renamed(try map.table(ofBlock: index))
  }.numbers
  var result = Volume<UInt64>(box: volume)
  for (index, own) in boxes.enumerated() {
    let table = try map.table(ofBlock: index).map { UInt64(numbers[Int($0)]) }
    result.copy(from: relabelled(blocks[index].fragments.labels, by: table, in: own))
  }
  let labels = result.values.map(Int.init)
  // Numbers are dense in raster order already.
  #expect(labels == canonical(labels))
  return labels
}
