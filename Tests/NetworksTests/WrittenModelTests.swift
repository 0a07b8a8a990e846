import Codecs
import FoundationEssentials
import Networks
import TestSupport
import Testing
import Voxels

/// Where `tools/golden/written-networks.py --save` put onnxruntime's outputs.
private let writtenFolder = goldenFolder + "-written"

/// A small network of one of the architectures, with weights that leave no part without effect.
struct WrittenNetwork: CustomTestStringConvertible, Sendable {
  let name: String
  var settings: JSONObject
  var inputChannels = 1
  var outputChannels = 3
  var extent = VoxelExtent(z: 4, y: 8, x: 12)
  var multiple = VoxelExtent(z: 1, y: 2, x: 2)
  var reach: VoxelExtent?

  var testDescription: String { name }
  var folder: String { writtenFolder + "/" + name }

  static func triple(_ z: Int64, _ y: Int64, _ x: Int64) -> JSONValue {
    .array([.integer(z), .integer(y), .integer(x)])
  }

  static let all = [
    WrittenNetwork(
      name: "residual-unet",
      settings: [
        "architecture": .string("residual-unet"), "widths": .array([.integer(4), .integer(6)]),
        "kernels": .array([triple(1, 3, 3), triple(3, 3, 3)]), "pooling": triple(1, 2, 2),
        "activation": .string("elu"), "input_kernel": triple(1, 5, 5),
      ],
      // In x: 2 of the entry and 1 of each of 2 + 3 others; twice 3 at the coarse level; pooling
      // and transposed convolution, in windows of 2.
      reach: VoxelExtent(z: 3, y: 2 + 5 + 6 + 1, x: 2 + 5 + 6 + 1)),
    WrittenNetwork(
      name: "residual-unet-strided",
      settings: [
        "architecture": .string("residual-unet"), "widths": .array([.integer(3), .integer(5)]),
        "downsampling": .string("strided"), "upsampling": .string("linear"),
        "normalization": .string("instance"), "skip": .string("concatenation"),
        "output_kernel": triple(1, 3, 3),
      ], multiple: VoxelExtent(cube: 2)),
    WrittenNetwork(
      name: "unet",
      settings: [
        "architecture": .string("unet"), "widths": .array([.integer(3), .integer(4), .integer(5)]),
        "upsampling": .string("nearest"), "convolutions": .integer(1),
        "pooling": .array([triple(1, 2, 2), triple(2, 2, 2)]),
      ], inputChannels: 2, multiple: VoxelExtent(z: 2, y: 4, x: 4)),
    WrittenNetwork(
      name: "ffn",
      settings: [
        "architecture": .string("ffn"), "depth": .integer(3), "features": .integer(4),
        "adds_mask": .bool(true),
      ], inputChannels: 2, outputChannels: 1, multiple: VoxelExtent(cube: 1),
      reach: VoxelExtent(cube: 6)),
  ]

  func start(seed: UInt64 = 1) throws -> ONNXModel {
    var reader = try SettingsReader(.object(settings))
    return try networkArchitecture(&reader).model(
      inputChannels: inputChannels, outputChannels: outputChannels, seed: seed)
  }

  /// The network with weights from another generator, none of them zero.
  func model() throws -> ONNXModel {
    var random = SeededGenerator(seed: 11)
    let start = try start()
    let values = start.parameters.flatMap { parameter in
      // As large as keeps the variance; scales and shifts of order 1.
      let width = Float(parameter.lengths.dropFirst().reduce(1, *))
      return parameter.range.map { _ in
        Float(Int64.random(in: -1000...1000, using: &random)) / 500 / width.squareRoot()
      }
    }
    return start.replacingParameters(values.span).settingMetadata([
      "task": "affinities", "axes": "zyx", "offsets": "-1,0,0;0,-1,0;0,0,-1",
    ])
  }

  func input() -> Volume<Float> {
    var random = SeededGenerator(seed: 12)
    return Volume(
      channels: inputChannels, box: VoxelBox(extent: extent),
      values: (0..<inputChannels * extent.voxelCount).map { _ in
        Float(Int64.random(in: 0...255, using: &random)) / 255
      })
  }

  func output(of model: ONNXModel) throws -> [Float] {
    try Network(try NetworkPlan(model, extent: extent, threads: 2)).run(input())
  }
}

