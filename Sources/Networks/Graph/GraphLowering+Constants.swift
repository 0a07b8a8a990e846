import Tensors

extension GraphLowering {
  /// Computes an operator whose result depends on constants and shapes alone.
  ///
  /// Exporters leave such arithmetic in graphs with free extents, to find what sizes to resize to,
  /// and in weights that are normalised.
  ///
  /// - Returns: Whether the operator was one.
  mutating func foldConstants(_ reader: NodeReader) throws(ModelError) -> Bool {
    guard let output = reader.node.outputs.first else { return false }
    switch reader.node.operatorType {
    case "Constant":
      tensors[output] = .constant(try constantValue(reader))
      return true
    case "Shape", "Size":
      guard let name = reader.node.inputs.first, let tensor = tensors[name] else { return false }
      let lengths =
        switch tensor {
        case .value(_, let lengths): lengths
        case .constant(let constant): constant.lengths
        }
      if reader.node.operatorType == "Size" {
        let count = Int64(lengths.reduce(1, *))
        tensors[output] = .constant(.init(lengths: [], values: .integers([count])))
        return true
      }
      func place(_ position: Int) -> Int {
        min(max(position < 0 ? position + lengths.count : position, 0), lengths.count)
      }
      let start = place(try reader.integer("start", default: 0))
      let end = place(try reader.integer("end", default: lengths.count))
      let part = start < end ? lengths[start..<end].map { Int64($0) } : []
      tensors[output] = .constant(.init(lengths: [part.count], values: .integers(part)))
      return true
    default: break
    }
    var operands: [ONNXModel.Constant?] = []
    for name in reader.node.inputs {
      if name.isEmpty {
        operands.append(nil)
        continue
      }
      guard case .constant(let constant)? = tensors[name] else { return false }
      operands.append(constant)
    }
    guard let first = operands.first, let first else { return false }
    if reader.node.operatorType == "Split" {
      return try splitConstant(reader, first)
    }
    let evaluation = ConstantEvaluation(reader: reader, first: first, operands: operands)
    guard let result = try evaluation.result() else { return false }
    tensors[output] = .constant(result)
    return true
  }

  /// What a tensor is where it is a constant, or follows from what is known already.
  mutating func knownConstant(
    _ name: String, depth: Int = 8
  ) throws(ModelError) -> ONNXModel.Constant? {
    if case .constant(let constant)? = tensors[name] { return constant }
    guard tensors[name] == nil, depth > 0, let index = order.producers[name] else { return nil }
    for input in order.nodes[index].inputs where !input.isEmpty && tensors[input] == nil {
      guard try knownConstant(input, depth: depth - 1) != nil else { return nil }
    }
    guard try foldConstants(reader(at: index)), case .constant(let constant)? = tensors[name] else {
      return nil
    }
    return constant
  }

  private mutating func splitConstant(
    _ reader: NodeReader, _ constant: ONNXModel.Constant
  ) throws(ModelError) -> Bool {
    let axis = try reader.axis("axis", default: 0, rank: constant.lengths.count)
    let sizes = try splitSizes(reader, length: constant.lengths[axis])
    var start = 0
    for (name, size) in zip(reader.node.outputs, sizes) {
      tensors[name] = .constant(constant.taking(Array(start..<start + size), axis: axis))
      start += size
    }
    return true
  }

  private func constantValue(_ reader: NodeReader) throws(ModelError) -> ONNXModel.Constant {
    let attributes = reader.node.attributes
    if case .tensor(let constant)? = attributes["value"] { return constant }
    if case .float(let value)? = attributes["value_float"] {
      return .init(lengths: [], values: .floats([value]))
    }
    if case .floats(let values)? = attributes["value_floats"] {
      return .init(lengths: [values.count], values: .floats(values))
    }
    if case .integer(let value)? = attributes["value_int"] {
      return .init(lengths: [], values: .integers([value]))
    }
    if case .integers(let values)? = attributes["value_ints"] {
      return .init(lengths: [values.count], values: .integers(values))
    }
    throw reader.unsupported("the constant is neither a tensor nor numbers")
  }
}

/// Computes one operator all of whose inputs are constants.
struct ConstantEvaluation {
  typealias Constant = ONNXModel.Constant

  let reader: NodeReader
  let first: Constant
  /// The inputs; nil for those left out.
  let operands: [Constant?]

