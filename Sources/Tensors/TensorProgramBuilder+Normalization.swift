import COneDNN

extension TensorProgramBuilder {
  /// Adds a normalisation by the mean and variance of groups of neighbouring channels.
  ///
  /// The statistics of a group follow from those of its channels: the mean of their means, and the
  /// mean of their variances plus the squares of how far their means lie from it.
  ///
  /// Scale and shift are one number per channel.
  ///
  /// - Throws: `invalidShape` where the channels do not divide into the groups.
  public mutating func groupNormalization(
    _ input: TensorValue, groups: Int, scale: [Float], shift: [Float], epsilon: Float
  ) throws(TensorError) -> TensorValue {
    let shape = self.shape(of: input)
    let channels = shape.c
    guard groups > 0, channels % groups == 0, shape.n == 1, scale.count == channels,
      shift.count == channels
    else {
      throw TensorError(
        .invalidShape, operation: "normalization", "\(groups) groups of \(channels) channels")
    }
    guard groups < channels else {
      return try normalization(
        input, scale: scale, shift: shift, statistics: nil, epsilon: epsilon)
    }
    let dense = try arranged(input, as: .channelsLast(shape))
    let layout = values[dense.index].layout
    let vector = try TensorLayout(lengths: [channels])
    let (means, variances) = (addStorage(vector), addStorage(vector))
    let result = addStorage(layout)
    // The result's place takes what the statistics' operation computes beside them.
    steps.append(
      .operation(
        try .channelStatistics(layout),
        [
          Operand(argument: DNNL_ARG_SRC_0, place: values[dense.index].place, layout: layout),
          Operand(argument: DNNL_ARG_DST_0, place: result, layout: layout),
          Operand(argument: DNNL_ARG_MEAN, place: means, layout: vector),
          Operand(argument: DNNL_ARG_VARIANCE, place: variances, layout: vector),
        ]))
    // The vectors seen as (group, channel of the group).
    let view = TensorShape(c: groups, z: 1, y: 1, x: channels / groups)
    let channelMeans = addValue(view, try .plain(view), means)
    let channelVariances = addValue(view, try .plain(view), variances)
    let groupMeans = try reduction(channelMeans, axes: [4], .mean)
    let distances = try joining(channelMeans, broadcasting: groupMeans, .subtract)
    let spreads = try joining(
      channelVariances, try joining(distances, distances, .multiply), .add)
    let groupVariances = try reduction(spreads, axes: [4], .mean)
    let zeros = try activation(channelMeans, .linear(scale: 0, shift: 0))
    let mean = try joining(zeros, broadcasting: groupMeans, .add)
    let variance = try joining(zeros, broadcasting: groupVariances, .add)

    let descriptor = try PrimitiveDescriptor.normalization(
      layout, givenStatistics: true, epsilon: epsilon)
    var operands = [
      Operand(argument: DNNL_ARG_SRC_0, place: values[dense.index].place, layout: layout),
      Operand(argument: DNNL_ARG_DST_0, place: result, layout: layout),
      Operand(argument: DNNL_ARG_MEAN, place: values[mean.index].place, layout: vector),
      Operand(argument: DNNL_ARG_VARIANCE, place: values[variance.index].place, layout: vector),
    ]
    for (argument, numbers) in [(DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift)] {
      operands.append(
        Operand(
          argument: argument, place: addConstant(numbers, vector, as: vector), layout: vector))
    }
    steps.append(.operation(descriptor, operands))
    return addValue(shape, layout, result)
  }

  /// Adds a normalisation by the mean and variance along x, with a scale and a shift for each place.
  ///
  /// - Throws: `invalidShape` where the parameters are not one per place.
  public mutating func lastAxisNormalization(
    _ input: TensorValue, scale: [Float], shift: [Float], epsilon: Float
  ) throws(TensorError) -> TensorValue {
    var source = try materialized(input)
    let shape = self.shape(of: source)
    guard scale.count == shape.x, shift.count == shape.x else {
      throw TensorError(
        .invalidShape, operation: "normalization", "the parameters are not one per place")
    }
    if !values[source.index].layout.isDenseAlongX {
      source = try arranged(source, as: .plain(shape))
    }
    let layout = values[source.index].layout
    let descriptor = try PrimitiveDescriptor.lastAxisNormalization(layout, epsilon: epsilon)
    let vector = try TensorLayout(lengths: [shape.x])
    let extra = [(DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift)].map { argument, numbers in
      Operand(argument: argument, place: addConstant(numbers, vector, as: vector), layout: vector)
    }
    return addSimple(descriptor, source, shape: shape, layout: layout, extra: extra)
  }
}
