import COneDNN

extension TrainingProgramBuilder {
  /// Adds a pooling.
  ///
  /// - Throws: `invalidShape` where the window does not fit.
  public mutating func pooling(
    _ input: TensorValue, _ pooling: Pooling, geometry: WindowGeometry
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: input)
    let inputShape = shape(of: input)
    guard let lengths = geometry.outputLengths(of: inputShape) else {
      throw TensorError(
        .invalidShape, operation: "pooling", "the window does not fit into \(inputShape)")
    }
    let shape = TensorShape(c: inputShape.c, z: lengths.z, y: lengths.y, x: lengths.x)
    let sourceLayout = try TensorLayout.channelsLast(inputShape)
    let layout = try TensorLayout.channelsLast(shape)
    let (descriptor, gradientDescriptor) = try PrimitiveDescriptor.trainedPooling(
      pooling, WindowNumbers(geometry, from: inputShape, to: shape), from: sourceLayout, to: layout)
    let target = addStorage(layout)
    // Where each largest value came from.
    var places: [Operand] = []
    if pooling == .maximum {
      let places0 = try descriptor.layout(dnnl_query_workspace_md)
      places = [
        Operand(argument: DNNL_ARG_WORKSPACE, place: addStorage(places0), layout: places0)
      ]
    }
    forward.append(
      .operation(
        descriptor,
        [
          Operand(argument: DNNL_ARG_SRC_0, place: source, layout: sourceLayout),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
        ] + places))
    let result = addValue(shape, target, isTrained: values[input.index].isTrained)
    let workspace = places
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let sourceGradient = builder.addStorage(sourceLayout)
      builder.backward.append(
        .operation(
          gradientDescriptor,
          [
            Operand(argument: DNNL_ARG_DIFF_DST_0, place: gradient.place, layout: layout),
            Operand(argument: DNNL_ARG_DIFF_SRC_0, place: sourceGradient, layout: sourceLayout),
          ] + workspace))
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    return result
  }
}
