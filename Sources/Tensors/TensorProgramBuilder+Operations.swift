import COneDNN
public import Voxels

extension TensorProgramBuilder {
  /// Adds an operation with one source and one target.
  mutating func addSimple(
    _ descriptor: PrimitiveDescriptor, _ source: TensorValue, shape: TensorShape,
    layout: TensorLayout, extra: [Operand] = []
  ) -> TensorValue {
    let place = addStorage(layout)
    steps.append(
      .operation(
        descriptor,
        [
          Operand(
            argument: DNNL_ARG_SRC_0, place: values[source.index].place,
            layout: values[source.index].layout),
          Operand(argument: DNNL_ARG_DST_0, place: place, layout: layout),
        ] + extra))
    return addValue(shape, layout, place)
  }

  /// Describes an operation on a tensor as it lies or, where oneDNN lacks fast code for its number
  /// format, on a float32 copy of it.
  private mutating func describe(
    _ input: TensorValue,
    _ descriptor: (TensorLayout) throws(TensorError) -> PrimitiveDescriptor
  ) throws(TensorError) -> (PrimitiveDescriptor, TensorValue) {
    let source = try materialized(input)
    let layout = values[source.index].layout
    guard layout.format != .float32 else { return (try descriptor(layout), source) }
    let narrow = try? descriptor(layout)
    if let narrow, !narrow.isReference { return (narrow, source) }
    let wide = try descriptor(layout.holding(.float32))
    if let narrow, wide.isReference { return (narrow, source) }
    return (wide, try copied(source, as: layout.holding(.float32)))
  }

  /// Adds a function of each value by itself.
  public mutating func activation(
    _ input: TensorValue, _ activation: Activation
  ) throws(TensorError) -> TensorValue {
    let (descriptor, source) = try describe(input) { (layout) throws(TensorError) in
      try .activation(activation, layout)
    }
    let value = values[source.index]
    return addSimple(descriptor, source, shape: value.shape, layout: value.layout)
  }

  /// Adds the normalised exponential over an axis of (n, c, z, y, x), or its logarithm.
  public mutating func softmax(
    _ input: TensorValue, axis: Int = 1, isLogarithmic: Bool = false
  ) throws(TensorError) -> TensorValue {
    let (descriptor, source) = try describe(input) { (layout) throws(TensorError) in
      try .softmax(layout, axis: axis, isLogarithmic: isLogarithmic)
    }
    let value = values[source.index]
    return addSimple(descriptor, source, shape: value.shape, layout: value.layout)
  }

  /// Adds a pooling.
  public mutating func pooling(
    _ input: TensorValue, _ pooling: Pooling, geometry: WindowGeometry
  ) throws(TensorError) -> TensorValue {
    let inputShape = shape(of: input)
    guard let lengths = geometry.outputLengths(of: inputShape) else {
      throw TensorError(
        .invalidShape, operation: "pooling", "the window does not fit into \(inputShape)")
    }
    let shape = TensorShape(c: inputShape.c, z: lengths.z, y: lengths.y, x: lengths.x)
    let (descriptor, source) = try describe(input) { (layout) throws(TensorError) in
      try .pooling(
        pooling, WindowNumbers(geometry, from: inputShape, to: shape), from: layout,
        to: .any(shape.lengths, layout.format))
    }
    return addSimple(
      descriptor, source, shape: shape, layout: try descriptor.layout(dnnl_query_dst_md))
  }

  /// Adds a change of the number of voxels.
  public mutating func resampling(
    _ input: TensorValue, to extent: VoxelExtent, _ interpolation: Interpolation
  ) throws(TensorError) -> TensorValue {
    let shape = TensorShape(c: self.shape(of: input).c, extent: extent)
    guard shape.checkedCount != nil else {
      throw TensorError(.invalidShape, operation: "resampling", "\(shape) is no shape")
    }
    let (descriptor, source) = try describe(input) { (layout) throws(TensorError) in
      try .resampling(interpolation, from: layout, to: .any(shape.lengths, layout.format))
    }
    return addSimple(
      descriptor, source, shape: shape, layout: try descriptor.layout(dnnl_query_dst_md))
  }

  /// Adds the joining of two tensors of the same shape.
  public mutating func joining(
    _ left: TensorValue, _ right: TensorValue, _ operation: BinaryOperation
  ) throws(TensorError) -> TensorValue {
    let left = try materialized(left)
    guard shape(of: left) == shape(of: right) else {
      throw TensorError(
        .invalidShape, operation: "\(operation)",
        "\(shape(of: left)) and \(shape(of: right)) differ")
    }
    let right = try arranged(right, as: values[left.index].layout)
    return try addBinary(
      left, operation,
      Operand(
        argument: DNNL_ARG_SRC_1, place: values[right.index].place,
        layout: values[right.index].layout))
  }

