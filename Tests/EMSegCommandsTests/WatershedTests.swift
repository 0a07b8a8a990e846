import Codecs
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

@Suite struct WatershedTests {
  private static let extent = VoxelExtent(z: 21, y: 39, x: 43)

  /// Blobs of high affinities with boundaries between them and noise.
  private static func affinities(channels: Int = 3, extent: VoxelExtent = extent) -> Volume<UInt8> {
    var generator = SeededGenerator(seed: 31)
    var values: [UInt8] = []
    for _ in 0..<channels {
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          for x in 0..<extent.x {
            let isBoundary = z % 9 == 4 || y % 11 == 5 || (x + z) % 13 == 6
            let level = isBoundary ? 40 : 200
            values.append(UInt8(level + Int.random(in: -40...40, using: &generator)))
          }
        }
      }
    }
    return Volume(channels: channels, box: VoxelBox(extent: extent), values: values)
  }

  /// Steps to the neighbours along z, y and x.
  private static func offsets(_ step: Int64) -> JSONValue {
    .array(
      (0..<3).map { axis in .array((0..<3).map { .integer($0 == axis ? step : 0) }) })
  }

  /// Stores affinities with their offsets.
  private static func store<Scalar: VoxelScalar>(
    _ volume: Volume<Scalar>, at path: String, voxelSize: VoxelSize = VoxelSize(z: 1, y: 1, x: 1),
    attributes: JSONObject = ["offsets": offsets(-1), "affinity_polarity": .string("same")]
  ) throws {
    let image = try OMEZarrImage.create(
      ImageSpecification(
        name: "affinities", extent: volume.extent, channels: volume.channels,
        dataType: Scalar.dataType, voxelSize: voxelSize,
        layout: ChunkLayout(chunk: volume.extent), levelLimit: 1, attributes: attributes),
      at: path)
    _ = try image.levels[0].write(volume)
  }

  @Test(arguments: [
    ["--low", "0.2"],
    ["--low", "0.2", "--merge-size", "300"],
    ["--low", "0.2", "--merge-size", "40", "--merge-affinity", "0.6", "--dust", "12"],
    [
      "--method", "distance-transform", "--boundary", "0.4", "--seed-window", "6", "--boundaries",
      "background",
    ],
    [
      "--method", "distance-transform", "--boundary", "0.5", "--sections", "always",
      "--merge-size", "30", "--reach", "5",
    ],
    [
      "--method", "distance-transform", "--boundary-links", "minimum", "--dust", "20", "--boundary",
      "0.4",
    ],
  ])
  func `any blocks and threads give the same fragments`(options: [String]) throws {
    let folder = TemporaryFolder()
    try Self.store(Self.affinities(), at: folder("a.zarr"))
    var expected: [UInt64] = []
    for (number, blocks) in [
      ["--block", "64,64,64"], ["--block", "7,16,11", "--threads", "3"],
      ["--block", "16,9,40", "--threads", "1"],
    ].enumerated() {
      let output = folder("f\(number).zarr")
      let outcome = emseg(["watershed", folder("a.zarr"), "--output", output] + options + blocks)
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      let found = try labels(at: output)
      if expected.isEmpty {
        expected = found
        #expect(outcome["fragments"] == "\(found.max() ?? 0)")
        #expect(Set(found).subtracting([0]).count == Int(found.max() ?? 0))
        #expect(found.contains { $0 > 2 })
        #expect(outcome["voxels"] == "\(found.count { $0 != 0 })")
      } else {
        #expect(found == expected, "\(blocks)")
      }
    }
  }

  @Test func `merging leaves fewer fragments of the same voxels, dust fewer voxels`() throws {
    let folder = TemporaryFolder()
    try Self.store(Self.affinities(), at: folder("a.zarr"))
    var counts: [(fragments: Int, voxels: Int, dropped: Int)] = []
    for (name, options) in [
      ("plain", []), ("merged", ["--merge-size", "100"]),
      ("clean", ["--merge-size", "100", "--merge-affinity", "0.7", "--dust", "100"]),
    ] {
      let outcome = emseg(
        ["watershed", folder("a.zarr"), "--low", "0.2", "--output", folder(name)] + options)
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      counts.append(
        (
          outcome["fragments"].flatMap(Int.init) ?? 0, outcome["voxels"].flatMap(Int.init) ?? 0,
          outcome["dropped"].flatMap(Int.init) ?? 0
        ))
    }
    #expect(counts[1].fragments < counts[0].fragments)
    #expect(counts[1].voxels == counts[0].voxels)
    #expect(counts[2].dropped > 0)
    #expect(counts[2].voxels < counts[0].voxels)
    var sizes: [UInt64: Int] = [:]
    for label in try labels(at: folder("clean")) { sizes[label, default: 0] += 1 }
    #expect(sizes.allSatisfy { $0.key == 0 || $0.value >= 100 })
  }

  @Test func `sections follow the voxel size`() throws {
    let folder = TemporaryFolder()
    for (name, z, count) in [("flat", 40.0, 3), ("cube", 4.0, 1)] {
      let volume = Volume<UInt8>(
        channels: 3, box: VoxelBox(extent: VoxelExtent(z: 3, y: 9, x: 9)), fill: 250)
      try Self.store(volume, at: folder(name), voxelSize: VoxelSize(z: z, y: 4, x: 4))
      let outcome = emseg(
        "watershed", folder(name), "--method", "distance-transform", "--output",
        folder(name + ".ids"))
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      #expect(outcome["fragments"] == "\(count)")
    }
  }

  @Test(arguments: [
    ["--boundary", "0.5"], ["--sections", "always"], ["--seed-window", "4"],
    ["--method", "distance-transform", "--high", "0.9"],
    ["--method", "distance-transform", "--boundaries", "background", "--low", "0.1"],
    ["--method", "distance-transform", "--merge-affinity", "0.1"],
    ["--method", "distance-transform", "--boundary", "1"],
    ["--low", "0.5", "--merge-affinity", "0.4"], ["--low", "0.5", "--high", "0.5"],
    ["--method", "flooding"], ["--merge-size", "-1"], ["--seed-window", "0"],
  ])
  func `options that contradict each other are a wrong command line`(options: [String]) throws {
    let folder = TemporaryFolder()
    try Self.store(Self.affinities(extent: VoxelExtent(cube: 4)), at: folder("a.zarr"))
    let outcome = emseg(["watershed", folder("a.zarr"), "--output", folder("f.zarr")] + options)
    #expect(outcome.status == 64, "\(outcome.diagnostics)")
    #expect(folderContents(folder.path) == ["a.zarr"])
  }

  @Test(arguments: [[String](), ["--method", "distance-transform"], ["--merge-size", "50"]])
  func `thin, small and empty volumes are segmented`(options: [String]) throws {
    let folder = TemporaryFolder()
    for (number, (extent, fill)) in [
      (VoxelExtent(z: 1, y: 1, x: 30), UInt8(250)), (VoxelExtent(z: 30, y: 1, x: 1), 250),
      (VoxelExtent(z: 1, y: 20, x: 20), 250), (VoxelExtent(cube: 1), 250),
      (VoxelExtent(cube: 12), 0),
    ].enumerated() {
      try Self.store(
        Volume<UInt8>(channels: 3, box: VoxelBox(extent: extent), fill: fill),
        at: folder("a\(number)"))
      let outcome = emseg(
        ["watershed", folder("a\(number)"), "--block", "4,5,6", "--output", folder("f\(number)")]
          + options)
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      // One voxel has no link, so it is background as it is where no affinity is high.
      #expect(outcome["fragments"] == (number < 3 ? "1" : "0"), "\(extent)")
    }
  }

  @Test(arguments: [
    (Float.nan, "nan"), (1.5, "1.5"), (-0.25, "-0.25"), (.infinity, "inf"),
  ])
  func `a value that is no affinity is refused with its place`(
    value: Float, text: String
  ) throws {
    let folder = TemporaryFolder()
    var volume = Volume<Float>(
      channels: 3, box: VoxelBox(extent: VoxelExtent(cube: 8)), fill: 0.5)
    volume[VoxelPosition(z: 2, y: 3, x: 5), channel: 1] = value
    try Self.store(volume, at: folder("a.zarr"))
    for method in ["steepest-ascent", "distance-transform"] {
      let outcome = emseg(
        "watershed", folder("a.zarr"), "--method", method, "--output", folder(method))
      #expect(outcome.status == 65, "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("2,3,5"))
      #expect(outcome.diagnostics.contains(text))
    }
  }

  @Test func `volumes that are no affinities are refused`() throws {
    let folder = TemporaryFolder()
    let cases: [(String, JSONObject)] = [
      ("channels 2", [:]),
      ("flipped", ["offsets": Self.offsets(1)]),
      ("polarity", ["affinity_polarity": .string("different")]),
    ]
    for (name, attributes) in cases {
      try Self.store(
        Self.affinities(channels: name == "channels 2" ? 2 : 3, extent: VoxelExtent(cube: 6)),
        at: folder(name), attributes: attributes)
      let outcome = emseg("watershed", folder(name), "--output", folder("out"))
      #expect(outcome.status == 65, "\(name): \(outcome.diagnostics)")
      #expect(!folderContents(folder.path).contains("out"))
    }
  }
}
