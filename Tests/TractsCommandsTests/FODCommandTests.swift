import CommandLineInterface
import ScannerImages
import TestSupport
import Testing
import TractsCommands
import VolumeStore
import Voxels

/// Runs a command line in this process: its status, and what it wrote.
private func tracts(_ words: [String]) -> (status: Int32, diagnostics: String) {
  let (output, diagnostics) = (CapturedText(), CapturedText())
  let status = runTool(
    name: "tracts", version: "test", summary: "", commands: AllCommands.list, arguments: words,
    console: Console(
      output: output.stream(), diagnostics: diagnostics.stream(), cancellation: CancellationFlag()))
  return (status, diagnostics.text)
}

private func values(_ path: String) throws -> [Float] {
  let image = try ScannerImage(path)
  let volume = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
  let span = volume.span
  return span.indices.map { span[$0] }
}

private func bytes(_ path: String) throws -> [UInt8] {
  try bytes(ofFile: path, count: FileStatus.ofFile(path).byteCount)
}

struct FODCommandTests {
  private let folder = TemporaryFolder()
  private static let golden = "\(volumes)/golden/mrtrix3-3.0.3/fod"
  private static let single = ["\(golden)/single.nii.gz", "--gradients", "\(golden)/single.b"]
  private static let multi = ["\(golden)/multi.nii.gz", "--gradients", "\(golden)/multi.b"]
  private static let axes = ["--directions", "\(golden)/directions300.txt"]

