import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

/// What is said of volumes, and what is found wrong with them.
@Suite struct InfoVerifyTests {
  @Test func `statistics of small numbers are those counted by hand`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 2, x: 4))
    try store(
      Volume<UInt8>(box: box, values: [0, 0, 0, 2, 4, 4, 5, 9]), at: folder("in.zarr"),
      kind: .image)
    let info = emseg("info", folder("in.zarr"), "--statistics")
    try #require(info.status == 0, "\(info.diagnostics)")
    let expected = [
      "values": "8", "minimum": "0", "maximum": "9", "mean": "3", "zeros": "3",
      "standard_deviation": "2.95804", "share_of_zeros": "0.375", "distinct_values": "5",
      "percentile_25": "0", "percentile_50": "2", "percentile_75": "4", "percentile_99": "9",
    ]
    for (name, value) in expected { #expect(info[name] == value, "\(name)") }
  }

  @Test(arguments: [DataType.uint8, .int16, .uint32, .int64, .uint64, .float32, .float64])
  func `statistics do not depend on threads, memory or type`(type: DataType) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let extent = VoxelExtent(z: 30, y: 41, x: 52)
      var generator = SeededGenerator(seed: 8)
      let numbers = (0..<extent.voxelCount).map { _ in
        Int64.random(in: 0..<100, using: &generator)
      }
      try store(
        Volume<Scalar>(box: VoxelBox(extent: extent), values: numbers.map { Scalar(nearest: $0) }),
        at: folder("in.zarr"), kind: .image)
      let line = ["info", folder("in.zarr"), "--statistics"]
      let info = emseg(line)
      try #require(info.status == 0, "\(info.diagnostics)")
      #expect(info.output == emseg(line + ["--threads", "1", "--memory", "1GiB"]).output)
      let mean = Double(numbers.reduce(0, +)) / Double(numbers.count)
      #expect(abs((info["mean"].flatMap { Double($0) } ?? 0) - mean) < 1e-6)
      #expect(info["zeros"] == "\(numbers.count { $0 == 0 })")
      #expect(info["minimum"] == "0" && info["maximum"] == "99")
      if Scalar.dataType.isInteger { #expect(info["distinct_values"] == "100") }
      let part = emseg(line + ["--region", "0:1,0:1,0:1"])
      #expect(part["values"] == "1" && part["shape"] == "1,1,1")
    }
    try check(type.scalarType)
  }

  @Test func `large labels are told exactly`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 3))
    try store(Volume<UInt64>(box: box, values: [1, .max, .max - 1]), at: folder("in.zarr"))
    let info = emseg("info", folder("in.zarr"), "--statistics", "--json")
    #expect(info.output.contains("\"maximum\" : \"18446744073709551615\""), "\(info.output)")
    #expect(info.output.contains("\"distinct_values\" : \"3\""))
  }

  @Test func `info says how a volume is stored`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    let sharded = emseg(
      "convert", folder("image.zarr"), "--chunk", "16,16,16", "--shard", "32,32,32", "--output",
      folder("s.zarr"))
    try #require(sharded.status == 0, "\(sharded.diagnostics)")
    let info = emseg("info", folder("s.zarr"))
    let expected = [
      "axes": "z,y,x", "shape": "24,70,44", "chunk": "16,16,16", "shard": "32,32,32",
      "codecs": "zstd,crc32c", "unit": "nanometer", "format": "OME-Zarr",
      "level_1": "12,35,22 voxels of 20,20,20 nm in chunks of 16,16,16",
    ]
    for (name, value) in expected { #expect(info[name] == value, "\(name): \(info.output)") }
    #expect((info["stored_bytes"].flatMap { Int($0) } ?? 0) > 1000)
    #expect((info["compression_ratio"].flatMap { Double($0) } ?? 0) > 1)
  }

  @Test(arguments: ["zarr", "zarr2", "n5", "precomputed"])
  func `verify names what is damaged, missing or swapped in every store`(format: String) throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    let output = folder("out")
    try #require(
      emseg(
        "convert", folder("image.zarr"), "--format", format, "--chunk", "16,16,16", "--output",
        output
      ).status == 0)
    #expect(emseg("verify", output).status == 0)
    let chunks = filesBelow(output).filter { file in
      let level = file.split(separator: "/").first ?? ""
      let name = file.split(separator: "/").last ?? ""
      return ["0", "s0", "10_10_10"].contains(level) && !name.hasSuffix(".json")
        && !name.hasSuffix(".jsonl") && !name.hasPrefix(".z")
    }
    try #require(chunks.count > 20, "\(filesBelow(output))")
    func path(_ chunk: String) -> String { "\(output)/\(chunk)" }
    removeFile(path(chunks[1]))
    overwrite(path(chunks[2]), with: Array(contents(of: path(chunks[2])).dropLast(3)))
    overwrite(path(chunks[4]), with: contents(of: path(chunks[3])))
    let verified = emseg("verify", output)
    #expect(verified.status == 65)
    for index in [1, 2, 4] {
      #expect(verified.output.contains(chunks[index]), "\(verified.output)")
    }
    #expect(verified.output.split(separator: "\n").count == 3, "\(verified.output)")
    let json = emseg("verify", output, "--json")
    #expect(json.status == 65)
    #expect(json.output.contains("\"sound\" : false") && json.output.contains(chunks[1]))
  }

  @Test func `empty chunks are told from those never written`() throws {
    let folder = TemporaryFolder()
    var volume = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(z: 16, y: 16, x: 64)))
    volume[VoxelPosition(z: 3, y: 3, x: 3)] = 1
    try store(volume, at: folder("plain.zarr"), kind: .image)
    let plain = emseg("verify", folder("plain.zarr"))
    #expect(plain.diagnostics.contains("3 not stored: empty or never written"))
    try #require(
      emseg(
        "convert", folder("plain.zarr"), "--chunk", "16,16,16", "--output", folder("out.zarr")
      ).status == 0)
    let made = emseg("verify", folder("out.zarr"))
    #expect(made.status == 0)
    #expect(made.diagnostics.contains("3 empty, 0 never written"), "\(made.diagnostics)")
    // A chunk that the manifest does not know: the manifest is not the one that was written.
    let manifest = folder("out.zarr/0/manifest.jsonl")
    let lines = contents(of: manifest).split(separator: UInt8(ascii: "\n"))
    overwrite(manifest, with: Array(lines.dropFirst().joined(separator: [10])) + [10])
    #expect(emseg("verify", folder("out.zarr")).status == 65)
  }

  @Test func `a project is verified to its end whatever is wrong with an image`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "8,20,22").status == 0)
    try #require(
      emseg("segment", folder("image.zarr"), "--model", phantomModel, "--output", folder("p"))
        .status == 0)
    overwrite(folder("p/raw.zarr/0/zarr.json"), with: [1, 2, 3])
    let chunk = try #require(filesBelow(folder("p/fragments.zarr/0/c")).first)
    removeFile(folder("p/fragments.zarr/0/c/\(chunk)"))
    let verified = emseg("verify", folder("p"))
    #expect(verified.status == 65)
    #expect(verified.output.contains("raw.zarr: damaged"), "\(verified.output)")
    #expect(verified.output.contains("fragments.zarr/0/c/\(chunk): missing"))
    #expect(verified.diagnostics.contains("segmentation.zarr"))
  }

  @Test(arguments: ["v.tif", "v.h5"])
  func `files of other formats are read from end to end`(name: String) throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    try #require(
      emseg("export", folder("image.zarr"), "--output", folder(name)).status == 0)
    let sound = emseg("verify", folder(name))
    #expect(sound.status == 0, "\(sound.diagnostics)")
    #expect(sound.diagnostics.contains("voxels read, 0 findings"))
  }
}
