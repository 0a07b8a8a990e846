import COneDNN
import Voxels

extension TrainingProgramBuilder {
  /// Adds a transposed convolution, the gradient of a convolution with respect to its input.
  ///
  /// One whose windows touch without overlap, as in most U-Nets, becomes a convolution over the
  /// channels and a rearrangement of its result, several times faster than oneDNN's own.
  ///
  /// - Parameters:
  ///   - input: The tensor.
  ///   - kernels: (input channels, outputChannels / groups, z, y, x).
  ///   - bias: One number per output channel, or nil for none.
  ///   - outputChannels: The number of channels of the result.
  ///   - groups: The number of groups of channels that do not see each other.
  ///   - geometry: Where the kernels are put.
  ///   - activation: What is applied last.
  /// - Returns: The result.
  /// - Throws: `invalidShape` where parameters, geometry and shapes do not fit together.
  public mutating func transposedConvolution(
    _ input: TensorValue, kernels: TrainedNumbers, bias: TrainedNumbers? = nil,
    outputChannels: Int, groups: Int = 1, geometry: WindowGeometry, activation: Activation? = nil
  ) throws(TensorError) -> TensorValue {
    let inputShape = shape(of: input)
    guard groups > 0, outputChannels > 0, inputShape.c % groups == 0, outputChannels % groups == 0,
      count(of: kernels) == inputShape.c * (outputChannels / groups) * geometry.taps,
      bias.map({ count(of: $0) == outputChannels }) ?? true
    else {
      throw TensorError(
        .invalidShape, operation: "transposed convolution",
        "\(count(of: kernels)) weights do not lead from \(inputShape.c) to \(outputChannels) channels"
      )
    }
    guard let lengths = geometry.transposedOutputLengths(of: inputShape) else {
      throw TensorError(
        .invalidShape, operation: "transposed convolution", "\(inputShape) leaves no voxel")
    }
    let shape = TensorShape(c: outputChannels, z: lengths.z, y: lengths.y, x: lengths.x)
    let touches =
      geometry.kernel == geometry.stride && geometry.dilation == AxisTriple(1)
      && geometry.paddingBefore == AxisTriple(0) && geometry.paddingAfter == AxisTriple(0)
    let result =
      touches && groups == 1
      ? try addChannelsToSpace(input, kernels, bias, geometry.kernel, shape)
      : try addTransposedConvolution(input, kernels, bias, groups, geometry, shape)
    guard let activation else { return result }
    return try self.activation(result, activation)
  }

  // MARK: - Windows that touch

  private mutating func addChannelsToSpace(
    _ input: TensorValue, _ kernels: TrainedNumbers, _ bias: TrainedNumbers?, _ kernel: AxisTriple,
    _ shape: TensorShape
  ) throws(TensorError) -> TensorValue {
    let (inputs, outputs) = (self.shape(of: input).c, shape.c)
    let taps = kernel.z * kernel.y * kernel.x
    // (input, output, tap) seen as (tap, output, input): the taps become channels.
    let lengths = [taps, outputs, inputs]
    let given = try TensorLayout(lengths: lengths, strides: [1, taps, outputs * taps])
    let wanted = try TensorLayout(lengths: lengths)
    var parameters = ConvolutionParameters(
      kernels: try arranged(place(of: kernels), given, as: wanted),
      kernelGradient: .kept(addKept(wanted.byteCount)), outputChannels: taps * outputs, groups: 1)
    if let bias {
      // One bias for all taps: it is loaded as many times, and its gradients are summed.
      let range = self.parameters[bias.index].range
      let byteCount = taps * outputs * MemoryLayout<Float>.size
      let (repeated, gradient) = (addKept(byteCount), addKept(byteCount))
      for tap in 0..<taps {
        loads.append(KeptRange(kept: repeated, start: tap * outputs, range: range))
        gradients.append(KeptRange(kept: gradient, start: tap * outputs, range: range))
      }
      (parameters.bias, parameters.biasGradient) = (.kept(repeated), .kept(gradient))
    }
    let arrangedGradient = parameters.kernelGradient
    let kernelGradient = addGradientPlace(of: kernels)
    differentiate { (builder) throws(TensorError) in
      try builder.backward.append(
        Self.reorder(from: arrangedGradient, wanted, to: kernelGradient, given))
    }
    let channels = try addConvolution(
      input, parameters, WindowGeometry(kernel: AxisTriple(1)), addingTo: nil, activation: nil)
    return try addRearrangement(channels, kernel, shape)
  }

