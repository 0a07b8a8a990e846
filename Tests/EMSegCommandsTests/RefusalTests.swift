import ZarrStore
import Blockwise
import Synchronization
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Command lines that cannot be followed, and outputs that may not be touched.
@Suite struct RefusalTests {
  private static func input(in folder: TemporaryFolder) throws -> String {
    try store(
      randomVolume(UInt8.self, box: VoxelBox(extent: VoxelExtent(z: 9, y: 20, x: 21)), seed: 1),
      at: folder("in.zarr"), kind: .image)
    return folder("in.zarr")
  }

  @Test(arguments: [
    "nan,1,1", "1,inf,1", "0,1,1", "1,-1,1", "1,1", "1,1,1,1", "1e308,1,1", "1e400,1,1",
    "1e-320,1,1",
    "a,b,c", "1;1;1", "", ",,",
  ])
  func `a voxel size that is none is a wrong command line`(size: String) throws {
    let folder = TemporaryFolder()
    let outcome = emseg(
      "import", try Self.input(in: folder), "--voxel-size=\(size)", "--output", folder("out.zarr"))
    #expect(outcome.status == 64, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("--voxel-size"))
    #expect(folderContents(folder.path) == ["in.zarr"])
  }

  @Test(arguments: [
    ["--block", "0,1,1"], ["--block", "1,1"], ["--block", "1000000,1000000,1000000"],
    ["--block", "9223372036854775807,1,1"], ["--memory", "1KiB"], ["--memory", "0"],
    ["--memory", "-1GiB"], ["--threads", "0"], ["--threads", "many"], ["--kind", "picture"],
    ["--chunk", "0,0,0"], ["--nonsense"], ["surplus"], ["--output"],
    ["--kind", "labels", "--kind"],
  ])
  func `a wrong command line leaves nothing behind`(options: [String]) throws {
    let folder = TemporaryFolder()
    let outcome = emseg(
      ["import", try Self.input(in: folder), "--output", folder("out.zarr")] + options)
    #expect(outcome.status == 64, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("error: "))
    #expect(!folderContents(folder.path).contains("out.zarr"))
  }

  @Test func `blocks larger than the volume are the volume`() throws {
    let folder = TemporaryFolder()
    let outcome = emseg(
      "import", try Self.input(in: folder), "--block", "90000,90000,90000", "--output",
      folder("out.zarr"))
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(try labels(at: folder("out.zarr")) == labels(at: folder("in.zarr")))
  }

  @Test(arguments: ["import", "components", "export"])
  func `an output that is there stays, and force replaces it`(command: String) throws {
    let folder = TemporaryFolder()
    let output = folder(command == "export" ? "out.h5" : "out")
    let line = [command, try Self.input(in: folder), "--output", output]
    try #require(emseg(line).status == 0)
    let before = command == "export" ? [contents(of: output)] : []
    let refused = emseg(line)
    #expect(refused.status == 73, "\(refused.diagnostics)")
    #expect(refused.diagnostics.contains(output) && refused.diagnostics.contains("--force"))
    #expect((command == "export" ? [contents(of: output)] : []) == before)
    let forced = emseg(line + ["--force"])
    #expect(forced.status == 0, "\(forced.diagnostics)")
    #expect(folderContents(folder.path).count == 2)
  }

  @Test func `a folder of other things is never replaced`() throws {
    let folder = TemporaryFolder()
    try FileStore(root: folder("mine")).write([1, 2, 3].span.bytes, to: "thesis.txt")
    let input = try Self.input(in: folder)
    for options in [[String](), ["--force"]] {
      for line in [
        ["import", input], ["components", input], ["segment", input, "--model", phantomModel],
        ["predict", input, "--model", phantomModel],
      ] {
        let outcome = emseg(line + ["--output", folder("mine")] + options)
        #expect(outcome.status == 73, "\(outcome.diagnostics)")
        #expect(outcome.diagnostics.contains("remedy"))
        #expect(filesBelow(folder("mine")) == ["thesis.txt"])
      }
    }
    #expect(folderContents(folder.path) == ["in.zarr", "mine"])
  }

