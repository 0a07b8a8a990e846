import EMSegCommands
import TestSupport
import Testing
import ZarrStore
import Voxels

@Suite struct FloodTrainTests {
  private static func prepared() throws -> TemporaryFolder {
    let folder = try FloodPhantom.prepared()
    try store(FloodPhantom.volume { UInt64(($0 ?? -1) + 1) }, at: folder("labels.zarr"))
    overwrite(
      folder("train.json"),
      with: Array(
        """
        {"task": "floodfill",
         "data": [{"image": "image.zarr", "labels": "labels.zarr", "region": ":,:,0:40"}],
         "validation": [{"image": "image.zarr", "labels": "labels.zarr", "region": ":,:,20:60"}],
         "network": {"depth": 1, "features": 3}, "field_of_view": [5, 5, 5], "step": [1, 1, 1],
         "sampling": {"reach": [2, 2, 2], "places": 40}, "batch": 2, "steps": 20,
         "optimizer": {"learning_rate": 0.01, "warm_up": 2}, "checkpoint_every": 5,
         "report_every": 5, "validate_every": 10, "validation_samples": 4}
        """.utf8))
    return folder
  }

  @Test func `a flood-filling network is trained, goes on, and floods`() throws {
    let folder = try Self.prepared()
    let plain = emseg("train", "--config", folder("train.json"), "--output", folder("plain"))
    #expect(plain.status == 0, "\(plain.diagnostics)")
    let curve = String(decoding: contents(of: folder("plain/curve.csv")), as: UTF8.self)
    #expect(curve.hasPrefix("step,loss,learning_rate,gradient_norm,validation_loss,mask_overlap\n"))
    let validations = plain.output.split(separator: "\n").filter { $0.hasPrefix("validation\t") }
    #expect(validations.first?.contains("step=0 ") == true && validations.count >= 2)
    // In two goes it is the same, byte by byte.
    let words = ["train", "--config", folder("train.json"), "--output", folder("halves")]
    let half = emseg(words, interruptedAt: "train")
    #expect(half.status == 130, "\(half.diagnostics)")
    let rest = emseg(words)
    #expect(rest.status == 0, "\(rest.diagnostics)")
    for file in ["model.onnx", "last.onnx", "curve.csv"] {
      #expect(
        contents(of: folder("plain/\(file)")) == contents(of: folder("halves/\(file)")), "\(file)")
    }
    let other = emseg(words + ["--set", "seed=5"])
    #expect(other.status == 65 && other.diagnostics.contains("seed"), "\(other.diagnostics)")
    let flood = emseg(
      [
        "floodfill", folder("image.zarr"), "--weights", folder("plain/last.onnx"), "--output",
        folder("one.zarr"), "--seed", "3,3,10",
      ] + FloodPhantom.options)
    #expect(flood.status == 0, "\(flood.diagnostics)")
    #expect(flood["seeds"] == "1")
  }

  @Test(arguments: [
    ("\"depth\": 1", "\"depht\": 1", "depht"),
    ("[5, 5, 5], \"step\"", "[4, 5, 5], \"step\"", "odd"),
    ("\"step\": [1, 1, 1]", "\"step\": [3, 1, 1]", "past"),
    ("\"field_of_view\": [5, 5, 5]", "\"field_of_view\": [15, 5, 5]", "room"),
  ])
  func `what cannot be trained is refused with what is wrong`(
    _ given: (old: String, new: String, text: String)
  ) throws {
    let folder = try Self.prepared()
    edit(folder("train.json"), given.old, given.new)
    let outcome = emseg("train", "--config", folder("train.json"), "--output", folder("run"))
    #expect(
      outcome.status != 0 && outcome.diagnostics.contains(given.text), "\(outcome.diagnostics)")
  }
}
