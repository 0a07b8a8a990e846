import Networks
import Testing
import Voxels

private func numbers(_ values: Int64...) -> ONNXModel.Attribute { .integers(values) }

struct ConvolutionGradientTests {
  /// One convolution: channels, groups, kernel and extent, and its other attributes.
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var inputs = 2, outputs = 3, groups = 1
    var kernel = [3, 3, 3]
    var extent = [3, 5, 4]
    var attributes: [String: ONNXModel.Attribute] = [:]
  }

  static let cases = [
    Case(testDescription: "same padding", attributes: ["pads": numbers(1, 1, 1, 1, 1, 1)]),
    Case(testDescription: "no padding"),
    Case(
      testDescription: "many channels", inputs: 17, outputs: 19, extent: [2, 2, 3],
      attributes: ["pads": numbers(1, 1, 1, 1, 1, 1)]),
    Case(
      testDescription: "anisotropic", kernel: [1, 3, 3], extent: [2, 5, 3],
      attributes: ["pads": numbers(0, 1, 1, 0, 1, 1)]),
    Case(
      testDescription: "strided, odd extents", kernel: [3, 3, 3], extent: [5, 7, 6],
      attributes: ["pads": numbers(1, 1, 1, 1, 1, 1), "strides": numbers(2, 2, 3)]),
    Case(
      testDescription: "strided, last voxels unused", kernel: [2, 2, 2], extent: [5, 4, 5],
      attributes: ["strides": numbers(2, 2, 2)]),
    Case(
      testDescription: "dilated", kernel: [3, 1, 3], extent: [5, 3, 6],
      attributes: ["pads": numbers(2, 0, 1, 2, 0, 1), "dilations": numbers(2, 1, 1)]),
    Case(
      testDescription: "one-sided padding", kernel: [2, 2, 2], extent: [3, 4, 3],
      attributes: ["pads": numbers(0, 1, 0, 1, 0, 1)]),
    Case(
      testDescription: "grouped", inputs: 4, outputs: 6, groups: 2, extent: [3, 3, 4],
      attributes: ["pads": numbers(1, 1, 1, 1, 1, 1), "group": .integer(2)]),
    Case(
      testDescription: "depthwise", inputs: 3, outputs: 3, groups: 3, extent: [3, 3, 4],
      attributes: ["pads": numbers(1, 1, 1, 1, 1, 1), "group": .integer(3)]),
    Case(testDescription: "pointwise", inputs: 5, outputs: 3, kernel: [1, 1, 1]),
    Case(
      testDescription: "pointwise, strided", inputs: 5, outputs: 3, kernel: [1, 1, 1],
      attributes: ["strides": numbers(2, 1, 2)]),
  ]

  @Test(arguments: cases, [true, false])
  func `a convolution has the gradients of finite differences`(_ c: Case, hasBias: Bool) throws {
    var graph = TestGraph()
    let input = graph.tensor([c.inputs] + c.extent)
    var names = [input, graph.numbers([c.outputs, c.inputs / c.groups] + c.kernel)]
    if hasBias { names.append(graph.numbers([c.outputs])) }
    try checkGradients(graph.finished(graph.node("Conv", names, c.attributes)))
  }

  static let transposedCases = [
    Case(
      testDescription: "touching", kernel: [2, 2, 2], attributes: ["strides": numbers(2, 2, 2)]),
    Case(
      testDescription: "touching, anisotropic", inputs: 3, outputs: 2, kernel: [1, 2, 3],
      attributes: ["strides": numbers(1, 2, 3)]),
    Case(
      testDescription: "overlapping", kernel: [3, 3, 3], extent: [2, 3, 2],
      attributes: ["strides": numbers(2, 2, 2), "pads": numbers(1, 1, 1, 1, 1, 1)]),
    Case(
      testDescription: "output padding", kernel: [3, 3, 3], extent: [2, 3, 2],
      attributes: [
        "strides": numbers(2, 2, 2), "pads": numbers(1, 1, 1, 1, 1, 1),
        "output_padding": numbers(1, 0, 1),
      ]),
    Case(
      testDescription: "grouped", inputs: 4, outputs: 2, groups: 2, kernel: [2, 2, 2],
      extent: [2, 2, 3],
      attributes: ["strides": numbers(2, 2, 2), "group": .integer(2)]),
  ]

  @Test(arguments: transposedCases, [true, false])
  func `a transposed convolution has the gradients of finite differences`(
    _ c: Case, hasBias: Bool
  ) throws {
    var graph = TestGraph()
    let input = graph.tensor([c.inputs] + c.extent)
    var names = [input, graph.numbers([c.inputs, c.outputs / c.groups] + c.kernel)]
    if hasBias { names.append(graph.numbers([c.outputs])) }
    try checkGradients(graph.finished(graph.node("ConvTranspose", names, c.attributes)))
  }

  @Test func `a convolution of a concatenation is differentiated part by part`() throws {
    var graph = TestGraph()
    let parts = [
      graph.tensor([2, 3, 4, 3]), graph.tensor([3, 3, 4, 3]), graph.tensor([1, 3, 4, 3]),
    ]
    let joined = graph.node("Concat", parts, ["axis": .integer(1)])
    let weights = graph.numbers([2, 6, 3, 3, 3])
    let bias = graph.numbers([2])
    let sum = graph.node(
      "Conv", [joined, weights, bias], ["pads": numbers(1, 1, 1, 1, 1, 1)])
    try checkGradients(graph.finished(graph.node("Elu", [sum])))
  }

  @Test(arguments: ["Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Gelu"])
  func `a residual and an activation are differentiated with their convolution`(
    _ activation: String
  ) throws {
    var graph = TestGraph(seed: 3)
    let input = graph.tensor([3, 3, 4, 5])
    func convolution(_ input: String) -> String {
      let weights = graph.numbers([3, 3, 3, 3, 3])
      let bias = graph.numbers([3])
      return graph.node("Conv", [input, weights, bias], ["pads": numbers(1, 1, 1, 1, 1, 1)])
    }
    let first = graph.node(activation, [convolution(input)])
    let second = graph.node(activation, [convolution(first)])
    let sum = graph.node("Add", [convolution(second), first])
    try checkGradients(graph.finished(graph.node(activation, [sum])), tolerance: 1e-2)
  }

  @Test func `weights that two operators read have the sum of both gradients`() throws {
    var graph = TestGraph()
    let input = graph.tensor([2, 3, 3, 3])
    let weights = graph.numbers([2, 2, 3, 3, 3])
    let bias = graph.numbers([2])
    let pads: [String: ONNXModel.Attribute] = ["pads": numbers(1, 1, 1, 1, 1, 1)]
    let first = graph.node("Conv", [input, weights, bias], pads)
    let second = graph.node("Conv", [graph.node("Tanh", [first]), weights, bias], pads)
    try checkGradients(graph.finished(second))
  }
}

