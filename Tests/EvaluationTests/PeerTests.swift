import Evaluation
import FoundationEssentials
import Skeletons
import Synapses
import TestSupport
import Testing
import Voxels

// What other evaluations give; written by tools/golden/evaluation.py.

private func golden<Content: Decodable>(_ name: String, _ type: Content.Type) throws -> Content {
  let data = try Data(contentsOf: URL(filePath: "\(volumes)/golden/\(name).json"))
  return try JSONDecoder().decode(Content.self, from: data)
}

private struct PeerScores: Decodable {
  var split: Double, merge: Double
  var arand: Double?, precision: Double?, recall: Double?, score: Double?
  var voxels: Int?
}

/// The volumes that the script scores, by the same formulas.
private struct FormulaVolumes {
  static let box = VoxelBox(extent: VoxelExtent(cube: 40))

  static func make(_ label: (Int, Int, Int) -> UInt64) -> Volume<UInt64> {
    var volume = Volume<UInt64>(box: box)
    for z in 0..<40 {
      for y in 0..<40 {
        var row = volume.mutableRow(z: z, y: y)
        for x in 0..<40 { row[x] = label(z, y, x) }
      }
    }
    return volume
  }

  static func solid(z: Int, y: Int, x: Int) -> UInt64 {
    UInt64(1 + (z + y * y / 37) / 13 % 4 * 9 + (y + x / 3) / 11 % 3 * 3 + (x + z / 2) / 15 % 3)
  }

  static func truth(z: Int, y: Int, x: Int, background: UInt64 = 0) -> UInt64 {
    (7 * z + 5 * y + 3 * x) % 11 == 0 ? background : solid(z: z, y: y, x: x)
  }

  static let segmentation = make { z, y, x in
    (5 * z + 3 * y + 7 * x) % 13 == 0
      ? 0
      : UInt64(
        1 + (z + 2 + y * y / 41) / 13 % 4 * 16 + (y + x / 4) / 12 % 4 * 4 + (x + z / 3) / 11 % 4)
  }

  static func table(truth: Volume<UInt64>, mask: Volume<UInt8>? = nil) -> ContingencyTable {
    var table = ContingencyTable()
    table.add(segmentation: segmentation, truth: truth, mask: mask)
    return table
  }
}

private func isClose(_ value: Double, _ expected: Double?) -> Bool {
  expected.map { abs(value - $0) < 1e-9 } ?? true
}

struct VolumePeerTests {
  @Test func `gala and scikit-image give the same under their conventions`() throws {
    let table = FormulaVolumes.table(
      truth: FormulaVolumes.make { FormulaVolumes.truth(z: $0, y: $1, x: $2) })
    let gala = try golden("gala-db73a1c/evaluation/volumes", [String: PeerScores].self)
    let skimage = try golden("scikit-image-0.26.0/evaluation/volumes", [String: PeerScores].self)
    for (name, convention) in BackgroundConvention.named where name != "snemi" {
      let information = try #require(VariationOfInformation(of: table, convention: convention))
      let expected = try #require(gala[name])
      #expect(isClose(information.split, expected.split), "\(name)")
      #expect(isClose(information.merge, expected.merge), "\(name)")
    }
    let scores = try #require(SegmentationScores(of: table))
    let expected = try #require(skimage["cremi"])
    #expect(isClose(scores.information.split, expected.split))
    #expect(isClose(scores.information.merge, expected.merge))
    // It leaves out the pairs of a voxel with itself, which are few.
    #expect(abs(scores.rand.error - (expected.arand ?? 0)) < 1e-3)
  }

  @Test(arguments: ["plain", "unlabelled", "border", "border-far"])
  func `CREMI's script gives the same`(name: String) throws {
    let expected = try #require(
      try golden("cremi_python-aa6d211/evaluation/volumes", [String: PeerScores].self)[name])
    // It counts truth 0 as an object and leaves out 2⁶⁴ − 1.
    var convention = BackgroundConvention.whole
    let table: ContingencyTable
    switch name {
    case "plain", "unlabelled":
      let background: UInt64 = name == "plain" ? 0 : .max
      table = FormulaVolumes.table(
        truth: FormulaVolumes.make {
          FormulaVolumes.truth(z: $0, y: $1, x: $2, background: background)
        }
      ).removing(truth: [.max])
    default:
      let truth = FormulaVolumes.make { FormulaVolumes.solid(z: $0, y: $1, x: $2) }
      let border = BorderMask(
        distance: name == "border" ? 8 : 11.9, voxelSize: VoxelSize(z: 40, y: 4, x: 4))
      table = FormulaVolumes.table(
        truth: truth, mask: border.counted(labels: truth, box: FormulaVolumes.box))
    }
    let scores = try #require(SegmentationScores(of: table, convention: convention))
    #expect(scores.information.voxelCount == expected.voxels)
    #expect(isClose(scores.information.split, expected.split))
    #expect(isClose(scores.information.merge, expected.merge))

