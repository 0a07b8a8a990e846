import Tensors

extension GraphLowering {
  mutating func lowerConcatenation(_ reader: NodeReader) throws(ModelError) {
    let axis = try reader.integer("axis", default: 1)
    guard axis == 1 || axis == 1 - reader.rank else {
      throw reader.unsupported(
        "the concatenation is not over the channels", found: "axis \(axis)", expected: "axis 1")
    }
    var parts: [TensorValue] = []
    for index in reader.node.inputs.indices { parts.append(try value(reader, index)) }
    try define(reader) { (builder) throws(TensorError) in try builder.concatenation(parts) }
  }

  /// A reshaping changes what lengths the values have; they stay where they are.
  mutating func lowerReshaping(_ reader: NodeReader) throws(ModelError) {
    let (_, lengths) = try computed(reader, 0)
    let numbers = reader.node.operatorType == "Flatten" ? nil : try integers(reader, 1)
    guard let result = try reader.reshapedLengths(lengths, numbers: numbers) else {
      throw reader.malformed("the operator does not say the new lengths")
    }
    try alias(reader, lengths: result)
  }

  mutating func lowerTransposition(_ reader: NodeReader) throws(ModelError) {
    let (raw, lengths) = try computed(reader, 0)
    let axes = try reader.permutation(rank: lengths.count)
    let result = axes.map { lengths[$0] }
    guard (2...5).contains(lengths.count) else {
      let count = lengths.reduce(1, *)
      try define(reader, lengths: result) { (builder) throws(TensorError) in
        try builder.rearranged(
          raw, seenAs: lengths, axes: axes, as: TensorShape(c: count, z: 1, y: 1, x: 1))
      }
      return
    }
    // The axes that the graph's tensor lacks stay where they are.
    let places = TensorShape.axes(ofRank: lengths.count)
    var order = [0, 1, 2, 3, 4]
    for (place, axis) in zip(places, axes) { order[place] = places[axis] }
    let input = try value(reader, 0, ofOneSample: false)
    let permutation = order
    try define(reader, lengths: result) { (builder) throws(TensorError) in
      try builder.permuted(input, axes: permutation)
    }
  }

  /// Channels spread over blocks of pixels, or gathered from them.
  mutating func lowerChannelsAndSpace(_ reader: NodeReader) throws(ModelError) {
    let (raw, lengths) = try computed(reader, 0)
    let block = try reader.integer("blocksize", default: 0)
    guard lengths.count == 4, lengths[0] == 1, (1...64).contains(block) else {
      throw reader.unsupported("the operator is not over flat images", found: "\(lengths)")
    }
    let (channels, rows, columns) = (lengths[1], lengths[2], lengths[3])
    let view: [Int]
    let axes: [Int]
    let result: [Int]
    if reader.node.operatorType == "DepthToSpace" {
      guard channels % (block * block) == 0 else {
        throw reader.malformed("the channels do not fill the blocks", found: "\(lengths)")
      }
      let rest = channels / (block * block)
      let isChannelFirst = try reader.string("mode", default: "DCR") == "CRD"
      view =
        isChannelFirst
        ? [rest, block, block, rows, columns] : [block, block, rest, rows, columns]
      axes = isChannelFirst ? [0, 3, 1, 4, 2] : [2, 3, 0, 4, 1]
      result = [1, rest, rows * block, columns * block]
    } else {
      guard rows % block == 0, columns % block == 0 else {
        throw reader.malformed("the blocks do not fill the image", found: "\(lengths)")
      }
      view = [channels, rows / block, block, columns / block, block]
      axes = [2, 4, 0, 1, 3]
      result = [1, channels * block * block, rows / block, columns / block]
    }
    let shape = TensorShape(c: result[1], z: 1, y: result[2], x: result[3])
    try define(reader, lengths: result) { (builder) throws(TensorError) in
      try builder.rearranged(raw, seenAs: view, axes: axes, as: shape)
    }
  }

  // MARK: - Parts

  mutating func lowerSlice(_ reader: NodeReader) throws(ModelError) {
    let (_, lengths) = try computed(reader, 0)
    let parts = try reader.slices(
      of: lengths, starts: integers(reader, 1), ends: integers(reader, 2),
      axes: integers(reader, 3), steps: integers(reader, 4))
    try takeParts(reader, parts, lengths: parts.map { $0.count })
  }

