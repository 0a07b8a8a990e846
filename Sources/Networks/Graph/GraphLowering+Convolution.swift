import Tensors

extension GraphLowering {
  /// What can be carried out together with a convolution.
  private struct Fusion {
    var weights: ConvolutionWeights
    var residual: TensorValue?
    var activation: Activation?
    /// The name of the last result.
    var output: String
  }

  mutating func lowerConvolution(_ reader: NodeReader, at index: Int) throws(ModelError) {
    let input = try value(reader, 0)
    let (weights, kernel) = try weights(reader, input: input, isTransposed: false)
    let geometry = try reader.window(kernel: kernel, input: builder.shape(of: input))
    guard let lengths = geometry.outputLengths(of: builder.shape(of: input)) else {
      throw reader.unsupported(
        "the kernel does not fit into the input", found: "\(builder.shape(of: input))")
    }
    let shape = TensorShape(c: weights.outputChannels, z: lengths.z, y: lengths.y, x: lengths.x)
    let fusion = try fuse(reader, weights, shape: shape, withResidual: true)
    let isResult = order.outputs.contains(fusion.output)
    try define(reader, as: fusion.output) { (builder) throws(TensorError) in
      try builder.convolution(
        input, weights: fusion.weights, geometry: geometry, addingTo: fusion.residual,
        activation: fusion.activation, keepingFloat32: isResult)
    }
  }

  mutating func lowerTransposedConvolution(
    _ reader: NodeReader, at index: Int
  ) throws(ModelError) {
    let input = try value(reader, 0)
    let (weights, kernel) = try weights(reader, input: input, isTransposed: true)
    let geometry = try reader.transposedWindow(kernel: kernel, input: builder.shape(of: input))
    guard let lengths = geometry.transposedOutputLengths(of: builder.shape(of: input)) else {
      throw reader.unsupported("the padding leaves no voxel")
    }
    let shape = TensorShape(c: weights.outputChannels, z: lengths.z, y: lengths.y, x: lengths.x)
    let fusion = try fuse(
      reader, weights, shape: shape, withResidual: false, isTransposed: true)
    try define(reader, as: fusion.output) { (builder) throws(TensorError) in
      try builder.transposedConvolution(
        input, weights: fusion.weights, geometry: geometry, activation: fusion.activation)
    }
  }

  private mutating func weights(
    _ reader: NodeReader, input: TensorValue, isTransposed: Bool
  ) throws(ModelError) -> (ConvolutionWeights, kernel: AxisTriple) {
    guard let constant = try constant(reader, 1), case .floats(let kernels) = constant.values else {
      throw reader.malformed("the operator lacks its weights")
    }
    guard constant.lengths.count == reader.rank, (3...5).contains(reader.rank) else {
      throw reader.unsupported(
        "the weights' axes are not the input's", found: "weights \(constant.lengths)",
        expected: "\(reader.rank) axes: two of channels, then those of space")
    }
    guard constant.lengths.allSatisfy({ (1...65536).contains($0) }) else {
      throw reader.malformed("the weights have impossible lengths", found: "\(constant.lengths)")
    }
    try checkFinite(kernels, reader)
    let groups = try reader.integer("group", default: 1)
    let channels = builder.shape(of: input).c
    let kernel = reader.spatial(Array(constant.lengths.dropFirst(2)), default: 1)
    if reader.node.attributes["kernel_shape"] != nil {
      guard try reader.triple("kernel_shape", default: 1, in: 0...65536) == kernel else {
        throw reader.malformed("kernel_shape differs from the shape of the weights")
      }
    }
    guard (1...65536).contains(groups),
      constant.lengths[isTransposed ? 0 : 1] == (isTransposed ? channels : channels / groups),
      channels % groups == 0, isTransposed || constant.lengths[0] % groups == 0
    else {
      throw reader.malformed(
        "the weights do not fit the input's channels",
        found: "weights \(constant.lengths) in \(groups) groups", expected: "\(channels) channels")
    }
    let outputs = isTransposed ? constant.lengths[1] * groups : constant.lengths[0]
    var bias: [Float] = []
    if reader.node.inputs.count > 2, !reader.node.inputs[2].isEmpty {
      bias = try floats(reader, 2, count: outputs)
    }
    return (
      ConvolutionWeights(
        kernels: kernels, bias: bias, inputChannels: channels, outputChannels: outputs,
        groups: groups), kernel
    )
  }

  /// Follows a convolution's result as long as what is done to it can be fused.
  private mutating func fuse(
    _ reader: NodeReader, _ weights: ConvolutionWeights, shape: TensorShape, withResidual: Bool,
    isTransposed: Bool = false
  ) throws(ModelError) -> Fusion {
    guard let output = reader.node.outputs.first else {
      throw reader.malformed("the operator has no output")
    }
    var fusion = Fusion(weights: weights, output: output)
    let resultLengths = shape.graphLengths(rank: reader.rank)
    while fusion.activation == nil, let next = onlyReader(of: fusion.output) {
      let follower = self.reader(at: next)
      guard let result = follower.node.outputs.first else { break }
      switch follower.node.operatorType {
      case "BatchNormalization", "Add", "Sub", "Mul", "Div":
        if fusion.residual == nil,
          let normalization = try scaleAndShift(
            following: fusion.output, follower, lengths: resultLengths)
        {
          fusion.weights.apply(
            scale: normalization.scale, shift: normalization.shift, isTransposed: isTransposed)
          break
        }
        guard withResidual, follower.node.operatorType == "Add", fusion.residual == nil,
          let other = follower.node.inputs.first(where: { $0 != fusion.output }),
          case .value(let residual, let lengths)? = tensors[other],
          builder.shape(of: residual) == shape, lengths == resultLengths,
          remainingReads[other] == 1
        else { return fusion }
        fusion.residual = residual
      default:
        guard let activation = try activation(of: follower) else { return fusion }
        fusion.activation = activation
      }
      fused.insert(next)
      fusion.output = result
    }
    return fusion
  }
}

extension ConvolutionWeights {
  /// Makes the convolution give `scale · result + shift`, each a number per output channel.
  mutating func apply(scale: [Float], shift: [Float], isTransposed: Bool) {
    let outputsOfGroup = outputChannels / groups
    let inputsOfGroup = inputChannels / groups
    let taps = kernels.count / (outputChannels * inputsOfGroup)
    for index in kernels.indices {
      let channel: Int
      if isTransposed {
        // (group, input of the group, output of the group, tap)
        let group = index / (taps * outputsOfGroup * inputsOfGroup)
        channel = group * outputsOfGroup + index / taps % outputsOfGroup
      } else {
        channel = index / (taps * inputsOfGroup)
      }
      kernels[index] *= scale[channel]
    }
    let old = bias.isEmpty ? [Float](repeating: 0, count: outputChannels) : bias
    bias = old.indices.map { scale[$0] * old[$0] + shift[$0] }
  }
}
