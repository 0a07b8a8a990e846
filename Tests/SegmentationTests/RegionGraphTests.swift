import Segmentation
import TestSupport
import Testing
import Voxels

struct RegionGraphTests {
  @Test func `links between two fragments are counted and summed`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 2, x: 3))
    let fragments = Volume<UInt64>(box: box, values: [1, 1, 2, 1, 0, 2])
    // z links, then y links, then x links; only the last row of each pair matters here.
    let affinities = Volume<UInt8>(
      channels: 3, box: box,
      values: [9, 9, 9, 9, 9, 9] + [8, 8, 8, 51, 52, 53] + [7, 200, 100, 7, 150, 160])
    let graph = regionGraph(
      affinities: affinities, fragments: fragments, box: box, volume: box)
    #expect(graph.fragments.map(\.id) == [1, 2])
    #expect(graph.fragments.map(\.voxelCount) == [3, 2])
    #expect(graph.fragments.allSatisfy { $0.openFaces.isEmpty })
    let contact = try #require(graph.contacts.first)
    #expect(graph.contacts.count == 1)
    #expect((contact.first, contact.second) == (1, 2))
    #expect(contact.affinity.count == 1)
    #expect(contact.affinity.mean == 100.0 / 255)
    #expect(contact.strongest == UInt8(100).fixedPoint)
    #expect(contact.weakest == contact.strongest)
    #expect(contact.point.position(in: box) == VoxelPosition(z: 0, y: 0, x: 2))
  }

  @Test func `the strongest link of a contact has its voxel, of equal ones the first`() throws {
    let volume = VoxelBox(
      origin: VoxelPosition(z: 4, y: -2, x: 9), extent: VoxelExtent(z: 1, y: 4, x: 2))
    let fragments = Volume<UInt64>(box: volume, values: [1, 2, 1, 2, 1, 2, 1, 2])
    let affinities = Volume<UInt8>(
      channels: 3, box: volume,
      values: Array(repeating: 255, count: 16) + [0, 3, 0, 200, 0, 200, 0, 7])
    let graph = regionGraph(
      affinities: affinities, fragments: fragments, box: volume, volume: volume,
      detail: .histograms)
    let contact = try #require(graph.contacts.first)
    #expect(contact.point.position(in: volume) == VoxelPosition(z: 4, y: -1, x: 10))
    #expect(contact.peak.affinity == 200.0 / 255)
    #expect(contact.weakest == UInt8(3).fixedPoint)
    let bins = graph.histogram(of: 0).bins
    #expect(bins.map(\.bin) == [3, 7, 200])
    #expect(bins.map(\.count) == [1, 1, 2])
  }

  @Test func `histograms of floats have the bins of the bytes that are as large`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 256, x: 2))
    let fragments = Volume<UInt64>(box: box, values: (0..<512).map { $0 % 2 + 1 })
    let bytes = (0..<3 * 512).map { UInt8($0 / 2 % 256) }
    let whole = regionGraph(
      affinities: Volume<UInt8>(channels: 3, box: box, values: bytes), fragments: fragments,
      box: box, volume: box, detail: .histograms)
    let floats = regionGraph(
      affinities: Volume<Float>(channels: 3, box: box, values: bytes.map { Float($0) / 255 }),
      fragments: fragments, box: box, volume: box, detail: .histograms)
    #expect(whole == floats)
    #expect(whole.histogram(of: 0).bins.map(\.bin) == Array(0...255))
  }

  @Test func `classes of fragments are counted, and damaged counts refused`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 2, x: 4))
    let fragments = Volume<UInt64>(box: box, values: [9, 9, 0, 4, 9, 4, 4, 4])
    let classes = Volume<UInt8>(box: box, values: [1, 0, 1, 2, 255, 2, 1, 2])
    let rows = fragmentClasses(fragments: fragments, classes: classes, box: box)
    #expect(rows.map(\.fragment) == [4, 4, 9, 9])
    #expect(rows.map(\.label) == [1, 2, 1, 255])
    #expect(rows.map(\.voxelCount) == [1, 3, 1, 1])
    let bytes = FragmentClass.encoded(rows)
    #expect(try FragmentClass.decoded(bytes) == rows)
    for count in 0..<bytes.count {
      #expect(throws: MalformedGraphError.self) {
        try FragmentClass.decoded(Array(bytes.prefix(count)))
      }
    }
  }

  @Test func `a fragment that goes on beyond the block says through which faces`() {
    let volume = VoxelBox(extent: VoxelExtent(z: 3, y: 3, x: 4))
    // One column of 1 along z, one row of 2 along x in the last plane, the rest background.
    var fragments = Volume<UInt64>(box: volume)
    for z in 0..<3 { fragments[VoxelPosition(z: z, y: 0, x: 0)] = 1 }
    for x in 0..<4 { fragments[VoxelPosition(z: 2, y: 1, x: x)] = 2 }
    let affinities = Volume<Float>(channels: 3, box: volume, fill: 0.5)
    let block = VoxelBox(
      origin: VoxelPosition(z: 1, y: 0, x: 0), extent: VoxelExtent(z: 2, y: 2, x: 2))
    let graph = regionGraph(
      affinities: affinities, fragments: fragments, box: block, volume: volume)
    #expect(graph.fragments.map(\.openFaces) == [.nearZ, [.farX, .farY]])
    #expect(graph.contacts.map(\.affinity.count) == [1])
  }

  @Test func `a link across the near face belongs to the block, its other end only by name`() {
    let volume = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4))
    let fragments = Volume<UInt64>(box: volume, values: [7, 7, 5, 5])
    let affinities = Volume<UInt8>(
      channels: 3, box: volume, values: Array(repeating: 0, count: 8) + [0, 255, 51, 255])
    let later = VoxelBox(
      origin: VoxelPosition(z: 0, y: 0, x: 2), extent: VoxelExtent(z: 1, y: 1, x: 2))
    let earlier = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 2))
    let graph = regionGraph(
      affinities: affinities, fragments: fragments, box: later, volume: volume)
    #expect(graph.fragments.map(\.id) == [5, 7])
    #expect(graph.fragments.map(\.voxelCount) == [2, 0])
    #expect(graph.fragments.map(\.openFaces) == [.nearX, .nearX])
    #expect(graph.contacts.map(\.affinity.mean) == [0.2])
    let other = regionGraph(
      affinities: affinities, fragments: fragments, box: earlier, volume: volume)
    #expect(other.contacts.isEmpty)
    #expect(other.fragments.map(\.openFaces) == [.farX])
  }

  @Test(arguments: AffinityTexture.allCases, 0..<4 as Range<UInt64>)
  func `the graphs of blocks of any shape add up to the volume's`(
    texture: AffinityTexture, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let volume = VoxelBox.random(upTo: 12, using: &generator)
    let affinities = Volume<UInt8>.affinities(texture, box: volume, using: &generator)
    let fragments = watershed(
      affinities: affinities, box: volume, volume: volume,
      parameters: WatershedParameters(low: 0.2, high: 0.95)
    ).labels.converted(to: UInt64.self)
    let whole = regionGraph(
      affinities: affinities, fragments: fragments, box: volume, volume: volume)
    let shape = VoxelBox.random(upTo: 8, using: &generator).extent
    let parts = volume.blocks(of: shape).map { block in
      let reach = VoxelBox(from: block.origin - VoxelExtent(cube: 1), to: block.end)
        .intersection(volume)
      return regionGraph(
        affinities: affinities.cropped(to: block), fragments: fragments.cropped(to: reach),
        box: block, volume: volume)
    }
    #expect(
      ResidualGraph(joining: parts.map { ResidualGraph($0) }) == ResidualGraph(whole),
      "seed \(seed)")
    for fragment in whole.fragments {
      let counts = parts.flatMap(\.fragments).filter { $0.id == fragment.id }.map(\.voxelCount)
      #expect(counts.reduce(0, +) == fragment.voxelCount)
    }
    for contact in whole.contacts {
      let same = parts.flatMap(\.contacts)
        .filter { ($0.first, $0.second) == (contact.first, contact.second) }
      #expect(same.map(\.strongest).max() == contact.strongest)
      #expect(same.map(\.weakest).min() == contact.weakest)
    }
  }

  @Test func `background alone has no graph`() {
    let box = VoxelBox(extent: VoxelExtent(cube: 2))
    let graph = regionGraph(
      affinities: Volume<Float>(channels: 3, box: box, fill: 1), fragments: Volume(box: box),
      box: box, volume: box)
    #expect(graph.fragments.isEmpty && graph.contacts.isEmpty)
  }

  @Test(arguments: [ContactDetail.sums, .histograms])
  func `bytes and back is the same graph`(detail: ContactDetail) throws {
    let graph = try sampleGraph(detail)
    #expect(graph.hasHistograms == (detail == .histograms))
    #expect(try RegionGraph(decoding: graph.encoded) == graph)
  }

  @Test(arguments: [ContactDetail.sums, .histograms])
  func `damaged bytes are refused, whatever is cut off or changed`(detail: ContactDetail) throws {
    let graph = try sampleGraph(detail)
    let bytes = graph.encoded
    for count in 0..<bytes.count {
      #expect(throws: MalformedGraphError.self) {
        try RegionGraph(decoding: Array(bytes.prefix(count)))
      }
    }
    #expect(throws: MalformedGraphError.self) { try RegionGraph(decoding: bytes + [0]) }
    for index in bytes.indices {
      // Every byte of the mark, the lengths and the counts matters; none may crash.
      var changed = bytes
      changed[index] = 0xff
      let isRefused = (try? RegionGraph(decoding: changed)) == nil
      if index < 8 || (56..<72).contains(index) { #expect(isRefused, "byte \(index)") }
      // A histogram that no longer fits its contact is noticed, whatever changed.
      let histograms = bytes.count - 8 * graph.contacts.count - 8 * graph.binCount
      if detail == .histograms, index >= histograms, changed != bytes {
        #expect(isRefused, "byte \(index)")
      }
    }
  }

  private func sampleGraph(_ detail: ContactDetail) throws -> RegionGraph {
    var generator = SeededGenerator(seed: 1)
    let volume = VoxelBox(extent: VoxelExtent(cube: 6))
    let affinities = Volume<Float>.affinities(.noise, box: volume, using: &generator)
    let fragments = watershed(
      affinities: affinities, box: volume, volume: volume,
      parameters: WatershedParameters(low: 0.2, high: 0.95)
    ).labels.converted(to: UInt64.self)
    let graph = regionGraph(
      affinities: affinities, fragments: fragments,
      box: VoxelBox(extent: VoxelExtent(z: 6, y: 3, x: 6)), volume: volume, detail: detail)
    try #require(graph.contacts.count > 3)
    return graph
  }
}

extension RegionGraph {
  fileprivate var binCount: Int {
    hasHistograms ? contacts.indices.reduce(0) { $0 + histogram(of: $1).bins.count } : 0
  }
}