  mutating func lowerGather(_ reader: NodeReader) throws(ModelError) {
    let (_, lengths) = try computed(reader, 0)
    let axis = try reader.axis("axis", default: 0, rank: lengths.count)
    guard let places = try constant(reader, 1), let numbers = try integers(reader, 1) else {
      throw reader.unsupported("the places gathered are not constant")
    }
    let indices = numbers.map { $0 < 0 ? $0 + lengths[axis] : $0 }
    guard indices.allSatisfy({ (0..<lengths[axis]).contains($0) }) else {
      throw reader.malformed("a place gathered lies outside the tensor")
    }
    var parts = lengths.map { Array(0..<$0) }
    parts[axis] = indices
    var result = lengths
    result.replaceSubrange(axis...axis, with: places.lengths)
    try takeParts(reader, parts, lengths: result)
  }

  /// Takes the places given along each axis.
  private mutating func takeParts(
    _ reader: NodeReader, _ parts: [[Int]], lengths result: [Int]
  ) throws(ModelError) {
    let (_, lengths) = try computed(reader, 0)
    guard parts.allSatisfy({ !$0.isEmpty }) else {
      throw ModelError(
        .mismatch, "the slice leaves no voxel", node: reader.node.label, found: "\(lengths)",
        remedy: "choose a larger patch")
    }
    if zip(parts, lengths).allSatisfy({ $0 == Array(0..<$1) }) {
      return try alias(reader, lengths: result)
    }
    let input = try value(reader, 0, ofOneSample: false)
    var five = builder.shape(of: input).lengths.map { Array(0..<$0) }
    for (place, part) in zip(TensorShape.axes(ofRank: lengths.count), parts) { five[place] = part }
    let isRange = five.map { part in part.indices.allSatisfy { part[$0] == part[0] + $0 } }
    guard isRange[0], isRange[1] else {
      throw reader.unsupported("channels are taken with steps or in another order")
    }
    let places = five
    try define(reader, lengths: result) { (builder) throws(TensorError) in
      let whole = builder.shape(of: input)
      // What is side by side is cut out; steps and other orders are sampled.
      let cut = (0..<5).map { isRange[$0] ? places[$0] : Array(0..<whole.lengths[$0]) }
      let shape = TensorShape(
        n: cut[0].count, c: cut[1].count, z: cut[2].count, y: cut[3].count, x: cut[4].count)
      let part =
        shape == whole ? input : try builder.crop(input, offsets: cut.map { $0[0] }, shape: shape)
      guard isRange.contains(false) else { return part }
      let samplings = (2..<5).map { axis in
        isRange[axis]
          ? AxisSampling.identity(places[axis].count) : AxisSampling(places: places[axis])
      }
      return try builder.sampling(part, z: samplings[0], y: samplings[1], x: samplings[2])
    }
  }

