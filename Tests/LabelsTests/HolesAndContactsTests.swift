import Labels
import Testing
import Voxels

struct EnclosureTests {
  private let one = Enclosure(code: 1)
  private let two = Enclosure(code: 2)

  @Test func `pieces add up in any order`() {
    func sum(_ pieces: Enclosure...) -> Enclosure {
      pieces.reduce(into: .nothing) { $0.add($1) }
    }
    #expect(sum().label == nil)
    #expect(sum(.nothing, one, one).label == 1)
    #expect(sum(one, two) == sum(two, one))
    #expect(sum(one, two).label == nil)
    #expect(sum(sum(one, two), one) == sum(one, two))
    #expect(sum(.nothing, sum(one, two), .nothing).label == nil)
  }

  @Test func `parts know the labels beside them along every axis`() {
    let box = VoxelBox(extent: VoxelExtent(z: 2, y: 2, x: 4))
    let labels = Volume<UInt64>(
      box: box,
      values: [
        5, 0, 5, 0,
        5, 5, 5, 7,

        5, 5, 5, 8,
        0, 0, 0, 0,
      ])
    let parts = Volume<UInt32>(
      box: box,
      values: [
        0, 1, 0, 2,
        0, 0, 0, 0,

        0, 0, 0, 0,
        3, 3, 3, 3,
      ])
    let found = enclosures(of: parts, count: 3, in: labels)
    #expect(found.map(\.label) == [5, nil, nil])
    #expect(found[1].code == .max)
    var filled = labels
    fill(&filled, parts: parts, by: [0, 5, 0, 9])
    #expect(filled[VoxelPosition(z: 0, y: 0, x: 1)] == 5)
    #expect(filled[VoxelPosition(z: 0, y: 0, x: 3)] == 0)
    #expect(filled[VoxelPosition(z: 1, y: 1, x: 0)] == 9)
    #expect(filled[VoxelPosition(z: 1, y: 0, x: 0)] == 5)
  }
}

struct LabelContactTests {
  @Test func `faces count by axis, and each once`() {
    let volume = Volume<UInt64>(
      box: VoxelBox(extent: VoxelExtent(z: 2, y: 2, x: 3)),
      values: [
        1, 1, 2,
        1, 1, 2,

        3, 3, 0,
        3, 1, .max,
      ])
    var table = LabelContactTable()
    table.add(volume, ownBox: volume.box)
    #expect(
      table.entries == [
        LabelPair(1, 2): LabelContact(faces: VoxelExtent(z: 0, y: 0, x: 2)),
        LabelPair(1, 3): LabelContact(faces: VoxelExtent(z: 3, y: 1, x: 1)),
        LabelPair(2, .max): LabelContact(faces: VoxelExtent(z: 1, y: 0, x: 0)),
        LabelPair(1, .max): LabelContact(faces: VoxelExtent(z: 0, y: 0, x: 1)),
      ])
    let contact = LabelContact(faces: VoxelExtent(z: 3, y: 2, x: 1))
    let area = contact.area(VoxelSize(z: 40, y: 20, x: 10))
    #expect(abs(area - (3 * 200 + 2 * 400 + 800) * 1e-6) < 1e-15)
  }

  @Test(arguments: 0..<8)
  func `blocks of any shape count every face once`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let region = VoxelBox(
      origin: VoxelPosition(z: 5, y: -3, x: 2), extent: VoxelExtent(z: 7, y: 9, x: 8))
    let volume = randomLabels(
      region, values: [UInt64(0), 1, 2, 3], repeating: 0.5, seed: UInt64(seed))
    var whole = LabelContactTable()
    whole.add(volume, ownBox: region)
    let blocks = Blocks(
      region: region,
      blockExtent: VoxelExtent(
        z: .random(in: 1...7, using: &generator), y: .random(in: 1...9, using: &generator),
        x: .random(in: 1...8, using: &generator)))
    var sum = LabelContactTable()
    for index in (0..<blocks.gridExtent.voxelCount).shuffled(using: &generator) {
      let own = blocks.ownBox(index)
      var part = LabelContactTable()
      part.add(volume.cropped(to: BlockSeams.grownBox(of: own, in: region)), ownBox: own)
      for (pair, contact) in part.entries { sum.merge(contact, into: pair) }
    }
    #expect(sum == whole)
  }

  @Test func `statistics survive being numbers`() throws {
    var table = LabelStatisticsTable()
    table.add(
      Volume<UInt64>(
        box: VoxelBox(
          origin: VoxelPosition(z: -3, y: 1 << 40, x: -7), extent: VoxelExtent(z: 2, y: 3, x: 4)),
        fill: 6))
    let entry = try #require(table[6])
    #expect(LabelStatistics(words: entry.words) == entry)
    #expect(LabelStatistics(words: entry.words.dropLast()) == nil)
    #expect(LabelStatistics(words: [UInt64](repeating: 0, count: 13)) == nil)
  }
}