  /// Adds the joining of a tensor with numbers, one for all or one per channel.
  public mutating func joining(
    _ left: TensorValue, perChannel numbers: [Float], _ operation: BinaryOperation
  ) throws(TensorError) -> TensorValue {
    let left = try materialized(left)
    guard numbers.count == 1 || numbers.count == shape(of: left).c else {
      throw TensorError(
        .invalidShape, operation: "\(operation)",
        "\(numbers.count) numbers for \(shape(of: left).c) channels")
    }
    let layout = try TensorLayout(lengths: [1, numbers.count, 1, 1, 1])
    return try addBinary(
      left, operation,
      Operand(
        argument: DNNL_ARG_SRC_1, place: addConstant(numbers, layout, as: layout), layout: layout))
  }

  mutating func addBinary(
    _ left: TensorValue, _ binary: BinaryOperation, _ right: Operand
  ) throws(TensorError) -> TensorValue {
    let (descriptor, left) = try describe(left) { (layout) throws(TensorError) in
      try .joining(binary, layout, right.layout)
    }
    let value = values[left.index]
    return addSimple(descriptor, left, shape: value.shape, layout: value.layout, extra: [right])
  }

  /// Adds `scale · (x − mean) / √(variance + epsilon) + shift`, each a number per channel.
  ///
  /// Without statistics the mean and variance are those of the tensor itself (instance
  /// normalisation).
  ///
  /// - Throws: `invalidShape` where the parameters are not one per channel.
  public mutating func normalization(
    _ input: TensorValue, scale: [Float], shift: [Float],
    statistics: (mean: [Float], variance: [Float])?, epsilon: Float
  ) throws(TensorError) -> TensorValue {
    let channels = shape(of: input).c
    guard
      [scale, shift, statistics?.mean ?? scale, statistics?.variance ?? scale]
        .allSatisfy({ $0.count == channels })
    else {
      throw TensorError(
        .invalidShape, operation: "normalization", "the parameters are not one per channel")
    }
    let (descriptor, source) = try describe(input) { (layout) throws(TensorError) in
      try .normalization(layout, givenStatistics: statistics != nil, epsilon: epsilon)
    }
    let value = values[source.index]
    let vector = try TensorLayout(lengths: [channels])
    var parameters = [(DNNL_ARG_SCALE, scale), (DNNL_ARG_SHIFT, shift)]
    if let statistics {
      parameters += [(DNNL_ARG_MEAN, statistics.mean), (DNNL_ARG_VARIANCE, statistics.variance)]
    }
    var extra: [Operand] = []
    for (argument, numbers) in parameters {
      extra.append(
        Operand(
          argument: argument, place: addConstant(numbers, vector, as: vector), layout: vector))
    }
    return addSimple(
      descriptor, source, shape: value.shape, layout: value.layout, extra: extra)
  }

  /// Adds the cutting out of a part.
  ///
  /// The offsets are the part's first place along (n, c, z, y, x).
  ///
  /// - Throws: `invalidShape` for a part that is not inside the tensor.
  public mutating func crop(
    _ input: TensorValue, offsets: [Int], shape: TensorShape
  ) throws(TensorError) -> TensorValue {
    let source = try materialized(input)
    let value = values[source.index]
    guard offsets.count == 5, shape.checkedCount != nil,
      (0..<5).allSatisfy({
        offsets[$0] >= 0 && offsets[$0] + shape.lengths[$0] <= value.shape.lengths[$0]
      })
    else {
      throw TensorError(
        .invalidShape, operation: "crop", "\(shape) at \(offsets) lies outside \(value.shape)")
    }
    let dense = try arranged(source, as: .channelsLast(value.shape, numberFormat))
    let part = try values[dense.index].layout.part(lengths: shape.lengths, offsets: offsets)
    let layout = try TensorLayout.channelsLast(shape, numberFormat)
    let place = addStorage(layout)
    try addReorder(from: values[dense.index].place, part, to: place, layout)
    return addValue(shape, layout, place)
  }

  /// Adds zeros around a tensor.
  public mutating func zeroPadding(
    _ input: TensorValue, before: AxisTriple, after: AxisTriple
  ) throws(TensorError) -> TensorValue {
    let source = try materialized(input)
    let value = values[source.index]
    let shape = TensorShape(
      c: value.shape.c, z: value.shape.z + before.z + after.z,
      y: value.shape.y + before.y + after.y, x: value.shape.x + before.x + after.x)
    guard (before.components + after.components).allSatisfy({ $0 >= 0 }), shape.checkedCount != nil
    else {
      throw TensorError(.invalidShape, operation: "padding", "\(shape) is no shape")
    }
    let layout = try TensorLayout.channelsLast(shape, numberFormat)
    let place = addStorage(layout)
    steps.append(.clear(Operand(argument: DNNL_ARG_DST_0, place: place, layout: layout)))
    let part = try layout.part(
      lengths: value.shape.lengths, offsets: [0, 0] + before.components)
    try addReorder(from: value.place, value.layout, to: place, part)
    return addValue(shape, layout, place)
  }
}