private func bytes(_ values: [Float]) -> Data {
  Data(
    values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> UInt32(8 * $0) & 255) } })
}

struct WrittenModelTests {
  @Test(arguments: WrittenNetwork.all)
  func `what is written is read back as the same graph`(_ network: WrittenNetwork) throws {
    let model = try network.model()
    let read = try ONNXModel(bytes: model.encoded())
    #expect(read.nodes == model.nodes)
    #expect(read.initializers == model.initializers)
    #expect(read.inputs == model.inputs && read.outputs == model.outputs)
    #expect(read.metadata == model.metadata)
    #expect(read.operatorSetVersion == 18)
    #expect(read.producer == "fascicle")
    #expect(read.encoded() == model.encoded())
  }

  /// Seeds, weights and bytes are those of the machine that wrote the committed files.
  @Test(arguments: WrittenNetwork.all)
  func `the file has the same bytes on every machine`(_ network: WrittenNetwork) throws {
    let committed = try Data(contentsOf: URL(filePath: network.folder + "/model.onnx"))
    #expect(try network.model().encoded() == [UInt8](committed))
    let start = try Data(contentsOf: URL(filePath: network.folder + "/start.onnx"))
    #expect(try network.start().encoded() == [UInt8](start))
  }

  @Test(arguments: WrittenNetwork.all)
  func `onnxruntime gives the same for the written file`(_ network: WrittenNetwork) throws {
    let expected = try floats(network.folder + "/expected.f32")
    let output = try network.output(of: try network.model())
    try #require(output.count == expected.count)
    #expect(largestDifference(output, expected) < 1e-4)
    // An output that is the same everywhere would prove little.
    let (least, most) = (expected.min() ?? 0, expected.max() ?? 0)
    #expect(most - least > 0.5)
  }

