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
    case "HardSwish": return .hardSwish
    case "Softplus": return .softplus
    case "Mish": return .mish
    case "Abs": return .absolute
    case "Exp": return .exponential
    case "Log": return .logarithm
    case "Sqrt": return .squareRoot
    case "Reciprocal": return .power(-1)
    case "Neg": return .linear(scale: -1, shift: 0)
    case "Swish":
      guard try reader.float("alpha", default: 1) == 1 else {
        throw reader.unsupported("a Swish of another steepness than 1 is not supported")
      }
      return .swish
    case "Gelu":
      switch try reader.string("approximate", default: "none") {
      case "none": return .gelu
      case "tanh": return .geluTanh
      case let kind: throw reader.unsupported("the approximation is not known", found: kind)
      }
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

  /// Functions that are two of oneDNN's.
  mutating func lowerCombination(_ reader: NodeReader) throws(ModelError) {
    let (input, lengths) = try computed(reader, 0)
    let functions: [Activation]
    if reader.node.operatorType == "Selu" {
      functions = [
        .elu(alpha: try reader.float("alpha", default: 1.673_263_2)),
        .linear(scale: try reader.float("gamma", default: 1.050_701), shift: 0),
      ]
    } else {
      functions = [
        .linear(
          scale: try reader.float("alpha", default: 0.2),
          shift: try reader.float("beta", default: 0.5)), .clip(lower: 0, upper: 1),
      ]
    }
    try define(reader, lengths: lengths) { (builder) throws(TensorError) in
      let first = try builder.activation(input, functions[0])
      return try builder.activation(first, functions[1])
    }
  }

  mutating func lowerRectification(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (_, lengths) = try computed(reader, 0)
    guard let slopes = try constant(reader, 1),
      let numbers = perChannel(slopes, lengths: lengths)
    else {
      throw reader.unsupported(
        "the slopes are not one for all or one per channel",
        found: "\(try constant(reader, 1)?.lengths ?? [])")
    }
    try define(reader, lengths: lengths) { (builder) throws(TensorError) in
      try builder.rectification(input, slopes: numbers)
    }
  }

  mutating func lowerSoftmax(_ reader: NodeReader) throws(ModelError) {
    let isOld = reader.operatorSetVersion < 13
    let (raw, lengths) = try computed(reader, 0)
    let axis = try reader.axis("axis", default: isOld ? 1 : -1, rank: lengths.count)
    let isLogarithmic = reader.node.operatorType == "LogSoftmax"
    guard isOld, lengths[(axis + 1)...].contains(where: { $0 != 1 }) else {
      let input = try value(reader, 0, ofOneSample: false)
      let place = TensorShape.axes(ofRank: lengths.count)[axis]
      try define(reader, lengths: lengths) { (builder) throws(TensorError) in
        try builder.softmax(input, axis: place, isLogarithmic: isLogarithmic)
      }
      return
    }
    // Before operator set 13 the axes from this one on are taken together.
    let shape = TensorShape(
      n: lengths[..<axis].reduce(1, *), c: lengths[axis...].reduce(1, *), z: 1, y: 1, x: 1)
    try define(reader, lengths: lengths) { (builder) throws(TensorError) in
      let flat = try builder.reshaped(raw, as: shape)
      return try builder.softmax(flat, isLogarithmic: isLogarithmic)
    }
  }

  // MARK: - Two tensors

  /// A constant's numbers where they are one for all or one per channel of a tensor.
  func perChannel(_ constant: ONNXModel.Constant, lengths: [Int]) -> [Float]? {
    guard case .floats(let numbers) = constant.values, constant.lengths.count <= lengths.count
    else { return nil }
    let padded =
      Array(repeating: 1, count: lengths.count - constant.lengths.count) + constant.lengths
    let fits = padded.indices.allSatisfy { axis in
      padded[axis] == 1 || (axis == 1 && padded[axis] == lengths[axis])
    }
    return fits ? numbers : nil
  }

  /// A constant's numbers, one for all or one per channel of a volume.
  func perChannel(
    _ constant: ONNXModel.Constant, channels: Int, _ reader: NodeReader
  ) throws(ModelError) -> [Float] {
    guard let numbers = perChannel(constant, lengths: [1, channels, 1, 1, 1]) else {
      throw reader.unsupported(
        "the constant has a shape that does not go with channels", found: "\(constant.lengths)",
        expected: "one number, or (1, \(channels), 1, 1, 1)")
    }
    return numbers
  }

  mutating func lowerJoining(_ reader: NodeReader) throws(ModelError) {
    let kinds: [String: BinaryOperation] = [
      "Add": .add, "Sum": .add, "Sub": .subtract, "Mul": .multiply, "Div": .divide, "Min": .minimum,
      "Max": .maximum,
    ]
    let operation = kinds[reader.node.operatorType] ?? .add
    let names = reader.node.inputs
    guard names.count >= 2 || ["Sum", "Min", "Max"].contains(reader.node.operatorType),
      let first = names.first.flatMap({ tensors[$0] })
    else { throw reader.malformed("the operator lacks an input") }
    var result = first
    for name in names.dropFirst() {
      guard let next = tensors[name] else { throw reader.malformed("the operator lacks an input") }
      result = try joined(reader, result, next, operation)
    }
    guard let output = reader.node.outputs.first, !output.isEmpty else {
      throw reader.malformed("the operator has no output")
    }
    if names.count == 1, case .value(_, let lengths) = result {
      return try alias(reader, lengths: lengths)
    }
    tensors[output] = result
  }

  private mutating func joined(
    _ reader: NodeReader, _ left: Tensor, _ right: Tensor, _ operation: BinaryOperation
  ) throws(ModelError) -> Tensor {
    switch (left, right) {
    case (.value(let left, let lengths), .value(let right, let others)):
      return try joined(reader, (left, lengths), (right, others), operation)
    case (.value(let left, let lengths), .constant(let constant)):
      return try joined(reader, (left, lengths), constant, operation)
    case (.constant(let constant), .value(let right, let lengths)):
      switch operation {
      case .add, .multiply, .minimum, .maximum:
        return try joined(reader, (right, lengths), constant, operation)
      case .subtract, .divide:
        // c − x = −x + c, and c / x = x⁻¹ · c.
        let turned = try prepared(reader) { (builder) throws(TensorError) in
          try builder.activation(
            right, operation == .subtract ? .linear(scale: -1, shift: 0) : .power(-1))
        }
        return try joined(
          reader, (turned, lengths), constant, operation == .subtract ? .add : .multiply)
      }
    case (.constant, .constant):
      throw reader.unsupported("the operator is not supported on constants of this kind")
    }
  }

  private mutating func joined(
    _ reader: NodeReader, _ left: (value: TensorValue, lengths: [Int]),
    _ right: (value: TensorValue, lengths: [Int]), _ operation: BinaryOperation
  ) throws(ModelError) -> Tensor {
    if left.lengths == right.lengths,
      builder.shape(of: left.value) == builder.shape(of: right.value)
    {
      let result = try prepared(reader) { (builder) throws(TensorError) in
        try builder.joining(left.value, right.value, operation)
      }
      return .value(result, lengths: left.lengths)
    }
    guard let lengths = ONNXModel.Constant.joinedLengths(left.lengths, right.lengths),
      let first = padded(left.lengths, lengths.count),
      let second = padded(right.lengths, lengths.count),
      let whole = TensorShape(graphLengths: lengths), first == whole || second == whole
    else {
      throw reader.unsupported(
        "the inputs' lengths do not go together", found: "\(left.lengths) and \(right.lengths)")
    }
    let result = try prepared(reader) { (builder) throws(TensorError) in
      let a = try builder.reshaped(left.value, as: first)
      let b = try builder.reshaped(right.value, as: second)
      if first == whole {
        return second == whole
          ? try builder.joining(a, b, operation)
          : try builder.joining(a, broadcasting: b, operation)
      }
      switch operation {
      case .subtract:
        let negative = try builder.activation(b, .linear(scale: -1, shift: 0))
        return try builder.joining(negative, broadcasting: a, .add)
      case .divide:
        let inverse = try builder.activation(b, .power(-1))
        return try builder.joining(inverse, broadcasting: a, .multiply)
      default: return try builder.joining(b, broadcasting: a, operation)
      }
    }
    return .value(result, lengths: lengths)
  }

  private mutating func joined(
    _ reader: NodeReader, _ left: (value: TensorValue, lengths: [Int]),
    _ constant: ONNXModel.Constant, _ operation: BinaryOperation
  ) throws(ModelError) -> Tensor {
    guard case .floats(let numbers) = constant.values,
      let lengths = ONNXModel.Constant.joinedLengths(left.lengths, constant.lengths),
      lengths.reduce(1, *) == left.lengths.reduce(1, *)
    else {
      throw reader.malformed(
        "the constant does not go with the tensor", found: "\(constant.lengths)",
        expected: "lengths that repeat to \(left.lengths)")
    }
    if numbers.count == 1 {
      let number = numbers[0]
      let function: Activation =
        switch operation {
        case .add: .linear(scale: 1, shift: number)
        case .subtract: .linear(scale: 1, shift: -number)
        case .multiply: .linear(scale: number, shift: 0)
        case .divide: .linear(scale: 1 / number, shift: 0)
        case .maximum: .clip(lower: number, upper: .greatestFiniteMagnitude)
        case .minimum: .clip(lower: -.greatestFiniteMagnitude, upper: number)
        }
      let result = try prepared(reader) { (builder) throws(TensorError) in
        try builder.activation(left.value, function)
      }
      return .value(result, lengths: lengths)
    }
    guard let whole = TensorShape(graphLengths: lengths),
      let shape = padded(constant.lengths, lengths.count)
    else {
      throw reader.unsupported("the tensor has too many axes", found: "\(lengths)")
    }
    let result = try prepared(reader) { (builder) throws(TensorError) in
      let value = try builder.reshaped(left.value, as: whole)
      return try builder.joining(value, broadcasting: numbers, of: shape, operation)
    }
    return .value(result, lengths: lengths)
  }

  /// The shape of a tensor joined with one of more axes.
  private func padded(_ lengths: [Int], _ rank: Int) -> TensorShape? {
    TensorShape(graphLengths: Array(repeating: 1, count: rank - lengths.count) + lengths)
  }

  mutating func lowerPower(_ reader: NodeReader) throws(ModelError) {
    let (input, lengths) = try computed(reader, 0)
    guard let exponents = try constant(reader, 1), exponents.count == 1 else {
      throw reader.unsupported("the exponent is not one number")
    }
    let exponent: Float =
      switch exponents.values {
      case .floats(let values): values[0]
      case .integers(let values): Float(values[0])
      }
    try define(reader, lengths: lengths) { (builder) throws(TensorError) in
      switch exponent {
      case 0.5: return try builder.activation(input, .squareRoot)
      case 2: return try builder.joining(input, input, .multiply)
      case 3:
        let square = try builder.joining(input, input, .multiply)
        return try builder.joining(square, input, .multiply)
      default: return try builder.activation(input, .power(exponent))
      }
    }
  }
}
