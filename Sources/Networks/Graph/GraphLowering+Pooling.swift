import Tensors

extension GraphLowering {
  mutating func lowerPooling(_ reader: NodeReader) throws(ModelError) {
    var input = try value(reader, 0)
    let unused = reader.node.outputs.dropFirst().allSatisfy {
      order.readers[$0] == nil && !order.outputs.contains($0)
    }
    guard reader.node.attributes["kernel_shape"] != nil, unused else {
      throw reader.unsupported("the pooling gives indices or has no kernel_shape")
    }
    let kernel = try reader.triple("kernel_shape", default: 1)
    var geometry = try reader.window(kernel: kernel, input: builder.shape(of: input))
    let isMaximum = reader.node.operatorType == "MaxPool"
    var countsPadding = try reader.integer("count_include_pad", default: 0) == 1
    if try reader.integer("ceil_mode", default: 0) == 1 {
      if !isMaximum && countsPadding {
        // Zeros that count are put there; those beyond them, for the last windows, do not count.
        let (source, before, after) = (input, geometry.paddingBefore, geometry.paddingAfter)
        input = try prepared(reader) { (builder) throws(TensorError) in
          try builder.zeroPadding(source, before: before, after: after)
        }
        (geometry.paddingBefore, geometry.paddingAfter) = (AxisTriple(0), AxisTriple(0))
        countsPadding = false
      }
      geometry.coverLastVoxels(of: builder.shape(of: input))
    }
    let (source, window) = (input, geometry)
    let pooling: Pooling = isMaximum ? .maximum : .average(countingPadding: countsPadding)
    try define(reader) { (builder) throws(TensorError) in
      try builder.pooling(source, pooling, geometry: window)
    }
  }

  mutating func lowerGlobalPooling(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let isMaximum = reader.node.operatorType == "GlobalMaxPool"
    try define(reader) { (builder) throws(TensorError) in
      try builder.spatialReduction(input, axes: [2, 3, 4], isMaximum ? .maximum : .mean)
    }
  }

  mutating func lowerReduction(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0, ofOneSample: false)
    let (_, lengths) = try computed(reader, 0)
    let listed = try integers(reader, "axes", orInput: 1)
    if listed?.isEmpty ?? true, try reader.integer("noop_with_empty_axes", default: 0) == 1 {
      return try alias(reader, lengths: lengths)
    }
    let named = (listed?.isEmpty ?? true) ? Array(lengths.indices) : listed ?? []
    let axes = Set(try reader.axes(named, rank: lengths.count))
    let keepsAxes = try reader.integer("keepdims", default: 1) == 1
    let result =
      keepsAxes
      ? lengths.indices.map { axes.contains($0) ? 1 : lengths[$0] }
      : lengths.indices.filter { !axes.contains($0) }.map { lengths[$0] }
    let places = Set(axes.map { TensorShape.axes(ofRank: lengths.count)[$0] })
    let reduction: Reduction =
      switch reader.node.operatorType {
      case "ReduceMean": .mean
      case "ReduceSum": .sum
      case "ReduceMax": .maximum
      default: .minimum
      }
    try define(reader, lengths: result) { (builder) throws(TensorError) in
      switch reduction {
      case .mean, .maximum: try builder.spatialReduction(input, axes: places, reduction)
      case .sum, .minimum: try builder.reduction(input, axes: places, reduction)
      }
    }
  }
}

extension TensorProgramBuilder {
  /// Adds means or maxima along axes, those of space axis by axis as poolings: so sums stay short
  /// and exact, and oneDNN has fast code.
  mutating func spatialReduction(
    _ input: TensorValue, axes: Set<Int>, _ reduction: Reduction
  ) throws(TensorError) -> TensorValue {
    var result = input
    for axis in [4, 3, 2] where axes.contains(axis) && shape(of: result).lengths[axis] > 1 {
      let shape = shape(of: result)
      let kernel = AxisTriple { $0 + 2 == axis ? shape.lengths[axis] : 1 }
      guard shape.n == 1 else { return try self.reduction(input, axes: axes, reduction) }
      result = try pooling(
        result, reduction == .maximum ? .maximum : .average(countingPadding: false),
        geometry: WindowGeometry(kernel: kernel, stride: kernel))
    }
    return try self.reduction(result, axes: axes.subtracting([2, 3, 4]), reduction)
  }
}

extension WindowGeometry {
  /// Adds padding at the end so that the last voxels get a window too, as `ceil_mode` asks.
  mutating func coverLastVoxels(of shape: TensorShape) {
    let lengths = [shape.z, shape.y, shape.x]
    let after = AxisTriple { axis in
      let (before, after) = (paddingBefore.components[axis], paddingAfter.components[axis])
      let stride = stride.components[axis]
      let reach = (kernel.components[axis] - 1) * dilation.components[axis] + 1
      let free = lengths[axis] + before + after - reach
      guard free >= 0, free % stride != 0 else { return after }
      let windows = free / stride + 2
      // A window that would start in the padding after the last voxel is left out.
      guard (windows - 1) * stride < lengths[axis] + before else { return after }
      return after + stride - free % stride
    }
    paddingAfter = after
  }
}