  /// A file of any other program passes through the writer unharmed.
  @Test(arguments: GoldenGraph.all)
  func `a written graph gives what it gave before`(_ golden: GoldenGraph) throws {
    let model = try golden.model()
    let written = try ONNXModel(bytes: model.encoded())
    #expect(written.nodes == model.nodes)
    #expect(written.metadata == model.metadata)
    let input = try golden.input(model)
    let outputs = try [model, written].map { model in
      try Network(try NetworkPlan(model, extent: input.extent, threads: 1)).run(input)
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["FASCICLE_WRITTEN_NETWORKS"] != nil,
      "writes models for tools/golden/written-networks.py into FASCICLE_WRITTEN_NETWORKS"),
    arguments: WrittenNetwork.all)
  func `models are written for other programs to read`(_ network: WrittenNetwork) throws {
    let folder = URL(
      filePath: ProcessInfo.processInfo.environment["FASCICLE_WRITTEN_NETWORKS"] ?? ""
    ).appending(path: network.name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let model = try network.model()
    let input = network.input()
    for (name, content) in [
      ("start.onnx", Data(try network.start().encoded())), ("model.onnx", Data(model.encoded())),
      ("input.f32", bytes(input.span.indices.map { input.span[$0] })),
      ("output.f32", bytes(try network.output(of: model))),
    ] {
      try content.write(to: folder.appending(path: name))
    }
  }
}

struct ArchitectureTests {
  @Test(arguments: WrittenNetwork.all)
  func `a network asks for the multiples of its pooling`(_ network: WrittenNetwork) throws {
    let field = try network.start().receptiveField()
    #expect(field.requiredMultiple == network.multiple)
    if let reach = network.reach { #expect(field.radius == reach) }
  }

  @Test(arguments: WrittenNetwork.all)
  func `logits start near zero, and not all at zero`(_ network: WrittenNetwork) throws {
    var network = network
    network.settings["adds_mask"] = nil
    let output = try network.output(of: try network.start())
    #expect(output.allSatisfy { abs($0) < 0.2 })
    #expect(output.contains { abs($0) > 1e-5 })
  }

  @Test func `another seed gives other weights of the same shapes`() throws {
    let network = WrittenNetwork.all[0]
    let (first, second) = (try network.start(seed: 1), try network.start(seed: 2))
    #expect(first.parameters == second.parameters)
    #expect(first.parameterValues != second.parameterValues)
  }

  @Test func `a deep network keeps the order of magnitude of what it is given`() throws {
    for name in ["residual-unet", "unet"] {
      var network = WrittenNetwork(
        name: name,
        settings: [
          "architecture": .string(name),
          "widths": .array([.integer(8), .integer(8), .integer(8)]),
        ])
      network.extent = VoxelExtent(z: 8, y: 8, x: 16)
      var model = try network.start()
      // The last layer is made small on purpose.
      model.initializers["output.weight"]?.values = .floats((0..<24).map { $0 % 2 == 0 ? 1 : -1 })
      let output = try network.output(of: model)
      let square = output.reduce(0) { $0 + $1 * $1 } / Float(output.count)
      #expect((0.01...100).contains(square), "\(name): \(square)")
    }
  }

  @Test func `the defaults of every architecture build`() throws {
    for type in networkArchitectures {
      var reader = try SettingsReader(.object(["architecture": .string(type.name)]))
      let architecture = try networkArchitecture(&reader)
      let model = try architecture.model(inputChannels: 1, outputChannels: 12, seed: 3)
      #expect(model.outputs[0].lengths?[1] == .fixed(12))
      #expect(model.parameters.allSatisfy { !$0.lengths.isEmpty })
      // What is written back with every default builds the same network.
      var again = try SettingsReader(.object(reader.completed))
      let same = try networkArchitecture(&again).model(
        inputChannels: 1, outputChannels: 12, seed: 3)
      #expect(same.nodes == model.nodes && same.initializers == model.initializers)
    }
  }

  @Test(arguments: [
    ("width", JSONValue.integer(3), "kernels"),
    ("widths", .array([]), "1 to 8 levels"),
    ("widths", .array([.integer(0)]), "1 to 1024"),
    ("kernels", WrittenNetwork.triple(2, 3, 3), "odd"),
    ("kernels", .array([WrittenNetwork.triple(3, 3, 3)]), "4 such triples"),
    ("kernels", .string("3"), "odd"),
    ("pooling", WrittenNetwork.triple(0, 2, 2), "1 to 4"),
    ("input_kernel", .array([.integer(3)]), "3 whole numbers"),
    ("input_kernel", WrittenNetwork.triple(3, 3, 4), "odd"),
    ("activation", .string("gelu"), "relu, elu"),
    ("skip", .bool(true), "text"),
    ("downsampling", .string("strided"), ""),
    ("architecture", .string("resnet"), "residual-unet, unet, ffn"),
  ])
  func `a setting that cannot be built is named`(
    _ key: String, _ value: JSONValue, _ expected: String
  ) throws {
    var settings: JSONObject = [key: value]
    if key == "downsampling" { settings["pooling"] = WrittenNetwork.triple(4, 4, 4) }
    let error = try #require(throws: SettingsError.self) {
      var reader = try SettingsReader(.object(settings), path: "network")
      _ = try networkArchitecture(&reader)
    }
    #expect(error.key == "network.\(key)")
    #expect(error.expected?.contains(expected) == true, "\(error)")
  }

  @Test func `a network of too many weights or channels is refused`() throws {
    var reader = try SettingsReader(
      .object(["widths": .array(.init(repeating: .integer(1024), count: 8))]))
    let large = try networkArchitecture(&reader)
    let error = try #require(throws: ModelError.self) {
      try large.model(inputChannels: 1, outputChannels: 3, seed: 1)
    }
    #expect(error.code == .limitExceeded)
    let small = try #require(throws: ModelError.self) {
      try large.model(inputChannels: 0, outputChannels: 3, seed: 1)
    }
    #expect(small.code == .mismatch)
    let masked = WrittenNetwork(
      name: "ffn", settings: ["architecture": .string("ffn"), "adds_mask": .bool(true)])
    #expect(throws: ModelError.self) { try masked.start() }
  }

  @Test func `convolutions carry out sums and activations, and nothing is copied`() throws {
    var network = WrittenNetwork.all[0]
    network.settings["upsampling"] = .string("nearest")
    let plan = try NetworkPlan(try network.start(), extent: network.extent, threads: 1)
    #expect(plan.operations.count { $0.hasPrefix("convolution") } == 3 + 3 + 1 + 3 + 1)
    #expect(!plan.operations.contains { $0.hasPrefix("activation") })
    #expect(plan.operations.count { $0.hasPrefix("add") } <= 1)
  }
}

