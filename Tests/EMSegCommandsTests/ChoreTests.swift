import ImageFilters
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

/// The everyday chores: downsample, threshold, mask, relabel, equalize.
@Suite struct ChoreTests {
  private static let box = VoxelBox(extent: VoxelExtent(z: 21, y: 37, x: 41))
  private static let blocks: [String?] = [nil, "16,16,48", "7,40,8"]

  private func run(_ words: [String], block: String?) throws {
    let outcome = emseg(words + (block.map { ["--block", $0] } ?? []))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
  }

  private func grey(_ folder: TemporaryFolder) throws -> Volume<UInt8> {
    let volume = randomVolume(UInt8.self, box: Self.box, seed: 4)
    try store(volume, at: folder("grey.zarr"), kind: .image)
    return volume
  }

  /// Few labels, so that neighbours are often the same.
  private func objects(_ folder: TemporaryFolder) throws -> Volume<UInt32> {
    var generator = SeededGenerator(seed: 9)
    let volume = Volume<UInt32>(
      box: Self.box,
      values: (0..<Self.box.extent.voxelCount).map { _ in
        [0, 3, 3, 7, 70_000].randomElement(using: &generator) ?? 0
      })
    try store(volume, at: folder("objects.zarr"))
    return volume
  }

  private func read<Scalar: VoxelScalar>(_ path: String, _ type: Scalar.Type) throws -> Volume<
    Scalar
  > {
    let array = try ZarrArray.openVolume(at: path)
    return try array.read(array.metadata.box, as: type)
  }

