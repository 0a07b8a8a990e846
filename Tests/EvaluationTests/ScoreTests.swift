import Evaluation
import FoundationEssentials
import Testing
import Voxels

/// A peer's scores of a small segmentation; written by tools/golden/metrics.py.
private struct GoldenScores: Decodable {
  struct Scores: Decodable {
    let split: Double, merge: Double, precision: Double, recall: Double
  }

  let shape: [Int]
  let segmentation: [UInt64]
  let truth: [UInt64]
  let scores: [String: Scores]

  init(_ name: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = try Data(contentsOf: root.appending(path: "volumes/golden/\(name).json"))
    self = try JSONDecoder().decode(Self.self, from: data)
  }

  var box: VoxelBox { VoxelBox(extent: VoxelExtent(z: shape[0], y: shape[1], x: shape[2])) }

  var table: ContingencyTable {
    var table = ContingencyTable()
    table.add(
      segmentation: Volume(box: box, values: segmentation), truth: Volume(box: box, values: truth))
    return table
  }
}

private func table(segmentation: [UInt64], truth: [UInt64]) -> ContingencyTable {
  let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: truth.count))
  var table = ContingencyTable()
  table.add(
    segmentation: Volume(box: box, values: segmentation), truth: Volume(box: box, values: truth))
  return table
}

private func isClose(_ value: Double, _ expected: Double) -> Bool {
  // Both sides add a few hundred terms in different orders.
  abs(value - expected) <= 1e-12 * max(1, abs(expected))
}

struct ContingencyTableTests {
  @Test func `overlaps are counted exactly and sorted`() {
    let table = table(
      segmentation: [0, 1, 1, .max, .max, 1], truth: [2, 2, 2, 0, 1 << 53, (1 << 53) + 1])
    #expect(table.voxelCount == 6)
    #expect(
      table.overlaps.map { [$0.truth, $0.segmentation, UInt64($0.voxelCount)] } == [
        [0, UInt64.max, 1], [2, 0, 1], [2, 1, 2], [1 << 53, UInt64.max, 1], [(1 << 53) + 1, 1, 1],
      ])
  }

  @Test func `blocks in any order and merged tables give the table of the whole`() throws {
    let golden = try GoldenScores("numpy-2.4.6/metrics/moved")
    let segmentation = Volume(box: golden.box, values: golden.segmentation)
    let truth = Volume(box: golden.box, values: golden.truth)
    var merged = ContingencyTable()
    for z in (0..<golden.box.extent.z).reversed() {
      for x in stride(from: 0, to: golden.box.extent.x, by: 7) {
        let part = VoxelBox(
          origin: VoxelPosition(z: z, y: 0, x: x),
          extent: VoxelExtent(z: 1, y: golden.box.extent.y, x: 7)
        ).intersection(golden.box)
        var block = ContingencyTable()
        block.add(segmentation: segmentation.cropped(to: part), truth: truth.cropped(to: part))
        merged.merge(block)
      }
    }
    #expect(merged == golden.table)
  }
}

struct ScoreTests {
  @Test func `an object cut in halves costs one bit of split`() throws {
    let table = table(segmentation: [1, 1, 2, 2], truth: [7, 7, 7, 7])
    let information = try #require(VariationOfInformation(of: table))
    #expect(information.split == 1 && information.merge == 0 && information.sum == 1)
    let rand = try #require(AdaptedRandError(of: table))
    #expect(rand.precision == 1 && rand.recall == 0.5 && isClose(rand.error, 1.0 / 3))
  }

  @Test func `two objects in one segment cost one bit of merge`() throws {
    let table = table(segmentation: [3, 3, 3, 3], truth: [1, 1, 2, 2])
    let information = try #require(VariationOfInformation(of: table))
    #expect(information.split == 0 && information.merge == 1)
    let rand = try #require(AdaptedRandError(of: table))
    #expect(rand.precision == 0.5 && rand.recall == 1)
  }

