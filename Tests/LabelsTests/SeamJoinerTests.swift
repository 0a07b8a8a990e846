import Labels
import Synchronization
import Testing
import Voxels

/// A region cut into blocks.
struct Blocks {
  let region: VoxelBox
  let blockExtent: VoxelExtent

  var gridExtent: VoxelExtent {
    VoxelExtent(
      z: (region.extent.z + blockExtent.z - 1) / blockExtent.z,
      y: (region.extent.y + blockExtent.y - 1) / blockExtent.y,
      x: (region.extent.x + blockExtent.x - 1) / blockExtent.x)
  }

  func ownBox(_ index: Int) -> VoxelBox {
    let grid = gridExtent
    let step = VoxelExtent(
      z: index / grid.x / grid.y * blockExtent.z, y: index / grid.x % grid.y * blockExtent.y,
      x: index % grid.x * blockExtent.x)
    return VoxelBox(origin: region.origin + step, extent: blockExtent).intersection(region)
  }

  /// Labels a volume block by block in an order drawn from the generator: seams as bytes, a join,
  /// and every block again.
  func components<Scalar: VoxelScalar & FixedWidthInteger>(
    of volume: Volume<Scalar>, _ neighbourhood: Neighbourhood, keeping: ComponentFilter,
    memory: Int? = nil, pages: any NumberPages = MemoryPages(),
    using generator: inout SeededGenerator
  ) throws -> (labels: Volume<UInt64>, map: ComponentMap) {
    func local(_ index: Int) -> LocalComponents {
      let box = BlockSeams.grownBox(of: ownBox(index), in: region)
      return connectedComponents(of: volume.cropped(to: box), neighbourhood: neighbourhood)
    }
    let order = (0..<gridExtent.voxelCount).shuffled(using: &generator)
    var stored: [Int: [UInt8]] = [:]
    for index in order {
      stored[index] = BlockSeams(of: local(index), ownBox: ownBox(index), region: region).encoded()
    }
    let map = try SeamJoiner(region: region, gridExtent: gridExtent).join(
      keeping: keeping, memory: memory, pages: pages
    ) {
      try BlockSeams(decoding: stored[$0] ?? [], ownBox: ownBox($0), region: region)
    }
    var labels = Volume<UInt64>(box: region, fill: .max)
    for index in order {
      labels.copy(
        from: relabelled(
          local(index).labels, by: try map.table(ofBlock: index), in: ownBox(index)))
    }
    return (labels, map)
  }
}

