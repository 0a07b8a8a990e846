import Codecs
import EMSegCommands
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct PredictTests {
  private static let extent = "12,26,24"

  /// A folder with `image.zarr`.
  private static func phantom() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: extent).status == 0)
    return folder
  }

  private static func predict(
    _ folder: TemporaryFolder, _ name: String, image: String = "image.zarr",
    _ options: [String] = []
  ) throws -> Outcome {
    let outcome = emseg(
      ["predict", folder(image), "--model", phantomModel, "--output", folder(name)] + options)
    try #require(outcome.status == 0, "\(options): \(outcome.diagnostics)")
    return outcome
  }

  private static func bytes(_ folder: TemporaryFolder, _ name: String) throws -> [UInt8] {
    let array = try ZarrArray.openVolume(at: folder(name))
    return values(try array.read(array.metadata.box, as: UInt8.self))
  }

  private static func largestStep(_ first: [UInt8], _ second: [UInt8]) -> Int {
    zip(first, second).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
  }

  @Test func `bytes are the floats, rounded`() throws {
    let folder = try Self.phantom()
    _ = try Self.predict(folder, "bytes")
    _ = try Self.predict(folder, "floats", ["--float32"])
    let array = try ZarrArray.openVolume(at: folder("floats"))
    let floats = values(try array.read(array.metadata.box, as: Float.self))
    #expect(try Self.bytes(folder, "bytes") == floats.map { UInt8($0 * 255 + 0.5) })
  }

  @Test func `floats in 0 to 1 and 16-bit grey values give what bytes give`() throws {
    let folder = try Self.phantom()
    let image = try ZarrArray.openVolume(at: folder("image.zarr"))
    let grey = values(try image.read(image.metadata.box, as: UInt8.self))
    let box = image.metadata.box
    try store(
      Volume(box: box, values: grey.map { UInt16($0) * 257 }), at: folder("u16"), kind: .image)
    try store(
      Volume(box: box, values: grey.map { Float($0) / 255 }), at: folder("f32"), kind: .image)
    _ = try Self.predict(folder, "a")
    let expected = try Self.bytes(folder, "a")
    for name in ["u16", "f32"] {
      _ = try Self.predict(folder, name + "a", image: name)
      #expect(Self.largestStep(try Self.bytes(folder, name + "a"), expected) <= 1)
    }
  }

  @Test func `outside a mask nothing is predicted, inside nothing changes`() throws {
    let folder = try Self.phantom()
    let box = VoxelBox(extent: VoxelExtent(z: 12, y: 26, x: 24))
    var mask = Volume<UInt8>(box: box)
    for z in 0..<12 {
      for y in 0..<7 {
        for x in 0..<5 { mask[VoxelPosition(z: z, y: y, x: x)] = 1 }
      }
    }
    try store(mask, at: folder("mask"))
    let tiles = ["--patch", "12,12,12", "--margin", "2,2,2"]
    _ = try Self.predict(folder, "all", tiles)
    let outcome = try Self.predict(folder, "part", tiles + ["--mask", folder("mask")])
    let (all, part) = (try Self.bytes(folder, "all"), try Self.bytes(folder, "part"))
    let marks = values(mask)
    #expect(part == all.indices.map { marks[$0 % marks.count] > 0 ? all[$0] : 0 })
    let count = try #require(outcome["patches"].flatMap(Int.init))
    let skipped = try #require(outcome["patches_skipped"].flatMap(Int.init))
    #expect(count == 1 * 4 * 3 && skipped == count - 1)

    let blocks = try Self.predict(
      folder, "blocks", tiles + ["--mask", folder("mask"), "--block", "7,9,24"])
    #expect(try Self.bytes(folder, "blocks") == part)
    #expect(blocks["patches_skipped"] == outcome["patches_skipped"])

    // One voxel for two along each axis.
    let coarse = Volume<UInt16>(
      box: VoxelBox(extent: VoxelExtent(z: 6, y: 13, x: 12)),
      values: (0..<6 * 13 * 12).map { $0 % 12 < 3 ? 9 : 0 })
    try store(coarse, at: folder("coarse"))
    _ = try Self.predict(folder, "halves", ["--mask", folder("coarse")])
    _ = try Self.predict(folder, "whole")
    let whole = try Self.bytes(folder, "whole")
    #expect(
      try Self.bytes(folder, "halves") == whole.indices.map { $0 % 24 < 6 ? whole[$0] : 0 })

    let wrong = emseg(
      "predict", folder("image.zarr"), "--model", phantomModel, "--output", folder("no"), "--mask",
      folder("all"))
    #expect(wrong.status == 64 && wrong.diagnostics.contains("--mask"))
  }

  @Test func `normalised volumes of another contrast give the same, and say what was measured`()
    throws
  {
    let folder = try Self.phantom()
    let image = try ZarrArray.openVolume(at: folder("image.zarr"))
    let grey = values(try image.read(image.metadata.box, as: UInt8.self))
    let box = image.metadata.box
    let plane = 26 * 24
    try store(
      Volume(box: box, values: grey.map { UInt16($0) * 3 + 1000 }), at: folder("brighter"),
      kind: .image)
    try store(
      Volume(
        box: box,
        values: grey.enumerated().map { Float($1) * Float(1 + $0 / plane % 3) + Float($0 / plane) }),
      at: folder("uneven"), kind: .image)
    for (method, other) in [("volume", "brighter"), ("section", "uneven")] {
      let options = ["--normalize", method]
      let first = try Self.predict(folder, "1" + method, options)
      #expect(first.diagnostics.contains("normalization_mean"))
      _ = try Self.predict(folder, "2" + method, image: other, options)
      #expect(
        Self.largestStep(
          try Self.bytes(folder, "1" + method), try Self.bytes(folder, "2" + method)) <= 1)
    }
    let image1 = try #require(try OMEZarrImage.openIfPresent(at: folder("1volume")))
    let mean = grey.reduce(0) { $0 + Double($1) } / Double(grey.count)
    let record = try #require(image1.attributes["input_statistics"]?.object)
    #expect(abs((record["mean"]?.double ?? 0) - mean) < 1e-9)
    let image2 = try #require(try OMEZarrImage.openIfPresent(at: folder("1section")))
    #expect(
      image2.attributes["input_statistics"]?.object?["section_means"]?.array?.count == 12)
  }

  @Test(arguments: [
    ["--test-time-augmentation", "flips-yx"],
    ["--test-time-augmentation", "turns", "--ensemble", "minimum"],
    ["--blend", "linear", "--patch", "12,16,16", "--margin", "2,2,2"],
    ["--blend", "bump", "--patch", "12,16,16", "--margin", "1,1,1"], ["--border", "padding"],
    ["--patch", "8,12,16", "--margin", "1,2,3"],
  ])
  func `every way to predict gives affinities near the plain ones, whatever the blocks`(
    _ options: [String]
  ) throws {
    let folder = try Self.phantom()
    _ = try Self.predict(folder, "plain")
    _ = try Self.predict(folder, "a", options)
    _ = try Self.predict(folder, "b", options + ["--block", "5,26,11", "--threads", "3"])
    let (plain, found) = (try Self.bytes(folder, "plain"), try Self.bytes(folder, "a"))
    #expect(try Self.bytes(folder, "b") == found)
    #expect(found != plain)
    let agreeing = zip(plain, found).count { ($0 > 127) == ($1 > 127) }
    #expect(Double(agreeing) > 0.8 * Double(plain.count))
  }

  @Test func `a model is known by its name, and chosen by the voxel size`() throws {
    let folder = try Self.phantom()
    _ = try Self.predict(folder, "path")
    let named = emseg(
      "predict", folder("image.zarr"), "--model", "phantom-affinity-unet", "--output",
      folder("name"))
    #expect(named.status == 0, "\(named.diagnostics)")
    #expect(try Self.bytes(folder, "path") == Self.bytes(folder, "name"))
    let unknown = emseg(
      "segment", folder("image.zarr"), "--model", "no-such-model", "--output", folder("p"))
    #expect(unknown.status == 66)
    #expect(unknown.diagnostics.contains("phantom-affinity-unet"))

    for name in ["other", "phantom-other"] {
      overwrite(folder(name + ".onnx"), with: contents(of: phantomModel))
    }
    let models = ShippedModels(folder: folder.path, executable: "")
    for size in [VoxelSize(z: 10, y: 10, x: 10), VoxelSize(z: 9.2, y: 10, x: 10.9)] {
      #expect(try ModelChoice(for: size, of: models).name == "other")
    }
    let error = #expect(throws: (any Error).self) {
      try ModelChoice(for: VoxelSize(z: 30, y: 6, x: 6), of: models)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("other (10,10,10 nm)"))
  }

  @Test func `a stack that no shipped model fits is refused with the list of models`() throws {
    let folder = try Self.phantom()
    let outcome = emseg(
      "segment", folder("image.zarr"), "--voxel-size", "777,777,777", "--output", folder("p"))
    #expect(outcome.status == 65, "\(outcome.diagnostics)")
    for part in ["777,777,777 nm", "--model", "found: ", "expected: ", "remedy: "] {
      #expect(outcome.diagnostics.contains(part), "\(outcome.diagnostics)")
    }
    #expect(!folderContents(folder.path).contains("p"))
  }

  @Test func `patches that memory cannot hold and turns that a model cannot take are refused`()
    throws
  {
    let folder = try Self.phantom()
    for (options, status, text) in [
      (["--patch", "512,512,512", "--margin", "500,500,500"], 65, "--patch"),
      (["--memory", "70MiB", "--patch", "96,96,96", "--margin", "60,60,60"], 65, "--memory"),
      (["--margin", "1,-1,0"], 64, "--margin"), (["--blend", "smooth"], 64, "crop"),
      (["--test-time-augmentation", "some"], 64, "flips"),
    ] {
      let outcome = emseg(
        ["predict", folder("image.zarr"), "--model", phantomModel, "--output", folder("o")]
          + options)
      #expect(outcome.status == status, "\(options): \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains(text), "\(options): \(outcome.diagnostics)")
      #expect(!folderContents(folder.path).contains("o"))
    }
  }
}
