import EMSegCommands
import Networks
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct FloodFillTests {
  /// A folder with an image, and a network that has learnt nothing: masks stay as they are.
  private static func prepared() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 12, y: 14, x: 16))
    try store(
      Volume<UInt8>(box: box, values: (0..<box.extent.voxelCount).map { UInt8($0 % 251) }),
      at: folder("image.zarr"), kind: .image)
    let stack = FloodFillingStack(depth: 2, features: 4)
    let model = try stack.model(inputChannels: 2, outputChannels: 1, seed: 1)
    let zeros = model.parameterValues.map { _ in Float(0) }
    overwrite(folder("still.onnx"), with: model.replacingParameters(zeros.span).encoded())
    return folder
  }

  private static func floodfill(_ folder: TemporaryFolder, _ words: String...) -> Outcome {
    emseg(
      [
        "floodfill", folder("image.zarr"), "--weights", folder("still.onnx"), "--output",
        folder("objects.zarr"), "--field-of-view", "5,5,5", "--step", "2,2,2",
      ] + words)
  }

  @Test func `every seed of a grid is tried, and what became of it is told`() throws {
    let folder = try Self.prepared()
    let outcome = Self.floodfill(
      folder, "--seeds", "grid", "--seed-step", "4,4,4", "--minimum-voxels", "1", "--records",
      folder("seeds.csv"))
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("seeds; a network call takes"))
    // The seed's own voxel is all that the mask holds.
    #expect(outcome["seeds"] == "18" && outcome["network_calls"] == "18")
    #expect(outcome["objects"] == "18" && outcome["voxels"] == "18")
    let lines = String(decoding: contents(of: folder("seeds.csv")), as: UTF8.self)
      .split(separator: "\n")
    #expect(lines.count == 19)
    #expect(lines[1].hasPrefix("2,2,2,object,1,1,0,1,filled,0,0,0,5,5,5,0,1,0,initial=0.95;"))
    #expect(lines[1].hasSuffix(",2 2 2"))
    let array = try ZarrArray.openVolume(at: folder("objects.zarr"))
    let ids = values(try array.read(array.metadata.box, as: UInt64.self))
    #expect(Set(ids) == Set(0...18) && ids.count { $0 > 0 } == 18)
    // Nothing is written over what is there.
    #expect(Self.floodfill(folder, "--seed", "5,5,5").status == 73)
  }

  @Test func `a seed without an object leaves an empty volume of the input's shape`() throws {
    let folder = try Self.prepared()
    let outcome = Self.floodfill(folder, "--seed", "6,7,8")
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["objects"] == "0" && outcome["network_calls"] == "1")
    let array = try ZarrArray.openVolume(at: folder("objects.zarr"))
    #expect(array.metadata.extent == VoxelExtent(z: 12, y: 14, x: 16))
    #expect(values(try array.read(array.metadata.box, as: UInt64.self)).allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    (["--seed", "1,7,8"], 64, "--seed"), (["--seed", "6,7,99"], 64, "--seed"),
    (["--seed", "6,7"], 64, "--seed"), (["--memory", "1MiB"], 65, "--memory"),
    (["--field-of-view", "4,5,5"], 65, "odd"), (["--weights", "nowhere.h5"], 66, "nowhere.h5"),
    (["--weights", phantomModel], 65, "does not suit"),
    (["--step", "4,4,4"], 64, "--step"),
    (["--weights", volumesFolder + "/golden/h5py-3.16.0/uint8-le.h5"], 65, "another type"),
  ])
  func `what cannot be flooded is refused with what is wrong`(
    _ given: (words: [String], status: Int32, text: String)
  ) throws {
    let folder = try Self.prepared()
    let outcome = emseg(
      [
        "floodfill", folder("image.zarr"), "--output", folder("objects.zarr"),
      ] + (given.words.contains("--weights") ? [] : ["--weights", folder("still.onnx")])
        + (given.words.contains("--field-of-view") ? [] : ["--field-of-view", "5,5,5"])
        + (given.words.contains("--step") ? [] : ["--step", "2,2,2"]) + given.words)
    #expect(outcome.status == given.status, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains(given.text), "\(outcome.diagnostics)")
  }

  @Test(.enabled(if: shared != nil, "the shared data is absent"))
  func `published weights become a model that computes the published step`() throws {
    let folder = TemporaryFolder()
    let weights = (shared ?? "") + "/data/em/ffn_fib25/weights.h5"
    let made = emseg("model", "convert", weights, "--output", folder("new/fib25.onnx"))
    #expect(made.status == 0, "\(made.diagnostics)")
    let facts = emseg("model", "info", folder("new/fib25.onnx"), "--patch", "33,33,33")
    #expect(facts.status == 0, "\(facts.diagnostics)")
    #expect(facts["parameters"] == "638433")
    #expect(emseg("model", "convert", weights, "--output", folder("new/fib25.onnx")).status == 73)
    let absent = emseg("model", "convert", folder("none.h5"), "--output", folder("none.onnx"))
    #expect(absent.status == 66)
    #expect(folderContents(folder("new")) == ["fib25.onnx"])
  }
}
