import FoundationEssentials
import Labels
import Testing
import Voxels

/// What a peer finds in a small volume; written by tools/golden/components.py.
private struct GoldenComponents: Decodable {
  let shape: [Int]
  let values: [UInt64]
  let labels: [String: [UInt64]]

  init(_ case: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = try Data(contentsOf: root.appending(path: "volumes/golden/\(`case`).json"))
    self = try JSONDecoder().decode(Self.self, from: data)
  }
}

struct GoldenComponentsTests {
  @Test(
    arguments: [
      "scipy-1.17.1/components/mask-15", "scipy-1.17.1/components/mask-35",
      "scipy-1.17.1/components/mask-60", "scipy-1.17.1/components/checkerboard",
      "scipy-1.17.1/components/full", "scipy-1.17.1/components/voxel",
      "cc3d-4.1.1/components/cells", "cc3d-4.1.1/components/huge-labels",
      "scikit-image-0.26.0/components/cells",
    ], Neighbourhood.allCases)
  func `peers find the same components`(name: String, neighbourhood: Neighbourhood) throws {
    let golden = try GoldenComponents(name)
    let box = VoxelBox(
      extent: VoxelExtent(z: golden.shape[0], y: golden.shape[1], x: golden.shape[2]))
    let expected = try #require(golden.labels["\(neighbourhood.rawValue)"])
    let result = connectedComponents(
      of: Volume(box: box, values: golden.values), neighbourhood: neighbourhood)
    // Up to relabelling: the peer's numbers and ours must name each other one to one.
    var theirs: [UInt32: UInt64] = [0: 0]
    var ours: [UInt64: UInt32] = [0: 0]
    for (index, label) in expected.enumerated() {
      let own = result.labels.span[index]
      #expect(theirs[own, default: label] == label && ours[label, default: own] == own)
      theirs[own] = label
      ours[label] = own
    }
    #expect(result.count == ours.count - 1)
  }
}
