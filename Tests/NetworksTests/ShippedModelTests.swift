import FoundationEssentials
import Networks
import Testing
import Voxels

private let modelPath = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "models/phantom-affinity-unet.onnx").path

/// The image that `shipped()` in `tools/golden/networks.py` makes: tilted waves and a grain, of
/// grey values 0 to 255, scaled as the model wants them.
private func wavyImage(_ extent: VoxelExtent) -> Volume<Float> {
  func wave(_ phase: Int) -> Int { abs(phase % 32 - 16) }
  var values: [Float] = []
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      for x in 0..<extent.x {
        let grey = 5 * (wave(2 * z + 3 * y) + wave(2 * y + x) + wave(z + 3 * x)) + z * y * x % 16
        values.append(Float(grey) / 255)
      }
    }
  }
  return Volume(box: VoxelBox(extent: extent), values: values)
}

struct ShippedModelTests {
  @Test func `the shipped network gives what onnxruntime gives`() throws {
    let model = try ONNXModel(contentsOfFile: modelPath)
    let extent = VoxelExtent(z: 16, y: 24, x: 20)
    let network = try Network(try NetworkPlan(model, extent: extent, threads: 2))
    let logits = try network.run(wavyImage(extent))
    let expected = try floats(goldenFolder + "/phantom-affinity-unet/expected.f32")
    try #require(expected.count == 3 * extent.voxelCount)
    try #require(logits.count == expected.count)
    // Both are float32 with sums in another order, so that errors grow with the logits, which reach
    // 27 here: relative to a logit, or to 1 where it is smaller, onnxruntime is up to 3.3e-6 away
    // from the same network in float64. The largest difference of the two was 2.1e-5.
    let differences = zip(logits, expected).map { abs($0 - $1) / max(1, abs($1)) }
    #expect(differences.allSatisfy { $0 < 2e-5 })
    // An output that is the same everywhere would prove little.
    #expect(expected.contains { $0 < -1 } && expected.contains { $0 > 1 })
  }
}
