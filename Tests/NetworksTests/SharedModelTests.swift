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

/// The folder into which `tools/golden/onnx.py --shared` unpacks the shared model's golden output
/// as raw little-endian float32 (`image.raw`, `logits.raw`).
private let unpacked = ProcessInfo.processInfo.environment["FASCICLE_UNPACKED_GOLDEN"] ?? ""

private func floats(_ path: String) throws -> [Float] {
  let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
  return stride(from: 0, to: bytes.count, by: 4).map { start in
    Float(
      bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
  }
}

@Suite(.serialized)
struct SharedModelTests {
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: modelPath)
        && FileManager.default.fileExists(atPath: unpacked + "/logits.raw"),
      "needs the shared model and its golden output, unpacked by tools/golden/onnx.py --shared"))
  func `the shared network gives what onnxruntime gives`() throws {
    let model = try ONNXModel(contentsOfFile: modelPath)
    let extent = VoxelExtent(cube: 64)
    let network = try Network(try NetworkPlan(model, extent: extent, threads: 2))
    let image = Volume(box: VoxelBox(extent: extent), values: try floats(unpacked + "/image.raw"))
    let logits = try network.run(image)
    let expected = try floats(unpacked + "/logits.raw")
    try #require(logits.count == expected.count)
    let error = zip(logits, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    print("largest difference from onnxruntime: \(error)")
    // Both are float32 with sums in another order; logits reach about ±20.
    #expect(error < 1e-4)
  }
}
