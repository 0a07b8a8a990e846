import Networks
import Tensors
import Testing
import Voxels

struct ModelReferenceTests {
  private static let network = WrittenNetwork.all[0]

  @Test func `a model agrees with the reference stored in it`() throws {
    let model = try Self.network.model().addingReference(
      extent: VoxelExtent(z: 4, y: 8, x: 12), seed: 7, threads: 1)
    let read = try ONNXModel(bytes: model.encoded())
    let reference = try #require(try ModelReference(storedIn: read))
    #expect(reference.seed == 7)
    #expect(reference.extent == VoxelExtent(z: 4, y: 8, x: 12))
    #expect(reference.text == model.metadata["reference"])
    let comparison = try reference.compare(read, threads: 2)
    // 64 values, a mean and a deviation of each of 3 channels.
    #expect(comparison.count == 64 + 6)
    #expect(comparison.largestRelativeDifference < 1e-5)
  }

  @Test func `a weight that changed is noticed`() throws {
    var model = try Self.network.model().addingReference(extent: Self.network.extent, threads: 1)
    let bias = try #require(model.parameters.first { $0.name == "down1.entry.bias" })
    var values = model.parameterValues
    values[bias.range.lowerBound] += 0.5
    model = model.replacingParameters(values.span)
    let reference = try #require(try ModelReference(storedIn: model))
    #expect(try reference.compare(model, threads: 1).largestRelativeDifference > 1e-3)
  }

  /// The input is what the documentation says, so that others can make it.
  @Test func `the input is SplitMix64's upper bits`() throws {
    var model = try Self.network.model()
    model = try model.addingReference(extent: Self.network.extent, seed: 3, threads: 1)
    var state: UInt64 = 3
    let values = (0..<Self.network.extent.voxelCount).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
      return Float((word ^ word >> 31) >> 40) / 16_777_216
    }
    let input = Volume(box: VoxelBox(extent: Self.network.extent), values: values)
    let plan = try NetworkPlan(model, extent: Self.network.extent, threads: 1)
    let output = try Network(plan).run(input)
    let mean = output[..<input.extent.voxelCount].reduce(0) { $0 + Double($1) }
    let text = try #require(model.metadata["reference"])
    let means = try #require(text.split(separator: "\"means\":[").last?.split(separator: ",").first)
    #expect(
      abs(try #require(Double(means)) - mean / Double(input.extent.voxelCount)) < 1e-6)
  }

  @Test func `without an extent a small one that fits is taken`() throws {
    let model = try WrittenNetwork.all[2].model().addingReference(threads: 1)
    let reference = try #require(try ModelReference(storedIn: model))
    #expect(reference.extent == VoxelExtent(cube: 16))
  }

  @Test func `a model without a reference has none`() throws {
    #expect(try ModelReference(storedIn: Self.network.model()) == nil)
  }

  @Test(arguments: [
    "", "{}", "null", "[1]", "{\"seed\":1}",
    """
    {"seed":1,"extent":[4,8,12],"places":[0,1152],"values":[1,2],"means":[0,0,0],
    "deviations":[1,1,1]}
    """,
    """
    {"seed":1,"extent":[9223372036854775807,8,12],"places":[0],"values":[1],"means":[0],
    "deviations":[1]}
    """,
    """
    {"seed":1,"extent":[4,8,12],"places":[-1],"values":[1],"means":[0],"deviations":[1]}
    """,
  ])
  func `a reference that cannot be understood is refused`(_ text: String) throws {
    let model = try Self.network.model().settingMetadata(["reference": text])
    let error = try #require(throws: ModelError.self) { try ModelReference(storedIn: model) }
    #expect(error.code == .malformed)
  }

  @Test func `a reference of other shapes is refused`() throws {
    let model = try Self.network.model().addingReference(extent: Self.network.extent, threads: 1)
    let reference = try #require(try ModelReference(storedIn: model))
    let cut = try model.keepingOutputChannels(0..<2)
    let error = try #require(throws: ModelError.self) { try reference.compare(cut, threads: 1) }
    #expect(error.code == .mismatch)
  }
}

struct ModelSummaryTests {
  @Test(arguments: GoldenGraph.all)
  func `layers add up to what the whole network counts`(_ golden: GoldenGraph) throws {
    let model = try golden.model()
    let extent = try golden.input(model).extent
    let summary = try ModelSummary(model, extent: extent, threads: 1)
    #expect(summary.parameterCount == model.parameterValues.count)
    #expect(summary.layers.allSatisfy { $0.outputShape != nil })
    #expect(summary.layers.last?.outputShape == summary.plan.outputShape)
  }

  @Test func `a residual network's layers are those of its graph`() throws {
    let model = try WrittenNetwork.all[0].model()
    let extent = VoxelExtent(z: 4, y: 8, x: 12)
    let summary = try ModelSummary(model, extent: extent, threads: 1)
    #expect(summary.layers.map { $0.name }.first == "down0.entry")
    #expect(summary.layers.count == model.nodes.count)
    let entry = summary.layers[0]
    #expect(entry.outputShape == TensorShape(c: 4, extent: extent))
    #expect(entry.parameterCount == 4 * 25 + 4)
    #expect(entry.floatingPointOperations == Double(2 * 4 * 25 * extent.voxelCount))
    #expect(entry.outputBytes == 4 * 4 * extent.voxelCount)
    let up = try #require(summary.layers.first { $0.operatorType == "ConvTranspose" })
    // Each coarse voxel's 6 channels give 4 channels of 4 voxels.
    #expect(up.floatingPointOperations == Double(2 * 6 * 4 * 4 * extent.voxelCount / 4))
    let sum = try #require(summary.layers.first { $0.name == "down1.sum" })
    #expect(sum.outputShape == TensorShape(c: 6, z: 4, y: 4, x: 6))
  }

  @Test func `without a patch a fitting one is taken`() throws {
    let model = try WrittenNetwork.all[2].model()
    #expect(try ModelSummary(model, threads: 1).plan.inputShape.extent == VoxelExtent(cube: 64))
    let stated = model.settingMetadata(["patch": "4,8,16"])
    #expect(
      try ModelSummary(stated, threads: 1).plan.inputShape.extent
        == VoxelExtent(z: 4, y: 8, x: 16))
  }
}

struct UnsoundWeightTests {
  @Test(arguments: [
    ("malformed-nan-weights", "w0", "1 of 162, the first nan"),
    ("malformed-infinite-bias", "w1", "1 of 3, the first -inf"),
    ("malformed-nan-scale", "w2", "1 of 3, the first nan"),
  ])
  func `weights that are not finite are named`(
    _ file: String, _ name: String, _ found: String
  ) throws {
    let model = try ONNXModel(contentsOfFile: "\(badFolder)/\(file).onnx")
    let error = try #require(throws: ModelError.self) {
      try NetworkPlan(model, extent: VoxelExtent(cube: 4), threads: 1)
    }
    #expect(error.message.contains("\"\(name)\""))
    #expect(error.found == found)
    #expect(error.remedy?.contains("checkpoint") == true)
  }

  @Test func `a model of another task predicts no affinities`() throws {
    let model = try WrittenNetwork.all[0].model().settingMetadata(["task": "mitochondria"])
    let error = try #require(throws: ModelError.self) {
      try ModelDescription(model).affinityChannels(of: 3)
    }
    #expect(error.code == .mismatch)
    #expect(error.found == "mitochondria")
  }
}