struct SeamJoinerTests {
  @Test(arguments: Neighbourhood.allCases, 0..<20)
  func `blocks of any shape give the components of the whole`(
    neighbourhood: Neighbourhood, seed: Int
  ) throws {
    var generator = SeededGenerator(seed: UInt64(seed) + 100)
    func extent(_ limit: Int) -> VoxelExtent {
      VoxelExtent(
        z: .random(in: 1...limit, using: &generator), y: .random(in: 1...limit, using: &generator),
        x: .random(in: 1...limit, using: &generator))
    }
    let region = VoxelBox(origin: VoxelPosition(z: 2, y: -7, x: 1 << 33), extent: extent(13))
    let blocks = Blocks(region: region, blockExtent: extent(6))
    let values: [UInt64] = seed.isMultiple(of: 2) ? [0, 1] : [0, 1, .max, 1 << 53, (1 << 53) + 1]
    let volume = randomLabels(
      region, values: values, repeating: [0, 0.6][seed / 2 % 2], seed: UInt64(seed))
    let (labels, map) = try blocks.components(
      of: volume, neighbourhood, keeping: .everything, using: &generator)
    let whole = connectedComponents(of: volume, neighbourhood: neighbourhood)
    #expect(labels == whole.labels.converted(to: UInt64.self), "seed \(seed)")
    #expect(
      try map.components().map {
        LocalComponent(firstIndex: $0.firstIndex, voxelCount: $0.voxelCount)
      }
        == whole.components)
  }

  @Test(arguments: 1...7)
  func `a spiral across many blocks is one component`(edge: Int) throws {
    let mask = spiral(edge: 21)
    var generator = SeededGenerator(seed: 1)
    let (labels, map) = try Blocks(region: mask.box, blockExtent: VoxelExtent(cube: edge))
      .components(of: mask, .faces, keeping: .everything, using: &generator)
    #expect(map.kept.count == 1)
    #expect(labels == mask.converted(to: UInt64.self))
  }

  @Test(arguments: 0..<12)
  func `filters count voxels of the whole region`(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let region = VoxelBox(extent: VoxelExtent(z: 7, y: 9, x: 11))
    let volume = randomLabels(
      region, values: [UInt8(0), 1, 2], repeating: 0.5, seed: UInt64(seed))
    let filter = ComponentFilter(
      minimumVoxelCount: [1, 4, 8, 1][seed % 4],
      touchingBorder: [.kept, .asOthers, .dropped][seed % 3],
      largestCount: seed % 4 < 2 ? nil : 5)
    let blocks = Blocks(region: region, blockExtent: VoxelExtent(z: 3, y: 4, x: 5))
    let (labels, map) = try blocks.components(
      of: volume, .faces, keeping: filter, using: &generator)

    // The same by definition, from the whole volume.
    let whole = connectedComponents(of: volume, neighbourhood: .faces)
    var touching = Set<UInt32>()
    for z in 0..<7 {
      for y in 0..<9 {
        for x in 0..<11 {
          if z == 0 || z == 6 || y == 0 || y == 8 || x == 0 || x == 10 {
            touching.insert(whole.labels[VoxelPosition(z: z, y: y, x: x)])
          }
        }
      }
    }
    var kept = (1...whole.count).filter {
      filter.touchingBorder != .asOthers && touching.contains(UInt32($0))
        ? filter.touchingBorder == .kept
        : whole.components[$0 - 1].voxelCount >= filter.minimumVoxelCount
    }
    if let count = filter.largestCount {
      kept = kept.sorted {
        (-whole.components[$0 - 1].voxelCount, $0) < (-whole.components[$1 - 1].voxelCount, $1)
      }.prefix(count).sorted()
    }
    var table = [UInt64](repeating: 0, count: whole.count + 1)
    for (number, label) in kept.enumerated() { table[label] = UInt64(number + 1) }
    #expect(labels == relabelled(whole.labels, by: table))
    #expect(map.kept.count == kept.count)
    #expect(map.dropped.count == whole.count - kept.count)
    #expect(
      map.dropped.voxelCount + map.kept.voxelCount
        == whole.components.reduce(0) { $0 + $1.voxelCount })
    let components = try map.components()
    for (number, label) in kept.enumerated() {
      #expect(components[number].touchesBorder == touching.contains(UInt32(label)))
    }
  }

  @Test(arguments: Neighbourhood.allCases)
  func `memory for one page of each row gives the same map`(neighbourhood: Neighbourhood) throws {
    // More components of blocks than a page holds.
    let region = VoxelBox(extent: VoxelExtent(z: 37, y: 71, x: 67))
    var volume = randomLabels(
      region, values: [UInt16(0), 0, 0, 1, 2, 3], repeating: 0.1, seed: 77)
    for y in 0..<71 { volume[VoxelPosition(z: 36, y: y, x: 3)] = 9 }
    let blocks = Blocks(region: region, blockExtent: VoxelExtent(z: 14, y: 30, x: 31))
    let filter = ComponentFilter(minimumVoxelCount: 2, largestCount: 4000)
    var generator = SeededGenerator(seed: 3)
    let pages = CountingPages()
    let tight = try blocks.components(
      of: volume, neighbourhood, keeping: filter, memory: 1, pages: pages, using: &generator)
    let ample = try blocks.components(
      of: volume, neighbourhood, keeping: filter, using: &generator)
    // The page held changed many times: the joining did go through the store.
    #expect(neighbourhood != .faces || pages.reads > 100)
    #expect(tight.labels == ample.labels)
    #expect(try tight.map.components() == ample.map.components())
  }

  @Test func `blocks of another region or grid are refused`() throws {
    let region = VoxelBox(extent: VoxelExtent(z: 2, y: 2, x: 6))
    let volume = Volume<UInt8>(box: region, fill: 1)
    func seams(_ own: VoxelBox, in region: VoxelBox) -> BlockSeams {
      let box = BlockSeams.grownBox(of: own, in: region)
      return BlockSeams(
        of: connectedComponents(of: volume.cropped(to: box)), ownBox: own, region: region)
    }
    let half = VoxelBox(extent: VoxelExtent(z: 2, y: 2, x: 3))
    let grid = VoxelExtent(z: 1, y: 1, x: 2)
    #expect(throws: SeamError.self) {
      try SeamJoiner(region: region, gridExtent: grid).join { _ in seams(half, in: half) }
    }
    #expect(throws: SeamError.self) {
      try SeamJoiner(region: region, gridExtent: grid).join { _ in seams(half, in: region) }
    }
  }
}