    // Its Rand error takes each voxel of segmentation 0 for a segment, as SNEMI3D's does, but gives
    // all of them together the weight of one part in the number of voxels of the *whole* volume.
    convention.segmentation = .singletons
    let rand = try #require(AdaptedRandError(of: table, convention: convention))
    let alone = Double(
      table.overlaps.filter { $0.segmentation == 0 }.reduce(0) { $0 + $1.voxelCount })
    let segments = Dictionary(
      table.overlaps.filter { $0.segmentation != 0 }.map { ($0.segmentation, $0.voxelCount) },
      uniquingKeysWith: +
    ).values.reduce(0.0) { $0 + Double($1 * $1) }
    let objects = Dictionary(
      table.overlaps.map { ($0.truth, $0.voxelCount) }, uniquingKeysWith: +
    ).values.reduce(0.0) { $0 + Double($1 * $1) }
    let both = rand.recall * objects - alone + alone / 64_000
    let (precision, recall) = (both / (segments + alone / 64_000), both / objects)
    #expect(isClose(precision, expected.precision))
    #expect(isClose(recall, expected.recall))
    #expect(isClose(1 - 2 * precision * recall / (precision + recall), expected.arand))
    // With objects of many voxels, that is next to nothing.
    #expect(abs(rand.error - (expected.arand ?? 0)) < 0.01)
  }
}

private struct PeerSkeletons: Decodable {
  struct Node: Decodable {
    var position: [Double]
    var parent: Int?
    var segment: UInt64
  }
  var skeletons: [[Node]]
  var erl: Double
  var edges: [[Int]]
  var merging: [UInt64]
  var zero_merges: Bool
}

struct SkeletonPeerTests {
  @Test(arguments: 0..<6)
  func `funlib gives the same run lengths and edges`(index: Int) throws {
    let cases = try golden("funlib.evaluate-d2852b3/evaluation/skeletons", [PeerSkeletons].self)
    let expected = cases[index]
    let traced = expected.skeletons.map { nodes in
      TracedSkeleton(
        name: "",
        skeleton: Skeleton(
          nodes: nodes.map {
            Skeleton.Node(
              position: PhysicalPosition(
                z: $0.position[0], y: $0.position[1], x: $0.position[2]), parent: $0.parent)
          }), segments: nodes.map(\.segment))
    }
    let score = try #require(ExpectedRunLength(of: traced))
    // It adds lengths up as 32-bit floats.
    #expect(abs(score.value - expected.erl) < 1e-5 * expected.erl)
    #expect(
      score.skeletons.map { [$0.correct, $0.split, $0.merged, $0.omitted] } == expected.edges)
    #expect(score.merges.map(\.segment) == expected.merging)
    // It names segment 0 among the merging ones, wherever it lies under two skeletons.
    #expect(expected.zero_merges == (index > 0))
  }
}

private struct PeerSynapses: Decodable {
  struct Pair: Decodable {
    var pre: [Double]
    var post: [Double]

    var synapse: Synapse {
      func id(_ place: [Double]) -> UInt64 {
        place.reduce(0) { $0 * 10 + UInt64($1 / 1000) }
      }
      return Synapse(
        pre: PhysicalPosition(z: pre[0], y: pre[1], x: pre[2]),
        post: PhysicalPosition(z: post[0], y: post[1], x: post[2]), preID: id(pre),
        postID: id(post))
    }
  }
  var found: [Pair]
  var `true`: [Pair]
  var f1: Double, precision: Double, recall: Double, distance: Double
  var false_positives: Int, false_negatives: Int
}

struct SynapsePeerTests {
  @Test(arguments: 0..<3)
  func `CREMI's script gives the same`(index: Int) throws {
    let expected = try golden(
      "cremi_python-aa6d211/evaluation/synapses", [PeerSynapses].self)[index]
    let score = SynapseScore(
      of: expected.found.map(\.synapse), with: expected.true.map(\.synapse))
    #expect(isClose(score.f1, expected.f1))
    #expect(isClose(score.precision, expected.precision))
    #expect(isClose(score.recall, expected.recall))
    #expect(score.falsePositives == expected.false_positives)
    #expect(score.falseNegatives == expected.false_negatives)
    #expect(isClose(score.matches.reduce(0) { $0 + $1.distance }, expected.distance))
  }
}