  @Test(arguments: blocks, ["2,2,2", "1,4,4", "3,5,2"])
  func `coarser voxels hold the mean, or the most frequent label, of any factors`(
    block: String?, factors: String
  ) throws {
    let folder = TemporaryFolder()
    let (image, labels) = (try grey(folder), try objects(folder))
    try run(
      ["downsample", folder("grey.zarr"), "--factors", factors, "--output", folder("image")],
      block: block)
    try run(
      ["downsample", folder("objects.zarr"), "--factors", factors, "--output", folder("labels")],
      block: block)
    let lengths = factors.split(separator: ",").compactMap { Int($0) }
    let step = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
    let mean = try read(folder("image"), UInt8.self)
    let mode = try read(folder("labels"), UInt32.self)
    for z in 0..<mean.extent.z {
      for y in 0..<mean.extent.y {
        for x in 0..<mean.extent.x {
          let place = VoxelPosition(z: z, y: y, x: x)
          let group = VoxelBox(
            origin: VoxelPosition(z: z * step.z, y: y * step.y, x: x * step.x), extent: step
          ).intersection(Self.box)
          let greys = values(image.cropped(to: group)).map { Double($0) }
          let expected = (greys.reduce(0, +) / Double(greys.count) + 0.5).rounded(.down)
          #expect(Double(mean[place]) == expected)
          var counts: [UInt32: Int] = [:]
          for label in values(labels.cropped(to: group)) { counts[label, default: 0] += 1 }
          let most = counts.values.max() ?? 0
          let best = counts.filter { $0.value == most }.keys.sorted()
          #expect(mode[place] == best.first { $0 != 0 } ?? 0)
        }
      }
    }
    let info = emseg("info", folder("image"))
    #expect(
      info["voxel_size_nm"] == lengths.map { "\($0 * 10)" }.joined(separator: ","))
    #expect(
      info["offset_nanometer"] == lengths.map { "\(($0 - 1) * 5)" }.joined(separator: ","))
  }

  @Test(arguments: blocks)
  func `a threshold marks a range`(block: String?) throws {
    let folder = TemporaryFolder()
    let image = try grey(folder)
    try run(
      [
        "threshold", folder("grey.zarr"), "--at-least", "99.5", "--at-most", "140", "--output",
        folder("mask"),
      ], block: block)
    #expect(
      values(try read(folder("mask"), UInt8.self))
        == values(image).map { (100...140).contains($0) ? 1 : 0 })
  }

  @Test func `a threshold keeps to the values of floats, and NaN is outside`() throws {
    let folder = TemporaryFolder()
    let row: [Float] = [-1, 0.25, 0.5, .nan, .infinity, 3]
    let volume = Volume(box: VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 6)), values: row)
    try store(volume, at: folder("in.zarr"), kind: .image)
    try run(
      ["threshold", folder("in.zarr"), "--at-least", "0.5", "--output", folder("m")], block: nil)
    #expect(values(try read(folder("m"), UInt8.self)) == [0, 0, 1, 0, 1, 1])
  }

  @Test(arguments: blocks, [1, 4])
  func `a mask, also a coarser one, keeps what lies inside`(block: String?, factor: Int) throws {
    let folder = TemporaryFolder()
    let labels = try objects(folder)
    let coarse = Self.box.coarsened(VoxelExtent(cube: factor))
    let mask = randomVolume(UInt16.self, box: coarse, seed: 6)
    let marks = Volume(box: coarse, values: values(mask).map { $0 % 3 })
    try store(marks, at: folder("mask.zarr"))
    let line = ["mask", folder("objects.zarr"), "--mask", folder("mask.zarr")]
    try run(line + ["--output", folder("in")], block: block)
    try run(line + ["--invert", "--value", "5", "--output", folder("out")], block: block)
    let inside = try read(folder("in"), UInt32.self)
    let outside = try read(folder("out"), UInt32.self)
    for z in 0..<Self.box.extent.z {
      for y in 0..<Self.box.extent.y {
        for x in 0..<Self.box.extent.x {
          let place = VoxelPosition(z: z, y: y, x: x)
          let mark = marks[VoxelPosition(z: z / factor, y: y / factor, x: x / factor)]
          #expect(inside[place] == (mark == 0 ? 0 : labels[place]))
          #expect(outside[place] == (mark == 0 ? labels[place] : 5))
        }
      }
    }
  }

  @Test(arguments: blocks)
  func `labels are renamed, merged, kept and removed`(block: String?) throws {
    let folder = TemporaryFolder()
    let before = values(try objects(folder)).map { UInt64($0) }
    let table = "label,becomes\n# two of three\n3, 12\r\n\n70000\t18446744073709551615\n"
    try FileStore(root: folder.path).write(Array(table.utf8).span.bytes, to: "table.csv")
    let line = ["relabel", folder("objects.zarr")]
    let rules: [(String, [String], (UInt64) -> UInt64)] = [
      (
        "table", ["--table", folder("table.csv")],
        { $0 == 3 ? 12 : $0 == 70_000 ? UInt64.max : $0 }
      ),
      (
        "listed", ["--table", folder("table.csv"), "--others", "drop"],
        { $0 == 3 ? 12 : $0 == 70_000 ? UInt64.max : 0 }
      ),
      ("kept", ["--keep", "7,70000"], { $0 == 3 ? 0 : $0 }),
      ("removed", ["--remove", "7", "--remove", "3"], { $0 == 70_000 ? $0 : 0 }),
      ("sequential", ["--sequential"], { $0 == 3 ? 1 : $0 == 7 ? 2 : $0 == 70_000 ? 3 : $0 }),
    ]
    for (name, options, rule) in rules {
      try run(line + options + ["--output", folder(name)], block: block)
      #expect(try labels(at: folder(name)) == before.map(rule), "\(name)")
      let type = emseg("info", folder(name))["data_type"]
      #expect(type == (options[0] == "--table" ? "uint64" : "uint32"))
    }
  }

  @Test(arguments: blocks)
  func `sections are equalised the same in any blocks`(block: String?) throws {
    let folder = TemporaryFolder()
    let image = try grey(folder)
    let line = ["equalize", folder("grey.zarr")]
    try run(line + ["--tile", "12", "--output", folder("clahe")], block: block)
    let equalization = AdaptiveEqualization(height: 37, width: 41, tileSide: 12, clipLimit: 3)
    #expect(
      try read(folder("clahe"), UInt8.self) == equalization.equalized(image, in: image.box))

    try run(line + ["--method", "stretch", "--output", folder("stretch")], block: block)
    var stretched = image
    let histograms = (0..<21).map { GreyHistogram(of: image, z: $0) }
    GreyMap.apply(
      histograms.map { GreyMap(stretching: $0, from: 0.5, to: 99.5) }, to: &stretched)
    #expect(try read(folder("stretch"), UInt8.self) == stretched)

    try run(line + ["--method", "match", "--output", folder("match")], block: block)
    var whole = GreyHistogram(greyCount: 256)
    for histogram in histograms { whole.add(histogram) }
    var matched = image
    GreyMap.apply(
      histograms.map {
        GreyMap(
          matching: ($0.mean, $0.standardDeviation), mean: whole.mean,
          standardDeviation: whole.standardDeviation)
      }, to: &matched)
    #expect(try read(folder("match"), UInt8.self) == matched)
  }

  @Test func `sixteen bits are equalised as well`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 2, y: 20, x: 23))
    var generator = SeededGenerator(seed: 8)
    let image = Volume(
      box: box,
      values: (0..<box.extent.voxelCount).map {
        UInt16.random(in: $0 < 460 ? 20_000...30_000 : 25_000...45_000, using: &generator)
      })
    try store(image, at: folder("in.zarr"), kind: .image)
    for method in ["clahe", "stretch", "match"] {
      try run(
        ["equalize", folder("in.zarr"), "--method", method, "--output", folder(method)],
        block: nil)
      #expect(emseg("info", folder(method))["data_type"] == "uint16")
      #expect(try read(folder(method), UInt16.self) != image)
    }
  }

  @Test(arguments: [
    (["downsample", "grey.zarr", "--factors", "1,300,1"], "--factors"),
    (["threshold", "grey.zarr"], "--at-least"),
    (["threshold", "grey.zarr", "--at-least", "256"], "--at-least"),
    (["threshold", "grey.zarr", "--at-least", "2.2", "--at-most", "2.8"], "--at-least"),
    (["threshold", "grey.zarr", "--at-least", "9", "--at-most", "3"], "--at-most"),
    (["mask", "grey.zarr", "--mask", "small.zarr"], "--mask"),
    (["mask", "grey.zarr", "--mask", "grey.zarr", "--value", "300"], "--value"),
    (["relabel", "grey.zarr"], "--table"),
    (["relabel", "grey.zarr", "--keep", "1", "--remove", "2"], "--table"),
    (["equalize", "grey.zarr", "--low", "60", "--high", "40"], "--high"),
  ])
  func `an option that makes no sense is named`(line: [String], option: String) throws {
    let folder = TemporaryFolder()
    _ = try grey(folder)
    try store(
      Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 21, y: 37, x: 30))),
      at: folder("small.zarr"))
    let words = line.map { $0.hasSuffix(".zarr") ? folder($0) : $0 }
    let outcome = emseg(words + ["--output", folder("out.zarr")])
    #expect(outcome.status == 64, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("\(option): "), "\(outcome.diagnostics)")
    #expect(!folderContents(folder.path).contains { $0.hasPrefix("out") })
  }

  @Test(arguments: [
    ("1,2\n3\n", "line 2"), ("1,2\n1,3\n", "line 2"), ("1,2,3\n", "line 1"), ("1,-2\n", "line 1"),
    ("a,b\nc,d\n", "line 2"), ("1,18446744073709551616\n", "line 1"),
  ])
  func `a wrong line of a table is named`(table: String, line: String) throws {
    let folder = TemporaryFolder()
    _ = try grey(folder)
    try FileStore(root: folder.path).write(Array(table.utf8).span.bytes, to: "t.csv")
    let outcome = emseg(
      "relabel", folder("grey.zarr"), "--table", folder("t.csv"), "--output", folder("out.zarr"))
    #expect(outcome.status == 65)
    #expect(outcome.diagnostics.contains(line), "\(outcome.diagnostics)")
  }

  @Test func `floats and signed labels are refused where they mean nothing`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(cube: 3))
    try store(Volume<Float>(box: box), at: folder("float.zarr"), kind: .image)
    try store(Volume<Int32>(box: box), at: folder("signed.zarr"))
    for words in [
      ["equalize", folder("float.zarr")], ["relabel", folder("signed.zarr"), "--keep", "1"],
    ] {
      let outcome = emseg(words + ["--output", folder("out.zarr")])
      #expect(outcome.status == 65)
      #expect(outcome.diagnostics.contains("--output-type"), "\(outcome.diagnostics)")
    }
  }
}
