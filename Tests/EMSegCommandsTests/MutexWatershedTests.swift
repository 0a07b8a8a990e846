import Codecs
import CommandLineInterface
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct MutexWatershedTests {
  /// The offsets of models/fib-affinity.train.json.
  private static let offsets: [[Int]] = [
    [-1, 0, 0], [0, -1, 0], [0, 0, -1], [-3, 0, 0], [0, -3, 0], [0, 0, -3], [-9, 0, 0], [0, -9, 0],
    [0, 0, -9],
  ]

  private static func attributes(_ offsets: [[Int]]) -> JSONObject {
    [
      "offsets": .array(offsets.map { .array($0.map { .integer(Int64($0)) }) }),
      "affinity_polarity": .string("same"),
    ]
  }

  /// Stores affinities, chunk by chunk.
  private static func store<Scalar: VoxelScalar>(
    _ volume: Volume<Scalar>, at path: String, attributes: JSONObject
  ) throws {
    let chunk = VoxelExtent(cube: 16)
    let image = try OMEZarrImage.create(
      ImageSpecification(
        name: "affinities", extent: volume.extent, channels: volume.channels,
        dataType: Scalar.dataType, voxelSize: VoxelSize(z: 10, y: 10, x: 10),
        layout: ChunkLayout(chunk: chunk), levelLimit: 1, attributes: attributes), at: path)
    let extent = volume.extent
    for z in stride(from: 0, to: extent.z, by: chunk.z) {
      for y in stride(from: 0, to: extent.y, by: chunk.y) {
        for x in stride(from: 0, to: extent.x, by: chunk.x) {
          let box = VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: chunk)
            .intersection(volume.box)
          _ = try image.levels[0].write(volume.cropped(to: box))
        }
      }
    }
  }

  /// Affinities of labels: 1 within an object, 0 elsewhere, with noise that changes no decision of
  /// near links.
  private static func affinities(
    of labels: Volume<UInt64>, offsets: [[Int]] = offsets, noise: Int, seed: UInt64 = 1
  ) -> Volume<UInt8> {
    var generator = SeededGenerator(seed: seed)
    let box = labels.box
    var result = Volume<UInt8>(channels: offsets.count, box: box)
    for (channel, offset) in offsets.enumerated() {
      let step = VoxelExtent(z: offset[0], y: offset[1], x: offset[2])
      for z in 0..<box.extent.z {
        for y in 0..<box.extent.y {
          for x in 0..<box.extent.x {
            let position = VoxelPosition(z: z, y: y, x: x)
            let other = position + step
            let isSame =
              box.contains(other) && labels[position] == labels[other] && labels[position] != 0
            let change = UInt8(noise == 0 ? 0 : Int.random(in: 0...noise, using: &generator))
            result[position, channel: channel] = isSame ? 255 - change : change
          }
        }
      }
    }
    return result
  }

  /// A folder with `affinities.zarr` of a phantom, `truth.zarr`, and the truth.
  private static func phantom(
    noise: Int, extent: String = "20,33,35"
  ) throws -> (folder: TemporaryFolder, truth: Volume<UInt64>) {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: extent).status == 0)
    let array = try ZarrArray.openVolume(at: folder("truth.zarr"))
    let truth = try array.readConverting(array.metadata.box, to: UInt64.self)
    try store(
      affinities(of: truth, noise: noise), at: folder("affinities.zarr"),
      attributes: attributes(offsets))
    return (folder, truth)
  }

  private static func canonical(_ labels: [UInt64]) -> [Int] {
    var names: [UInt64: Int] = [0: 0]
    return labels.map { label in
      let name = names[label] ?? names.count
      names[label] = name
      return name
    }
  }

  @discardableResult
  private static func run(
    _ folder: TemporaryFolder, _ output: String, _ words: String...
  ) throws -> Outcome {
    let outcome = emseg(
      ["mutex-watershed", folder("affinities.zarr"), "--output", folder(output)] + words)
    try #require(outcome.status == 0, "\(words): \(outcome.diagnostics)")
    return outcome
  }

  @Test(arguments: [0, 40])
  func `affinities of labels give the labels, by voxels and by supervoxels`(noise: Int) throws {
    let (folder, truth) = try Self.phantom(noise: noise)
    let expected = values(truth)
    /// Noise may join voxels of the background, but never changes objects.
    func objects(_ labels: [UInt64]) -> [Int] {
      Self.canonical(zip(labels, expected).filter { noise == 0 || $1 != 0 }.map { $0.0 })
    }
    let outcome = try Self.run(folder, "voxels", "--minimum-voxels", "2")
    let found = try labels(at: folder("voxels"))
    #expect(Self.canonical(found) == found.map { Int($0) }, "ids are not in raster order")
    #expect(objects(found) == objects(expected))
    #expect(outcome["segments"] == "\(found.max() ?? 0)")
    #expect(outcome["segmented_voxels"] == "\(found.count { $0 != 0 })")

    let fragments = emseg(
      "watershed", folder("affinities.zarr"), "--low", "0.45", "--output", folder("fragments"))
    try #require(fragments.status == 0, "\(fragments.diagnostics)")
    try Self.run(
      folder, "joined", "--fragments", folder("fragments"), "--minimum-voxels", "2")
    #expect(try objects(labels(at: folder("joined"))) == objects(expected))
    #expect(emseg("verify", folder("joined")).status == 0)
  }

  @Test func `neither blocks nor threads nor the order of channels change a voxel`() throws {
    let (folder, truth) = try Self.phantom(noise: 127)
    try Self.run(folder, "a", "--minimum-voxels", "3")
    let expected = try labels(at: folder("a"))
    try Self.run(
      folder, "b", "--minimum-voxels", "3", "--block", "7,9,11", "--threads", "3")
    #expect(try labels(at: folder("b")) == expected)
    // The channels the other way round, with one that has no links.
    let offsets = Self.offsets + [[0, 0, 0]]
    let source = Self.affinities(of: truth, noise: 127)
    let count = truth.extent.voxelCount
    let bytes = values(source)
    var reversed = [UInt8](repeating: 77, count: count)
    for channel in (0..<9).reversed() { reversed += bytes[channel * count..<(channel + 1) * count] }
    try Self.store(
      Volume(channels: 10, box: truth.box, values: reversed), at: folder("reversed.zarr"),
      attributes: Self.attributes(offsets.reversed()))
    let outcome = emseg(
      "mutex-watershed", folder("reversed.zarr"), "--output", folder("c"), "--minimum-voxels", "3")
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(try labels(at: folder("c")) == expected)
  }

  @Test func `supervoxels are joined alike in any blocks, and other biases gather nothing anew`()
    throws
  {
    let (folder, _) = try Self.phantom(noise: 127)
    try #require(
      emseg("watershed", folder("affinities.zarr"), "--output", folder("fragments")).status == 0)
    let fragments = folder("fragments")
    try Self.run(folder, "a", "--fragments", fragments, "--strides", "1,2,3")
    let expected = try labels(at: folder("a"))
    #expect(Self.canonical(expected) == expected.map { Int($0) })
    try Self.run(
      folder, "b", "--fragments", fragments, "--strides", "1,2,3", "--block", "8,9,10",
      "--threads", "3")
    #expect(try labels(at: folder("b")) == expected)
    #expect(try labels(at: fragments) != expected)

    let graph = folder("a.graph")
    let before = filesBelow(graph).map { contents(of: "\(graph)/\($0)") }
    try Self.run(
      folder, "c", "--fragments", fragments, "--strides", "1,2,3", "--graph", graph, "--bias",
      "0.4,0.7")
    #expect(filesBelow(graph).map { contents(of: "\(graph)/\($0)") } == before)
    let stale = emseg(
      "mutex-watershed", folder("affinities.zarr"), "--output", folder("d"), "--fragments",
      fragments, "--graph", graph)
    #expect(stale.status != 0 && stale.diagnostics.contains("--graph"), "\(stale.diagnostics)")
  }

  @Test func `outside a mask is background`() throws {
    let (folder, truth) = try Self.phantom(noise: 0)
    let marks = truth.box.extent.voxelCount
    let mask = Volume<UInt8>(box: truth.box, values: (0..<marks).map { $0 % 35 < 17 ? 1 : 0 })
    try EMSegCommandsTests.store(mask, at: folder("mask"))
    try Self.run(folder, "a", "--mask", folder("mask"), "--minimum-voxels", "2")
    let found = try labels(at: folder("a"))
    #expect(found.indices.allSatisfy { $0 % 35 < 17 || found[$0] == 0 })
    #expect(found.contains { $0 != 0 })
  }

  @Test(arguments: ["1,24,26", "3,1,40", "1,1,1"])
  func `thin volumes are segmented`(extent: String) throws {
    let (folder, _) = try Self.phantom(noise: 0, extent: extent)
    try Self.run(folder, "a", "--minimum-voxels", "0")
    let fragments = emseg("watershed", folder("affinities.zarr"), "--output", folder("fragments"))
    try #require(fragments.status == 0, "\(fragments.diagnostics)")
    try Self.run(folder, "b", "--fragments", folder("fragments"))
  }

  @Test func `no supervoxels are no segments`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(cube: 6))
    try Self.store(
      Volume<UInt8>(channels: 9, box: box), at: folder("affinities.zarr"),
      attributes: Self.attributes(Self.offsets))
    try #require(
      emseg("watershed", folder("affinities.zarr"), "--output", folder("fragments")).status == 0)
    let outcome = try Self.run(folder, "a", "--fragments", folder("fragments"))
    #expect(outcome["segments"] == "0")
    #expect(try labels(at: folder("a")).allSatisfy { $0 == 0 })
    // Voxels that nothing joins are segments of one voxel each, and too small.
    #expect(try Self.run(folder, "b")["segments"] == "0")
    #expect(try Self.run(folder, "c", "--minimum-voxels", "0")["segments"] == "216")
  }

  // MARK: Refusals

  private static func refused(
    _ words: [String], status: Int32 = 65, saying parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let outcome = emseg(["mutex-watershed"] + words)
    #expect(outcome.status == status, "\(outcome.diagnostics)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(
        outcome.diagnostics.contains(part), "\(part) in \(outcome.diagnostics)",
        sourceLocation: sourceLocation)
    }
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    ([[-1, 0, 0], [0, -1, 0], [0, 0, -1]], "--affinities all"),
    ([[-1, 0, 0], [0, 0, -1], [0, 0, -3]], "neighbours along y"),
    ([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [0, 0, -3]], "another offsets"),
    ([[-1, 0, 0], [0, -1, 0], [0, 0, -5_000_000_000]], "impossible"),
  ])
  func `offsets that do not do are refused`(offsets: [[Int]], part: String) throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(cube: 4))
    try Self.store(
      Volume<UInt8>(channels: 3, box: box), at: folder("a"), attributes: Self.attributes(offsets))
    Self.refused([folder("a"), "--output", folder("o")], saying: part, "found: ", "remedy: ")
    #expect(!folderContents(folder.path).contains { $0.hasPrefix("o") })
  }

  @Test func `channels without stated offsets, or of the other polarity, are refused`() throws {
    let folder = TemporaryFolder()
    let volume = Volume<UInt8>(channels: 6, box: VoxelBox(extent: VoxelExtent(cube: 4)))
    try Self.store(volume, at: folder("a"), attributes: [:])
    Self.refused(
      [folder("a"), "--output", folder("o")], saying: "does not say", "offsets", "remedy: ")
    var attributes = Self.attributes(Array(Self.offsets.prefix(6)))
    attributes["affinity_polarity"] = .string("boundary")
    try Self.store(volume, at: folder("b"), attributes: attributes)
    Self.refused([folder("b"), "--output", folder("o")], saying: "polarity", "remedy: ")
    try EMSegCommandsTests.store(
      Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 4))), at: folder("c"), kind: .image)
    Self.refused([folder("c"), "--output", folder("o")], saying: "not an affinity volume")
  }

  @Test(arguments: [Float.nan, -0.01, 1.01, .infinity])
  func `values that are no affinities are refused, by place`(value: Float) throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 4, y: 5, x: 20))
    var volume = Volume<Float>(channels: 9, box: box, fill: 0.5)
    volume[VoxelPosition(z: 2, y: 3, x: 17), channel: 4] = value
    try Self.store(volume, at: folder("a"), attributes: Self.attributes(Self.offsets))
    Self.refused(
      [folder("a"), "--output", folder("o")], saying: "no affinity", "2,3,17", "channel 4",
      "remedy: ")
    try EMSegCommandsTests.store(Volume<UInt64>(box: box, fill: 1), at: folder("f"))
    _ = try OMEZarrImage.open(at: folder("f")).replacingAttributes(["labels": .integer(1)])
    Self.refused(
      [folder("a"), "--fragments", folder("f"), "--output", folder("p")], saying: "no affinity",
      "2,3,17", "remedy: ")
  }

  @Test func `what does not fit in memory is refused with what would help`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 64, y: 64, x: 256))
    try Self.store(
      Volume<UInt8>(channels: 9, box: box, fill: 200), at: folder("a"),
      attributes: Self.attributes(Self.offsets))
    Self.refused(
      [folder("a"), "--output", folder("o"), "--memory", "70MiB"], saying: "too large",
      "--fragments", "--memory", "--strides")
    try EMSegCommandsTests.store(Volume<UInt64>(box: box, fill: 1), at: folder("f"))
    _ = try OMEZarrImage.open(at: folder("f")).replacingAttributes(["labels": .integer(4_000_000)])
    Self.refused(
      [
        folder("a"), "--fragments", folder("f"), "--output", folder("o"), "--memory", "100MiB",
      ], saying: "graph of supervoxels", "--memory 309MiB")
  }

  @Test func `what must be kept apart is refused where it takes too much`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 48, y: 48, x: 48))
    var generator = SeededGenerator(seed: 3)
    let bytes = (0..<9 * box.extent.voxelCount).map { _ in
      UInt8(truncatingIfNeeded: generator.next())
    }
    try Self.store(
      Volume(channels: 9, box: box, values: bytes), at: folder("a"),
      attributes: Self.attributes(Self.offsets))
    Self.refused(
      [folder("a"), "--output", folder("o"), "--memory", "69MiB"], saying: "kept apart",
      "--strides", "--fragments")
  }

  @Test func `supervoxels that do not go with the affinities are refused`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 6, y: 7, x: 8))
    try Self.store(
      Volume<UInt8>(channels: 9, box: box, fill: 200), at: folder("a"),
      attributes: Self.attributes(Self.offsets))
    func check(_ fragments: Volume<UInt64>, labels: Int?, _ part: String) throws {
      let path = folder("f")
      try EMSegCommandsTests.store(fragments, at: path)
      if let labels {
        _ = try OMEZarrImage.open(at: path).replacingAttributes(["labels": .integer(Int64(labels))])
      }
      Self.refused(
        [folder("a"), "--fragments", path, "--output", folder("o"), "--force"], saying: part)
      try FileStore.removeTree(at: path)
      try FileStore.removeTree(at: folder("o.graph"))
      try FileStore.removeTree(at: folder("o.unfinished"))
    }
    try check(
      Volume(box: VoxelBox(extent: VoxelExtent(cube: 6)), fill: 1), labels: 1, "do not go together")
    try check(Volume(box: box, fill: 1), labels: nil, "number of supervoxels")
    try check(Volume(box: box, fill: 1), labels: 1 << 32, "impossible")
    try check(Volume(box: box, fill: 2), labels: 1, "too large")
    try check(Volume(box: box, fill: .max), labels: 1, "18446744073709551615")
  }

  @Test func `options that do not go together are refused`() {
    for (words, part) in [
      (["--bias", "0.5"], "--bias"), (["--bias", "0.5,1.5"], "--bias"),
      (["--strides", "0,1,1"], "--strides"), (["--graph", "g"], "--fragments"),
      (["--mask", "m", "--fragments", "f"], "--mask"),
    ] {
      Self.refused(["a", "--output", "o"] + words, status: 64, saying: part)
    }
  }
}
