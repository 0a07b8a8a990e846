import FoundationEssentials
import Networks
import Testing
import Voxels

/// The folder with the shared material, which is not part of this repository.
private let shared =
  ProcessInfo.processInfo.environment["FASCICLE_SHARED"]
  ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared").path

private let modelPath = shared + "/models/fib25-affinity-unet.onnx"

/// The folder into which `tools/golden/networks.py --shared` unpacks the shared model's golden output
/// as raw little-endian float32 (`image.raw`, `logits.raw`).
private let unpacked = ProcessInfo.processInfo.environment["FASCICLE_UNPACKED_GOLDEN"] ?? ""

struct SharedModelTests {
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: modelPath)
        && FileManager.default.fileExists(atPath: unpacked + "/logits.raw"),
      "needs the shared model and its golden output, unpacked by tools/golden/networks.py --shared")
  )
  func `the shared network gives what onnxruntime gives`() throws {
    let model = try ONNXModel(contentsOfFile: modelPath)
    let extent = VoxelExtent(cube: 64)
    let network = try Network(try NetworkPlan(model, extent: extent, threads: 2))
    let image = Volume(box: VoxelBox(extent: extent), values: try floats(unpacked + "/image.raw"))
    let logits = try network.run(image)
    let expected = try floats(unpacked + "/logits.raw")
    try #require(logits.count == expected.count)
    // Both are float32 with sums in another order; 1.4e-5 was measured, logits reach about ±20.
    #expect(largestDifference(logits, expected) < 1e-4)
  }
}
