import Tensors

/// Puts the graph of a network together, layer by layer, with the weights it starts with.
struct GraphBuilder {
  /// What a layer gives: a tensor of (1, channels, z, y, x).
  struct Features {
    fileprivate var name: String
    var channels: Int
  }

  /// The model's input.
  let input: Features
  private var model = ONNXModel()
  private var generator: WeightGenerator

  /// Starts a graph with the one input `image`.
  init(inputChannels: Int, seed: UInt64) {
    input = Features(name: "image", channels: inputChannels)
    generator = WeightGenerator(seed: seed)
    model.operatorSetVersion = 18
    model.producer = "fascicle"
    model.inputs = [Self.port(input)]
  }

  /// The model whose one output, `logits`, is what the last layer added gives.
  consuming func finished(_ output: Features) -> ONNXModel {
    let last = model.nodes.count - 1
    precondition(model.nodes[last].outputs == [output.name], "the output is the last layer's")
    model.nodes[last].outputs = ["logits"]
    model.outputs = [Self.port(Features(name: "logits", channels: output.channels))]
    return model
  }

  private static func port(_ features: Features) -> ONNXModel.Port {
    var port = ONNXModel.Port()
    port.name = features.name
    port.elementType = 1
    port.lengths = [
      .symbolic("sample"), .fixed(features.channels), .symbolic("z"), .symbolic("y"),
      .symbolic("x"),
    ]
    return port
  }

  private mutating func add(
    _ operatorType: String, _ name: String, _ inputs: [String], channels: Int,
    _ attributes: [String: ONNXModel.Attribute] = [:]
  ) -> Features {
    var node = ONNXModel.Node()
    node.name = name
    node.operatorType = operatorType
    node.inputs = inputs
    node.outputs = [name]
    node.attributes = attributes
    model.nodes.append(node)
    return Features(name: name, channels: channels)
  }

  private mutating func constant(_ name: String, _ lengths: [Int], _ values: [Float]) -> String {
    model.initializers[name] = ONNXModel.Constant(
      name: name, lengths: lengths, values: .floats(values))
    return name
  }

  // MARK: - Layers with weights

  /// Adds a convolution whose output has the input's extent, divided by the stride.
  mutating func convolution(
    _ name: String, _ input: Features, channels: Int, kernel: AxisTriple,
    stride: AxisTriple = AxisTriple(1), gain: Float, hasBias: Bool = true
  ) -> Features {
    let taps = kernel.components.reduce(1, *)
    var inputs = [
      input.name,
      constant(
        name + ".weight", [channels, input.channels] + kernel.components,
        generator.weights(
          count: channels * input.channels * taps, fanIn: input.channels * taps, gain: gain)),
    ]
    if hasBias { inputs.append(zeros(name + ".bias", channels)) }
    let padding = kernel.components.map { Int64($0 / 2) }
    return add(
      "Conv", name, inputs, channels: channels,
      [
        "kernel_shape": Self.numbers(kernel), "strides": Self.numbers(stride),
        "pads": .integers(padding + padding),
      ])
  }

  /// Adds a transposed convolution whose windows touch without overlap.
  mutating func transposedConvolution(
    _ name: String, _ input: Features, channels: Int, factor: AxisTriple, gain: Float
  ) -> Features {
    let taps = factor.components.reduce(1, *)
    let weight = constant(
      name + ".weight", [input.channels, channels] + factor.components,
      generator.weights(
        count: input.channels * channels * taps, fanIn: input.channels, gain: gain))
    return add(
      "ConvTranspose", name, [input.name, weight, zeros(name + ".bias", channels)],
      channels: channels,
      ["kernel_shape": Self.numbers(factor), "strides": Self.numbers(factor)])
  }

  /// Adds a normalisation of each channel to mean 0 and variance 1, then scaled and shifted.
  mutating func instanceNormalization(_ name: String, _ input: Features) -> Features {
    let ones = [Float](repeating: 1, count: input.channels)
    let scale = constant(name + ".scale", [input.channels], ones)
    return add(
      "InstanceNormalization", name, [input.name, scale, zeros(name + ".bias", input.channels)],
      channels: input.channels, ["epsilon": .float(1e-5)])
  }

  private mutating func zeros(_ name: String, _ count: Int) -> String {
    constant(name, [count], [Float](repeating: 0, count: count))
  }

  private static func numbers(_ triple: AxisTriple) -> ONNXModel.Attribute {
    .integers(triple.components.map { Int64($0) })
  }

  // MARK: - Layers without weights

  mutating func activation(_ name: String, _ input: Features, _ kind: LayerActivation) -> Features {
    switch kind {
    case .relu: add("Relu", name, [input.name], channels: input.channels)
    case .elu: add("Elu", name, [input.name], channels: input.channels, ["alpha": .float(1)])
    }
  }

  mutating func sum(_ name: String, _ first: Features, _ second: Features) -> Features {
    precondition(first.channels == second.channels, "a sum is of as many channels")
    return add("Add", name, [first.name, second.name], channels: first.channels)
  }

  mutating func concatenation(_ name: String, _ first: Features, _ second: Features) -> Features {
    add(
      "Concat", name, [first.name, second.name], channels: first.channels + second.channels,
      ["axis": .integer(1)])
  }

  mutating func maximumPooling(
    _ name: String, _ input: Features, factor: AxisTriple
  ) -> Features {
    add(
      "MaxPool", name, [input.name], channels: input.channels,
      ["kernel_shape": Self.numbers(factor), "strides": Self.numbers(factor)])
  }

  /// Adds an enlargement by whole factors.
  mutating func enlargement(
    _ name: String, _ input: Features, factor: AxisTriple, isLinear: Bool
  ) -> Features {
    let scales = constant(
      name + ".scales", [5], [1, 1] + factor.components.map { Float($0) })
    return add(
      "Resize", name, [input.name, "", scales], channels: input.channels,
      isLinear
        ? ["mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel")]
        : [
          "mode": .string("nearest"), "nearest_mode": .string("floor"),
          "coordinate_transformation_mode": .string("asymmetric"),
        ])
  }

  /// Adds the choice of one channel.
  mutating func channel(_ name: String, _ input: Features, _ index: Int) -> Features {
    func list(_ part: String, _ value: Int) -> String {
      let name = "\(name).\(part)"
      model.initializers[name] = ONNXModel.Constant(
        name: name, lengths: [1], values: .integers([Int64(value)]))
      return name
    }
    let inputs = [input.name, list("start", index), list("end", index + 1), list("axis", 1)]
    return add("Slice", name, inputs, channels: 1)
  }
}
