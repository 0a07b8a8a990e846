import Evaluation
import TestSupport
import Testing
import Voxels

private func position(_ x: Int) -> VoxelPosition { VoxelPosition(z: 0, y: 0, x: x) }

private func table(segmentation: [UInt64], truth: [UInt64]) -> ContingencyTable {
  let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: truth.count))
  var table = ContingencyTable()
  table.add(
    segmentation: Volume(box: box, values: segmentation), truth: Volume(box: box, values: truth))
  return table
}

struct LabelErrorsTests {
  @Test func `the worst split and merge come first, with a voxel of each part`() throws {
    //                              0  1  2  3  4  5  6  7
    let table = table(
      segmentation: [1, 1, 2, 2, 2, 2, 3, 3], truth: [9, 9, 9, 9, 8, 8, 8, 0])
    let errors = SegmentationErrors(of: table)
    let worst = try #require(errors.splits.first)
    // 9 is cut in halves: 4 voxels of 7 at one bit each.
    #expect(worst.label == 9 && worst.voxelCount == 4 && worst.partCount == 2)
    #expect(abs(worst.bits - 4.0 / 7) < 1e-12)
    #expect(worst.largest.map(\.label) == [1, 2])
    #expect(worst.largest.map(\.first) == [position(0), position(2)])
    let merge = try #require(errors.merges.first)
    #expect(merge.label == 2 && abs(merge.bits - 4.0 / 7) < 1e-12)
    #expect(merge.largest.map(\.label) == [8, 9])
    #expect(merge.largest.map(\.first) == [position(4), position(2)])
    #expect(errors.splits.map(\.label) == [9, 8])
  }

  @Test(arguments: BackgroundConvention.named.map(\.name))
  func `the bits of all errors are the variation of information`(name: String) throws {
    let convention = try #require(
      BackgroundConvention.named.first { $0.name == name }?.convention)
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<20 {
      let table = table(
        segmentation: (0..<60).map { _ in UInt64.random(in: 0..<5, using: &generator) },
        truth: (0..<60).map { _ in UInt64.random(in: 0..<4, using: &generator) })
      let information = try #require(VariationOfInformation(of: table, convention: convention))
      let errors = SegmentationErrors(of: table, convention: convention)
      #expect(abs(errors.splits.reduce(0) { $0 + $1.bits } - information.split) < 1e-12)
      #expect(abs(errors.merges.reduce(0) { $0 + $1.bits } - information.merge) < 1e-12)
      let scores = try #require(SegmentationScores(of: table, convention: convention))
      #expect(scores.information == information)
      #expect(
        abs(scores.cremiScore - (information.sum * scores.rand.error).squareRoot()) < 1e-12)
    }
  }

  @Test func `voxels are those of the volume whatever the blocks`() {
    let box = VoxelBox(
      origin: VoxelPosition(z: 5, y: 6, x: 7), extent: VoxelExtent(z: 3, y: 4, x: 5))
    var generator = SeededGenerator(seed: 6)
    let segmentation = Volume(
      box: box, values: (0..<60).map { _ in UInt64.random(in: 0..<9, using: &generator) })
    let truth = Volume(
      box: box, values: (0..<60).map { _ in UInt64.random(in: 0..<2, using: &generator) })
    var whole = ContingencyTable()
    whole.add(segmentation: segmentation, truth: truth)
    for overlap in whole.overlaps {
      #expect(segmentation[overlap.first] == overlap.segmentation)
      #expect(truth[overlap.first] == overlap.truth)
    }
    var parts = ContingencyTable()
    for x in (7..<12).reversed() {
      let part = VoxelBox(
        origin: VoxelPosition(z: 5, y: 6, x: x), extent: VoxelExtent(z: 3, y: 4, x: 1))
      let (here, there) = (segmentation.cropped(to: part), truth.cropped(to: part))
      for plane in (0..<3).reversed() {
        var table = ContingencyTable()
        table.add(segmentation: here, truth: there, planes: plane..<plane + 1)
        parts.merge(table)
      }
    }
    #expect(parts == whole)
  }

  @Test func `a mask leaves voxels out`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 6))
    var table = ContingencyTable()
    table.add(
      segmentation: Volume(box: box, values: [1, 1, 1, 2, 2, 2]),
      truth: Volume(box: box, values: [3, 3, 3, 3, 4, 4]),
      mask: Volume(box: box, values: [1, 0, 1, 1, 0, 0]))
    #expect(table.voxelCount == 3)
    #expect(table.overlaps.map(\.voxelCount) == [2, 1])
    #expect(table.overlaps.map(\.first) == [position(0), position(3)])
  }

  @Test func `tables are relabelled and lose objects without a second look`() throws {
    let fine = table(
      segmentation: [1, 1, 2, 3, 3, 4, 5], truth: [7, 7, 7, 8, .max, .max, 7])
    let coarse = table(
      segmentation: [1, 1, 1, 2, 2, 0, 0], truth: [7, 7, 7, 8, .max, .max, 7])
    #expect(fine.relabelled(by: [0, 1, 1, 2, 0]) == coarse)
    let known = coarse.removing(truth: [.max, 5])
    #expect(known.voxelCount == 5)
    #expect(known.overlaps.map(\.truth) == [7, 7, 8])
    #expect(coarse.overlaps.last?.truth == .max)
  }

  @Test func `the ideal segmentation joins segments, and does not cut them`() throws {
    //                            1 is mostly 7, 2 all 7, 3 as much 8 as 9, 0 nothing.
    let fine = table(
      segmentation: [1, 1, 1, 2, 3, 3, 0, 4], truth: [7, 7, 8, 7, 9, 8, 7, 9])
    #expect(
      fine.joinedIdeally()
        == table(segmentation: [7, 7, 7, 7, 8, 8, 0, 9], truth: [7, 7, 8, 7, 9, 8, 7, 9]))
  }

  @Test func `many overlaps are all found again`() {
    // Enough for the table to grow many times over.
    var table = ContingencyTable()
    for round in 0..<2 {
      for index in UInt64(0)..<5000 {
        table.add(
          segmentation: index &* 0x1_0000_0001, truth: .max - index % 70, voxelCount: round + 1,
          first: position(1 - round))
      }
    }
    #expect(table.count == 5000 && table.voxelCount == 15000)
    #expect(table.overlaps.allSatisfy { $0.voxelCount == 3 && $0.first == position(0) })
  }
}

