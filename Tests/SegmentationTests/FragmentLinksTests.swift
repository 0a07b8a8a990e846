import Segmentation
import TestSupport
import Testing
import Voxels

struct FragmentLinksTests {
  private static let channels = [
    MutexChannel(0, offset: VoxelExtent(z: -1, y: 0, x: 0), bias: 0),
    MutexChannel(1, offset: VoxelExtent(z: 0, y: -1, x: 0), bias: 0),
    MutexChannel(2, offset: VoxelExtent(z: 0, y: 0, x: -1), bias: 0),
    MutexChannel(3, offset: VoxelExtent(z: -3, y: 0, x: 0), bias: 1),
    MutexChannel(4, offset: VoxelExtent(z: 0, y: 2, x: -2), bias: 1),
    MutexChannel(5, offset: VoxelExtent(z: 0, y: 0, x: 4), bias: 1),
  ]

  private static func sample(
    _ texture: AffinityTexture, _ generator: inout SeededGenerator, limit: Int = 12
  ) -> (affinities: Volume<UInt8>, fragments: Volume<UInt64>) {
    let box = VoxelBox.random(upTo: limit, using: &generator)
    let values = texture.values(channels: 6, box: box, using: &generator)
      .map { UInt8(($0 * 255).rounded()) }
    let affinities = Volume<UInt8>(channels: 6, box: box, values: values)
    let fragments = watershed(
      affinities: affinities, box: box, volume: box,
      parameters: WatershedParameters(low: 0.2, high: 0.95)
    ).labels.converted(to: UInt64.self)
    return (affinities, fragments)
  }

  private static func links(
    _ sample: (affinities: Volume<UInt8>, fragments: Volume<UInt64>), in shape: VoxelExtent? = nil,
    channels: [MutexChannel] = channels
  ) -> FragmentLinks {
    let volume = sample.affinities.box
    let reach = VoxelExtent(cube: 4)
    return FragmentLinks(
      joining: volume.blocks(of: shape ?? volume.extent).map { block in
        fragmentLinks(
          affinities: sample.affinities.cropped(to: block), channels: channels,
          fragments: sample.fragments.cropped(to: block.grown(by: reach).intersection(volume)),
          box: block, volume: volume)
      })
  }

