import COneDNN

// The places where own kernels compute a convolution and its gradients in training.

extension TrainingProgramBuilder {
  /// Adds the forward pass of a convolution by an own kernel, which reads the parts of a
  /// concatenation where they lie.
  ///
  /// - Returns: Whether it did; if not, oneDNN is faster or the kernels cannot.
  mutating func addKernelForward(
    _ parts: [ConvolutionPart], to target: Place, residual: Place?, activation: Activation?
  ) throws(TensorError) -> Bool {
    guard let first = parts.first,
      let kernel = kernel(
        parts.map { $0.sourceShape.c }, first, from: first.sourceShape, to: first.targetShape,
        first.geometry, activation: activation)
    else { return false }
    let result = try TensorLayout.channelsLast(first.targetShape)
    var operands = [
      try arrangedWeights(kernel, first, first.kernelOrder),
      Operand(argument: DNNL_ARG_DST_0, place: target, layout: result),
    ]
    for (index, part) in parts.enumerated() {
      operands.append(
        Operand(
          argument: DNNL_ARG_MULTIPLE_SRC + Int32(index), place: part.source,
          layout: try .channelsLast(part.sourceShape)))
    }
    if let residual {
      operands.append(Operand(argument: DNNL_ARG_SRC_1, place: residual, layout: result))
    }
    if let bias = first.bias {
      operands.append(
        Operand(
          argument: DNNL_ARG_BIAS, place: bias,
          layout: try TensorLayout(lengths: [first.targetShape.c])))
    }
    forward.append(.kernel(.convolution(kernel), operands))
    return true
  }

  /// Adds the gradient of a convolution with respect to its input by an own kernel: a convolution
  /// of the result's gradient with reversed kernels.
  ///
  /// - Returns: Whether it did; if not, oneDNN is faster or the kernels cannot.
  mutating func addKernelInputGradient(
    _ part: ConvolutionPart, from gradient: Place
  ) throws(TensorError) -> Bool {
    var geometry = part.geometry
    geometry.paddingBefore = AxisTriple { axis in
      part.geometry.kernel.components[axis] - 1 - part.geometry.paddingBefore.components[axis]
    }
    guard
      let kernel = kernel(
        [part.targetShape.c], part, from: part.targetShape, to: part.sourceShape, geometry,
        activation: nil)
    else { return false }
    let layout = try TensorLayout.channelsLast(part.sourceShape)
    let (target, accumulates) = try placeForGradient(of: part.input)
    var operands = [
      Operand(
        argument: DNNL_ARG_MULTIPLE_SRC, place: gradient,
        layout: try .channelsLast(part.targetShape)),
      try arrangedWeights(kernel, part, part.kernelOrder.forInputGradient),
      Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
    ]
    if accumulates {
      operands.append(Operand(argument: DNNL_ARG_SRC_1, place: target, layout: layout))
    }
    backward.append(.kernel(.convolution(kernel), operands))
    if !accumulates { try addGradient(target, isOwned: true, to: part.input) }
    return true
  }

  /// Adds the gradient of a convolution with respect to its kernels and bias by an own kernel.
  ///
  /// - Returns: Whether it did; if not, oneDNN is faster or the kernels cannot.
  mutating func addKernelWeightGradient(
    _ part: ConvolutionPart, from gradient: Place
  ) throws(TensorError) -> Bool {
    let choice = KernelChoice(
      parts: [part.sourceShape.c], output: part.targetShape, kernel: part.geometry.kernel)
    guard convolutionEngine != .oneDNN, part.groups == 1,
      let tile = convolutionEngine.tile ?? choice.fastestGradientTile,
      let kernel = KernelConvolution(
        from: part.sourceShape, parts: [part.sourceShape.c], to: part.targetShape, part.geometry,
        tile: tile)
    else { return false }
    var operands = [
      Operand(
        argument: DNNL_ARG_SRC_0, place: part.source, layout: try .channelsLast(part.sourceShape)),
      Operand(
        argument: DNNL_ARG_DIFF_DST_0, place: gradient,
        layout: try .channelsLast(part.targetShape)),
      Operand(
        argument: DNNL_ARG_DIFF_WEIGHTS_0, place: part.kernelGradient,
        layout: try numbers(at: part.kernelGradient)),
    ]
    if let place = part.biasGradient {
      operands.append(
        Operand(
          argument: DNNL_ARG_DIFF_BIAS, place: place,
          layout: try TensorLayout(lengths: [part.targetShape.c])))
    }
    backward.append(.kernel(.weightGradient(kernel, part.kernelOrder), operands))
    return true
  }

  private func kernel(
    _ channels: [Int], _ part: ConvolutionPart, from input: TensorShape, to output: TensorShape,
    _ geometry: WindowGeometry, activation: Activation?
  ) -> KernelConvolution? {
    let choice = KernelChoice(
      parts: channels, output: output, kernel: geometry.kernel, arrangesWeights: true)
    guard convolutionEngine != .oneDNN, part.groups == 1,
      let tile = convolutionEngine.tile ?? choice.fastestTile
    else { return nil }
    return KernelConvolution(
      from: input, parts: channels, to: output, geometry, activation: activation, tile: tile)
  }

  /// A place for weights as a kernel wants them, which loading parameters fills.
  private mutating func arrangedWeights(
    _ kernel: KernelConvolution, _ part: ConvolutionPart, _ order: KernelOrder
  ) throws(TensorError) -> Operand {
    let layout = try TensorLayout(lengths: [kernel.weightCount])
    let weights = Place.kept(addKept(layout.byteCount))
    arranging.append(
      .kernel(
        .arranging(kernel, order),
        [
          Operand(
            argument: DNNL_ARG_SRC_0, place: part.kernels, layout: try numbers(at: part.kernels)),
          Operand(argument: DNNL_ARG_DST_0, place: weights, layout: layout),
        ]))
    return Operand(argument: DNNL_ARG_WEIGHTS_0, place: weights, layout: layout)
  }

  /// All numbers of a kept place, in one row.
  private func numbers(at place: Place) throws(TensorError) -> TensorLayout {
    guard case .kept(let index) = place else {
      preconditionFailure("parameters and their gradients are kept")
    }
    return try TensorLayout(lengths: [keptBytes[index] / MemoryLayout<Float>.size])
  }
}

extension ConvolutionPart {
  /// Where the kernels that read this part are among all kernels; for one group.
  fileprivate var kernelOrder: KernelOrder {
    let strides = kernelLayout.descriptor.format_desc.blocking.strides
    return KernelOrder(
      first: Int(kernelLayout.descriptor.offset0), nextOutput: Int(strides.0),
      nextInput: Int(strides.1))
  }
}
