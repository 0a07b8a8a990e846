import Tensors

extension GraphLowering {
  /// The activation that a node is, or nil for another operator.
  func activation(of reader: NodeReader) throws(ModelError) -> Activation? {
    switch reader.node.operatorType {
    case "Relu": return .relu()
    case "LeakyRelu": return .relu(negativeSlope: try reader.float("alpha", default: 0.01))
    case "Elu": return .elu(alpha: try reader.float("alpha", default: 1))
    case "Sigmoid": return .sigmoid
    case "Tanh": return .tanh
    case "Gelu":
      guard try reader.string("approximate", default: "none") == "none" else {
        throw reader.unsupported("an approximate Gelu is not supported")
      }
      return .gelu
    case "Clip":
      if reader.operatorSetVersion < 11 {
        return .clip(
          lower: try reader.float("min", default: -.greatestFiniteMagnitude),
          upper: try reader.float("max", default: .greatestFiniteMagnitude))
      }
      let lower = try constant(reader, 1) == nil ? nil : floats(reader, 1, count: 1)
      let upper = try constant(reader, 2) == nil ? nil : floats(reader, 2, count: 1)
      return .clip(
        lower: lower?[0] ?? -.greatestFiniteMagnitude, upper: upper?[0] ?? .greatestFiniteMagnitude)
    default: return nil
    }
  }

  mutating func lowerSoftmax(_ reader: NodeReader) throws(ModelError) {
    let axis = try reader.integer("axis", default: reader.operatorSetVersion < 13 ? 1 : -1)
    let input = try value(reader, 0)
    guard axis == 1 || axis == -4, reader.operatorSetVersion >= 13 else {
      throw reader.unsupported(
        "the softmax is not over the channels", found: "axis \(axis)",
        expected: "axis 1 in operator set 13 or later")
    }
    try define(reader) { (builder) throws(TensorError) in try builder.channelSoftmax(input) }
  }

  mutating func lowerBinary(
    _ reader: NodeReader, _ operation: BinaryOperation
  ) throws(ModelError) {
    guard reader.node.inputs.count == 2 else {
      throw reader.malformed("the operator does not have two inputs")
    }
    switch (tensors[reader.node.inputs[0]], tensors[reader.node.inputs[1]]) {
    case (.value(let left)?, .value(let right)?):
      guard builder.shape(of: left) == builder.shape(of: right) else {
        throw reader.unsupported(
          "the inputs have different shapes",
          found: "\(builder.shape(of: left)) and \(builder.shape(of: right))")
      }
      try define(reader) { (builder) throws(TensorError) in
        try builder.joining(left, right, operation)
      }
    case (.value(let left)?, .constant(let constant)?):
      let numbers = try perChannel(constant, channels: builder.shape(of: left).c, reader)
      try define(reader) { (builder) throws(TensorError) in
        try builder.joining(left, perChannel: numbers, operation)
      }
    case (.constant(let constant)?, .value(let right)?):
      let numbers = try perChannel(constant, channels: builder.shape(of: right).c, reader)
      try define(reader) { (builder) throws(TensorError) in
        guard operation == .subtract else {
          return try builder.joining(right, perChannel: numbers, operation)
        }
        let negative = try builder.joining(right, perChannel: [-1], .multiply)
        return try builder.joining(negative, perChannel: numbers, .add)
      }
    default: throw reader.malformed("the operator lacks an input")
    }
  }

  /// A constant's numbers, one for all or one per channel.
  func perChannel(
    _ constant: ONNXModel.Constant, channels: Int, _ reader: NodeReader
  ) throws(ModelError) -> [Float] {
    guard case .floats(let numbers) = constant.values, constant.lengths.count <= 5 else {
      throw reader.malformed("the constant does not hold numbers")
    }
    let lengths = Array(repeating: 1, count: 5 - constant.lengths.count) + constant.lengths
    guard numbers.count == 1 || lengths == [1, channels, 1, 1, 1] else {
      throw reader.unsupported(
        "the constant has a shape that does not go with channels", found: "\(constant.lengths)",
        expected: "one number, or (1, \(channels), 1, 1, 1)")
    }
    return numbers
  }

  // MARK: - Normalisation

  /// A batch normalisation as `scale · x + shift`.
  func scaleAndShift(
    _ reader: NodeReader, channels: Int
  ) throws(ModelError) -> (scale: [Float], shift: [Float]) {
    guard try reader.integer("training_mode", default: 0) == 0,
      try reader.integer("spatial", default: 1) == 1
    else {
      throw reader.unsupported(
        "the batch normalisation is in training mode", expected: "a model exported for inference")
    }
    let epsilon = try reader.float("epsilon", default: 1e-5)
    let gain = try floats(reader, 1, count: channels)
    let bias = try floats(reader, 2, count: channels)
    let mean = try floats(reader, 3, count: channels)
    let variance = try floats(reader, 4, count: channels)
    let scale = gain.indices.map { gain[$0] / (variance[$0] + epsilon).squareRoot() }
    let shift = gain.indices.map { bias[$0] - mean[$0] * scale[$0] }
    guard (scale + shift).allSatisfy({ $0.isFinite }) else {
      throw reader.malformed("the normalisation's parameters are not finite")
    }
    return (scale, shift)
  }

  mutating func lowerBatchNormalization(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let channels = builder.shape(of: input).c
    let (scale, shift) = try scaleAndShift(reader, channels: channels)
    try define(reader) { (builder) throws(TensorError) in
      let ones = [Float](repeating: 1, count: channels)
      return try builder.normalization(
        input, scale: scale, shift: shift,
        statistics: (mean: ones.map { _ in 0 }, variance: ones), epsilon: 0)
    }
  }

  mutating func lowerInstanceNormalization(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let channels = builder.shape(of: input).c
    let scale = try floats(reader, 1, count: channels)
    let shift = try floats(reader, 2, count: channels)
    let epsilon = try reader.float("epsilon", default: 1e-5)
    try define(reader) { (builder) throws(TensorError) in
      try builder.normalization(
        input, scale: scale, shift: shift, statistics: nil, epsilon: epsilon)
    }
  }
}