  private func difference(_ path: String, _ name: String) throws -> Float {
    let (found, expected) = (try values(path), try values("\(Self.golden)/\(name)"))
    try #require(found.count == expected.count)
    return zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test func `densities are dwi2fod's, whatever the memory, the threads and the format`() throws {
    for (name, more) in [
      ("a.nii.gz", ["--threads", "1"]), ("b.mif", ["--threads", "3", "--memory", "1KiB"]),
    ] {
      let outcome = tracts(
        ["fod"] + Self.single + Self.axes + more
          + ["--response", "\(Self.golden)/single.txt", "--output", folder(name)])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
      #expect(try difference(folder(name), "csd.nii.gz") < 1e-6)
    }
    // A table of the signals' gradients would not fit the coefficients.
    #expect(try ScannerImage(folder("b.mif")).header.gradients == nil)
  }

  @Test func `a mask that is stored along other axes covers the same voxels`() throws {
    let path = "\(Self.golden)/mask.nii.gz"
    let mask = try ScannerImage(path)
    let (extent, transform) = (mask.extent, mask.transform)
    // The first axis is stored from the other end.
    let end = transform.apply(SIMD3(Double(extent.x - 1), 0, 0))
    let rows = (0..<3).map { axis in
      [-transform.x[axis], transform.y[axis], transform.z[axis], end[axis]]
    }
    let stored = try values(path)
    let flipped = stored.indices.map { place in
      stored[place - place % extent.x + extent.x - 1 - place % extent.x]
    }
    // The mask's first and last columns differ, or a flip could not be seen.
    var half = flipped
    for place in half.indices where place % extent.x < 2 { half[place] = 0 }
    var expected = stored
    for place in expected.indices where place % extent.x > extent.x - 3 { expected[place] = 0 }
    for (name, values, transform) in [
      ("flipped", half, ScannerTransform(rows: rows)), ("plain", expected, transform),
    ] {
      let writer = try ScannerImageWriter(
        folder("\(name).nii"),
        ScannerImageWriter.Description(extent: extent, transform: transform), replacing: false)
      try writer.write(Volume(box: VoxelBox(origin: .zero, extent: extent), values: values))
      try writer.finish()
      let outcome = tracts(
        ["fod"] + Self.single + [
          "--response", "\(Self.golden)/single.txt", "--mask", folder("\(name).nii"), "--output",
          folder("\(name)-fod.nii"),
        ])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
    }
    #expect(try values(folder("flipped-fod.nii")) == values(folder("plain-fod.nii")))
    #expect(try values(folder("plain-fod.nii")).contains { $0 != 0 })
  }

  @Test func `tissues get a file each`() throws {
    let tissues = ["wm", "gm", "csf"]
    let outcome = tracts(
      ["fod"] + Self.multi + Self.axes + [
        "--response", tissues.map { "\(Self.golden)/\($0).txt" }.joined(separator: ","),
        "--output", tissues.map { folder("\($0).nii.gz") }.joined(separator: ","),
      ])
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    for tissue in tissues {
      #expect(try difference(folder("\(tissue).nii.gz"), "\(tissue).nii.gz") < 1e-6)
    }
  }

  @Test func `peaks are sh2peaks'`() throws {
    let outcome = tracts([
      "peaks", "\(Self.golden)/csd.nii.gz", "--seeds", "\(Self.golden)/directions60.txt",
      "--output", folder("peaks.nii.gz"), "--memory", "1KiB",
    ])
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    let found = try values(folder("peaks.nii.gz"))
    for (value, other) in zip(found, try values("\(Self.golden)/peaks.nii.gz")) {
      #expect(value.isNaN == other.isNaN && (value.isNaN || abs(value - other) < 2e-5))
    }
  }

  @Test func `responses are dwi2response's`() throws {
    for (method, more) in [("manual", []), ("fa", ["--number", "6"])] {
      let outcome = tracts(
        ["response"] + Self.single + more + [
          "--method", method, "--mask", "\(Self.golden)/mask.nii.gz", "--output",
          folder("\(method).txt"), "--voxels", folder("\(method).nii.gz"),
        ])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
      func numbers(_ path: String) throws -> [Double] {
        String(decoding: try bytes(path), as: UTF8.self).split(separator: "\n")
          .filter { !$0.hasPrefix("#") }.flatMap { $0.split(separator: " ") }
          .compactMap { Double(String($0)) }
      }
      let found = try numbers(folder("\(method).txt"))
      let expected = try numbers("\(Self.golden)/\(method).txt")
      try #require(found.count == expected.count)
      for (value, other) in zip(found, expected) { #expect(abs(value - other) < 2e-3) }
    }
    #expect(try values(folder("fa.nii.gz")).reduce(0, +) == 6)
  }

  @Test func `a response can be estimated and used`() throws {
    let response = folder("wm.txt")
    let estimated = tracts(
      ["response"] + Self.single + [
        "--mask", "\(Self.golden)/mask.nii.gz", "--number", "5", "--output", response,
      ])
    #expect(estimated.status == 0, "\(estimated.diagnostics)")
    let outcome = tracts(
      ["fod"] + Self.single + ["--response", response, "--output", folder("fod.nii.gz")])
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(try ScannerImage(folder("fod.nii.gz")).volumes == 45)
  }

  @Test(arguments: ["sd-stream", "ifod1", "ifod2"])
  func `densities are tracked, the same for any threads`(_ algorithm: String) throws {
    for threads in ["1", "3"] {
      let outcome = tracts([
        "track", "\(Self.golden)/bundles.nii.gz", "--algorithm", algorithm, "--seed-image",
        "\(Self.golden)/seeds.nii.gz", "--select", "30", "--min-length", "5", "--threads", threads,
        "--output", folder("\(threads).trx"),
      ])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
    }
    #expect(try bytes(folder("1.trx")) == bytes(folder("3.trx")))
  }

  @Test func `what cannot be done is told`() throws {
    let output = ["--output", folder("x.nii.gz")]
    func fails(_ words: [String], _ message: String, _ place: SourceLocation = #_sourceLocation) {
      let outcome = tracts(words)
      #expect(outcome.status != 0, sourceLocation: place)
      #expect(
        outcome.diagnostics.contains(message), "\(outcome.diagnostics)", sourceLocation: place)
    }
    let response = ["--response", "\(Self.golden)/single.txt"]
    fails(["fod"] + Self.single + ["--response", "\(Self.golden)/none.txt"] + output, "none.txt")
    fails(
      ["fod"] + Self.single + ["--response", "\(Self.golden)/gm.txt"] + output,
      "one row for each shell")
    fails(["fod"] + Self.single + response + ["--lmax", "3"] + output, "degree of the densities")
    fails(["fod"] + Self.single + response + ["--lmax", "8,0"] + output, "one for each response")
    fails(
      ["fod"] + Self.single + ["--response", "\(Self.golden)/wm.txt,\(Self.golden)/gm.txt"]
        + output,
      "one for each response")
    fails(
      ["fod"] + Self.single + response + ["--directions", "\(Self.golden)/single.txt"] + output,
      "no directions")
    fails(
      ["fod", "\(Self.golden)/multi.nii.gz", "--gradients", "\(Self.golden)/single.b"] + response
        + output, "")
    fails(["peaks", "\(Self.golden)/single.nii.gz"] + output, "no coefficients")
    fails(
      ["response"] + Self.single + ["--method", "manual", "--output", folder("r.txt")], "--mask")
    fails(
      [
        "track", "\(Self.golden)/single.nii.gz", "--algorithm", "ifod2", "--seed-image",
        "\(Self.golden)/seeds.nii.gz", "--output", folder("x.tck"),
      ], "no coefficients")
    fails(
      [
        "track", "\(Self.golden)/single.nii.gz", "--algorithm", "bedpostx", "--seed-image",
        "\(Self.golden)/mask.nii.gz", "--output", folder("x.tck"),
      ], "no file of samples")
    #expect(try FileStatus(folder("x.nii.gz")) == nil)
  }
}
