import Tensors

extension GraphDifferentiation {
  mutating func differentiatePadding(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let pads =
      reader.operatorSetVersion < 11
      ? try reader.integers("pads") ?? [] : try lowering.integers(reader, 1) ?? []
    let filling =
      reader.operatorSetVersion < 11
      ? try reader.float("value", default: 0)
      : try lowering.constant(reader, 2) == nil ? 0 : lowering.floats(reader, 2, count: 1)[0]
    guard try reader.string("mode", default: "constant") == "constant", filling == 0,
      try lowering.constant(reader, 3) == nil, pads.count == 10, pads.allSatisfy({ $0 >= 0 }),
      pads[0] == 0, pads[1] == 0, pads[5] == 0, pads[6] == 0
    else {
      throw reader.unsupported(
        "this padding can be run but not trained", expected: "zeros around (z, y, x)")
    }
    try define(reader) { (builder) throws(TensorError) in
      try builder.zeroPadding(
        input, before: AxisTriple(z: pads[2], y: pads[3], x: pads[4]),
        after: AxisTriple(z: pads[7], y: pads[8], x: pads[9]))
    }
  }

  mutating func differentiateSlice(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let lengths = builder.shape(of: input).lengths
    let isOld = reader.operatorSetVersion < 10
    guard let starts = try isOld ? reader.integers("starts") : lowering.integers(reader, 1),
      let shape = loweredShape(reader)
    else { throw reader.malformed("the slice has no start") }
    let axes =
      try (isOld ? reader.integers("axes") : lowering.integers(reader, 3)) ?? Array(starts.indices)
    let steps = try isOld ? nil : lowering.integers(reader, 4)
    guard axes.count == starts.count, steps?.allSatisfy({ $0 == 1 }) ?? true,
      axes.allSatisfy({ (-5..<5).contains($0) })
    else { throw reader.unsupported("the slice takes steps") }
    var offsets = [0, 0, 0, 0, 0]
    for (axis, start) in zip(axes, starts) {
      let axis = axis < 0 ? axis + 5 : axis
      // A start may be so far out that it must not be added to.
      offsets[axis] =
        start < 0 ? max(max(start, -lengths[axis]) + lengths[axis], 0) : min(start, lengths[axis])
    }
    let first = offsets
    try define(reader) { (builder) throws(TensorError) in
      try builder.crop(input, offsets: first, shape: shape)
    }
  }
}