  /// The result, or nil for an operator that is not computed on constants.
  func result() throws(ModelError) -> Constant? {
    let operation = reader.node.operatorType
    switch operation {
    case "Identity", "Dropout": return first
    case "Cast": return try cast(to: reader.integer("to", default: 0))
    case "Neg", "Abs", "Floor", "Ceil", "Round", "Sqrt", "Reciprocal", "Not":
      return function(operation)
    case "Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Equal", "Less", "Greater",
      "LessOrEqual", "GreaterOrEqual", "And", "Or":
      guard operands.count == 2, let second = operands[1] else {
        return operands.count == 1 ? first : nil
      }
      return try Constant.joined(operation, first, second, reader)
    case "Pow":
      guard case .floats(let exponents)? = operands.last??.values, let exponent = exponents.first,
        exponents.count == 1, case .floats(let values) = first.values,
        exponent == 2 || exponent == 0.5
      else { return nil }
      return .init(
        lengths: first.lengths,
        values: .floats(values.map { exponent == 2 ? $0 * $0 : $0.squareRoot() }))
    case "ReduceMean", "ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin":
      var listed = try reader.integers("axes")
      if listed == nil { listed = try integers(1) }
      let axes = try reader.axes(
        listed ?? Array(first.lengths.indices), rank: first.lengths.count)
      let keepsAxes = try reader.integer("keepdims", default: 1) == 1
      return first.reduced(axes: Set(axes), keepsAxes: keepsAxes, operation)
    case "Where":
      guard operands.count == 3, let yes = operands[1], let no = operands[2] else { return nil }
      return try chosen(yes, no)
    case "ConstantOfShape", "Range": return try made(operation)
    default: return try rearranged(operation)
    }
  }

  private func integers(_ index: Int) throws(ModelError) -> [Int]? {
    guard operands.count > index, let constant = operands[index] else { return nil }
    guard case .integers(let values) = constant.values else {
      throw reader.malformed("input \(index + 1) does not hold whole numbers")
    }
    return values.map { Int($0) }
  }

  private func rearranged(_ operation: String) throws(ModelError) -> Constant? {
    let rank = first.lengths.count
    switch operation {
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
      guard let lengths = try reader.reshapedLengths(first.lengths, numbers: try integers(1))
      else { return nil }
      return .init(lengths: lengths, values: first.values)
    case "Transpose":
      return first.transposed(
        try reader.permutation(rank: rank))
    case "Expand":
      guard let target = try integers(1),
        let lengths = Constant.joinedLengths(first.lengths, target),
        let result = first.repeated(to: lengths)
      else { throw reader.malformed("the constant does not repeat to these lengths") }
      return result
    case "Concat":
      let axis = try reader.axis("axis", default: 0, rank: rank)
      return try concatenated(axis)
    case "Gather":
      let axis = try reader.axis("axis", default: 0, rank: rank)
      guard let indices = try integers(1), let places = operands[1] else { return nil }
      let length = first.lengths[axis]
      let positions = indices.map { $0 < 0 ? $0 + length : $0 }
      guard positions.allSatisfy({ (0..<length).contains($0) }) else {
        throw reader.malformed("an index lies outside the list")
      }
      var result = first.taking(positions, axis: axis)
      result.lengths.replaceSubrange(axis...axis, with: places.lengths)
      return result
    case "Slice":
      let parts = try reader.slices(
        of: first.lengths, starts: integers(1), ends: integers(2), axes: integers(3),
        steps: integers(4))
      var result = first
      for (axis, part) in parts.enumerated() { result = result.taking(part, axis: axis) }
      return result
    default: return nil
    }
  }

  private func concatenated(_ axis: Int) throws(ModelError) -> Constant? {
    var floats: [Float] = []
    var integers: [Int64] = []
    var length = 0
    let arrangement = [axis] + first.lengths.indices.filter { $0 != axis }
    var others = first.lengths
    others.remove(at: axis)
    for operand in operands {
      guard let operand, operand.lengths.count == first.lengths.count else { return nil }
      var rest = operand.lengths
      length += rest.remove(at: axis)
      guard rest == others || operand.count == 0 else { return nil }
      switch operand.transposed(arrangement).values {
      case .floats(let list): floats += list
      case .integers(let list): integers += list
      }
    }
    guard floats.isEmpty || integers.isEmpty else { return nil }
    let joined = Constant(
      lengths: [length] + others, values: floats.isEmpty ? .integers(integers) : .floats(floats))
    guard joined.count == joined.lengths.reduce(1, *) else { return nil }
    var back = Array(1..<max(first.lengths.count, 1))
    back.insert(0, at: axis)
    return joined.transposed(back)
  }