/// Pages in memory that count how often one is asked for.
private final class CountingPages: NumberPages {
  private let pages = MemoryPages()
  private let count = Mutex(0)

  var reads: Int { count.withLock { $0 } }

  func store(_ page: [UInt64], at index: Int) { pages.store(page, at: index) }

  func page(_ index: Int) throws -> [UInt64] {
    count.withLock { $0 += 1 }
    return try pages.page(index)
  }
}

struct BlockSeamsTests {
  private let region = VoxelBox(origin: VoxelPosition(z: 1, y: 2, x: 3), extent: .init(cube: 9))
  private let own = VoxelBox(
    origin: VoxelPosition(z: 1, y: 5, x: 6), extent: VoxelExtent(z: 4, y: 3, x: 4))

  private func seams(seed: UInt64) -> BlockSeams {
    let volume = randomLabels(
      BlockSeams.grownBox(of: own, in: region), values: [UInt8(0), 1, 2], repeating: 0.5,
      seed: seed)
    return BlockSeams(
      of: connectedComponents(of: volume, neighbourhood: .edges), ownBox: own, region: region)
  }

  @Test(arguments: UInt64(0)..<8)
  func `seams survive being bytes`(seed: UInt64) throws {
    let seams = seams(seed: seed)
    let decoded = try BlockSeams(decoding: seams.encoded(), ownBox: own, region: region)
    #expect(decoded == seams)
    #expect(decoded.encoded() == seams.encoded())
  }

  @Test func `seams cut short or with bytes left over are refused`() {
    let bytes = seams(seed: 3).encoded()
    for count in bytes.indices {
      #expect(throws: SeamError.self) {
        try BlockSeams(decoding: Array(bytes[..<count]), ownBox: own, region: region)
      }
    }
    #expect(throws: SeamError.self) {
      try BlockSeams(decoding: bytes + [0], ownBox: own, region: region)
    }
  }

  @Test func `damaged seams are refused or name only labels the block has`() {
    let bytes = seams(seed: 4).encoded()
    for position in bytes.indices {
      for flip in [UInt8(0x01), 0x40, 0x80, 0xFF] {
        var damaged = bytes
        damaged[position] ^= flip
        // Whatever decodes must encode again: nothing is out of range.
        if let decoded = try? BlockSeams(decoding: damaged, ownBox: own, region: region) {
          #expect(decoded.encoded() == damaged)
        }
      }
    }
  }

  @Test func `counts that ask for more memory than stored are refused`() {
    let hostile: [UInt8] = [1] + Array(repeating: 0xFF, count: 8) + [0x7F]
    #expect(throws: SeamError.self) {
      try BlockSeams(decoding: hostile, ownBox: own, region: region)
    }
    #expect(throws: SeamError.self) {
      try BlockSeams(decoding: [], ownBox: own, region: region)
    }
  }
}

struct DisjointSetTests {
  @Test func `the smallest member represents its set`() {
    var sets = DisjointSet<UInt32>(count: 6)
    #expect(sets.join(4, 5) == 4)
    #expect(sets.join(5, 2) == 2)
    #expect(sets.representative(of: 4) == 2)
    #expect(sets.append() == 6)
    #expect(sets.join(6, 0) == 0)
    #expect(sets.representatives() == [0, 1, 2, 3, 2, 2, 0])
  }

  @Test(arguments: UInt64(0)..<10)
  func `the order of joining does not matter`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let pairs = (0..<60).map { _ in
      (UInt64.random(in: 0..<80, using: &generator), UInt64.random(in: 0..<80, using: &generator))
    }
    func joined(_ pairs: [(UInt64, UInt64)]) -> [UInt64] {
      var sets = DisjointSet<UInt64>(count: 80)
      for (first, second) in pairs { sets.join(first, second) }
      return sets.representatives()
    }
    let expected = joined(pairs)
    #expect(joined(pairs.shuffled(using: &generator).map { ($1, $0) }) == expected)
    for (first, second) in pairs { #expect(expected[Int(first)] == expected[Int(second)]) }
  }
}
