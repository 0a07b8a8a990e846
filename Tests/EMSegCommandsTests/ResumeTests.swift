import TestSupport
import Testing
import VolumeStore
import Voxels

/// Runs that were stopped go on and leave the bytes of one that was not.
@Suite struct ResumeTests {
  /// A command with an output, and the stages it can be interrupted at.
  struct Case: CustomTestStringConvertible, Sendable {
    var words: [String]
    var stages: [String]
    var testDescription: String { words[0] }
  }

  private static let cases = [
    Case(
      words: ["import", "IN/image.zarr", "--chunk", "16,16,16", "--block", "16,32,16"],
      stages: ["import", "level 1"]),
    Case(
      words: ["components", "IN/image.zarr", "--threshold", "100", "--block", "9,16,17"],
      stages: ["components, finding", "components, writing", "level 1"]),
    Case(
      words: ["segment", "IN/image.zarr", "--model", phantomModel, "--block", "16,32,16"],
      stages: [
        "import", "predict", "watershed, finding", "watershed, writing", "region graph", "segments",
      ]),
  ]

  private static func words(_ given: Case, in folder: TemporaryFolder, output: String) -> [String] {
    given.words.map { $0.hasPrefix("IN/") ? folder(String($0.dropFirst(3))) : $0 }
      + ["--output", output]
  }

  @Test(arguments: cases)
  func `a run interrupted at any stage ends as an undisturbed one`(given: Case) throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    let undisturbed = emseg(Self.words(given, in: folder, output: folder("undisturbed")))
    try #require(undisturbed.status == 0, "\(undisturbed.diagnostics)")
    #expect(!filesBelow(folder("undisturbed")).contains { $0.hasSuffix(".lock") })