  mutating func lowerSplit(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0, ofOneSample: false)
    let (_, lengths) = try computed(reader, 0)
    let axis = try reader.axis("axis", default: 0, rank: lengths.count)
    let sizes = try splitSizes(reader, length: lengths[axis])
    let place = TensorShape.axes(ofRank: lengths.count)[axis]
    var start = 0
    for (name, size) in zip(reader.node.outputs, sizes) {
      var part = builder.shape(of: input).lengths
      part[place] = size
      let shape = TensorShape(n: part[0], c: part[1], z: part[2], y: part[3], x: part[4])
      var offsets = [0, 0, 0, 0, 0]
      offsets[place] = start
      start += size
      guard !name.isEmpty, order.readers[name] != nil || order.outputs.contains(name) else {
        continue
      }
      let corner = offsets
      try define(reader, as: name, lengths: shape.graphLengths(rank: lengths.count)) {
        (builder) throws(TensorError) in
        try builder.crop(input, offsets: corner, shape: shape)
      }
    }
  }

  /// The lengths of the parts that a tensor is split into.
  func splitSizes(_ reader: NodeReader, length: Int) throws(ModelError) -> [Int] {
    let count = reader.node.outputs.count
    let stated = try integers(reader, "split", orInput: 1)
    if let stated {
      guard stated.count == count, stated.allSatisfy({ (0...length).contains($0) }),
        stated.reduce(0, +) == length
      else {
        throw reader.malformed(
          "the parts do not make up the tensor", found: "\(stated)", expected: "\(length) in all")
      }
      return stated
    }
    guard count > 0 else { throw reader.malformed("the operator has no output") }
    let size = (length + count - 1) / count
    return (0..<count).map { max(min(size, length - $0 * size), 0) }
  }

  // MARK: - Larger tensors

  mutating func lowerExpansion(_ reader: NodeReader) throws(ModelError) {
    let (_, lengths) = try computed(reader, 0)
    guard let target = try integers(reader, 1),
      let result = ONNXModel.Constant.joinedLengths(lengths, target)
    else { throw reader.malformed("the tensor does not repeat to these lengths") }
    if lengths.reduce(1, *) == result.reduce(1, *) { return try alias(reader, lengths: result) }
    let padded = Array(repeating: 1, count: result.count - lengths.count) + lengths
    guard let from = TensorShape(graphLengths: padded), let to = TensorShape(graphLengths: result),
      from.n == to.n, from.c == to.c
    else {
      throw reader.unsupported(
        "samples or channels are repeated", found: "\(lengths) to \(result)")
    }
    let (raw, _) = try computed(reader, 0)
    let samplings = (2..<5).map { axis in
      AxisSampling(
        places: (0..<to.lengths[axis]).map { from.lengths[axis] == 1 ? 0 : $0 })
    }
    try define(reader, lengths: result) { (builder) throws(TensorError) in
      let input = try builder.reshaped(raw, as: from)
      return try builder.sampling(input, z: samplings[0], y: samplings[1], x: samplings[2])
    }
  }

  mutating func lowerPadding(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (_, lengths) = try computed(reader, 0)
    let isOld = reader.operatorSetVersion < 11
    let stated = try integers(reader, "pads", orInput: 1)
    let listed = try isOld ? nil : integers(reader, 3)
    let axes = try reader.axes(listed ?? Array(lengths.indices), rank: lengths.count)
    let pads = stated ?? []
    guard pads.count == 2 * axes.count, pads.allSatisfy({ (-4096...4096).contains($0) }) else {
      throw reader.malformed(
        "the padding is not around these axes", found: "\(pads)", expected: "\(2 * axes.count)")
    }
    var (before, after) = ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0])
    for (index, axis) in axes.enumerated() {
      let place = TensorShape.axes(ofRank: lengths.count)[axis]
      (before[place], after[place]) = (pads[index], pads[axes.count + index])
    }
    guard before[..<2].allSatisfy({ $0 == 0 }), after[..<2].allSatisfy({ $0 == 0 }) else {
      throw reader.unsupported(
        "the padding is not around (z, y, x)", found: "\(pads)",
        expected: "none for samples and channels")
    }
    let value =
      try isOld
      ? reader.float("value", default: 0)
      : constant(reader, 2) == nil ? 0 : floats(reader, 2, count: 1)[0]
    let mode = try reader.string("mode", default: "constant")
    if mode == "constant", value == 0, (before + after).allSatisfy({ $0 >= 0 }) {
      let (first, last) = (
        AxisTriple(z: before[2], y: before[3], x: before[4]),
        AxisTriple(z: after[2], y: after[3], x: after[4])
      )
      try define(reader) { (builder) throws(TensorError) in
        try builder.zeroPadding(input, before: first, after: last)
      }
      return
    }
    var samplings: [AxisSampling] = []
    for axis in 2..<5 {
      let length = builder.shape(of: input).lengths[axis]
      samplings.append(
        try border(reader, mode, length: length, before: before[axis], after: after[axis]))
    }
    let (z, y, x) = (samplings[0], samplings[1], samplings[2])
    try define(reader) { (builder) throws(TensorError) in
      try builder.sampling(input, z: z, y: y, x: x, outside: value)
    }
  }

  /// The places that a padded axis takes its values from; less than the axis for negative padding.
  private func border(
    _ reader: NodeReader, _ mode: String, length: Int, before: Int, after: Int
  ) throws(ModelError) -> AxisSampling {
    guard length + before + after > 0 else {
      throw ModelError(
        .mismatch, "the padding takes away every voxel", node: reader.node.label,
        found: "\(before) and \(after) of \(length)", remedy: "choose a larger patch")
    }
    guard mode != "reflect" || max(before, after) < length else {
      throw ModelError(
        .mismatch, "a reflection is longer than the tensor", node: reader.node.label,
        found: "\(before) and \(after) of \(length)", remedy: "choose a larger patch")
    }
    var places: [Int] = []
    for place in -before..<length + after {
      switch mode {
      case _ where (0..<length).contains(place): places.append(place)
      case "constant": places.append(-1)
      case "edge": places.append(place < 0 ? 0 : length - 1)
      case "reflect": places.append(mirroredIndex(place, length: length))
      case "wrap": places.append((place % length + length) % length)
      default:
        throw reader.unsupported(
          "the padding's mode is not known", found: mode,
          expected: "constant, reflect, edge or wrap")
      }
    }
    return AxisSampling(places: places)
  }
}
