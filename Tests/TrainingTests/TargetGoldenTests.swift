import Codecs
import Glibc
import TestSupport
import Testing
import Training
import Voxels

/// Targets beside those of peers, written by tools/golden/targets.py.
struct TargetGoldenTests {
  @Test(arguments: ["nearest", "long-range"])
  func `affinities are gunpowder's`(name: String) throws {
    let golden = try Golden("gunpowder-1.4.4", "affinities-\(name)")
    let offsets = try #require(golden.members["offsets"]).shortText
    let made = try target(#"{"name": "affinities", "offsets": \#(offsets)}"#)
      .make(from: golden.sample, in: golden.labels.box)
    #expect(values(made.values).map { Double($0) } == golden.values)
    #expect(values(made.weights).map { Double($0) } == (try golden.numbers("weights")))
  }

  @Test(arguments: ["one", "two-in-sections"])
  func `boundaries grow as gunpowder grows them`(name: String) throws {
    let golden = try Golden("gunpowder-1.4.4", "grown-boundary-\(name)")
    let steps = try #require(golden.members["steps"]?.int)
    let axes = golden.members["only_xy"]?.bool == true ? "yx" : "zyx"
    let made = try target(
      #"{"name": "boundary", "width": \#(steps), "width_axes": "\#(axes)"}"#
    ).make(from: golden.sample, in: golden.labels.box)
    #expect(values(made.values) == golden.values.map { $0 == 0 ? 1 : 0 })
    #expect(values(made.weights).allSatisfy { $0 == 1 })
  }

  @Test func `boundaries are scikit-image's thick ones and the background`() throws {
    let golden = try Golden("scikit-image-0.26.0", "thick-boundaries")
    let made = try target(#"{"name": "boundary"}"#)
      .make(from: golden.sample, in: golden.labels.box)
    #expect(values(made.values).map { Double($0) } == golden.values)
  }

  @Test(arguments: ["cubic", "anisotropic", "downsampled", "at-the-border"])
  func `shape descriptors are those of lsds`(name: String) throws {
    let golden = try Golden("lsds-0.1.3", "shape-descriptors-\(name)")
    let sigma = try golden.numbers("sigma")
    let downsample = try #require(golden.members["downsample"]?.int)
    let start = try golden.numbers("begin").map { Int($0) }
    let extent = try golden.numbers("extent").map { Int($0) }
    let box = VoxelBox(
      origin: VoxelPosition(z: start[0], y: start[1], x: start[2]),
      extent: VoxelExtent(z: extent[0], y: extent[1], x: extent[2]))
    let made = try target(
      #"{"name": "shape_descriptors", "sigma": \#(sigma), "downsample": \#(downsample)}"#
    ).make(from: golden.sample, in: box)
    let found = values(made.values)
    // lsds sums coordinates from the volume's corner in single precision: its variances carry
    // errors of 10⁻⁵, which the correlations of thin slivers amplify.
    let worst = zip(found, golden.values).map { abs(Double($0) - $1) }.max() ?? 1
    #expect(found.count == golden.values.count)
    #expect(worst < 1e-3)
  }

  @Test(arguments: ["cubic", "anisotropic"])
  func `distances are scipy's`(name: String) throws {
    let golden = try Golden("scipy-1.17.1", "distances-\(name)")
    let scale = 40.0
    let made = try target(#"{"name": "distance", "scale": \#(scale)}"#)
      .make(from: golden.sample, in: golden.labels.box)
    for (found, distance) in zip(values(made.values), golden.values) {
      let expected = 0.5 + 0.5 * tanh(min(max(distance, -3 * scale), 3 * scale) / scale)
      #expect(abs(Double(found) - expected) < 1e-5)
    }
  }
}

/// One golden case.
private struct Golden {
  let members: JSONObject
  let labels: Volume<UInt64>
  let values: [Double]
  let voxelSize: VoxelSize

  init(_ peer: String, _ name: String) throws {
    let text = contents(of: "\(volumes)/golden/\(peer)/targets/\(name).json")
    members = try #require(try JSONValue(parsing: text).object)
    let shape = try #require(members["shape"]?.array).compactMap(\.int)
    let ids = try #require(members["labels"]?.array).compactMap(\.int)
    labels = Volume(
      box: VoxelBox(extent: VoxelExtent(z: shape[0], y: shape[1], x: shape[2])),
      values: ids.map { UInt64($0) })
    values = try #require(members["values"]?.array).compactMap(\.double)
    let size = members["voxel_size"]?.array?.compactMap(\.double) ?? [10, 10, 10]
    voxelSize = VoxelSize(z: size[0], y: size[1], x: size[2])
  }

  var sample: TrainingSample { TrainingTests.sample(labels, voxelSize: voxelSize) }

  func numbers(_ name: String) throws -> [Double] {
    try #require(members[name]?.array).compactMap(\.double)
  }
}