    var interruptions = 0
    let output = folder("stopped")
    let words = Self.words(given, in: folder, output: output)
    for stage in given.stages {
      let stopped = emseg(words, interruptedAt: stage)
      guard stopped.status != 0 else { continue }
      interruptions += 1
      #expect(stopped.status == 130, "\(stage): \(stopped.diagnostics)")
      #expect(!filesBelow(folder.path).contains { $0.hasSuffix(".lock") })
      if given.words[0] != "segment" {
        #expect(!folderContents(folder.path).contains("stopped"), "unfinished under its name")
        let reading = emseg("info", output)
        #expect(reading.status == 65, "\(reading.diagnostics)")
        #expect(reading.diagnostics.contains("has not finished"))
      } else {
        #expect(emseg("export", output, "--output", folder("e.h5")).status == 65)
      }
    }
    #expect(interruptions >= given.stages.count - 1)
    let resumed = emseg(words)
    #expect(resumed.status == 0, "\(resumed.diagnostics)")
    #expect(differences(folder("undisturbed"), output) == [])
    #expect(
      folderContents(folder.path) == ["image.zarr", "stopped", "truth.zarr", "undisturbed"])
  }

  @Test(arguments: [0, 1, 3, 5])
  func `an import killed after some blocks ends as an undisturbed one`(blocks: Int) throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    let line = [
      "import", folder("image.zarr"), "--chunk", "16,16,16", "--block", "16,32,16", "--output",
    ]
    try #require(emseg(line + [folder("undisturbed")]).status == 0)
    let output = folder("killed")
    try #require(emseg(line + [output], interruptedAt: "level 1").status == 130)

    // What a kill leaves: the ledger's first lines and half a line, a chunk that nobody recorded,
    // no manifest, and nothing of the coarser level.
    let killed = folder("killed.unfinished")
    let ledger = "\(killed)/.fascicle/level-0.ledger"
    let lines = contents(of: ledger).split(separator: UInt8(ascii: "\n")).map(Array.init)
    try #require(lines.count == 20, "a header, 18 blocks and the seal")
    let newline = [UInt8(ascii: "\n")]
    overwrite(
      ledger,
      with: Array(lines[...blocks].joined(separator: newline)) + newline + lines[8].prefix(30))
    removeFile("\(killed)/0/manifest.jsonl")
    removeFile("\(killed)/.fascicle/level-1.ledger")
    for chunk in filesBelow("\(killed)/0/c").dropFirst(10) { removeFile("\(killed)/0/c/\(chunk)") }
    overwrite("\(killed)/0/c/0/.0.1234.0123456789abcdef.partial", with: [1, 2, 3])

    let resumed = emseg(line + [output])
    #expect(resumed.status == 0, "\(resumed.diagnostics)")
    #expect(differences(folder("undisturbed"), output) == [])
  }

  @Test func `a finished project mends what was lost since`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder).status == 0)
    let line = ["segment", folder("image.zarr"), "--model", phantomModel, "--block", "16,32,16"]
    try #require(emseg(line + ["--output", folder("sound")]).status == 0)
    try #require(emseg(line + ["--output", folder("p")]).status == 0)
    for image in ["raw", "affinities", "fragments", "segmentation"] {
      let chunks = filesBelow(folder("p/\(image).zarr/0/c"))
      removeFile(folder("p/\(image).zarr/0/c/\(chunks[0])"))
      overwrite(folder("p/\(image).zarr/0/c/\(chunks[1])"), with: [1, 2, 3])
    }
    removeFile(folder("p/fragments.zarr/0/manifest.jsonl"))
    let verified = emseg("verify", folder("p"))
    #expect(verified.status == 65)
    #expect(verified.output.split(separator: "\n").count >= 7, "\(verified.output)")
    let mended = emseg(line + ["--output", folder("p")])
    #expect(mended.status == 0, "\(mended.diagnostics)")
    #expect(mended.diagnostics.contains("missing or damaged"))
    #expect(differences(folder("sound"), folder("p")) == [])
    #expect(emseg("verify", folder("p")).status == 0)
  }

  @Test func `a finished import mends what was lost since, and is refused once it is sound`() throws
  {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder).status == 0)
    let line = ["import", folder("image.zarr"), "--output", folder("out.zarr")]
    try #require(emseg(line).status == 0)
    try copyFolder(folder("out.zarr"), to: folder("sound.zarr"))
    let chunk = try #require(filesBelow(folder("out.zarr/0/c")).first)
    removeFile(folder("out.zarr/0/c/\(chunk)"))
    #expect(emseg(line).status == 0)
    #expect(differences(folder("sound.zarr"), folder("out.zarr")) == [])
    #expect(emseg(line).status == 73)
  }

  @Test func `other parameters or another stack are no resumption`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "8,20,22").status == 0)
    let line = ["segment", folder("image.zarr"), "--model", phantomModel, "--output", folder("p")]
    try #require(emseg(line).status == 0)
    let before = filesBelow(folder("p")).map { contents(of: folder("p/\($0)")) }
    let others = [
      line + ["--threshold", "0.3"], line + ["--low", "0.1"],
      [line[0], folder("truth.zarr")] + line.dropFirst(2),
    ]
    for other in others {
      let refused = emseg(other)
      #expect(refused.status == 73, "\(refused.diagnostics)")
      #expect(refused.diagnostics.contains(folder("p")))
      #expect(refused.diagnostics.contains("--force"))
    }
    #expect(filesBelow(folder("p")).map { contents(of: folder("p/\($0)")) } == before)
    let again = emseg(line)
    #expect(again.status == 0, "the same line is no error: \(again.diagnostics)")
    let forced = emseg(others[0] + ["--force"])
    #expect(forced.status == 0, "\(forced.diagnostics)")
    #expect(emseg(line).status == 73)
  }

  @Test func `an unfinished run of other parameters is not gone on with`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "24,70,44").status == 0)
    let line = ["components", folder("image.zarr"), "--output", folder("out.zarr")]
    try #require(
      emseg(line + ["--threshold", "100"], interruptedAt: "components, writing").status == 130)
    let refused = emseg(line + ["--threshold", "90"])
    #expect(refused.status == 73, "\(refused.diagnostics)")
    #expect(refused.diagnostics.contains("--force"))
    #expect(emseg(line + ["--threshold", "90", "--force"]).status == 0)
    #expect(emseg(["verify", folder("out.zarr")]).status == 0)
    #expect(!folderContents(folder.path).contains("out.zarr.unfinished"))
  }

  @Test func `a project may lie among the sections it is made from`() throws {
    let folder = TemporaryFolder()
    for name in folderContents(sample + "/gray").prefix(6) {
      overwrite(folder(name), with: contents(of: sample + "/gray/" + name))
    }
    let line = [
      "segment", folder.path, "--model", phantomModel, "--voxel-size", "10,10,10", "--output",
      folder("p.fascicle"),
    ]
    #expect(emseg(line, interruptedAt: "predict").status == 130)
    overwrite(folder("notes.txt"), with: [])
    let resumed = emseg(line)
    #expect(resumed.status == 0, "\(resumed.diagnostics)")
    overwrite(folder("0005.tif"), with: contents(of: sample + "/gray/0006.tif"))
    #expect(emseg(line).status == 73, "another section is another stack")
  }
}
