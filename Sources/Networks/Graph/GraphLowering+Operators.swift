import Tensors

extension GraphLowering {
  /// The operators that are supported.
  static let operators = [
    "Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Conv",
    "ConvTranspose", "DepthToSpace", "Div", "Dropout", "Elu", "Exp", "Expand", "Flatten", "Gather",
    "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "GroupNormalization", "HardSigmoid",
    "HardSwish", "Identity", "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Log",
    "LogSoftmax", "MatMul", "Max", "MaxPool", "Min", "Mish", "Mul", "Neg", "PRelu", "Pad", "Pow",
    "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu", "Reshape", "Resize",
    "Selu", "Sigmoid", "Slice", "Softmax", "Softplus", "SpaceToDepth", "Split", "Sqrt", "Squeeze",
    "Sub", "Sum", "Swish", "Tanh", "Transpose", "Unsqueeze", "Upsample",
  ]

  mutating func lower(_ reader: NodeReader, at index: Int) throws(ModelError) {
    switch reader.node.operatorType {
    case "Conv": try lowerConvolution(reader, at: index)
    case "ConvTranspose": try lowerTransposedConvolution(reader, at: index)
    case "MatMul": try lowerMatrixProduct(reader)
    case "Gemm": try lowerGeneralMatrixProduct(reader)
    case "BatchNormalization": try lowerBatchNormalization(reader)
    case "InstanceNormalization": try lowerInstanceNormalization(reader)
    case "GroupNormalization": try lowerGroupNormalization(reader)
    case "LayerNormalization": try lowerLayerNormalization(reader)
    case "Softmax", "LogSoftmax": try lowerSoftmax(reader)
    case "PRelu": try lowerRectification(reader)
    case "HardSigmoid", "Selu": try lowerCombination(reader)
    case "MaxPool", "AveragePool": try lowerPooling(reader)
    case "GlobalAveragePool", "GlobalMaxPool": try lowerGlobalPooling(reader)
    case "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin": try lowerReduction(reader)
    case "Resize", "Upsample": try lowerResize(reader)
    case "Add", "Sub", "Mul", "Div", "Min", "Max", "Sum": try lowerJoining(reader)
    case "Pow": try lowerPower(reader)
    case "Concat": try lowerConcatenation(reader)
    case "Pad": try lowerPadding(reader)
    case "Slice": try lowerSlice(reader)
    case "Split": try lowerSplit(reader)
    case "Gather": try lowerGather(reader)
    case "Expand": try lowerExpansion(reader)
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze": try lowerReshaping(reader)
    case "Transpose": try lowerTransposition(reader)
    case "DepthToSpace", "SpaceToDepth": try lowerChannelsAndSpace(reader)
    case "Cast": try lowerCast(reader)
    default:
      guard let activation = try activation(of: reader) else {
        throw reader.unsupported(
          "the operator is not supported", found: reader.node.operatorType,
          expected: "one of " + Self.operators.joined(separator: ", "))
      }
      try lowerActivation(reader, activation)
    }
  }

  /// Adds a function of each value by itself, whatever the axes.
  mutating func lowerActivation(
    _ reader: NodeReader, _ activation: Activation
  ) throws(ModelError) {
    let (input, lengths) = try computed(reader, 0)
    try define(reader, lengths: lengths) { (builder) throws(TensorError) in
      try builder.activation(input, activation)
    }
  }

  private mutating func lowerCast(_ reader: NodeReader) throws(ModelError) {
    let type = try reader.integer("to", default: 0)
    guard [1, 10, 11, 16].contains(type) else {
      throw reader.unsupported(
        "the values are made whole numbers", found: "element type \(type)",
        expected: "float32, float16, bfloat16 or float64")
    }
    let (_, lengths) = try computed(reader, 0)
    try alias(reader, lengths: lengths)
  }
}
