import COneDNN

extension TrainingProgramBuilder {
  /// The scale and shift of a normalisation and where their gradients go.
  private struct NormalizationParameters {
    var scale: Place
    var shift: Place
    var scaleGradient: Place
    var shiftGradient: Place
  }

  /// Adds `scale · (x − mean) / √(variance + epsilon) + shift`, each a number per channel.
  ///
  /// Without statistics the mean and variance are those of the tensor itself (instance
  /// normalisation). Statistics that are given stay as they are; scale and shift are trained in
  /// both cases.
  ///
  /// - Throws: `invalidShape` where the parameters are not one per channel.
  public mutating func normalization(
    _ input: TensorValue, scale: TrainedNumbers, shift: TrainedNumbers,
    statistics: (mean: [Float], variance: [Float])? = nil, epsilon: Float
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: input)
    let shape = shape(of: input)
    guard count(of: scale) == shape.c, count(of: shift) == shape.c,
      statistics.map({ $0.mean.count == shape.c && $0.variance.count == shape.c }) ?? true
    else {
      throw TensorError(
        .invalidShape, operation: "normalization", "the parameters are not one per channel")
    }
    let layout = try TensorLayout.channelsLast(shape)
    let target = addStorage(layout)
    let addGradientSteps = try addNormalization(
      from: source, to: target, layout, channels: shape.c, parameters(scale, shift), statistics,
      epsilon)
    let result = addValue(shape, target, isTrained: true)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let sourceGradient = builder.addStorage(layout)
      try addGradientSteps(&builder, gradient.place, sourceGradient)
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    return result
  }

  /// Adds a normalisation with the mean and variance of each group of channels, and a scale and a
  /// shift per group or per channel.
  ///
  /// Source: Wu & He 2018, arXiv:1803.08494.
  ///
  /// - Throws: `invalidShape` where the parameters are neither one per group nor one per channel.
  public mutating func groupNormalization(
    _ input: TensorValue, groups: Int, scale: TrainedNumbers, shift: TrainedNumbers, epsilon: Float
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: input)
    let shape = shape(of: input)
    guard groups > 0, shape.c % groups == 0, count(of: scale) == count(of: shift),
      [groups, shape.c].contains(count(of: scale))
    else {
      throw TensorError(
        .invalidShape, operation: "normalization",
        "the parameters are neither one per group nor one per channel")
    }
    let isPerGroup = count(of: scale) == groups
    // Where channels come first, those of a group are one long channel.
    let dense = try TensorLayout.channelsLast(shape)
    let plain = try TensorLayout.plain(shape)
    let joined = try TensorLayout(
      lengths: [1, groups, shape.c / groups * shape.z, shape.y, shape.x])
    let (arranged, normalized) = (addStorage(plain), addStorage(plain))
    let target = addStorage(dense)
    try forward.append(Self.reorder(from: source, dense, to: arranged, plain))
    let ones = [Float](repeating: 1, count: groups)
    let zeros = [Float](repeating: 0, count: groups)
    let byteCount = groups * MemoryLayout<Float>.size
    let addGradientSteps = try addNormalization(
      from: arranged, to: normalized, joined, channels: groups,
      isPerGroup
        ? parameters(scale, shift)
        : NormalizationParameters(
          scale: addConstant(ones), shift: addConstant(zeros),
          scaleGradient: .kept(addKept(byteCount)), shiftGradient: .kept(addKept(byteCount))),
      nil, epsilon)
    try forward.append(Self.reorder(from: normalized, plain, to: target, dense))
    let result = addValue(
      shape, target, isTrained: isPerGroup || values[input.index].isTrained)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let (from, to) = (builder.addStorage(plain), builder.addStorage(plain))
      try builder.backward.append(Self.reorder(from: gradient.place, dense, to: from, plain))
      try addGradientSteps(&builder, from, to)
      let sourceGradient = builder.addStorage(dense)
      try builder.backward.append(Self.reorder(from: to, plain, to: sourceGradient, dense))
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    guard !isPerGroup else { return result }
    // Scale and shift are a normalisation with mean 0 and variance 1.
    let statistics = [Float](repeating: 0, count: shape.c)
    return try normalization(
      result, scale: scale, shift: shift,
      statistics: (mean: statistics, variance: statistics.map { _ in 1 }), epsilon: 0)
  }

  private mutating func parameters(
    _ scale: TrainedNumbers, _ shift: TrainedNumbers
  ) -> NormalizationParameters {
    NormalizationParameters(
      scale: place(of: scale), shift: place(of: shift), scaleGradient: addGradientPlace(of: scale),
      shiftGradient: addGradientPlace(of: shift))
  }

  /// Adds the forward pass, and gives what adds the backward pass from one place to another.
  private mutating func addNormalization(
    from source: Place, to target: Place, _ layout: TensorLayout, channels: Int,
    _ parameters: NormalizationParameters, _ statistics: (mean: [Float], variance: [Float])?,
    _ epsilon: Float
  ) throws(TensorError) -> (
    (inout TrainingProgramBuilder, Place, Place) throws(TensorError) -> Void
  ) {
    let perChannel = try TensorLayout(lengths: [channels])
    let (descriptor, gradientDescriptor) = try PrimitiveDescriptor.trainedNormalization(
      layout, givenStatistics: statistics != nil, epsilon: epsilon)
    // The forward pass finds the statistics where they are not given.
    let mean = statistics.map { addConstant($0.mean) } ?? addStorage(perChannel)
    let variance = statistics.map { addConstant($0.variance) } ?? addStorage(perChannel)
    let common = [
      Operand(argument: DNNL_ARG_SRC_0, place: source, layout: layout),
      Operand(argument: DNNL_ARG_MEAN, place: mean, layout: perChannel),
      Operand(argument: DNNL_ARG_VARIANCE, place: variance, layout: perChannel),
      Operand(argument: DNNL_ARG_SCALE, place: parameters.scale, layout: perChannel),
      Operand(argument: DNNL_ARG_SHIFT, place: parameters.shift, layout: perChannel),
    ]
    forward.append(
      .operation(
        descriptor,
        common + [Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout)]))
    return { (builder, gradient, sourceGradient) throws(TensorError) in
      builder.backward.append(
        .operation(
          gradientDescriptor,
          common + [
            Operand(argument: DNNL_ARG_DIFF_DST_0, place: gradient, layout: layout),
            Operand(argument: DNNL_ARG_DIFF_SRC_0, place: sourceGradient, layout: layout),
            Operand(
              argument: DNNL_ARG_DIFF_SCALE, place: parameters.scaleGradient, layout: perChannel),
            Operand(
              argument: DNNL_ARG_DIFF_SHIFT, place: parameters.shiftGradient, layout: perChannel),
          ]))
    }
  }
}
