import Evaluation
import Testing
import Voxels

struct ObjectDetectionScoreTests {
  private static func table(_ found: [UInt64], _ truth: [UInt64]) -> ContingencyTable {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: found.count))
    var table = ContingencyTable()
    table.add(
      segmentation: Volume(box: box, values: found), truth: Volume(box: box, values: truth))
    return table
  }

  // Found: 1 (4 voxels, 1 in truth), 2 (2, both in 8), 3 (2, none). True: 7 (4, 1 found), 8 (2), 9.
  private static let found: [UInt64] = [1, 1, 1, 1, 0, 0, 0, 2, 2, 3, 3, 0]
  private static let truth: [UInt64] = [0, 0, 0, 7, 7, 7, 7, 8, 8, 0, 0, 9]

  @Test(arguments: [(0.1, 2, 2), (0.25, 2, 2), (0.26, 1, 1), (1, 1, 1)])
  func `objects count where enough of them overlaps`(
    overlap: Double, right: Int, detected: Int
  ) {
    let score = ObjectDetectionScore(
      of: Self.table(Self.found, Self.truth), minimumOverlap: overlap)
    #expect(score.foundCount == 3 && score.truthCount == 3)
    #expect(score.rightCount == right && score.detectedCount == detected)
    #expect(score.precision == Double(right) / 3 && score.recall == Double(detected) / 3)
    #expect(abs(score.f1 - Double(right) / 3) < 1e-12)
  }

  @Test func `one object may stand for two`() {
    let score = ObjectDetectionScore(
      of: Self.table([5, 5, 5, 5], [1, 1, 2, 2]), minimumOverlap: 0.5)
    #expect(score.precision == 1 && score.recall == 1 && score.foundCount == 1)
  }

  @Test func `nothing found is precise and finds nothing`() {
    let none = ObjectDetectionScore(of: Self.table([0, 0], [0, 4]), minimumOverlap: 0.1)
    #expect(none.precision == 1 && none.recall == 0 && none.f1 == 0)
    let empty = ObjectDetectionScore(of: ContingencyTable(), minimumOverlap: 0.1)
    #expect(empty.precision == 1 && empty.recall == 1)
  }
}
