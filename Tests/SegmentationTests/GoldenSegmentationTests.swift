import FoundationEssentials
import Segmentation
import TestSupport
import Testing
import Voxels

/// What waterz makes of small affinities; written by tools/golden/segmentation.py.
private struct GoldenSegmentation: Decodable {
  let shape: [Int]
  let affinities: [Int]
  let low: Double
  let high: Double
  let thresholds: [Double]
  let fragments: [Int]
  let segments: [[Int]]

  init(_ case: String) throws {
    let file = "\(volumesFolder)/golden/waterz-0.10.1/segmentation/\(`case`).json"
    let data = try Data(contentsOf: URL(filePath: file))
    self = try JSONDecoder().decode(Self.self, from: data)
  }
}

struct GoldenSegmentationTests {
  @Test(arguments: ["noise", "smooth", "background", "section"])
  func `waterz finds the same fragments and segments`(name: String) throws {
    let golden = try GoldenSegmentation(name)
    let box = VoxelBox(
      extent: VoxelExtent(z: golden.shape[0], y: golden.shape[1], x: golden.shape[2]))
    let affinities = Volume<Float>(
      channels: 3, box: box, values: golden.affinities.map { Float($0) / 65536 })
    let fragments = watershed(
      affinities: affinities, box: box, volume: box,
      parameters: WatershedParameters(low: golden.low, high: golden.high))
    #expect(canonical(fragments.labels.values) == canonical(golden.fragments))
    #expect(fragments.count > 3)
    let tree = try agglomerated(
      affinities, fragments.labels.converted(to: UInt64.self), blocks: VoxelExtent(cube: 5))
    for (threshold, expected) in zip(golden.thresholds, golden.segments) {
      let table = tree.segmentTable(threshold: threshold)
      let segments = fragments.labels.values.map { table[Int($0)] }
      #expect(canonical(segments) == canonical(expected), "threshold \(threshold)")
    }
  }
}
