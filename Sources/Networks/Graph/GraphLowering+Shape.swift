import Tensors
import Voxels

extension GraphLowering {
  mutating func lowerPooling(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let shape = builder.shape(of: input)
    guard reader.node.attributes["kernel_shape"] != nil, reader.node.outputs.count == 1 else {
      throw reader.unsupported("the pooling gives indices or has no kernel_shape")
    }
    let kernel = try reader.triple("kernel_shape", default: 1)
    var geometry = try reader.window(kernel: kernel, input: shape)
    let isMaximum = reader.node.operatorType == "MaxPool"
    let countsPadding = try reader.integer("count_include_pad", default: 0) == 1
    if try reader.integer("ceil_mode", default: 0) == 1 {
      guard isMaximum || !countsPadding else {
        throw reader.unsupported("an average over padding with ceil_mode is not supported")
      }
      geometry.coverLastVoxels(of: shape)
    }
    let window = geometry
    try define(reader) { (builder) throws(TensorError) in
      try builder.pooling(
        input, isMaximum ? .maximum : .average(countingPadding: countsPadding), geometry: window)
    }
  }

  mutating func lowerResize(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let shape = builder.shape(of: input)
    let isOld = reader.node.operatorType == "Upsample" || reader.operatorSetVersion < 11
    let extent = try resizedExtent(reader, shape, isOld: isOld)
    let mode = try reader.string("mode", default: "nearest")
    let coordinates =
      isOld
      ? "asymmetric"
      : try reader.string("coordinate_transformation_mode", default: "half_pixel")
    let rounding = try reader.string("nearest_mode", default: "round_prefer_floor")
    let interpolation: Interpolation
    switch mode {
    case "nearest":
      let isWhole = zip(extent.components, shape.extent.components).allSatisfy { $0 % $1 == 0 }
      let isKnown =
        coordinates == "asymmetric"
        ? isOld || rounding == "floor"
        : ["half_pixel", "pytorch_half_pixel"].contains(coordinates)
          && rounding == "round_prefer_floor"
      guard isWhole, isKnown else {
        throw reader.unsupported(
          "this nearest-neighbour resizing is not supported",
          found: "\(coordinates), \(rounding), \(shape.extent.components) to \(extent.components)",
          expected: "a whole factor, asymmetric with floor or half_pixel with round_prefer_floor")
      }
      interpolation = .nearest
    case "linear", "trilinear":
      guard ["half_pixel", "pytorch_half_pixel"].contains(coordinates) else {
        throw reader.unsupported(
          "this linear resizing is not supported", found: coordinates,
          expected: "half_pixel (align_corners=False in PyTorch)")
      }
      interpolation = .linear
    default:
      throw reader.unsupported(
        "the interpolation is not supported", found: mode, expected: "nearest or linear")
    }
    try define(reader) { (builder) throws(TensorError) in
      try builder.resampling(input, to: extent, interpolation)
    }
  }

  private func resizedExtent(
    _ reader: NodeReader, _ shape: TensorShape, isOld: Bool
  ) throws(ModelError) -> VoxelExtent {
    if !isOld, let sizes = try integers(reader, 3), !sizes.isEmpty {
      guard sizes.count == 5, sizes[0] == 1, sizes[1] == shape.c,
        sizes[2...].allSatisfy({ (1...(1 << 24)).contains($0) })
      else {
        throw reader.unsupported("the resizing changes more than (z, y, x)", found: "\(sizes)")
      }
      return VoxelExtent(z: sizes[2], y: sizes[3], x: sizes[4])
    }
    var scales: [Float] = []
    if case .floats(let list)? = reader.node.attributes["scales"] {
      scales = list
    } else {
      let index = reader.node.operatorType == "Upsample" || reader.operatorSetVersion < 11 ? 1 : 2
      scales = try floats(reader, index)
    }
    guard scales.count == 5, scales[0] == 1, scales[1] == 1,
      scales[2...].allSatisfy({ $0.isFinite && $0 > 0 && $0 <= 64 })
    else {
      throw reader.unsupported(
        "the resizing changes more than (z, y, x) or too much", found: "\(scales)")
    }
    return VoxelExtent(
      z: Int(Float(shape.z) * scales[2]), y: Int(Float(shape.y) * scales[3]),
      x: Int(Float(shape.x) * scales[4]))
  }

