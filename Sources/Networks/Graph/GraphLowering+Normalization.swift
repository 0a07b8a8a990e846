import Tensors

extension GraphLowering {
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

  /// An operator as `scale · x + shift` per channel of a tensor of the lengths given, or nil where
  /// it is not such a one.
  mutating func scaleAndShift(
    following name: String, _ reader: NodeReader, lengths: [Int]
  ) throws(ModelError) -> (scale: [Float], shift: [Float])? {
    let inputs = reader.node.inputs
    let channels = lengths.count > 1 ? lengths[1] : 0
    guard channels > 0 else { return nil }
    if reader.node.operatorType == "BatchNormalization", inputs.first == name {
      return try scaleAndShift(reader, channels: channels)
    }
    guard ["Add", "Sub", "Mul", "Div"].contains(reader.node.operatorType), inputs.count == 2,
      let other = inputs.first(where: { $0 != name }),
      let constant = try knownConstant(other),
      let numbers = perChannel(constant, lengths: lengths)
    else { return nil }
    let list = numbers.count == channels ? numbers : Array(repeating: numbers[0], count: channels)
    let (zeros, ones) = (list.map { _ in Float(0) }, list.map { _ in Float(1) })
    switch reader.node.operatorType {
    case "Add": return (ones, list)
    case "Mul": return (list, zeros)
    case "Sub": return inputs[0] == name ? (ones, list.map { -$0 }) : (ones.map { -$0 }, list)
    default: return inputs[0] == name ? (list.map { 1 / $0 }, zeros) : nil
    }
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

  /// Instance normalisation; of channels that a reshaping joined to groups, as exporters write group
  /// normalisation, without carrying the reshaping out.
  mutating func lowerInstanceNormalization(_ reader: NodeReader) throws(ModelError) {
    let (raw, lengths) = try computed(reader, 0)
    guard lengths.count >= 2, lengths[0] == 1 else {
      throw reader.unsupported("the input has no channels", found: "\(lengths)")
    }
    let groups = lengths[1]
    let scale = try floats(reader, 1, count: groups)
    let shift = try floats(reader, 2, count: groups)
    let shape = builder.shape(of: raw)
    let isGrouped = shape.n == 1 && shape.c % groups == 0 && lengths.count <= 5
    let input = isGrouped ? raw : try value(reader, 0)
    let size = builder.shape(of: input).c / groups
    try addGroupNormalization(
      reader, input, lengths: lengths, groups: groups,
      scale: scale.flatMap { Array(repeating: $0, count: size) },
      shift: shift.flatMap { Array(repeating: $0, count: size) })
  }

  mutating func lowerGroupNormalization(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (_, lengths) = try computed(reader, 0)
    let channels = builder.shape(of: input).c
    let groups = try reader.integer("num_groups", default: 0)
    guard groups > 0, channels % groups == 0 else {
      throw reader.malformed(
        "the channels do not divide into the groups", found: "\(channels) in \(groups)")
    }
    // Up to operator set 20 there is one scale for each group, later one for each channel.
    let count = reader.operatorSetVersion < 21 ? groups : channels
    let scale = try floats(reader, 1, count: count)
    let shift = try floats(reader, 2, count: count)
    let repeats = channels / count
    try addGroupNormalization(
      reader, input, lengths: lengths, groups: groups,
      scale: scale.flatMap { Array(repeating: $0, count: repeats) },
      shift: shift.flatMap { Array(repeating: $0, count: repeats) })
  }

  /// Adds a normalisation together with the scales and shifts per channel that follow it.
  private mutating func addGroupNormalization(
    _ reader: NodeReader, _ input: TensorValue, lengths: [Int], groups: Int, scale: [Float],
    shift: [Float]
  ) throws(ModelError) {
    guard var name = reader.node.outputs.first else {
      throw reader.malformed("the operator has no output")
    }
    var (scale, shift, lengths) = (scale, shift, lengths)
    let shape = builder.shape(of: input)
    while let next = onlyReader(of: name) {
      let follower = self.reader(at: next)
      guard let result = follower.node.outputs.first, !result.isEmpty else { break }
      if follower.node.operatorType == "Reshape", follower.node.inputs.first == name {
        var numbers: [Int]?
        if follower.node.inputs.count > 1 {
          guard case .integers(let list)? = try knownConstant(follower.node.inputs[1])?.values
          else { break }
          numbers = list.map { Int($0) }
        }
        guard let reshaped = try follower.reshapedLengths(lengths, numbers: numbers),
          TensorShape(graphLengths: reshaped) == shape
        else { break }
        lengths = reshaped
      } else if TensorShape(graphLengths: lengths) == shape,
        let (factor, summand) = try scaleAndShift(following: name, follower, lengths: lengths)
      {
        for channel in scale.indices {
          scale[channel] *= factor[channel]
          shift[channel] = shift[channel] * factor[channel] + summand[channel]
        }
      } else {
        break
      }
      fused.insert(next)
      name = result
    }
    let epsilon = try reader.float("epsilon", default: 1e-5)
    let (factors, summands) = (scale, shift)
    try define(reader, as: name, lengths: lengths) { (builder) throws(TensorError) in
      try builder.groupNormalization(
        input, groups: groups, scale: factors, shift: summands, epsilon: epsilon)
    }
  }

  mutating func lowerLayerNormalization(_ reader: NodeReader) throws(ModelError) {
    let (raw, lengths) = try computed(reader, 0)
    let axis = try reader.axis("axis", default: -1, rank: lengths.count)
    guard reader.node.outputs.dropFirst().allSatisfy({ order.readers[$0] == nil }) else {
      throw reader.unsupported("the normalisation's statistics are used too")
    }
    let size = lengths[axis...].reduce(1, *)
    let scale = try floats(reader, 1, count: size)
    let shift =
      try constant(reader, 2) == nil
      ? Array(repeating: 0, count: size) : floats(reader, 2, count: size)
    let epsilon = try reader.float("epsilon", default: 1e-5)
    if axis == lengths.count - 1, (3...5).contains(lengths.count) {
      let input = try value(reader, 0, ofOneSample: false)
      try define(reader, lengths: lengths) { (builder) throws(TensorError) in
        try builder.lastAxisNormalization(input, scale: scale, shift: shift, epsilon: epsilon)
      }
      return
    }
    let shape = TensorShape(c: 1, z: 1, y: lengths[..<axis].reduce(1, *), x: size)
    try define(reader, lengths: lengths) { (builder) throws(TensorError) in
      let rows = try builder.reshaped(raw, as: shape)
      return try builder.lastAxisNormalization(
        rows, scale: scale, shift: shift, epsilon: epsilon)
    }
  }
}
