import CommandLineInterface
import Connectomes
import Glibc
import ScannerImages
import StreamlineFormats
import TestSupport
import Testing
import TractsCommands
import VolumeStore
import Voxels

/// Runs a command line in this process: its status, and what it wrote.
private func tracts(_ words: [String]) -> (status: Int32, output: String, diagnostics: String) {
  let (output, diagnostics) = (CapturedText(), CapturedText())
  let status = runTool(
    name: "tracts", version: "test", summary: "", commands: AllCommands.list, arguments: words,
    console: Console(
      output: output.stream(), diagnostics: diagnostics.stream(), cancellation: CancellationFlag()))
  return (status, output.text, diagnostics.text)
}

private func streamlines(_ path: String) throws -> [[Float]] {
  let reader = try TractogramFiles.open(path)
  var (lines, batch): ([[Float]], StreamlineBatch) = ([], StreamlineBatch())
  while try reader.read(into: &batch) {
    lines += (0..<batch.count).map { Array(batch.coordinates(of: $0)) }
  }
  return lines
}

struct TrackCommandTests {
  private let folder = TemporaryFolder()
  private static let golden = "\(volumes)/golden/mrtrix3-3.0.3/tracking"
  private static let image = ["\(golden)/las.nii.gz", "--gradients", "\(golden)/las.b"]
  private static let seeds = ["--seed-image", "\(golden)/las-seeds.nii.gz"]

  /// A parcellation with a label at either end of the straight and of the curved bundle.
  private func parcellation() throws -> String {
    let image = try ScannerImage("\(Self.golden)/las.nii.gz")
    var labels = Volume<Float>(box: VoxelBox(origin: .zero, extent: image.extent))
    for z in 0..<image.extent.z {
      for y in 0..<image.extent.y {
        var row = labels.mutableRow(z: z, y: y)
        for x in 0..<image.extent.x {
          if y <= 5, x <= 1 { row[x] = 1 }
          if y <= 5, x >= 20 { row[x] = 2 }
          if y >= 11, x <= 1 { row[x] = 3 }
          if (6...8).contains(y), (5...11).contains(x) { row[x] = 4 }
        }
      }
    }
    let path = folder("nodes.nii.gz")
    let writer = try ScannerImageWriter(
      path,
      ScannerImageWriter.Description(
        extent: image.extent, volumes: 1, transform: image.transform, gradients: nil, note: ""),
      replacing: false)
    try writer.write(labels)
    try writer.finish()
    return path
  }