struct ModelEditingTests {
  @Test func `the output channels kept are those of the whole model`() throws {
    let network = WrittenNetwork.all[0]
    let model = try network.model()
    let whole = try network.output(of: model)
    let part = try network.output(of: try model.keepingOutputChannels(1..<3))
    let count = network.extent.voxelCount
    #expect(largestDifference(part, Array(whole[count...])) < 1e-6)
    let cut = try model.keepingOutputChannels(0..<1)
    #expect(cut.outputs[0].lengths?[1] == .fixed(1))
    #expect(cut.parameters.first { $0.name == "output.bias" }?.lengths == [1])
    #expect(cut.initializers.count == model.initializers.count)
  }

  @Test func `weights that another layer reads too stay whole`() throws {
    var model = try WrittenNetwork.all[0].model()
    var other = try #require(model.nodes.last)
    (other.name, other.outputs) = ("other", ["other"])
    model.nodes.append(other)
    let cut = try model.keepingOutputChannels(0..<1)
    #expect(cut.nodes.last?.inputs[1] == "output.weight")
    #expect(cut.initializers["output.weight"]?.lengths.first == 3)
    #expect(cut.nodes.dropLast().last?.inputs[1] == "output.weight.1")
  }

  @Test func `channels that there are not are refused`() throws {
    let model = try WrittenNetwork.all[0].model()
    for range in [0..<0, 0..<4, 3..<4] {
      let error = try #require(throws: ModelError.self) { try model.keepingOutputChannels(range) }
      #expect(error.code == .mismatch)
    }
  }

  @Test func `an output that is not a convolution's is refused with its node`() throws {
    let model = try WrittenNetwork.all[3].model()
    let error = try #require(throws: ModelError.self) { try model.keepingOutputChannels(0..<1) }
    #expect(error.code == .unsupported)
    #expect(error.node == "Add \"output.sum\"")
  }

  @Test func `metadata properties are added and replaced`() throws {
    let model = try WrittenNetwork.all[0].model().settingMetadata(["task": "boundary", "a": "ä"])
    #expect(model.metadata["task"] == "boundary" && model.metadata["axes"] == "zyx")
    #expect(try ONNXModel(bytes: model.encoded()).metadata == model.metadata)
  }
}

struct ParameterTests {
  @Test func `parameters are the weights in the order in which layers read them`() throws {
    let model = try WrittenNetwork.all[1].model()
    let parameters = model.parameters
    #expect(
      parameters.prefix(3).map { $0.name } == [
        "down0.entry.weight", "down0.entry.normalization.scale", "down0.entry.normalization.bias",
      ])
    #expect(parameters.first?.lengths == [3, 1, 3, 3, 3])
    #expect(!parameters.contains { $0.name.hasSuffix("scales") })
    var end = 0
    for parameter in parameters {
      #expect(parameter.range.lowerBound == end)
      #expect(parameter.range.count == parameter.lengths.reduce(1, *))
      end = parameter.range.upperBound
    }
    #expect(model.parameterValues.count == end)
  }

  @Test func `values replaced are the values there are`() throws {
    let model = try WrittenNetwork.all[0].model()
    let values = model.parameterValues.map { $0 + 1 }
    let replaced = model.replacingParameters(values.span)
    #expect(replaced.parameterValues == values)
    #expect(replaced.parameters == model.parameters)
  }

  @Test func `an initializer that two layers read is there once`() throws {
    var model = try WrittenNetwork.all[3].start()
    let first = try #require(model.nodes.first { $0.name == "module1.convolution1" })
    let index = try #require(model.nodes.firstIndex { $0.name == "module2.convolution1" })
    model.nodes[index].inputs[1...] = first.inputs[1...]
    let names = model.parameters.map { $0.name }
    #expect(names.count { $0 == first.inputs[1] } == 1)
    #expect(!names.contains("module2.convolution1.weight"))
    // As exporters write it: through an Identity.
    var identity = first
    (identity.name, identity.attributes) = ("tied", [:])
    (identity.operatorType, identity.inputs, identity.outputs) = (
      "Identity", [first.inputs[1]], ["tied"]
    )
    model.nodes.insert(identity, at: 0)
    model.nodes[index + 1].inputs[1] = "tied"
    #expect(model.parameters.map { $0.name } == names)
  }
}
