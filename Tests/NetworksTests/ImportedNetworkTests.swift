import FoundationEssentials
import Networks
import Tensors
import TestSupport
import Testing
import Voxels

private func exported(_ name: String) throws -> ONNXModel {
  try #require(GoldenGraph.exported.first { $0.name == name }).model()
}

private func noise(_ extent: VoxelExtent, seed: UInt64 = 3) -> Volume<Float> {
  var random = SeededGenerator(seed: seed)
  return Volume(
    box: VoxelBox(extent: extent),
    values: (0..<extent.voxelCount).map { _ in Float.random(in: -1...1, using: &random) })
}

struct ValidConvolutionTests {
  @Test func `valid convolutions lose their context on both sides`() throws {
    let model = try exported("valid-unet-dynamo-20")
    let field = try model.receptiveField()
    #expect(field.context == VoxelExtent(cube: 8))
    // Nearest-neighbour enlargement reaches up to two voxels further.
    #expect((8...10).contains(field.before.z) && (8...10).contains(field.after.z))
    let own = try NetworkPlan(model, extent: VoxelExtent(z: 20, y: 20, x: 22), threads: 1)
    #expect(own.outputShape.extent == VoxelExtent(z: 4, y: 4, x: 6))
  }

  /// Lengths that the strides do not divide, too.
  @Test(arguments: [
    VoxelExtent(z: 28, y: 28, x: 30), VoxelExtent(z: 27, y: 29, x: 31),
    VoxelExtent(z: 20, y: 21, x: 40),
  ])
  func `a network of valid convolutions gives as much as it takes`(_ extent: VoxelExtent) throws {
    let model = try exported("valid-unet-dynamo-20")
    let image = noise(extent)
    let filled = try Network(
      try NetworkPlan(model, extent: extent, threads: 2, outputExtent: .input))
    #expect(filled.outputShape.extent == extent)
    let output = try filled.run(image)
    let part = VoxelExtent(z: 20, y: 20, x: 22)
    let own = try Network(try NetworkPlan(model, extent: part, threads: 1))
    let expected = try own.run(image.cropped(to: VoxelBox(extent: part)))
    // What the first voxels' part gives lies behind the context.
    for channel in 0..<3 {
      for z in 0..<4 {
        for y in 0..<4 {
          for x in 0..<6 {
            let place =
              ((channel * extent.z + z + 8) * extent.y + y + 8) * extent.x + x + 8
            let wanted = expected[((channel * 4 + z) * 4 + y) * 6 + x]
            #expect(abs(output[place] - wanted) < 1e-5)
          }
        }
      }
    }
  }

  @Test(arguments: [
    "valid-unet-dynamo-20", "valid-unet-script-17", "valid-unet-transposed-dynamo-20",
  ])
  func `patches keep none of what valid convolutions lose`(_ name: String) throws {
    let model = try exported(name)
    let choice = try PatchChoice(
      model: model, description: try ModelDescription(model),
      volume: VoxelExtent(z: 60, y: 70, x: 80), memoryLimit: 1 << 28, threads: 1)
    #expect(choice.plan.outputShape.extent == choice.grid.patch)
    #expect(choice.grid.margin.z >= 8 && choice.grid.margin.y >= 8 && choice.grid.margin.x >= 8)
  }
}

struct FlatNetworkTests {
  @Test(arguments: ["plain-unet", "residual-unet-trilinear", "mednext", "squeeze-and-excitation"])
  func `padded networks lose nothing`(_ name: String) throws {
    #expect(try exported(name + "-dynamo-20").receptiveField().context == .zero)
  }

  @Test func `a network of images takes one section at a time`() throws {
    let model = try exported("flat-unet-dynamo-20")
    let choice = try PatchChoice(
      model: model, description: try ModelDescription(model),
      volume: VoxelExtent(z: 5, y: 40, x: 48), memoryLimit: 1 << 28, threads: 1)
    #expect(choice.grid.patch.z == 1)
    #expect(choice.grid.margin.z == 0)
    #expect(choice.plan.outputShape.extent == choice.grid.patch)
    let error = try #require(throws: ModelError.self) {
      try NetworkPlan(model, extent: VoxelExtent(cube: 16), threads: 1)
    }
    #expect(error.code == .mismatch)
  }
}

struct ImportTests {
  @Test func `functions that exporters write out run as one with the convolution`() throws {
    for golden in GoldenGraph.all where golden.name.hasPrefix("written-out-gelu") {
      let model = try golden.model()
      let operations = try NetworkPlan(
        model, extent: VoxelExtent(z: 3, y: 4, x: 5), threads: 1
      ).operations
      #expect(operations.count { !$0.hasPrefix("reorder") } == 1, "\(golden.testDescription)")
    }
  }

  @Test func `a group normalisation moves nothing and takes in its scale and shift`() throws {
    for golden in GoldenGraph.all where golden.name.hasPrefix("written-out-groupnorm-2") {
      let operations = try NetworkPlan(
        try golden.model(), extent: VoxelExtent(z: 4, y: 5, x: 6), threads: 1
      ).operations
      #expect(operations.count { $0.hasPrefix("normalization") } == 1)
      #expect(operations.count { $0.hasPrefix("statistics") } == 1)
      // The only joinings of whole tensors would be a separate scale and shift.
      #expect(operations.count { $0.hasPrefix("multiply") } == 1)
    }
  }

  @Test(arguments: [10, 16])
  func `a model of half precision runs in float32`(_ type: Int) throws {
    var model = try GoldenGraph(name: "conv-same").model()
    model.inputs[0].elementType = type
    model.outputs[0].elementType = type
    let plan = try NetworkPlan(model, extent: VoxelExtent(z: 5, y: 6, x: 7), threads: 1)
    #expect(plan.outputShape.c == 5)
  }

  @Test func `operators that nothing depends on are left out`() throws {
    var model = try GoldenGraph(name: "conv-same").model()
    var node = ONNXModel.Node()
    node.operatorType = "GridSample"
    node.inputs = ["image"]
    node.outputs = ["unused"]
    model.nodes.append(node)
    let plan = try NetworkPlan(model, extent: VoxelExtent(z: 5, y: 6, x: 7), threads: 1)
    #expect(plan.outputShape.c == 5)
  }

  @Test func `an operator set of the future is named`() throws {
    let model = try ONNXModel(contentsOfFile: badFolder + "/unsupported-operator-set-99.onnx")
    let error = try #require(throws: ModelError.self) {
      try NetworkPlan(model, extent: VoxelExtent(cube: 4), threads: 1)
    }
    #expect(error.found == "operator set 99")
    #expect(error.remedy?.contains("opset_version") == true)
  }

  @Test func `weights in another file need the model's folder`() throws {
    let golden = GoldenGraph(name: "external-weights")
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: golden.folder + "/model.onnx")))
    let error = try #require(throws: ModelError.self) { try ONNXModel(bytes: bytes) }
    #expect(error.code == .unsupported)
    #expect(error.found == "\"weights.bin\"")
    #expect(try golden.model().initializers.count >= 4)
  }

  @Test func `a link out of the model's folder is not followed`() throws {
    let golden = GoldenGraph(name: "external-weights")
    let folder = TemporaryFolder()
    let path = folder.path + "/model.onnx"
    try FileManager.default.copyItem(atPath: golden.folder + "/model.onnx", toPath: path)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/weights.bin",
      withDestinationPath: golden.folder + "/weights.bin")
    let error = try #require(throws: ModelError.self) { try ONNXModel(contentsOfFile: path) }
    #expect(error.code == .malformed)
    #expect(error.message.contains("folder"))
  }
}
