import FoundationEssentials
import Glibc
import Networks
import Tensors
import Testing
import Voxels

private let volumes = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "volumes")

/// Where `tools/golden/networks.py` put its cases.
let goldenFolder = volumes.appending(path: "golden/onnxruntime-1.31.1").path
let badFolder = volumes.appending(path: "bad/onnx").path

/// Raw little-endian float32 values.
func floats(_ path: String) throws -> [Float] {
  let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
  return stride(from: 0, to: bytes.count, by: 4).map { start in
    Float(
      bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
  }
}

func largestDifference(_ left: [Float], _ right: [Float]) -> Float {
  zip(left, right).reduce(0) { max($0, $1.0.isNaN || $1.1.isNaN ? .infinity : abs($1.0 - $1.1)) }
}

/// A graph with onnxruntime's output for one input.
struct GoldenGraph: CustomTestStringConvertible, Sendable {
  let name: String
  /// The model's file in the case's folder.
  var file = "model.onnx"
  var parent = goldenFolder
  var testDescription: String { name + "/" + file }
  var folder: String { parent + "/" + name }

  /// The cases under a folder: every model in every case's folder.
  static func cases(_ parent: String) -> [GoldenGraph] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    return names.sorted().flatMap { name in
      ((try? FileManager.default.contentsOfDirectory(atPath: parent + "/" + name)) ?? []).sorted()
        .filter { $0.hasSuffix(".onnx") }
        .map { GoldenGraph(name: name, file: $0, parent: parent) }
    }
  }

  static let all = cases(goldenFolder)
  /// Networks as PyTorch's exporters write them.
  static let exported = cases(volumes.appending(path: "golden/torch-2.13.0").path)

  func model() throws -> ONNXModel { try ONNXModel(contentsOfFile: folder + "/" + file) }

  /// The input of a case whose declaration leaves the extent open.
  static let openExtents = [
    "resize-computed-size": VoxelExtent(z: 2, y: 3, x: 4),
    "unet": VoxelExtent(z: 8, y: 8, x: 12),
    "box-filter": VoxelExtent(cube: 12),
    "affinity-unet": VoxelExtent(z: 8, y: 12, x: 8),
  ]

  func input(_ model: ONNXModel) throws -> Volume<Float> {
    let lengths = try #require(model.inputs[0].lengths).map { length in
      if case .fixed(let value) = length { value } else { 0 }
    }
    let space = lengths.count == 4 ? [1] + lengths[2...] : Array(lengths[2...])
    let extent =
      try statedExtent() ?? Self.openExtents[name]
      ?? VoxelExtent(z: space[0], y: space[1], x: space[2])
    return Volume(
      channels: lengths[1], box: VoxelBox(extent: extent),
      values: try floats(folder + "/input.f32"))
  }

  /// What a file says of the input's extent, for models that leave it open.
  private func statedExtent() throws -> VoxelExtent? {
    guard let data = try? Data(contentsOf: URL(filePath: folder + "/extent.txt")) else {
      return nil
    }
    let numbers = String(decoding: data, as: UTF8.self).split { $0 == " " || $0 == "\n" }
      .compactMap { Int($0) }
    try #require(numbers.count == 3)
    return VoxelExtent(z: numbers[0], y: numbers[1], x: numbers[2])
  }

  /// Runs the model; compares with what onnxruntime gives, relative to the larger of 1 and each value.
  func check(within tolerance: Float) throws {
    let model = try model()
    let input = try input(model)
    let expected = try floats(folder + "/expected.f32")
    let network = try Network(try NetworkPlan(model, extent: input.extent, threads: 2))
    let output = try network.run(input)
    try #require(output.count == expected.count)
    let difference = zip(output, expected).reduce(Float(0)) { largest, pair in
      let error = abs(pair.0 - pair.1) / max(1, abs(pair.1))
      return max(largest, error.isNaN ? .infinity : error)
    }
    #expect(difference < tolerance)
    // A second run finds the buffers dirty.
    #expect(try network.run(input) == output)
  }
}

struct GoldenGraphTests {
  @Test func `the golden graphs are there`() {
    #expect(GoldenGraph.all.count >= 300)
    #expect(GoldenGraph.exported.count >= 20)
  }

  @Test(arguments: GoldenGraph.all)
  func `a graph gives what onnxruntime gives`(_ golden: GoldenGraph) throws {
    // float32 with sums in another order.
    try golden.check(within: 2e-5)
  }

  @Test(arguments: GoldenGraph.exported)
  func `a network exported by PyTorch gives what onnxruntime gives`(_ golden: GoldenGraph) throws {
    try golden.check(within: 2e-5)
  }