  @Test func `force never takes the input away`() throws {
    let folder = TemporaryFolder()
    let input = try Self.input(in: folder)
    try #require(
      emseg("segment", input, "--model", phantomModel, "--output", folder("p")).status == 0)
    let files = filesBelow(folder.path)
    let lines = [
      ["import", input, "--output", input], ["components", input, "--output", input + "/"],
      ["components", folder("p/raw.zarr"), "--output", folder("p")],
      ["segment", folder("p/raw.zarr"), "--model", phantomModel, "--output", folder("p")],
      ["predict", input, "--model", phantomModel, "--output", folder("x/../in.zarr")],
      ["watershed", folder("p/affinities.zarr"), "--output", folder("p/affinities.zarr")],
      [
        "agglomerate", folder("p/fragments.zarr"), "--affinities", folder("p/affinities.zarr"),
        "--output", folder("p/affinities.zarr"),
      ],
    ]
    for line in lines {
      let outcome = emseg(line + ["--force"])
      #expect(outcome.status == 64, "\(line): \(outcome.diagnostics)")
      #expect(filesBelow(folder.path) == files)
    }
  }

  @Test func `a replaced output stays until the new one is whole`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    let line = ["components", folder("image.zarr"), "--output", folder("out.zarr")]
    try #require(emseg(line + ["--threshold", "100"]).status == 0)
    let before = try labels(at: folder("out.zarr"))
    let stopped = emseg(
      line + ["--threshold", "90", "--force"], interruptedAt: "components, writing")
    #expect(stopped.status == 130)
    #expect(try labels(at: folder("out.zarr")) == before)
    #expect(emseg(line + ["--threshold", "90", "--force", "--memory", "1KiB"]).status == 64)
    #expect(try labels(at: folder("out.zarr")) == before)
    #expect(emseg(line + ["--threshold", "90", "--force"]).status == 0)
    #expect(try labels(at: folder("out.zarr")) != before)
  }

  @Test func `an output that another run is at work on is left to it`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    let line = ["components", folder("image.zarr"), "--output", folder("out.zarr")]
    try #require(emseg(line, interruptedAt: "components, writing").status == 130)
    let lock = folder("out.zarr.unfinished/.fascicle/level-0.ledger.lock")
    try #require(filesBelow(folder("out.zarr.unfinished")).contains(".fascicle/level-0.ledger"))
    switch try FileLock.take(path: lock, holder: "another run") {
    case .held: Issue.record("a lock was left")
    case .taken(let held):
      for options in [[String](), ["--force"]] {
        let outcome = emseg(line + options)
        #expect(outcome.status == 73, "\(outcome.diagnostics)")
        #expect(outcome.diagnostics.contains("in use by another run"))
      }
      _ = consume held
    }
    #expect(emseg(line).status == 0)
  }

  @Test(arguments: ["file/out.zarr", "file/deep/out.zarr", "/proc/out.zarr"])
  func `an output that cannot be created says where and what to do`(place: String) throws {
    let folder = TemporaryFolder()
    overwrite(folder("file"), with: [1])
    let input = try Self.input(in: folder)
    let output = place.hasPrefix("/") ? place : folder(place)
    for line in [
      ["import", input], ["components", input], ["segment", input, "--model", phantomModel],
    ] {
      let outcome = emseg(line + ["--output", output])
      #expect([73, 74].contains(outcome.status), "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains(output), "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("remedy:"), "\(outcome.diagnostics)")
    }
    let exported = emseg("export", input, "--output", output + ".h5")
    #expect([73, 74].contains(exported.status), "\(exported.diagnostics)")
    #expect(exported.diagnostics.contains(output) && exported.diagnostics.contains("remedy:"))
    #expect(folderContents(folder.path) == ["file", "in.zarr"])
  }

  @Test func `a model of another voxel size is refused before anything is made`() throws {
    let folder = TemporaryFolder()
    let outcome = emseg(
      "segment", sample + "/gray", "--model", phantomModel, "--voxel-size", "8,8,8", "--output",
      folder("p"))
    #expect(outcome.status == 65)
    for part in ["phantom-affinity-unet.onnx", "found: ", "expected: ", "remedy: "] {
      #expect(outcome.diagnostics.contains(part), "\(outcome.diagnostics)")
    }
    #expect(folderContents(folder.path) == [])
  }

  @Test func `what is not there is missing input`() throws {
    let folder = TemporaryFolder()
    let input = try Self.input(in: folder)
    let nothing = folder("nothing")
    for line in [
      ["import", nothing, "--output", folder("o")],
      ["import", nothing + "/*.tif", "--output", folder("o")], ["info", nothing],
      ["verify", nothing], ["export", nothing, "--output", folder("o.h5")],
      ["components", nothing, "--output", folder("o")],
      ["segment", nothing, "--model", phantomModel, "--output", folder("o")],
      ["segment", input, "--model", nothing, "--output", folder("o")],
      ["predict", input, "--model", nothing, "--output", folder("o")],
      ["watershed", nothing, "--output", folder("o")],
      ["agglomerate", nothing, "--affinities", input, "--output", folder("o")],
      ["evaluate", "segmentation", nothing, sample + "/labels.h5"],
      ["evaluate", "segmentation", sample + "/labels.h5", nothing],
    ] {
      let outcome = emseg(line)
      #expect(outcome.status == 66, "\(line): \(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains(nothing), "\(outcome.diagnostics)")
      #expect(!outcome.diagnostics.contains("CocoaError"))
    }
    #expect(folderContents(folder.path) == ["in.zarr"])
  }

  @Test func `levels and formats that there are not are wrong command lines`() throws {
    let folder = TemporaryFolder()
    let input = try Self.input(in: folder)
    let level = emseg("export", input, "--level", "9", "--output", folder("o.h5"))
    #expect(level.status == 64)
    #expect(level.diagnostics.contains("0 to 0"))
    let format = emseg("export", input, "--output", folder("o.bmp"))
    #expect(format.status == 64)
    #expect(folderContents(folder.path) == ["in.zarr"])
  }

  @Test func `a region graph of other supervoxels is not taken`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "8,20,22").status == 0)
    try #require(
      emseg("segment", folder("image.zarr"), "--model", phantomModel, "--output", folder("p"))
        .status == 0)
    let others = emseg(
      "watershed", folder("p/affinities.zarr"), "--low", "0.3", "--output", folder("other"))
    try #require(others.status == 0, "\(others.diagnostics)")
    let line = [
      "agglomerate", folder("other"), "--affinities", folder("p/affinities.zarr"), "--output",
      folder("new/folder/out.zarr"), "--graph",
    ]
    let refused = emseg(line + [folder("p/graph")])
    #expect(refused.status == 73, "\(refused.diagnostics)")
    #expect(refused.diagnostics.contains("name another folder with --graph"))
    let taken = emseg(line + [folder("graph")])
    #expect(taken.status == 0, "\(taken.diagnostics)")
    let exported = emseg(
      "export", folder("new/folder/out.zarr"), "--output", folder("newer/folder/out.h5"))
    #expect(exported.status == 0, "\(exported.diagnostics)")
  }
}
