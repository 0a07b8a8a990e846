import COneDNN

extension TrainingProgramBuilder {
  /// Adds the joining of two tensors of the same shape, value by value.
  ///
  /// - Throws: `invalidShape` where the shapes differ.
  public mutating func joining(
    _ left: TensorValue, _ right: TensorValue, _ operation: BinaryOperation
  ) throws(TensorError) -> TensorValue {
    let (leftPlace, rightPlace) = (try place(of: left), try place(of: right))
    let shape = shape(of: left)
    guard shape == self.shape(of: right) else {
      throw TensorError(
        .invalidShape, operation: "\(operation)", "\(shape) and \(self.shape(of: right)) differ")
    }
    guard [.add, .subtract, .multiply].contains(operation) else {
      throw TensorError(.unsupported, operation: "\(operation)", "it has no gradient here")
    }
    let layout = try TensorLayout.channelsLast(shape)
    let target = addStorage(layout)
    try forward.append(Self.sum(leftPlace, rightPlace, to: target, layout, operation))
    let isTrained = values[left.index].isTrained || values[right.index].isTrained
    let result = addValue(shape, target, isTrained: isTrained)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      switch operation {
      case .add:
        // Both have the sum's gradient; neither may change it while the other needs it.
        try builder.addGradient(gradient.place, isOwned: false, to: left)
        try builder.addGradient(gradient.place, isOwned: false, to: right)
      case .subtract:
        try builder.addGradient(
          builder.multiplied(gradient.place, shape, byPerChannel: [-1]), isOwned: true, to: right)
        try builder.addGradient(gradient.place, isOwned: false, to: left)
      case .multiply:
        for (factor, other) in [(rightPlace, left), (leftPlace, right)]
        where builder.values[other.index].isTrained {
          let product = builder.addStorage(layout)
          try builder.backward.append(
            Self.sum(gradient.place, factor, to: product, layout, .multiply))
          try builder.addGradient(product, isOwned: true, to: other)
        }
      case .divide, .maximum, .minimum: break
      }
    }
    return result
  }

  /// Adds the joining of a tensor with constants, one for all or one per channel.
  ///
  /// - Throws: `invalidShape` where there are neither one nor as many as channels.
  public mutating func joining(
    _ left: TensorValue, perChannel numbers: [Float], _ operation: BinaryOperation
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: left)
    let shape = shape(of: left)
    guard numbers.count == 1 || numbers.count == shape.c else {
      throw TensorError(
        .invalidShape, operation: "\(operation)",
        "\(numbers.count) numbers for \(shape.c) channels")
    }
    let layout = try TensorLayout.channelsLast(shape)
    let target = addStorage(layout)
    try forward.append(join(source, numbers, operation, to: target, layout))
    let result = addValue(shape, target, isTrained: values[left.index].isTrained)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      guard operation == .multiply else {
        try builder.addGradient(gradient.place, isOwned: gradient.isOwned, to: left)
        return
      }
      try builder.addGradient(
        builder.multiplied(gradient.place, shape, byPerChannel: numbers), isOwned: true, to: left)
    }
    return result
  }

  private mutating func multiplied(
    _ gradient: Place, _ shape: TensorShape, byPerChannel numbers: [Float]
  ) throws(TensorError) -> Place {
    let layout = try TensorLayout.channelsLast(shape)
    let target = addStorage(layout)
    try backward.append(join(gradient, numbers, .multiply, to: target, layout))
    return target
  }

  private mutating func join(
    _ source: Place, _ numbers: [Float], _ operation: BinaryOperation, to target: Place,
    _ layout: TensorLayout
  ) throws(TensorError) -> Step {
    let perChannel = try TensorLayout(lengths: [1, numbers.count, 1, 1, 1])
    return .operation(
      try .joining(operation, layout, perChannel),
      [
        Operand(argument: DNNL_ARG_SRC_0, place: source, layout: layout),
        Operand(argument: DNNL_ARG_SRC_1, place: addConstant(numbers), layout: perChannel),
        Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
      ])
  }
}