  /// Adds the spreading of channels (tap, output) over the voxels of a larger tensor.
  private mutating func addRearrangement(
    _ channels: TensorValue, _ kernel: AxisTriple, _ shape: TensorShape
  ) throws(TensorError) -> TensorValue {
    let small = self.shape(of: channels)
    let outputs = shape.c
    // Both sides seen as (z, tap z, y, tap y, x, tap x · channel).
    let row = kernel.x * outputs
    let view = [small.z, kernel.z, small.y, kernel.y, small.x, row]
    let from = try TensorLayout(
      lengths: view,
      strides: [
        small.y * small.x * small.c, kernel.y * row, small.x * small.c, row, small.c, 1,
      ])
    let line = shape.x * outputs
    let to = try TensorLayout(
      lengths: view,
      strides: [
        kernel.z * shape.y * line, shape.y * line, kernel.y * line, line, row, 1,
      ])
    let source = try place(of: channels)
    let target = addStorage(try .channelsLast(shape))
    try forward.append(Self.reorder(from: source, from, to: target, to))
    let result = addValue(shape, target, isTrained: true)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let sourceGradient = builder.addStorage(try .channelsLast(small))
      try builder.backward.append(
        Self.reorder(from: gradient.place, to, to: sourceGradient, from))
      try builder.addGradient(sourceGradient, isOwned: true, to: channels)
    }
    return result
  }

  // MARK: - Windows that overlap

  private mutating func addTransposedConvolution(
    _ input: TensorValue, _ kernels: TrainedNumbers, _ bias: TrainedNumbers?, _ groups: Int,
    _ geometry: WindowGeometry, _ shape: TensorShape
  ) throws(TensorError) -> TensorValue {
    let inputShape = self.shape(of: input)
    let source = try place(of: input)
    floatingPointOperations +=
      2 * Double(inputShape.extent.voxelCount) * Double(geometry.taps * inputShape.c)
      * Double(shape.c / groups)
    // oneDNN names the output channels first; the values lie with the input channels first.
    let lengths =
      (groups > 1 ? [groups] : []) + [shape.c / groups, inputShape.c / groups]
      + geometry.kernel.components
    let plain = try TensorLayout(
      lengths: lengths, axisOrder: groups > 1 ? [0, 2, 1, 3, 4, 5] : [1, 0, 2, 3, 4])
    let windows = WindowNumbers(transposed: geometry)
    let sourceLayout = try TensorLayout.channelsLast(inputShape)
    let layout = try TensorLayout.channelsLast(shape)
    let perChannel = try TensorLayout(lengths: [shape.c])
    let biasLayout = bias == nil ? nil : perChannel
    func forwardDescriptor(_ format: NumberFormat) throws(TensorError) -> PrimitiveDescriptor {
      try .convolution(
        transposed: true, windows, from: .channelsLast(inputShape, format),
        weights: .any(lengths, format), bias: biasLayout, to: layout, OperationAttributes())
    }
    let forwardFormat = format(of: forwardDescriptor)
    let descriptor = try forwardDescriptor(forwardFormat)
    let weights = try descriptor.layout(dnnl_query_weights_md)
    let kernelPlace = place(of: kernels)
    let target = addStorage(layout)
    let values = try operand(DNNL_ARG_SRC_0, source, inputShape, as: forwardFormat, in: \.forward)
    forward.append(
      .operation(
        descriptor,
        [
          values,
          Operand(
            argument: DNNL_ARG_WEIGHTS_0, place: try arranged(kernelPlace, plain, as: weights),
            layout: weights),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
        ]
          + (bias.map {
            [Operand(argument: DNNL_ARG_BIAS, place: place(of: $0), layout: perChannel)]
          } ?? [])))
    let result = addValue(shape, target, isTrained: true)
    let kernelGradient = addGradientPlace(of: kernels)
    let biasGradient = bias.map { addGradientPlace(of: $0) }
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      func weightGradient(_ format: NumberFormat) throws(TensorError) -> PrimitiveDescriptor {
        try .convolutionWeightGradient(
          transposed: true, windows, source: .channelsLast(inputShape, format),
          weights: .any(lengths), bias: biasLayout, target: .channelsLast(shape, format),
          of: forwardDescriptor(format))
      }
      func inputGradient(_ format: NumberFormat) throws(TensorError) -> PrimitiveDescriptor {
        try .convolutionInputGradient(
          transposed: true, windows, to: sourceLayout, weights: .any(lengths, format),
          from: .channelsLast(shape, format), of: forwardDescriptor(format))
      }
      let weightFormat = builder.format(of: weightGradient)
      let weightDescriptor = try weightGradient(weightFormat)
      let arrangement = try weightDescriptor.layout(dnnl_query_diff_weights_md)
      let arrangedGradient = builder.addStorage(arrangement)
      let weightOperands = [
        try builder.operand(
          DNNL_ARG_SRC_0, source, inputShape, as: weightFormat, in: \.backward),
        try builder.gradientOperand(DNNL_ARG_DIFF_DST_0, gradient.place, shape, as: weightFormat),
      ]
      builder.backward.append(
        .operation(
          weightDescriptor,
          weightOperands + [
            Operand(
              argument: DNNL_ARG_DIFF_WEIGHTS_0, place: arrangedGradient, layout: arrangement)
          ]
            + (biasGradient.map {
              [Operand(argument: DNNL_ARG_DIFF_BIAS, place: $0, layout: perChannel)]
            } ?? [])))
      try builder.backward.append(
        Self.reorder(from: arrangedGradient, arrangement, to: kernelGradient, plain))
      defer { builder.forgetRoundedGradient(gradient.place) }
      guard builder.values[input.index].isTrained else { return }
      let inputFormat = builder.format(of: inputGradient)
      let inputDescriptor = try inputGradient(inputFormat)
      let inputWeights = try inputDescriptor.layout(dnnl_query_weights_md)
      let sourceGradient = builder.addStorage(sourceLayout)
      let resultGradient = try builder.gradientOperand(
        DNNL_ARG_DIFF_DST_0, gradient.place, shape, as: inputFormat)
      builder.backward.append(
        .operation(
          inputDescriptor,
          [
            resultGradient,
            Operand(
              argument: DNNL_ARG_WEIGHTS_0,
              place: try builder.arranged(kernelPlace, plain, as: inputWeights),
              layout: inputWeights),
            Operand(argument: DNNL_ARG_DIFF_SRC_0, place: sourceGradient, layout: sourceLayout),
          ]))
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    return result
  }
}