struct OperatorGradientTests {
  @Test(arguments: ["Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Gelu"])
  func `an activation has the gradient of finite differences`(_ name: String) throws {
    var graph = TestGraph()
    let input = graph.tensor([3, 3, 4, 5])
    try checkGradients(graph.finished(graph.node(name, [input])))
  }

  @Test func `a limited range lets gradients through where it does not limit`() throws {
    var graph = TestGraph()
    let input = graph.tensor([2, 3, 4, 5])
    let limits = [graph.constant([], [-0.5]), graph.constant([], [0.25])]
    try checkGradients(graph.finished(graph.node("Clip", [input] + limits)))
  }

  struct Window: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var kernel: ONNXModel.Attribute
    var extent: [Int]
    var attributes: [String: ONNXModel.Attribute] = [:]
  }

  static let windows = [
    Window(
      testDescription: "halves", kernel: numbers(2, 2, 2), extent: [4, 4, 6],
      attributes: ["strides": numbers(2, 2, 2)]),
    Window(
      testDescription: "anisotropic", kernel: numbers(1, 2, 2), extent: [3, 4, 6],
      attributes: ["strides": numbers(1, 2, 2)]),
    Window(
      testDescription: "odd extents", kernel: numbers(2, 2, 2), extent: [5, 3, 7],
      attributes: ["strides": numbers(2, 2, 2)]),
    Window(
      testDescription: "overlapping, padded", kernel: numbers(3, 3, 3), extent: [5, 4, 5],
      attributes: ["strides": numbers(2, 2, 2), "pads": numbers(1, 1, 1, 1, 1, 1)]),
    Window(
      testDescription: "rounded up", kernel: numbers(2, 2, 2), extent: [5, 3, 7],
      attributes: ["strides": numbers(2, 2, 2), "ceil_mode": .integer(1)]),
  ]

  @Test(arguments: ["MaxPool", "AveragePool"], windows)
  func `a pooling has the gradient of finite differences`(_ name: String, _ window: Window) throws {
    var graph = TestGraph()
    let input = graph.tensor([3] + window.extent)
    var attributes = window.attributes
    attributes["kernel_shape"] = window.kernel
    try checkGradients(graph.finished(graph.node(name, [input], attributes)))
  }

  @Test(arguments: ["nearest", "linear"], [[1, 1, 2, 2, 2], [1, 1, 1, 2, 3]] as [[Float]])
  func `an enlargement has the gradient of finite differences`(
    _ mode: String, _ scales: [Float]
  ) throws {
    var graph = TestGraph()
    let input = graph.tensor([3, 2, 3, 4])
    let scale = graph.constant([5], scales)
    try checkGradients(
      graph.finished(
        graph.node(
          "Resize", [input, "", scale],
          mode == "nearest"
            ? [
              "mode": .string("nearest"), "nearest_mode": .string("floor"),
              "coordinate_transformation_mode": .string("asymmetric"),
            ] : ["mode": .string("linear")])))
  }

  @Test func `a concatenation that more than convolutions read is cut up again`() throws {
    var graph = TestGraph()
    let parts = [graph.tensor([2, 3, 2, 3]), graph.tensor([3, 3, 2, 3])]
    let joined = graph.node("Concat", parts, ["axis": .integer(1)])
    let activated = graph.node("Sigmoid", [joined])
    let weights = graph.numbers([5, 5, 1, 1, 1])
    let product = graph.node("Conv", [joined, weights])
    try checkGradients(graph.finished(graph.node("Mul", [activated, product])))
  }

  @Test(arguments: ["Add", "Sub", "Mul"])
  func `a joining of two tensors has the gradients of finite differences`(_ name: String) throws {
    var graph = TestGraph()
    let (left, right) = (graph.tensor([2, 3, 2, 3]), graph.tensor([2, 3, 2, 3]))
    let joined = graph.node(name, [left, right])
    // Both are read again, and one is joined with itself.
    let again = graph.node(name, [joined, left])
    let more = graph.node("Add", [again, again])
    try checkGradients(graph.finished(graph.node("Mul", [more, right])))
  }

  @Test(arguments: ["Add", "Sub", "Mul"], [[1], [1, 2, 1, 1, 1]])
  func `a joining with constants passes the gradient on`(_ name: String, _ lengths: [Int]) throws {
    var graph = TestGraph()
    let input = graph.tensor([2, 3, 2, 3])
    let constant = graph.numbers(lengths, offset: 2)
    let joined = graph.node(name, [constant, graph.node(name, [input, constant])])
    try checkGradients(graph.finished(graph.node("Tanh", [joined])))
  }

  @Test func `a sum that only adds shares its gradient without changing it`() throws {
    var graph = TestGraph()
    let input = graph.tensor([2, 3, 2, 3])
    let left = graph.node("Relu", [input])
    let right = graph.node("Tanh", [input])
    let sum = graph.node("Add", [left, right])
    let both = graph.node("Add", [sum, left])
    try checkGradients(graph.finished(graph.node("Add", [both, right])))
  }

  @Test func `an instance normalisation has the gradients of finite differences`() throws {
    var graph = TestGraph()
    let input = graph.tensor([3, 3, 4, 2])
    let (scale, shift) = (graph.numbers([3], offset: 1), graph.numbers([3]))
    let output = graph.node("InstanceNormalization", [input, scale, shift])
    try checkGradients(graph.finished(graph.node("Tanh", [output])))
  }

  @Test(arguments: [2, 6])
  func `a group normalisation has the gradients of finite differences`(parameters: Int) throws {
    var graph = TestGraph()
    let input = graph.tensor([6, 3, 4, 2])
    let (scale, shift) = (graph.numbers([parameters], offset: 1), graph.numbers([parameters]))
    let output = graph.node(
      "GroupNormalization", [input, scale, shift], ["num_groups": .integer(2)])
    var model = graph.finished(graph.node("Tanh", [output]))
    // Parameters were one per group until operator set 20.
    model.operatorSetVersion = parameters == 2 ? 18 : 21
    try checkGradients(model)
  }

  @Test func `a batch normalisation trains scale and shift and keeps its statistics`() throws {
    var graph = TestGraph()
    let input = graph.tensor([3, 3, 4, 2])
    let weights = graph.numbers([3, 3, 1, 1, 1])
    let convolved = graph.node("Conv", [input, weights])
    let parameters = [
      graph.numbers([3], offset: 1), graph.numbers([3]), graph.numbers([3]),
      graph.numbers([3], offset: 2),
    ]
    let output = graph.node("BatchNormalization", [convolved] + parameters)
    try checkGradients(graph.finished(graph.node("Relu", [output])), tolerance: 1e-2)
  }

  @Test func `padding and cutting out move gradients`() throws {
    var graph = TestGraph()
    let input = graph.tensor([3, 3, 4, 5])
    let pads = graph.integers([0, 0, 1, 0, 2, 0, 0, 0, 1, 1])
    let padded = graph.node("Pad", [input, pads])
    let weights = graph.numbers([2, 3, 3, 3, 3])
    let convolved = graph.node("Conv", [padded, weights])
    let lists = [graph.integers([0, 1]), graph.integers([1, -1]), graph.integers([2, 4])]
    let cut = graph.node("Slice", [convolved] + lists)
    let channel = [graph.integers([1]), graph.integers([2]), graph.integers([1])]
    let one = graph.node("Slice", [convolved] + channel)
    let whole = graph.node("Slice", [one] + lists)
    try checkGradients(
      graph.finished(graph.node("Concat", [cut, whole], ["axis": .integer(1)])))
  }

  @Test func `an operator that cannot be trained is named`() throws {
    var graph = TestGraph()
    let input = graph.tensor([3, 3, 4, 5])
    let model = graph.finished(graph.node("Softmax", [input], ["axis": .integer(1)]))
    let error = #expect(throws: ModelError.self) {
      try TrainableNetwork(model, extent: VoxelExtent(cube: 1), threads: 1)
    }
    #expect(error?.code == .unsupported)
    #expect(error?.node == "Softmax \"Softmax1\"")
  }
}