  mutating func lowerConcatenation(_ reader: NodeReader) throws(ModelError) {
    let axis = try reader.integer("axis", default: 1)
    guard axis == 1 || axis == -4 else {
      throw reader.unsupported(
        "the concatenation is not over the channels", found: "axis \(axis)", expected: "axis 1")
    }
    var parts: [TensorValue] = []
    for index in reader.node.inputs.indices { parts.append(try value(reader, index)) }
    try define(reader) { (builder) throws(TensorError) in try builder.concatenation(parts) }
  }

  mutating func lowerPadding(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let pads =
      reader.operatorSetVersion < 11
      ? try reader.integers("pads") ?? [] : try integers(reader, 1) ?? []
    let axes = try integers(reader, 3)
    guard try reader.string("mode", default: "constant") == "constant", axes == nil else {
      throw reader.unsupported("the padding is not of zeros around all axes")
    }
    if reader.operatorSetVersion < 11 {
      guard try reader.float("value", default: 0) == 0 else {
        throw reader.unsupported("the padding is not of zeros")
      }
    } else if try constant(reader, 2) != nil {
      guard try floats(reader, 2, count: 1) == [0] else {
        throw reader.unsupported("the padding is not of zeros")
      }
    }
    guard pads.count == 10, pads[0] == 0, pads[1] == 0, pads[5] == 0, pads[6] == 0,
      pads.allSatisfy({ (0...4096).contains($0) })
    else {
      throw reader.unsupported(
        "the padding is not around (z, y, x)", found: "\(pads)",
        expected: "ten numbers of zero or more, with none for samples and channels")
    }
    try define(reader) { (builder) throws(TensorError) in
      try builder.zeroPadding(
        input, before: AxisTriple(z: pads[2], y: pads[3], x: pads[4]),
        after: AxisTriple(z: pads[7], y: pads[8], x: pads[9]))
    }
  }

  mutating func lowerSlice(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let lengths = builder.shape(of: input).lengths
    let isOld = reader.operatorSetVersion < 10
    guard let starts = try isOld ? reader.integers("starts") : integers(reader, 1),
      let ends = try isOld ? reader.integers("ends") : integers(reader, 2)
    else { throw reader.malformed("the slice has no start or end") }
    let axes =
      try (isOld ? reader.integers("axes") : integers(reader, 3)) ?? Array(starts.indices)
    let steps = try (isOld ? nil : integers(reader, 4)) ?? starts.map { _ in 1 }
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count,
      steps.allSatisfy({ $0 == 1 }), axes.allSatisfy({ (-5..<5).contains($0) })
    else {
      throw reader.unsupported("the slice takes steps or is not over at most five axes")
    }
    var from = [0, 0, 0, 0, 0]
    var to = lengths
    for (index, axis) in axes.enumerated() {
      let axis = axis < 0 ? axis + 5 : axis
      func place(_ position: Int) -> Int {
        let counted = position < 0 ? position + lengths[axis] : position
        return min(max(counted, 0), lengths[axis])
      }
      (from[axis], to[axis]) = (place(starts[index]), place(ends[index]))
    }
    let offsets = from
    let shape = TensorShape(
      n: to[0] - from[0], c: to[1] - from[1], z: to[2] - from[2], y: to[3] - from[3],
      x: to[4] - from[4])
    try define(reader) { (builder) throws(TensorError) in
      try builder.crop(input, offsets: offsets, shape: shape)
    }
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

extension VoxelExtent {
  /// The lengths in the order (z, y, x).
  var components: [Int] { [z, y, x] }
}
