import COneDNN
public import Voxels

extension TrainingProgramBuilder {
  /// Adds a change of the number of voxels.
  ///
  /// - Throws: `invalidShape` for an extent without voxels.
  public mutating func resampling(
    _ input: TensorValue, to extent: VoxelExtent, _ interpolation: Interpolation
  ) throws(TensorError) -> TensorValue {
    let source = try place(of: input)
    let inputShape = shape(of: input)
    let shape = TensorShape(c: inputShape.c, extent: extent)
    guard shape.checkedCount != nil else {
      throw TensorError(.invalidShape, operation: "resampling", "\(shape) is no shape")
    }
    let sourceLayout = try TensorLayout.channelsLast(inputShape)
    let layout = try TensorLayout.channelsLast(shape)
    let target = addStorage(layout)
    forward.append(
      .operation(
        try .resampling(interpolation, from: sourceLayout, to: layout),
        [
          Operand(argument: DNNL_ARG_SRC_0, place: source, layout: sourceLayout),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
        ]))
    let result = addValue(shape, target, isTrained: values[input.index].isTrained)
    differentiate { (builder) throws(TensorError) in
      guard let gradient = builder.gradient(of: result) else { return }
      let sourceGradient = builder.addStorage(sourceLayout)
      builder.backward.append(
        .operation(
          try .resamplingGradient(interpolation, to: sourceLayout, from: layout),
          [
            Operand(argument: DNNL_ARG_DIFF_DST_0, place: gradient.place, layout: layout),
            Operand(argument: DNNL_ARG_DIFF_SRC_0, place: sourceGradient, layout: sourceLayout),
          ]))
      try builder.addGradient(sourceGradient, isOwned: true, to: input)
    }
    return result
  }
}