  /// Every case in a folder that is not part of the package.
  @Test(
    .enabled(if: getenv("FASCICLE_ONNX_CASES") != nil),
    arguments: getenv("FASCICLE_ONNX_CASES").map { GoldenGraph.cases(String(cString: $0)) } ?? [])
  func `a network from elsewhere gives what onnxruntime gives`(_ golden: GoldenGraph) throws {
    try golden.check(within: 1e-4)
  }

  @Test(arguments: ["unet", "conv-strided", "convtranspose-overlapping", "resize-linear"])
  func `the number of threads changes no bit`(_ name: String) throws {
    let golden = GoldenGraph(name: name)
    let model = try golden.model()
    let input = try golden.input(model)
    let outputs = try [1, 2, 3].map { threads in
      try Network(try NetworkPlan(model, extent: input.extent, threads: threads)).run(input)
    }
    #expect(outputs[0] == outputs[1])
    #expect(outputs[0] == outputs[2])
  }

  @Test func `fusing leaves convolutions and no separate normalisation, sum or activation`() throws
  {
    let fused = try GoldenGraph(name: "conv-batchnorm-relu").model()
    let plan = try NetworkPlan(fused, extent: VoxelExtent(z: 4, y: 5, x: 6), threads: 1)
    #expect(
      plan.operations.allSatisfy { $0.hasPrefix("convolution") || $0.hasPrefix("reorder") })
    let unet = try GoldenGraph(name: "unet").model()
    let operations = try NetworkPlan(unet, extent: VoxelExtent(cube: 8), threads: 1).operations
    #expect(!operations.contains { $0.hasPrefix("add") || $0.hasPrefix("activation") })
    // A convolution of a concatenation is two; a transposed one is one and a rearrangement.
    #expect(operations.count { $0.hasPrefix("convolution") } == 3 + 3 + 1 + 4 + 1)
    #expect(operations.count { $0.hasPrefix("pooling") } == 1)
  }

  @Test func `operations and memory are counted before anything is allocated`() throws {
    let model = try GoldenGraph(name: "box-filter").model()
    let plan = try NetworkPlan(model, extent: VoxelExtent(cube: 8), threads: 1)
    #expect(plan.floatingPointOperations == 2 * 512 * 27)
    #expect(plan.memory.activationBytes >= 512 * 4)
    #expect(plan.memory.activationBytes < 512 * 4 * 16 * 3)
    #expect(plan.memory.weightBytes >= 27 * 4)
    let larger = try NetworkPlan(model, extent: VoxelExtent(cube: 16), threads: 1)
    #expect(larger.memory.activationBytes > plan.memory.activationBytes * 6)
  }
}

struct ReceptiveFieldTests {
  @Test func `a convolution of three taps sees one voxel on each side`() throws {
    let field = try GoldenGraph(name: "box-filter").model().receptiveField()
    #expect(field.before == VoxelExtent(cube: 1))
    #expect(field.after == VoxelExtent(cube: 1))
    #expect(field.requiredMultiple == VoxelExtent(cube: 1))
    #expect(!field.isGlobal)
  }

  @Test func `a dilated convolution sees as far as its taps`() throws {
    let field = try GoldenGraph(name: "conv-dilated").model().receptiveField()
    #expect(field.before == VoxelExtent(z: 2, y: 1, x: 2))
    #expect(field.after == VoxelExtent(z: 2, y: 1, x: 2))
  }

  @Test func `an instance normalisation sees everything`() throws {
    #expect(try GoldenGraph(name: "instancenorm").model().receptiveField().isGlobal)
  }

  @Test func `nothing outside a U-Net's receptive field changes its output`() throws {
    let model = try GoldenGraph(name: "unet").model()
    let field = try model.receptiveField()
    #expect(field.requiredMultiple == VoxelExtent(cube: 2))
    // Three convolutions at each of three stages, the middle one at half the resolution.
    #expect(field.before == VoxelExtent(cube: 3 + 6 + 3 + 1))
    let extent = VoxelExtent(z: 4, y: 4, x: 64)
    let network = try Network(try NetworkPlan(model, extent: extent, threads: 1))
    let start = try network.run(Volume(box: VoxelBox(extent: extent), fill: 0.5))
    for changed in [31, 32] {
      var image = Volume<Float>(box: VoxelBox(extent: extent), fill: 0.5)
      image[VoxelPosition(z: 2, y: 2, x: changed)] = 100
      let output = try network.run(image)
      let moved = (0..<64).filter { x in
        (0..<48).contains { output[$0 * 64 + x] != start[$0 * 64 + x] }
      }
      let first = try #require(moved.first)
      let last = try #require(moved.last)
      #expect(first >= changed - field.after.x)
      #expect(last <= changed + field.before.x)
      #expect(last - first > field.before.x)
    }
  }
}
