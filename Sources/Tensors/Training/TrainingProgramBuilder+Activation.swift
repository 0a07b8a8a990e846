import COneDNN

extension TrainingProgramBuilder {
  /// Adds a function of each value by itself.
  public mutating func activation(
    _ input: TensorValue, _ activation: Activation
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: input)
    let shape = shape(of: input)
    let layout = try TensorLayout.channelsLast(shape)
    let target = addStorage(layout)
    forward.append(
      .operation(
        try .activation(activation, layout),
        [
          Operand(argument: DNNL_ARG_SRC_0, place: source, layout: layout),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
        ]))
    let result = addValue(shape, target, isTrained: values[input.index].isTrained)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = try builder.gradient(through: activation, of: result, input: source)
      else { return }
      try builder.addGradient(gradient.place, isOwned: gradient.isOwned, to: input)
    }
    return result
  }

  /// Adds the gradient with respect to the argument of the activation that gave a tensor, in the
  /// place of the gradient with respect to the tensor where nothing else reads that.
  ///
  /// Without an activation it is the tensor's own gradient; the argument is needed only where the
  /// result does not tell the gradient.
  mutating func gradient(
    through activation: Activation?, of result: TensorValue, input: Place? = nil
  ) throws(TensorError) -> Gradient? {
    guard values[result.index].isTrained, let gradient = gradient(of: result) else { return nil }
    guard let activation else { return gradient }
    let layout = try TensorLayout.channelsLast(shape(of: result))
    let target = gradient.isOwned ? gradient.place : addStorage(layout)
    let data: Operand
    if activation.gradientUsesResult {
      data = Operand(argument: DNNL_ARG_DST_0, place: try place(of: result), layout: layout)
    } else if let input {
      data = Operand(argument: DNNL_ARG_SRC_0, place: input, layout: layout)
    } else {
      preconditionFailure("an activation whose gradient needs its argument keeps it")
    }
    backward.append(
      .operation(
        try .activationGradient(activation, layout),
        [
          data,
          Operand(argument: DNNL_ARG_DIFF_DST_0, place: gradient.place, layout: layout),
          Operand(argument: DNNL_ARG_DIFF_SRC_0, place: target, layout: layout),
        ]))
    return Gradient(place: target, isOwned: true)
  }
}