struct BorderMaskTests {
  @Test func `pixels as near to a border as the distance are left out`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 10))
    let labels = Volume<UInt64>(box: box, values: [1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    let size = VoxelSize(z: 40, y: 4, x: 4)
    func counted(_ distance: Double) -> [UInt8] {
      let mask = BorderMask(distance: distance, voxelSize: size)
      let span = mask.counted(labels: labels, box: box)
      return (0..<10).map { span[VoxelPosition(z: 0, y: 0, x: $0)] }
    }
    #expect(counted(0) == [1, 1, 1, 1, 0, 0, 1, 1, 1, 1])
    #expect(counted(3.9) == counted(0))
    #expect(counted(4) == [1, 1, 1, 0, 0, 0, 0, 1, 1, 1])
    #expect(counted(100) == [UInt8](repeating: 0, count: 10))
    #expect(BorderMask(distance: 8, voxelSize: size).halo == VoxelExtent(z: 0, y: 3, x: 3))
  }

  @Test func `distances are those between all pixels, also across boxes`() {
    let box = VoxelBox(extent: VoxelExtent(z: 2, y: 13, x: 17))
    var generator = SeededGenerator(seed: 8)
    let labels = Volume<UInt64>(
      box: box,
      values: (0..<box.extent.voxelCount).map { index in
        index % 221 == 3 ? UInt64.random(in: 0..<3, using: &generator) : 1
      })
    let mask = BorderMask(distance: 21, voxelSize: VoxelSize(z: 40, y: 5, x: 7))
    let whole = mask.counted(labels: labels, box: box)
    for z in 0..<2 {
      var border: [(y: Int, x: Int)] = []
      for y in 0..<13 {
        for x in 0..<17 {
          let near = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)].filter {
            (0..<13).contains($0.0) && (0..<17).contains($0.1)
          }
          let label = labels[VoxelPosition(z: z, y: y, x: x)]
          if near.contains(where: { labels[VoxelPosition(z: z, y: $0.0, x: $0.1)] != label }) {
            border.append((y, x))
          }
        }
      }
      for y in 0..<13 {
        for x in 0..<17 {
          let isNear = border.contains {
            let (dy, dx) = (Double($0.y - y) * 5, Double($0.x - x) * 7)
            return dy * dy + dx * dx <= 441
          }
          #expect(whole[VoxelPosition(z: z, y: y, x: x)] == (isNear ? 0 : 1), "\(z),\(y),\(x)")
        }
      }
    }
    let part = VoxelBox(
      origin: VoxelPosition(z: 1, y: 6, x: 9), extent: VoxelExtent(z: 1, y: 4, x: 5))
    let near = labels.cropped(to: part.grown(by: mask.halo).intersection(box))
    #expect(mask.counted(labels: near, box: part) == whole.cropped(to: part))
  }
}
