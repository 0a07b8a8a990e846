import COneDNN
import Voxels

// How a convolution and its two gradients are computed is decided here and nowhere else.

extension TrainingProgramBuilder {
  /// Adds the forward pass of a convolution of a tensor, or of the parts of a concatenation.
  ///
  /// - Parameters:
  ///   - parts: The convolutions whose sum is wanted.
  ///   - target: Where the result goes.
  ///   - residual: A tensor that is added.
  ///   - activation: What is applied last.
  /// - Throws: `unsupported` where oneDNN has nothing for it.
  mutating func addForward(
    _ parts: [ConvolutionPart], to target: Place, residual: Place?, activation: Activation?
  ) throws(TensorError) {
    let takesBrainFloats = parts.contains { part in
      format { (format) throws(TensorError) in try part.forward(format) } == .bfloat16
    }
    if !takesBrainFloats,
      try addKernelForward(parts, to: target, residual: residual, activation: activation)
    {
      return
    }
    // oneDNN's fastest convolutions cannot read another tensor: a residual is added after them.
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      try addForward(
        part, to: target, accumulates: index > 0,
        activation: isLast && residual == nil ? activation : nil)
    }
    guard let residual, let shape = parts.first?.targetShape else { return }
    let layout = try TensorLayout.channelsLast(shape)
    forward.append(
      .operation(
        try .activatedSum(activation, layout),
        [
          Operand(argument: DNNL_ARG_SRC_0, place: target, layout: layout),
          Operand(argument: DNNL_ARG_SRC_1, place: residual, layout: layout),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
        ]))
  }

  private mutating func addForward(
    _ part: ConvolutionPart, to target: Place, accumulates: Bool, activation: Activation?
  ) throws(TensorError) {
    let format = format { (format) throws(TensorError) in
      try part.forward(accumulates: accumulates, activation: activation, format)
    }
    let descriptor = try part.forward(accumulates: accumulates, activation: activation, format)
    let weights = try descriptor.layout(dnnl_query_weights_md)
    var operands = [
      try operand(DNNL_ARG_SRC_0, part.source, part.sourceShape, as: format, in: \.forward),
      Operand(
        argument: DNNL_ARG_WEIGHTS_0,
        place: try arranged(part.kernels, part.kernelLayout, as: weights), layout: weights),
      Operand(
        argument: DNNL_ARG_DST_0, place: target, layout: try .channelsLast(part.targetShape)),
    ]
    if let place = part.bias {
      operands.append(
        Operand(
          argument: DNNL_ARG_BIAS, place: place,
          layout: try TensorLayout(lengths: [part.targetShape.c])))
    }
    forward.append(.operation(descriptor, operands))
  }

  /// Adds the gradient of a convolution with respect to its input to what is known of it.
  mutating func addInputGradient(
    _ part: ConvolutionPart, from gradient: Place
  ) throws(TensorError) {
    if let windows = part.turnedWindows, let numbers = part.numbers {
      let format = format { (format) throws(TensorError) in
        try part.turned(windows, accumulates: false, format)
      }
      if format == .float32, try addKernelInputGradient(part, from: gradient) { return }
      try addTurnedConvolution(part, windows, numbers, from: gradient, format)
      return
    }
    let source = try TensorLayout.channelsLast(part.sourceShape)
    let format = format { (format) throws(TensorError) in try part.inputGradient(format) }
    if format == .float32, try addKernelInputGradient(part, from: gradient) { return }
    let descriptor = try part.inputGradient(format)
    let weights = try descriptor.layout(dnnl_query_weights_md)
    let target = addStorage(source)
    backward.append(
      .operation(
        descriptor,
        [
          try gradientOperand(DNNL_ARG_DIFF_DST_0, gradient, part.targetShape, as: format),
          Operand(
            argument: DNNL_ARG_WEIGHTS_0,
            place: try arranged(part.kernels, part.kernelLayout, as: weights), layout: weights),
          Operand(argument: DNNL_ARG_DIFF_SRC_0, place: target, layout: source),
        ]))
    try addGradient(target, isOwned: true, to: part.input)
  }

  /// Adds the gradient with respect to the input as a convolution of the result's gradient with
  /// turned kernels, for which oneDNN has faster code, and which adds to what is there by itself.
  private mutating func addTurnedConvolution(
    _ part: ConvolutionPart, _ windows: WindowNumbers, _ numbers: TrainedNumbers,
    from gradient: Place, _ format: NumberFormat
  ) throws(TensorError) {
    let outputs = part.targetShape.c
    let turned = addKept(part.channels.count * outputs * part.geometry.taps * 4)
    loads.append(
      KeptRange(
        kept: turned, range: parameters[numbers.index].range,
        turned: TurnedKernels(
          outputs: outputs, inputs: part.allChannels, channels: part.channels,
          taps: part.geometry.taps)))
    let source = try TensorLayout.channelsLast(part.sourceShape)
    let (target, accumulates) = try placeForGradient(of: part.input)
    let descriptor = try part.turned(windows, accumulates: accumulates, format)
    let weights = try descriptor.layout(dnnl_query_weights_md)
    backward.append(
      .operation(
        descriptor,
        [
          try gradientOperand(DNNL_ARG_SRC_0, gradient, part.targetShape, as: format),
          Operand(
            argument: DNNL_ARG_WEIGHTS_0,
            place: try arranged(
              .kept(turned), TensorLayout(lengths: part.turnedLengths), as: weights),
            layout: weights),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: source),
        ]))
    if !accumulates { try addGradient(target, isOwned: true, to: part.input) }
  }

  /// A place for the gradient of a tensor, and whether what is known of it lies there already: it is
  /// added to then, and may not be told to ``addGradient(_:isOwned:to:)``.
  mutating func placeForGradient(
    of value: TensorValue
  ) throws(TensorError) -> (place: Place, accumulates: Bool) {
    if values[value.index].parts.isEmpty, let known = gradient(of: value), known.isOwned {
      return (known.place, true)
    }
    return (addStorage(try .channelsLast(shape(of: value))), false)
  }

  /// Adds the gradient of a convolution with respect to its kernels and bias.
  mutating func addWeightGradient(
    _ part: ConvolutionPart, from gradient: Place
  ) throws(TensorError) {
    let format = format { (format) throws(TensorError) in try part.weightGradient(format) }
    if format == .float32, try addKernelWeightGradient(part, from: gradient) { return }
    let descriptor = try part.weightGradient(format)
    let weights = try descriptor.layout(dnnl_query_diff_weights_md)
    let arranged = addStorage(weights)
    var operands = [
      try operand(DNNL_ARG_SRC_0, part.source, part.sourceShape, as: format, in: \.backward),
      try gradientOperand(DNNL_ARG_DIFF_DST_0, gradient, part.targetShape, as: format),
      Operand(argument: DNNL_ARG_DIFF_WEIGHTS_0, place: arranged, layout: weights),
    ]
    if part.isPointwise {
      operands[0].layout = try part.sourceMatrix(format)
      operands[1].layout = try part.targetMatrix(format)
    }
    if let place = part.biasGradient {
      operands.append(
        Operand(
          argument: DNNL_ARG_DIFF_BIAS, place: place,
          layout: try TensorLayout(lengths: [part.targetShape.c])))
    }
    backward.append(.operation(descriptor, operands))
    let plain = part.isPointwise ? try part.kernelLayout.matrix() : part.kernelLayout
    try backward.append(Self.reorder(from: arranged, weights, to: part.kernelGradient, plain))
  }

  /// A place for parameters in the layout that an operation wants, which loading them fills.
  mutating func arranged(
    _ place: Place, _ layout: TensorLayout, as wanted: TensorLayout
  ) throws(TensorError) -> Place {
    let target = Place.kept(addKept(wanted.byteCount))
    try arranging.append(Self.reorder(from: place, layout, to: target, wanted))
    return target
  }
}
