import COneDNN

extension TrainingProgramBuilder {
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
    let perChannel = try TensorLayout(lengths: [shape.c])
    let (descriptor, gradientDescriptor) = try PrimitiveDescriptor.trainedNormalization(
      layout, givenStatistics: statistics != nil, epsilon: epsilon)
    let target = addStorage(layout)
    // The forward pass finds the statistics where they are not given.
    let mean = statistics.map { addConstant($0.mean) } ?? addStorage(perChannel)
    let variance = statistics.map { addConstant($0.variance) } ?? addStorage(perChannel)
    let common = [
      Operand(argument: DNNL_ARG_SRC_0, place: source, layout: layout),
      Operand(argument: DNNL_ARG_MEAN, place: mean, layout: perChannel),
      Operand(argument: DNNL_ARG_VARIANCE, place: variance, layout: perChannel),
      Operand(argument: DNNL_ARG_SCALE, place: place(of: scale), layout: perChannel),
    ]
    forward.append(
      .operation(
        descriptor,
        common + [
          Operand(argument: DNNL_ARG_SHIFT, place: place(of: shift), layout: perChannel),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
        ]))
    let result = addValue(shape, target, isTrained: true)
    let scaleGradient = addGradientPlace(of: scale)
    let shiftGradient = addGradientPlace(of: shift)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let sourceGradient = builder.addStorage(layout)
      builder.backward.append(
        .operation(
          gradientDescriptor,
          common + [
            Operand(argument: DNNL_ARG_DIFF_DST_0, place: gradient.place, layout: layout),
            Operand(argument: DNNL_ARG_DIFF_SRC_0, place: sourceGradient, layout: layout),
            Operand(argument: DNNL_ARG_DIFF_SCALE, place: scaleGradient, layout: perChannel),
            Operand(argument: DNNL_ARG_DIFF_SHIFT, place: shiftGradient, layout: perChannel),
          ]))
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    return result
  }
}
