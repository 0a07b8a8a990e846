extension TrainingProgramBuilder {
  /// Adds the cutting out of a part.
  ///
  /// The offsets are the part's first place along (n, c, z, y, x).
  ///
  /// - Throws: `invalidShape` for a part that is not inside the tensor.
  public mutating func crop(
    _ input: TensorValue, offsets: [Int], shape: TensorShape
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: input)
    let whole = self.shape(of: input)
    guard offsets.count == 5, shape.checkedCount != nil,
      (0..<5).allSatisfy({
        offsets[$0] >= 0 && offsets[$0] + shape.lengths[$0] <= whole.lengths[$0]
      })
    else {
      throw TensorError(
        .invalidShape, operation: "crop", "\(shape) at \(offsets) lies outside \(whole)")
    }
    let wholeLayout = try TensorLayout.channelsLast(whole)
    let part = try wholeLayout.part(lengths: shape.lengths, offsets: offsets)
    let layout = try TensorLayout.channelsLast(shape)
    let target = addStorage(layout)
    try forward.append(Self.reorder(from: source, part, to: target, layout))
    let result = addValue(shape, target, isTrained: values[input.index].isTrained)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let sourceGradient = builder.addStorage(wholeLayout)
      builder.backward.append(
        .clear(Operand(argument: 0, place: sourceGradient, layout: wholeLayout)))
      try builder.backward.append(
        Self.reorder(from: gradient.place, layout, to: sourceGradient, part))
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    return result
  }

  /// Adds zeros around a tensor.
  ///
  /// - Throws: `invalidShape` for negative numbers of zeros.
  public mutating func zeroPadding(
    _ input: TensorValue, before: AxisTriple, after: AxisTriple
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: input)
    let inner = self.shape(of: input)
    let shape = TensorShape(
      c: inner.c, z: inner.z + before.z + after.z, y: inner.y + before.y + after.y,
      x: inner.x + before.x + after.x)
    guard (before.components + after.components).allSatisfy({ $0 >= 0 }), shape.checkedCount != nil
    else {
      throw TensorError(.invalidShape, operation: "padding", "\(shape) is no shape")
    }
    let innerLayout = try TensorLayout.channelsLast(inner)
    let layout = try TensorLayout.channelsLast(shape)
    let part = try layout.part(lengths: inner.lengths, offsets: [0, 0] + before.components)
    let target = addStorage(layout)
    forward.append(.clear(Operand(argument: 0, place: target, layout: layout)))
    try forward.append(Self.reorder(from: source, innerLayout, to: target, part))
    let result = addValue(shape, target, isTrained: values[input.index].isTrained)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let sourceGradient = builder.addStorage(innerLayout)
      try builder.backward.append(
        Self.reorder(from: gradient.place, part, to: sourceGradient, innerLayout))
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    return result
  }
}
