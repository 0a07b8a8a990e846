import ZarrStore
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Every file of `volumes/bad`, through the command that reads it.
@Suite struct BadInputTests {
  struct Refused: CustomTestStringConvertible, Sendable {
    var format: String
    var name: String
    var path: String { "\(volumesFolder)/bad/\(format)/\(name)" }
    var testDescription: String { "\(format)/\(name)" }
  }

  private static func corpus(_ format: String) -> [Refused] {
    folderContents("\(volumesFolder)/bad/\(format)").filter { !$0.hasSuffix(".md") }
      .map { Refused(format: format, name: $0) }
  }

  /// Checks what every refusal promises.
  private func expectRefusal(
    _ outcome: Outcome, naming name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let words = outcome.diagnostics
    #expect([65, 66].contains(outcome.status), "\(words)", sourceLocation: sourceLocation)
    #expect(words.contains("error: "), sourceLocation: sourceLocation)
    #expect(words.contains(name), "\(words)", sourceLocation: sourceLocation)
    #expect(
      ["  found: ", "  expected: ", "  remedy: "].contains { words.contains($0) }, "\(words)",
      sourceLocation: sourceLocation)
    #expect(!words.contains("a fault of the program"), "\(words)", sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
  }

  @Test(arguments: corpus("tiff") + corpus("hdf5") + corpus("zarr"))
  func `no bad volume is imported, and none leaves a volume behind`(input: Refused) {
    let folder = TemporaryFolder()
    let outcome = emseg(
      "import", input.path, "--voxel-size", "10,10,10", "--output", folder("out.zarr"))
    expectRefusal(outcome, naming: input.name)
    #expect(!folderContents(folder.path).contains("out.zarr"))
    #expect(!filesBelow(folder.path).contains { $0.hasSuffix(".lock") || $0.hasSuffix(".partial") })
  }

  @Test(
    arguments: corpus("tiff").prefix(12) + corpus("hdf5").prefix(12) + corpus("zarr").prefix(12))
  func `no bad volume is segmented, and none leaves labels behind`(input: Refused) {
    let folder = TemporaryFolder()
    let outcome = emseg(
      "segment", input.path, "--model", phantomModel, "--voxel-size", "10,10,10", "--output",
      folder("p"))
    expectRefusal(outcome, naming: input.name)
    #expect(!folderContents(folder("p")).contains { $0.hasSuffix(".zarr") })
  }

  @Test(arguments: corpus("onnx"))
  func `no bad network predicts, and none leaves a volume behind`(input: Refused) throws {
    let folder = TemporaryFolder()
    try store(
      randomVolume(UInt8.self, box: VoxelBox(extent: VoxelExtent(cube: 12)), seed: 1),
      at: folder("in.zarr"), kind: .image)
    for words in [
      ["predict", folder("in.zarr"), "--model", input.path, "--output", folder("out.zarr")],
      ["segment", folder("in.zarr"), "--model", input.path, "--output", folder("p")],
    ] {
      expectRefusal(emseg(words), naming: input.name)
    }
    #expect(!folderContents(folder.path).contains("out.zarr"))
    #expect(!folderContents(folder("p")).contains("affinities.zarr"))
  }

  @Test(arguments: corpus("zarr").filter { $0.name.contains("chunk-") })
  func `verify names every bad chunk`(input: Refused) {
    let outcome = emseg("verify", input.path)
    #expect(outcome.status == 65, "\(outcome.diagnostics)")
    #expect((outcome.output + outcome.diagnostics).contains(input.name))
  }

  @Test func `the corpora are there`() {
    for (format, count) in [("tiff", 30), ("hdf5", 20), ("zarr", 50), ("onnx", 30)] {
      #expect(Self.corpus(format).count >= count, "\(format)")
    }
  }

  @Test func `a section that breaks off late leaves nothing under the output's name`() throws {
    let folder = TemporaryFolder()
    for name in folderContents(sample + "/gray").prefix(40) {
      overwrite(folder(name), with: contents(of: sample + "/gray/" + name))
    }
    overwrite(
      folder("0033.tif"), with: Array(contents(of: sample + "/gray/0033.tif").dropLast(900)))
    let outcome = emseg(
      "import", folder.path, "--voxel-size", "10,10,10", "--output", folder("out.zarr"), "--block",
      "8,128,128")
    expectRefusal(outcome, naming: "0033.tif")
    #expect(!folderContents(folder.path).contains("out.zarr"))
  }
}
