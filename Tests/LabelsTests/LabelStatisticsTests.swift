import Labels
import Testing
import Voxels

struct LabelStatisticsTests {
  @Test func `sizes, boxes and centroids are in dataset coordinates`() throws {
    let labels = Volume<UInt64>(
      box: VoxelBox(
        origin: VoxelPosition(z: 10, y: 20, x: 30), extent: VoxelExtent(z: 1, y: 2, x: 4)),
      values: [
        0, 5, 5, 5,
        .max, 5, 0, 0,
      ])
    var table = LabelStatisticsTable()
    table.add(labels)
    #expect(table.labels == [5, .max])
    #expect(table[0] == nil)
    let five = try #require(table[5])
    #expect(five.voxelCount == 4)
    #expect(
      five.box
        == VoxelBox(
          origin: VoxelPosition(z: 10, y: 20, x: 31), extent: VoxelExtent(z: 1, y: 2, x: 3)))
    #expect(five.centroid == PhysicalPosition(z: 10, y: 20.25, x: 31.75))
    #expect(try #require(table[.max]).centroid == PhysicalPosition(z: 10, y: 21, x: 30))
  }

  @Test(arguments: UInt64(0)..<6)
  func `blocks in any order give the table of the whole`(seed: UInt64) {
    let region = VoxelBox(
      origin: VoxelPosition(z: -3, y: 1 << 40, x: 5), extent: VoxelExtent(z: 7, y: 6, x: 13))
    let labels = randomLabels(
      region, values: [UInt64(0), 3, 1 << 60, .max], repeating: 0.5, seed: seed)
    var whole = LabelStatisticsTable()
    whole.add(labels)
    var generator = SeededGenerator(seed: seed)
    let blocks = Blocks(region: region, blockExtent: VoxelExtent(z: 3, y: 2, x: 5))
    var merged = LabelStatisticsTable()
    for index in (0..<blocks.gridExtent.voxelCount).shuffled(using: &generator) {
      var table = LabelStatisticsTable()
      table.add(labels.cropped(to: blocks.ownBox(index)))
      merged.merge(table)
    }
    #expect(merged == whole)
  }
}
