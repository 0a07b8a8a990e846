extension TrainingProgramBuilder {
  /// Joins tensors along the channels.
  ///
  /// Nothing is copied when only convolutions read the result: a convolution of a concatenation is
  /// the sum of convolutions of its parts, and so are its gradients.
  ///
  /// - Throws: `invalidShape` where the extents differ.
  public mutating func concatenation(_ parts: [TensorValue]) throws(TensorError) -> TensorValue {
    let flat = parts.flatMap { part in
      values[part.index].parts.isEmpty ? [part] : values[part.index].parts
    }
    guard let first = flat.first else {
      throw TensorError(.invalidShape, operation: "concatenation", "there is nothing to join")
    }
    var shape = self.shape(of: first)
    guard flat.allSatisfy({ self.shape(of: $0).extent == shape.extent }) else {
      throw TensorError(.invalidShape, operation: "concatenation", "the extents differ")
    }
    guard flat.count > 1 else { return first }
    shape.c = flat.reduce(0) { $0 + self.shape(of: $1).c }
    values.append(
      Value(
        shape: shape, place: nil, parts: flat,
        isTrained: flat.contains { values[$0.index].isTrained }))
    return TensorValue(index: values.count - 1)
  }

  /// The place of a tensor; a concatenation is carried out, once.
  mutating func place(of value: TensorValue) throws(TensorError) -> Place {
    let target = values[value.index]
    if let place = target.place { return place }
    let layout = try TensorLayout.channelsLast(target.shape)
    let whole = addStorage(layout)
    var channel = 0
    for part in target.parts {
      let shape = shape(of: part)
      let slice = try layout.part(lengths: shape.lengths, offsets: [0, channel, 0, 0, 0])
      try forward.append(
        Self.reorder(from: place(of: part), .channelsLast(shape), to: whole, slice))
      channel += shape.c
    }
    values[value.index].place = whole
    return whole
  }

  /// Cuts the gradient of a concatenation up.
  mutating func addGradient(
    _ place: Place, _ layout: TensorLayout, toParts parts: [TensorValue]
  ) throws(TensorError) {
    var channel = 0
    for part in parts {
      let shape = shape(of: part)
      defer { channel += shape.c }
      guard values[part.index].isTrained else { continue }
      let slice = try layout.part(lengths: shape.lengths, offsets: [0, channel, 0, 0, 0])
      let dense = try TensorLayout.channelsLast(shape)
      let gradient = addStorage(dense)
      try backward.append(Self.reorder(from: place, slice, to: gradient, dense))
      try addGradient(gradient, isOwned: true, to: part)
    }
  }
}