  @Test(arguments: ["tensor", "tensor-dwi", "fact"])
  func `threads and formats change nothing`(_ algorithm: String) throws {
    var files: [[[Float]]] = []
    for (name, threads) in [("a.tck", "1"), ("b.tck", "3"), ("c.trx", "2"), ("d.trk", "2")] {
      let outcome = tracts(
        ["track"] + Self.image + Self.seeds + [
          "--algorithm", algorithm, "--select", "150", "--threads", threads, "--step", "0.5",
          "--output", folder(name),
        ])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("150 streamlines from"))
      files.append(try streamlines(folder(name)))
    }
    #expect(files[0].count == 150)
    #expect(files[0] == files[1] && files[0] == files[2])
    #expect(
      zip(files[0], files[3]).allSatisfy { zip($0, $1).allSatisfy { abs($0 - $1) < 1e-4 } })
  }

  @Test func `fitted tensors as a file lead the same way as the image`() throws {
    #expect(
      tracts(
        ["fit"] + Self.image + ["--maps", "tensor", "--output", folder("dti")]
      ).status == 0)
    for (name, input) in [
      ("a.tck", Self.image), ("b.tck", [folder("dti/tensor.nii.gz")]),
    ] {
      let outcome = tracts(
        ["track"] + input + Self.seeds + ["--seed-grid", "2", "--output", folder(name)])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
    }
    #expect(try streamlines(folder("a.tck")) == streamlines(folder("b.tck")))
  }

  @Test func `a connectome of an image joins the ends of its bundles`() throws {
    let nodes = try parcellation()
    let command = [
      "connectome", Self.image[0], "--gradients", Self.image[2], "--parcellation", nodes,
      "--seed-image", "\(Self.golden)/las-seeds.nii.gz", "--seeds", "600", "--max-length", "500",
      "--output",
    ]
    let outcome = tracts(command + [folder("m.csv")])
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("nodes: 4 nodes"))
    let rows = try text(folder("m.csv")).split(separator: "\n").map {
      $0.split(separator: ",").compactMap { Double(String($0)) }
    }
    try #require(rows.count == 4 && rows.allSatisfy { $0.count == 4 })
    // Half of the seeds lie in the straight bundle, a third in the curved one.
    #expect(rows[0][1] > 200 && rows[2][3] > 100)
    #expect(rows[0][2] == 0 && rows[0][3] == 0 && rows[1][2] == 0 && rows[1][3] == 0)
    #expect(try Double(streamlines(folder("m.tck")).count) >= rows[0][1] + rows[2][3])
    // The same in two steps.
    let counted = tracts([
      "connectome", "--streamlines", folder("m.tck"), "--parcellation", nodes, "--output",
      folder("n.csv"),
    ])
    #expect(counted.status == 0, "\(counted.diagnostics)")
    #expect(try text(folder("n.csv")) == text(folder("m.csv")))
    #expect(tracts(command + [folder("m.csv")]).status != 0)
    #expect(tracts(command + [folder("m.csv"), "--force"]).status == 0)
  }

  @Test func `what cannot be tracked is told`() throws {
    let output = ["--output", folder("x.tck")]
    func fails(_ words: [String], _ message: String, _ place: SourceLocation = #_sourceLocation) {
      let outcome = tracts(["track"] + words)
      #expect(outcome.status != 0, sourceLocation: place)
      #expect(
        outcome.diagnostics.contains(message), "\(outcome.diagnostics)", sourceLocation: place)
    }
    fails(Self.image + output, "there is nothing to seed from")
    fails(Self.image + Self.seeds + ["--output", folder("x.png")], "no format of streamlines")
    fails(
      Self.image + ["--seed-sphere", "900,900,900,2", "--seeds", "50"] + output,
      "no seed of 50 came to a streamline")
    fails(
      Self.image + Self.seeds + ["--cutoff", "2", "--seeds", "50"] + output, "without a direction")
    fails(
      Self.image + Self.seeds + ["--min-length", "50", "--max-length", "20"] + output,
      "below the least length")
    fails(
      Self.image + Self.seeds + ["--seed-sphere", "0,0,0,1"] + output, "a sphere or from voxels")
    fails(["\(Self.golden)/las.nii.gz"] + Self.seeds + ["--algorithm", "tensor-dwi"] + output, "")
    let empty = folder("empty.nii.gz")
    let image = try ScannerImage("\(Self.golden)/las.nii.gz")
    let writer = try ScannerImageWriter(
      empty,
      ScannerImageWriter.Description(
        extent: image.extent, volumes: 1, transform: image.transform, gradients: nil, note: ""),
      replacing: false)
    try writer.write(Volume<Float>(box: VoxelBox(origin: .zero, extent: image.extent)))
    try writer.finish()
    fails(Self.image + ["--seed-image", empty] + output, "no voxel of the mask is above zero")
    fails(Self.image + Self.seeds + ["--include", empty] + output, "no voxel of the mask")
    #expect(try FileStatus(folder("x.tck")) == nil)
    #expect(
      tracts(["connectome", "--parcellation", empty, "--output", folder("m.csv")]).diagnostics
        .contains("there is nothing to count"))
  }
}

private func text(_ path: String) throws -> String {
  String(decoding: try bytes(ofFile: path, count: FileStatus.ofFile(path).byteCount), as: UTF8.self)
}