  @Test func `near and far links between two fragments are counted and summed`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 5))
    let links = fragmentLinks(
      affinities: Volume<UInt8>(
        channels: 2, box: box, values: [9, 9, 51, 9, 102] + [9, 9, 30, 40, 50]),
      channels: [
        MutexChannel(0, offset: VoxelExtent(z: 0, y: 0, x: -1), bias: 0),
        MutexChannel(1, offset: VoxelExtent(z: 0, y: 0, x: -2), bias: 1),
      ], fragments: Volume<UInt64>(box: box, values: [3, 3, 7, 7, 0]), box: box, volume: box)
    #expect(links.near.map { [$0.first, $0.second, $0.affinity.count] } == [[3, 7, 1]])
    #expect(links.near.map(\.affinity.mean) == [0.2])
    #expect(links.far.map { [$0.first, $0.second, $0.affinity.count] } == [[3, 7, 2]])
    #expect(links.far.map(\.affinity.mean) == [35.0 / 255])
    #expect(links.fragments.map { [$0.id, $0.voxelCount] } == [[3, 2], [7, 2]])
  }

  @Test func `far links count at their stride, near ones all, NaN never`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 6))
    let stride = VoxelExtent(z: 1, y: 1, x: 2)
    let links = fragmentLinks(
      affinities: Volume<Float>(
        channels: 2, box: box, values: [0, 0.5, 0.5, .nan, 0.5, 0.5] + [0, 0, 0.25, 1, 0.75, 1]),
      channels: [
        MutexChannel(0, offset: VoxelExtent(z: 0, y: 0, x: -1), bias: 0, stride: stride),
        MutexChannel(1, offset: VoxelExtent(z: 0, y: 0, x: -2), bias: 1, stride: stride),
      ], fragments: Volume<UInt64>(box: box, values: [1, 2, 2, 1, 1, 2]), box: box, volume: box)
    #expect(links.near.map(\.affinity.count) == [2])
    #expect(links.far.map(\.affinity.count) == [2])
    #expect(links.far.map(\.affinity.mean) == [0.5])
  }

  @Test(arguments: AffinityTexture.allCases, 0..<4 as Range<UInt64>)
  func `blocks of any shape have together what the volume has, and give the same segments`(
    texture: AffinityTexture, seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let sample = Self.sample(texture, &generator)
    let whole = Self.links(sample)
    let count = Int(sample.fragments.values.max() ?? 0)
    let segments = try whole.mutexSegments(fragmentCount: count, mutexMemory: 1 << 20)
    for _ in 0..<3 {
      let shape = VoxelBox.random(upTo: 8, using: &generator).extent
      let parts = Self.links(sample, in: shape)
      #expect(parts == whole, "seed \(seed), blocks \(shape)")
      #expect(try parts.mutexSegments(fragmentCount: count, mutexMemory: 1 << 20) == segments)
    }
    #expect(Self.links(sample, channels: Self.channels.shuffled(using: &generator)) == whole)
  }

  @Test(arguments: AffinityTexture.allCases, 0..<4 as Range<UInt64>)
  func `fragments join as by the definition`(texture: AffinityTexture, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let sample = Self.sample(texture, &generator, limit: 9)
    let links = Self.links(sample)
    let count = Int(sample.fragments.values.max() ?? 0)
    for biases in [(near: 0.0, far: 1.0), (near: 0.4, far: 0.7)] {
      let found = try links.mutexSegments(
        fragmentCount: count, nearBias: biases.near, farBias: biases.far, mutexMemory: 1 << 20)
      #expect(found.count == count + 1 && found[0] == 0)
      #expect(
        found.dropFirst().map(Int.init)
          == Self.reference(links, fragmentCount: count, biases: biases), "seed \(seed)")
    }
  }

  /// Joins by a sorted list and sets of sets.
  private static func reference(
    _ links: FragmentLinks, fragmentCount: Int, biases: (near: Double, far: Double)
  ) -> [Int] {
    struct Edge { var strength: [UInt64], attracts: Bool, isNear: Bool, ends: [Int] }
    func edges(_ pairs: [FragmentLinks.Pair], _ bias: Double, _ isNear: Bool) -> [Edge] {
      pairs.compactMap { pair in
        let unit = UInt64((bias * 16_777_215).rounded())
        let (sum, balance) = (pair.affinity.sum, unit * pair.affinity.count)
        guard sum != balance else { return nil }
        return Edge(
          strength: [max(sum, balance) - min(sum, balance), pair.affinity.count],
          attracts: sum > balance, isNear: isNear, ends: [Int(pair.first), Int(pair.second)])
      }
    }
    let sorted = (edges(links.near, biases.near, true) + edges(links.far, biases.far, false))
      .sorted { left, right in
        // Small volumes: products fit.
        let products = (
          left.strength[0] * right.strength[1], right.strength[0] * left.strength[1]
        )
        if products.0 != products.1 { return products.0 > products.1 }
        if left.attracts != right.attracts { return left.attracts }
        if left.isNear != right.isNear { return left.isNear }
        return left.ends.lexicographicallyPrecedes(right.ends)
      }
    var clusters = Array(0...fragmentCount)
    var apart: Set<Set<Int>> = []
    for edge in sorted {
      let (first, second) = (clusters[edge.ends[0]], clusters[edge.ends[1]])
      guard first != second else { continue }
      if !edge.attracts {
        apart.insert([first, second])
      } else if !apart.contains([first, second]) {
        clusters = clusters.map { $0 == second ? first : $0 }
        apart = Set(apart.map { Set($0.map { $0 == second ? first : $0 }) })
      }
    }
    return canonical(Array(clusters.dropFirst()))
  }

  @Test func `fragments without links stay alone`() throws {
    #expect(
      try FragmentLinks().mutexSegments(fragmentCount: 3, mutexMemory: 1 << 10) == [0, 1, 2, 3])
    #expect(try FragmentLinks().mutexSegments(fragmentCount: 0, mutexMemory: 1 << 10) == [0])
  }

  @Test func `bytes and back are the same links`() throws {
    var generator = SeededGenerator(seed: 2)
    let sample = Self.sample(.noise, &generator)
    let links = Self.links(sample)
    let count = Int(sample.fragments.values.max() ?? 0)
    #expect(links.near.count > 3 && links.far.count > 3)
    #expect(try FragmentLinks(decoding: links.encoded, fragmentCount: count) == links)
    #expect(throws: MalformedGraphError.self) {
      try FragmentLinks(decoding: links.encoded, fragmentCount: 1)
    }
  }

  @Test func `damaged bytes are refused, whatever is cut off or changed`() throws {
    let pair = FragmentLinks.Pair(
      first: 1, second: 2, affinity: try #require(MeanAffinity(count: 3, sum: 5)))
    let fragment = FragmentLinks.Fragment(id: 1, voxelCount: 4)
    let bytes = FragmentLinks(fragments: [fragment], near: [pair], far: [pair]).encoded
    for count in bytes.indices {
      #expect(throws: MalformedGraphError.self) {
        try FragmentLinks(decoding: Array(bytes.prefix(count)), fragmentCount: 2)
      }
    }
    #expect(throws: MalformedGraphError.self) {
      try FragmentLinks(decoding: bytes + [0], fragmentCount: 2)
    }
    for index in bytes.indices {
      var changed = bytes
      changed[index] = 0xff
      // Every byte of the mark and the counts matters; none may crash.
      let isRefused = (try? FragmentLinks(decoding: changed, fragmentCount: 2)) == nil
      if index < 32 { #expect(isRefused, "byte \(index)") }
    }
  }
}