  @Test func `background conventions differ where background is`() throws {
    // Truth 0 takes two voxels, segmentation 0 two of the others, one in each object.
    let table = table(segmentation: [1, 1, 1, 0, 0, 2], truth: [0, 0, 1, 1, 2, 2])
    func scores(_ convention: BackgroundConvention) throws -> [Double] {
      let information = try #require(VariationOfInformation(of: table, convention: convention))
      let rand = try #require(AdaptedRandError(of: table, convention: convention))
      #expect(information.convention == convention && rand.convention == convention)
      #expect(information.voxelCount == rand.voxelCount)
      return [
        Double(rand.voxelCount), information.split, information.merge, rand.precision, rand.recall,
      ]
    }
    // Segments of 1, 2 (background) and 1 voxels; objects of 2 and 2.
    #expect(try scores(.cremi) == [4, 1, 0.5, 4.0 / 6, 0.5])
    // Segments of 1, 1, 1 and 1 voxel.
    #expect(try scores(.snemi) == [4, 1, 0, 1, 0.5])
    // Objects of 1 and 1 voxel, perfectly found.
    #expect(
      try scores(BackgroundConvention(truth: .ignored, segmentation: .ignored)) == [2, 0, 0, 1, 1])
    let everything = try scores(
      BackgroundConvention(truth: .oneObject, segmentation: .oneSegment))
    // Segments of 3, 2, 1; objects of 2, 2, 2; overlaps of 2, 1, 1, 1, 1.
    #expect(everything[0] == 6 && everything[3] == 8.0 / 14 && everything[4] == 8.0 / 12)
  }

  @Test func `nothing to count gives no score`() {
    let table = table(segmentation: [1, 2], truth: [0, 0])
    #expect(VariationOfInformation(of: table) == nil)
    #expect(AdaptedRandError(of: table) == nil)
    #expect(VariationOfInformation(of: ContingencyTable()) == nil)
  }

  @Test(arguments: ["moved", "perfect", "one-segment", "noise", "no-background"])
  func `scores are those of the definitions`(name: String) throws {
    let golden = try GoldenScores("numpy-2.4.6/metrics/\(name)")
    for (key, convention) in ["cremi": BackgroundConvention.cremi, "snemi": .snemi] {
      let expected = try #require(golden.scores[key])
      let information = try #require(
        VariationOfInformation(of: golden.table, convention: convention))
      let rand = try #require(AdaptedRandError(of: golden.table, convention: convention))
      #expect(isClose(information.split, expected.split), "\(key)")
      #expect(isClose(information.merge, expected.merge), "\(key)")
      #expect(isClose(rand.precision, expected.precision), "\(key)")
      #expect(isClose(rand.recall, expected.recall), "\(key)")
    }
  }

  @Test(arguments: ["moved", "perfect", "one-segment", "noise"])
  func `scikit-image gives the same`(name: String) throws {
    let golden = try GoldenScores("scikit-image-0.26.0/metrics/\(name)")
    let expected = try #require(golden.scores["distinct"])
    let information = try #require(VariationOfInformation(of: golden.table))
    #expect(isClose(information.split, expected.split))
    #expect(isClose(information.merge, expected.merge))
    // It leaves out the pairs of a voxel with itself; with them taken out, ours is the same. And it
    // names by precision what its documentation, and SNEMI3D's script, call recall.
    let counted = golden.table.overlaps.filter { $0.truth != 0 }
    func squares(_ key: (ContingencyTable.Overlap) -> [UInt64]) -> Double {
      let sums = Dictionary(counted.map { (key($0), $0.voxelCount) }, uniquingKeysWith: +)
      return sums.values.reduce(0) { $0 + Double($1 * $1) }
    }
    let segments = squares { [$0.segmentation] }
    let objects = squares { [$0.truth] }
    let rand = try #require(AdaptedRandError(of: golden.table))
    let alone = Double(rand.voxelCount)
    #expect(
      isClose((rand.precision * segments - alone) / (segments - alone), expected.recall))
    #expect(isClose((rand.recall * objects - alone) / (objects - alone), expected.precision))
  }
}