  private func chosen(_ yes: Constant, _ no: Constant) throws(ModelError) -> Constant? {
    guard case .integers(let conditions) = first.values,
      let partial = Constant.joinedLengths(yes.lengths, no.lengths),
      let lengths = Constant.joinedLengths(partial, first.lengths),
      let condition = Constant(lengths: first.lengths, values: .integers(conditions))
        .repeated(to: lengths),
      let yes = yes.repeated(to: lengths), let no = no.repeated(to: lengths),
      case .integers(let flags) = condition.values
    else { throw reader.malformed("the inputs' lengths do not go together") }
    switch (yes.values, no.values) {
    case (.floats(let yes), .floats(let no)):
      let values = flags.indices.map { flags[$0] != 0 ? yes[$0] : no[$0] }
      return .init(lengths: lengths, values: .floats(values))
    case (.integers(let yes), .integers(let no)):
      let values = flags.indices.map { flags[$0] != 0 ? yes[$0] : no[$0] }
      return .init(lengths: lengths, values: .integers(values))
    default: return nil
    }
  }

  private func made(_ operation: String) throws(ModelError) -> Constant? {
    if operation == "ConstantOfShape" {
      guard let lengths = try integers(0), let count = Constant.checkedCount(lengths) else {
        throw reader.malformed("the constant would have impossible lengths")
      }
      guard case .tensor(let value)? = reader.node.attributes["value"] else {
        return .init(lengths: lengths, values: .floats(Array(repeating: 0, count: count)))
      }
      guard value.count == 1 else {
        throw reader.malformed("the constant is not of one number")
      }
      return Constant(
        lengths: lengths,
        values: value.picking(Array(repeating: 0, count: count), lengths: []).values)
    }
    guard let start = try integers(0)?.first, let end = try integers(1)?.first,
      let step = try integers(2)?.first, step != 0
    else { return nil }
    guard [start, end, step].allSatisfy({ (-1 << 40...1 << 40).contains($0) }),
      (end - start) / step < Constant.maximalComputedCount
    else { throw reader.malformed("the range is too long") }
    let values = stride(from: start, to: end, by: step).map { Int64($0) }
    return .init(lengths: [values.count], values: .integers(values))
  }

  private func function(_ operation: String) -> Constant? {
    switch first.values {
    case .integers(let values):
      switch operation {
      case "Neg": return .init(lengths: first.lengths, values: .integers(values.map { 0 &- $0 }))
      case "Abs":
        return .init(
          lengths: first.lengths, values: .integers(values.map { $0 < 0 ? 0 &- $0 : $0 }))
      case "Not":
        return .init(lengths: first.lengths, values: .integers(values.map { $0 == 0 ? 1 : 0 }))
      case "Floor", "Ceil", "Round": return first
      default: return nil
      }
    case .floats(let values):
      let results = values.map { value -> Float in
        switch operation {
        case "Neg": -value
        case "Abs": abs(value)
        case "Floor": value.rounded(.down)
        case "Ceil": value.rounded(.up)
        case "Round": value.rounded(.toNearestOrEven)
        case "Sqrt": value.squareRoot()
        default: 1 / value
        }
      }
      return operation == "Not" ? nil : .init(lengths: first.lengths, values: .floats(results))
    }
  }

  private func cast(to type: Int) throws(ModelError) -> Constant? {
    var result = first
    switch (first.values, type) {
    case (.integers(let values), 1), (.integers(let values), 10), (.integers(let values), 11),
      (.integers(let values), 16):
      result.values = .floats(values.map { Float($0) })
    case (.integers(let values), 9): result.values = .integers(values.map { $0 == 0 ? 0 : 1 })
    case (.floats(let values), 6), (.floats(let values), 7):
      var integers: [Int64] = []
      for value in values {
        guard let integer = Int64(exactly: value.rounded(.towardZero)) else {
          throw reader.malformed("a number does not fit into a whole number")
        }
        integers.append(integer)
      }
      result.values = .integers(integers)
    case (.integers, 6), (.integers, 7), (.floats, 1), (.floats, 10), (.floats, 11), (.floats, 16):
      break
    default: return nil
    }
    return result
  }
}
