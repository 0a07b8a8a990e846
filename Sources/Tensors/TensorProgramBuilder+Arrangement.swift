import COneDNN

extension TensorProgramBuilder {
  /// Says that a tensor goes by another name too, so that no sum may take its place.
  public mutating func share(_ value: TensorValue) throws(TensorError) {
    let value = try materialized(value)
    pinned.insert(values[value.index].place)
  }

  /// The same values in the same order, seen as a tensor of another shape.
  ///
  /// Nothing is copied where they lie in that order.
  ///
  /// - Throws: `invalidShape` for another number of values.
  public mutating func reshaped(
    _ input: TensorValue, as shape: TensorShape
  ) throws(TensorError) -> TensorValue {
    let from = self.shape(of: input)
    guard from != shape else { return input }
    guard let count = shape.checkedCount, count == from.checkedCount else {
      throw TensorError(
        .invalidShape, operation: "reshaping", "\(from) and \(shape) hold different numbers")
    }
    let dense = try arranged(input, as: .plain(from))
    let place = values[dense.index].place
    pinned.insert(place)
    return addValue(shape, try .plain(shape), place)
  }

  /// The same values with the axes (n, c, z, y, x) in another order; axis `k` of the result is axis
  /// `axes[k]` of the input.
  ///
  /// Nothing is copied.
  public mutating func permuted(
    _ input: TensorValue, axes: [Int]
  ) throws(TensorError) -> TensorValue {
    guard axes != [0, 1, 2, 3, 4] else { return input }
    let source = try materialized(input)
    let value = values[source.index]
    let lengths = axes.map { value.shape.lengths[$0] }
    pinned.insert(value.place)
    return addValue(
      TensorShape(n: lengths[0], c: lengths[1], z: lengths[2], y: lengths[3], x: lengths[4]),
      try value.layout.permuted(axes), value.place)
  }

  /// Adds the reordering of axes that a shape of five does not tell apart: the input's values in
  /// order are seen with at most twelve axes, these put in another order, and the result given a
  /// shape.
  ///
  /// - Throws: `invalidShape` for another number of values.
  public mutating func rearranged(
    _ input: TensorValue, seenAs lengths: [Int], axes: [Int], as shape: TensorShape
  ) throws(TensorError) -> TensorValue {
    let from = self.shape(of: input)
    guard (1...12).contains(lengths.count), lengths.reduce(1, *) == from.checkedCount,
      shape.checkedCount == from.checkedCount, axes.sorted() == Array(lengths.indices)
    else {
      throw TensorError(
        .invalidShape, operation: "reordering", "\(from) does not hold axes of \(lengths)")
    }
    let dense = try arranged(input, as: .plain(from))
    let view = try TensorLayout(lengths: lengths).permuted(axes)
    let layout = try TensorLayout.plain(shape)
    let place = addStorage(layout)
    try addReorder(
      from: values[dense.index].place, view, to: place,
      TensorLayout(lengths: axes.map { lengths[$0] }))
    return addValue(shape, layout, place)
  }

  /// Adds the joining of the values along some of the axes (n, c, z, y, x), which become length 1.
  public mutating func reduction(
    _ input: TensorValue, axes: Set<Int>, _ reduction: Reduction
  ) throws(TensorError) -> TensorValue {
    let source = try materialized(input)
    let whole = self.shape(of: source)
    let lengths = (0..<5).map { axes.contains($0) ? 1 : whole.lengths[$0] }
    let shape = TensorShape(
      n: lengths[0], c: lengths[1], z: lengths[2], y: lengths[3], x: lengths[4])
    guard shape != whole else { return source }
    let dense = try arranged(source, as: .channelsLast(whole))
    let layout = try TensorLayout.channelsLast(shape)
    let descriptor = try PrimitiveDescriptor.reduction(
      reduction, from: values[dense.index].layout, to: layout)
    return addSimple(descriptor, dense, shape: shape, layout: layout)
  }

  /// Adds the joining of a tensor with another whose axes have the same lengths or length 1.
  ///
  /// - Throws: `invalidShape` for other lengths.
  public mutating func joining(
    _ left: TensorValue, broadcasting right: TensorValue, _ operation: BinaryOperation
  ) throws(TensorError) -> TensorValue {
    let left = try materialized(left)
    let right = try materialized(right)
    try checkBroadcasting(shape(of: right), to: shape(of: left), operation)
    let dense = try arranged(right, as: .channelsLast(shape(of: right)))
    return try addBinary(
      left, operation,
      Operand(
        argument: DNNL_ARG_SRC_1, place: values[dense.index].place,
        layout: values[dense.index].layout))
  }

  /// Adds the joining of a tensor with numbers of a shape whose axes have the same lengths or
  /// length 1.
  ///
  /// - Throws: `invalidShape` for other lengths.
  public mutating func joining(
    _ left: TensorValue, broadcasting numbers: [Float], of shape: TensorShape,
    _ operation: BinaryOperation
  ) throws(TensorError) -> TensorValue {
    let left = try materialized(left)
    try checkBroadcasting(shape, to: self.shape(of: left), operation)
    precondition(numbers.count == shape.checkedCount, "the numbers are those of their shape")
    let layout = try TensorLayout.plain(shape)
    let target = try TensorLayout.channelsLast(shape)
    return try addBinary(
      left, operation,
      Operand(
        argument: DNNL_ARG_SRC_1, place: addConstant(numbers, layout, as: target), layout: target))
  }

  private func checkBroadcasting(
    _ shape: TensorShape, to whole: TensorShape, _ operation: BinaryOperation
  ) throws(TensorError) {
    guard zip(shape.lengths, whole.lengths).allSatisfy({ $0 == $1 || $0 == 1 }) else {
      throw TensorError(
        .invalidShape, operation: "\(operation)", "\(shape) does not repeat to \(whole)")
    }
  }

  /// Adds `x` above zero and `slope · x` below, with one slope for all or one per channel.
  public mutating func rectification(
    _ input: TensorValue, slopes: [Float]
  ) throws(TensorError) -> TensorValue {
    let source = try materialized(input)
    let shape = self.shape(of: source)
    guard slopes.count == shape.c || slopes.count == 1 else {
      throw TensorError(
        .invalidShape, operation: "rectification",
        "\(slopes.count) slopes for \(shape.c) channels")
    }
    if slopes.count == 1 { return try activation(source, .relu(negativeSlope: slopes[0])) }
    let dense = try arranged(source, as: .channelsLast(shape))
    let layout = values[dense.index].layout
    let numbers = try TensorLayout(lengths: [1, slopes.count, 1, 1, 1])
    let descriptor = try PrimitiveDescriptor.rectification(layout, slopes: numbers)
    let operand = Operand(
      argument: DNNL_ARG_WEIGHTS_0, place: addConstant(slopes, numbers, as: numbers),
      layout: numbers)
    return addSimple(descriptor, dense, shape: shape, layout: layout, extra: [operand])
  }
}
