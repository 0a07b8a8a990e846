import Tensors

extension GraphDifferentiation {
  mutating func differentiateConvolution(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (kernels, lengths) = try kernels(reader)
    let bias = try parameter(reader, 2)
    let groups = try reader.integer("group", default: 1)
    let geometry = try reader.window(
      kernel: AxisTriple(z: lengths[2], y: lengths[3], x: lengths[4]),
      input: builder.shape(of: input))
    guard let outputLengths = geometry.outputLengths(of: builder.shape(of: input)) else {
      throw reader.unsupported("the kernel does not fit into the input")
    }
    let shape = TensorShape(
      c: lengths[0], z: outputLengths.z, y: outputLengths.y, x: outputLengths.x)
    let fusion = try fuse(reader, shape: shape, withResidual: true)
    try define(reader, as: fusion.output) { (builder) throws(TensorError) in
      try builder.convolution(
        input, kernels: kernels, bias: bias?.numbers, outputChannels: lengths[0], groups: groups,
        geometry: geometry, addingTo: fusion.residual, activation: fusion.activation)
    }
  }

  mutating func differentiateTransposedConvolution(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (kernels, lengths) = try kernels(reader)
    let bias = try parameter(reader, 2)
    let groups = try reader.integer("group", default: 1)
    let geometry = try reader.transposedWindow(
      kernel: AxisTriple(z: lengths[2], y: lengths[3], x: lengths[4]),
      input: builder.shape(of: input))
    try define(reader) { (builder) throws(TensorError) in
      try builder.transposedConvolution(
        input, kernels: kernels, bias: bias?.numbers, outputChannels: lengths[1] * groups,
        groups: groups, geometry: geometry)
    }
  }

  private mutating func kernels(
    _ reader: NodeReader
  ) throws(ModelError) -> (TrainedNumbers, lengths: [Int]) {
    guard let kernels = try parameter(reader, 1), kernels.lengths.count == 5 else {
      throw reader.unsupported("the layer's weights do not have five axes")
    }
    return kernels
  }

  /// What can be carried out together with a convolution.
  private struct Fusion {
    var residual: TensorValue?
    var activation: Activation?
    /// The name of the last result.
    var output: String
  }

  /// Follows a convolution's result as long as what is done to it can be fused.
  private mutating func fuse(
    _ reader: NodeReader, shape: TensorShape, withResidual: Bool
  ) throws(ModelError) -> Fusion {
    guard let output = reader.node.outputs.first else {
      throw reader.malformed("the operator has no output")
    }
    var fusion = Fusion(output: output)
    while fusion.activation == nil, let next = onlyReader(of: fusion.output) {
      let follower = self.reader(at: next)
      guard let result = follower.node.outputs.first else { break }
      if follower.node.operatorType == "Add" {
        guard fusion.residual == nil,
          let other = follower.node.inputs.first(where: { $0 != fusion.output }),
          let residual = values[other], builder.shape(of: residual) == shape
        else { return fusion }
        fusion.residual = residual
      } else {
        guard let activation = try lowering.activation(of: follower),
          follower.node.inputs.first == fusion.output
        else { return fusion }
        fusion.activation = activation
      }
      fused.insert(next)
      fusion.output = result
    }
    return fusion
  }
}
