import TestSupport
import Testing
import VolumeFormats
import VolumeStore
import Voxels
import ZarrStore

/// Volumes that become volumes of other formats.
@Suite struct ConversionTests {
  /// An output that holds what it was made of exactly.
  struct Target: CustomTestStringConvertible, Sendable {
    var name: String
    var options: [String] = []
    var types: Set<DataType> = [.uint8, .uint16, .uint32, .uint64, .float32]
    /// Whether it has a place for where the volume lies.
    var keepsOffset = true
    var isChunked = true
    var testDescription: String { name + options.joined(separator: " ") }
  }

  static let targets = [
    Target(name: "a.zarr"),
    Target(name: "s.zarr", options: ["--chunk", "8,8,8", "--shard", "16,16,16"]),
    Target(name: "a.zarr2"),
    Target(name: "a.n5"),
    Target(name: "a.precomputed", options: ["--chunk", "16,16,16"]),
    Target(name: "s.precomputed", options: ["--chunk", "8,8,8", "--shard", "16,16,16"]),
    Target(
      name: "c.precomputed", options: ["--chunk", "16,16,16", "--encoding", "raw"]),
    Target(name: "a.h5", types: [.uint8, .float32], isChunked: false),
    Target(name: "a.nrrd", types: [.uint8, .uint16, .uint32, .uint64, .float32], isChunked: false),
    Target(name: "a.nii.gz", types: [.uint8, .uint16, .float32], isChunked: false),
    Target(
      name: "a.npy", types: [.uint8, .uint16, .uint32, .uint64, .float32], keepsOffset: false,
      isChunked: false),
    Target(name: "l.h5", types: [.uint64], isChunked: false),
    Target(
      name: "a.tif", types: [.uint8, .uint16, .uint32, .float32], keepsOffset: false,
      isChunked: false),
    Target(
      name: "sections/s_%04d.tif", types: [.uint8, .uint16], keepsOffset: false,
      isChunked: false),
    Target(
      name: "sections/s_%04d.png", types: [.uint8, .uint16], keepsOffset: false,
      isChunked: false),
  ]

  /// Makes an image, or labels, that lies somewhere and has voxels that are no cubes.
  private static func make<Scalar: VoxelScalar>(
    _ type: Scalar.Type, in folder: TemporaryFolder, extent: VoxelExtent, seed: UInt64
  ) throws -> Volume<Scalar> {
    let volume = randomVolume(type, box: VoxelBox(extent: extent), seed: seed)
    try store(volume, at: folder("plain.zarr"), kind: .image)
    let placed = emseg(
      "convert", folder("plain.zarr"), "--voxel-size", "40,4,8", "--offset", "400,-8,16",
      "--kind", "image", "--output", folder("in.zarr"), "--chunk", "16,16,16")
    try #require(placed.status == 0, "\(placed.diagnostics)")
    return volume
  }

  @Test(arguments: targets, [DataType.uint8, .uint16, .uint32, .uint64, .float32])
  func `a volume is the same in every format, and so is its place`(
    target: Target, type: DataType
  ) throws {
    guard target.types.contains(type) else { return }
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let extent = VoxelExtent(z: 9, y: 21, x: 34)
      let volume = try Self.make(type, in: folder, extent: extent, seed: 11)
      let converted = emseg(
        ["convert", folder("in.zarr"), "--output", folder(target.name)] + target.options)
      try #require(converted.status == 0, "\(converted.diagnostics)")
      let verified = emseg("verify", folder(target.name))
      #expect(verified.status == 0, "\(verified.output)\(verified.diagnostics)")
      // And back, through whatever it lost.
      let back = emseg(
        "convert", folder(target.name), "--voxel-size", "40,4,8", "--output", folder("back.zarr"))
      try #require(back.status == 0, "\(back.diagnostics)")
      let array = try ZarrArray.openVolume(at: folder("back.zarr"))
      #expect(array.metadata.extent == extent)
      #expect(try values(array.readConverting(array.metadata.box, to: type)) == values(volume))
      let opened = try openVolume(folder(target.name))
      if let size = opened.reader.metadata.voxelSize {
        #expect(size.converted(to: .nanometer) == VoxelSize(z: 40, y: 4, x: 8))
      }
      if target.keepsOffset {
        #expect(array.metadata.offset == PhysicalPosition(z: 400, y: -8, x: 16))
      }
    }
    try check(type.scalarType)
  }

  @Test(arguments: targets.filter { $0.isChunked })
  func `a conversion that was stopped goes on and leaves the same bytes`(target: Target) throws {
    let folder = TemporaryFolder()
    _ = try Self.make(
      UInt8.self, in: folder, extent: VoxelExtent(z: 20, y: 40, x: 35), seed: 5)
    let line =
      ["convert", folder("in.zarr"), "--block", "16,16,16"] + target.options
      + (target.options.contains("--chunk") ? [] : ["--chunk", "16,16,16"]) + ["--output"]
    let format = ["--format", String(target.name.split(separator: ".")[1])]
    let whole = emseg(line + [folder("whole")] + format)
    try #require(whole.status == 0, "\(whole.diagnostics)")
    for stage in ["convert", "level 1"] {
      let stopped = emseg(line + [folder("stopped")] + format, interruptedAt: stage)
      #expect(stopped.status == 130, "\(stage): \(stopped.diagnostics)")
      #expect(!folderContents(folder.path).contains("stopped"))
    }
    let resumed = emseg(line + [folder("stopped")] + format)
    #expect(resumed.status == 0, "\(resumed.diagnostics)")
    #expect(differences(folder("whole"), folder("stopped")) == [])
    #expect(emseg(line + [folder("stopped")] + format).status == 73)
  }

  @Test(arguments: [
    ("1:5,3:21,10:30", "440,4,96"), ("2,:,:", "480,-8,16"), (":,20:,:8", "400,72,16"),
  ])
  func `a crop lies where it lay`(region: String, offset: String) throws {
    let folder = TemporaryFolder()
    let volume = try Self.make(
      UInt16.self, in: folder, extent: VoxelExtent(z: 9, y: 21, x: 34), seed: 3)
    let cropped = emseg(
      "crop", folder("in.zarr"), "--region", region, "--output", folder("part.zarr"))
    try #require(cropped.status == 0, "\(cropped.diagnostics)")
    #expect(emseg("info", folder("part.zarr"))["offset_nanometer"] == offset)
    let parts = region.split(separator: ",", omittingEmptySubsequences: false).map { part in
      part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    }
    let ranges = zip(parts, [9, 21, 34]).map { part, length in
      part.count == 1 ? part[0]!..<part[0]! + 1 : (part[0] ?? 0)..<(part[1] ?? length)
    }
    var expected: [UInt16] = []
    for z in ranges[0] {
      for y in ranges[1] {
        for x in ranges[2] { expected.append(volume[VoxelPosition(z: z, y: y, x: x)]) }
      }
    }
    let array = try ZarrArray.openVolume(at: folder("part.zarr"))
    #expect(try values(array.read(array.metadata.box, as: UInt16.self)) == expected)
  }

  @Test(arguments: [
    ["--region", "0:10,:,:"], ["--region", "3:3,:,:"], ["--region", "0:4"],
    ["--region", "-1:2,:,:"], ["--level", "7"], ["--channel", "1"], ["--time", "1:3"],
    ["--axes", "zz"], ["--data-type", "float32"], ["--shard", "10,10,10"],
    ["--quality", "50"], ["--encoding", "jpeg"], ["--output-dataset", "x"], ["--format", "bmp"],
  ])
  func `what contradicts the volume is a wrong command line`(options: [String]) throws {
    let folder = TemporaryFolder()
    _ = try Self.make(UInt8.self, in: folder, extent: VoxelExtent(z: 9, y: 21, x: 34), seed: 3)
    let outcome = emseg(["convert", folder("in.zarr"), "--output", folder("out.zarr")] + options)
    #expect(outcome.status == 64, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains(options[0]), "\(outcome.diagnostics)")
    #expect(folderContents(folder.path) == ["in.zarr", "plain.zarr"])
  }

  @Test func `what was assumed is printed and kept`() throws {
    let folder = TemporaryFolder()
    for name in folderContents(sample + "/gray").prefix(3) {
      overwrite(folder(name), with: contents(of: sample + "/gray/" + name))
    }
    let outcome = emseg("import", folder.path, "--output", folder("out.zarr"))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("does not state its voxel size"))
    let info = emseg("info", folder("out.zarr"))
    #expect(info["provenance"]?.contains("1,1,1 nm is assumed") == true, "\(info.output)")
    let stated = emseg(
      "import", folder.path, "--voxel-size", "9,8,7", "--offset", "1,2,3", "--output",
      folder("stated.zarr"))
    try #require(stated.status == 0, "\(stated.diagnostics)")
    let facts = emseg("info", folder("stated.zarr"))
    #expect(facts["voxel_size_nm"] == "9,8,7" && facts["offset_nanometer"] == "1,2,3")
    #expect(facts["provenance"]?.contains("9,8,7 nm was given by the user") == true)
  }

  @Test func `types change only where every value fits`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 2, x: 3))
    try store(Volume<UInt64>(box: box, values: [0, 7, 300, 65535, 2, 2]), at: folder("in.zarr"))
    for (type, status) in [("uint8", 65), ("uint16", 0), ("int16", 65), ("float32", 0)] {
      let outcome = emseg(
        "convert", folder("in.zarr"), "--output-type", type, "--kind",
        type == "float32" ? "image" : "labels", "--output", folder(type + ".zarr"))
      #expect(outcome.status == Int32(status), "\(type): \(outcome.diagnostics)")
      if status == 65 { #expect(outcome.diagnostics.contains("label 65535")) }
    }
    #expect(try labels(at: folder("uint16.zarr")) == [0, 7, 300, 65535, 2, 2])
    #expect(emseg("info", folder("float32.zarr"))["data_type"] == "float32")
  }

  @Test(arguments: DataType.allCases)
  func `every type has a pyramid`(type: DataType) throws {
    let folder = TemporaryFolder()
    try store(
      Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 4, y: 20, x: 20)), fill: 9),
      at: folder("nines.zarr"), kind: .image)
    let outcome = emseg(
      "convert", folder("nines.zarr"), "--kind", "image", "--output-type", type.rawValue,
      "--chunk", "8,8,8", "--output", folder("out.zarr"))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    let coarse = emseg("info", folder("out.zarr"), "--level", "1", "--statistics")
    #expect(coarse["data_type"] == type.rawValue && coarse["mean"] == "9", "\(coarse.output)")
  }

  @Test(arguments: ["out.h5", "out.tif", "out.zarr"])
  func `memory that does not hold one piece is refused`(name: String) throws {
    let folder = TemporaryFolder()
    _ = try Self.make(UInt8.self, in: folder, extent: VoxelExtent(z: 9, y: 21, x: 34), seed: 3)
    let outcome = emseg(
      "convert", folder("in.zarr"), "--memory", "64MiB", "--output", folder(name))
    #expect(outcome.status == 64, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("--memory"))
    #expect(!folderContents(folder.path).contains(name))
  }

  @Test func `channels are chosen by index and by range`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 4, y: 20, x: 22))
    let volume = randomVolume(UInt8.self, box: box, seed: 9)
    try store(volume, at: folder("in.zarr"), kind: .image)
    let affinities = emseg(
      "predict", folder("in.zarr"), "--model", phantomModel, "--output", folder("aff.zarr"))
    try #require(affinities.status == 0, "\(affinities.diagnostics)")
    let whole = try ZarrArray.openVolume(at: folder("aff.zarr"))
    let all = try values(whole.read(box, as: UInt8.self))
    for (choice, shape, range) in [("1", "4,20,22", 1..<2), ("1:", "2,4,20,22", 1..<3)] {
      let outcome = emseg(
        "convert", folder("aff.zarr"), "--channel", choice, "--output", folder("\(range).zarr"))
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      #expect(emseg("info", folder("\(range).zarr"))["shape"] == shape)
      let part = try ZarrArray.openVolume(at: folder("\(range).zarr"))
      let count = box.extent.voxelCount
      #expect(
        try values(part.read(box, as: UInt8.self))
          == Array(all[range.lowerBound * count..<range.upperBound * count]))
    }
  }
}
