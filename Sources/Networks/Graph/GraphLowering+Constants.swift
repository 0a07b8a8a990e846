import Tensors

extension GraphLowering {
  /// Computes an operator whose result depends on constants and shapes alone.
  ///
  /// Exporters leave such arithmetic in graphs with free extents, to find what sizes to resize to.
  ///
  /// - Returns: Whether the operator was one.
  mutating func foldConstants(_ reader: NodeReader) throws(ModelError) -> Bool {
    guard let output = reader.node.outputs.first else { return false }
    switch reader.node.operatorType {
    case "Constant":
      tensors[output] = .constant(try constantValue(reader))
      return true
    case "Shape":
      guard let name = reader.node.inputs.first, case .value(let value)? = tensors[name] else {
        return false
      }
      let lengths = builder.shape(of: value).lengths
      func place(_ position: Int) -> Int {
        min(max(position < 0 ? position + 5 : position, 0), 5)
      }
      let start = place(try reader.integer("start", default: 0))
      let end = place(try reader.integer("end", default: 5))
      let part = start < end ? lengths[start..<end].map { Int64($0) } : []
      tensors[output] = .constant(.init(lengths: [part.count], values: .integers(part)))
      return true
    default: break
    }
    var operands: [ONNXModel.Constant] = []
    for name in reader.node.inputs where !name.isEmpty {
      guard case .constant(let constant)? = tensors[name] else { return false }
      operands.append(constant)
    }
    guard !operands.isEmpty, let result = try folded(reader, operands) else { return false }
    tensors[output] = .constant(result)
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

  private func folded(
    _ reader: NodeReader, _ operands: [ONNXModel.Constant]
  ) throws(ModelError) -> ONNXModel.Constant? {
    let first = operands[0]
    switch reader.node.operatorType {
    case "Cast":
      return try cast(first, to: reader.integer("to", default: 0), reader)
    case "Unsqueeze", "Squeeze", "Reshape", "Floor":
      // Lists of at most one axis: the order of the values is all that matters.
      let lengths = first.count == 1 && reader.node.operatorType == "Squeeze" ? [] : [first.count]
      guard first.lengths.count <= 1 else { return nil }
      guard reader.node.operatorType == "Floor", case .floats(let values) = first.values else {
        return .init(lengths: lengths, values: first.values)
      }
      return .init(lengths: first.lengths, values: .floats(values.map { $0.rounded(.down) }))
    case "Gather":
      guard operands.count == 2, first.lengths.count == 1,
        case .integers(let values) = first.values,
        case .integers(let places) = operands[1].values
      else { return nil }
      var taken: [Int64] = []
      for place in places {
        let index = Int(place) < 0 ? Int(place) + values.count : Int(place)
        guard values.indices.contains(index) else {
          throw reader.malformed("an index lies outside the list")
        }
        taken.append(values[index])
      }
      return .init(lengths: operands[1].lengths, values: .integers(taken))
    case "Concat":
      var list: [Int64] = []
      for operand in operands {
        guard case .integers(let values) = operand.values, operand.lengths.count <= 1 else {
          return nil
        }
        list += values
      }
      return .init(lengths: [list.count], values: .integers(list))
    case "Slice":
      return try sliced(reader, operands)
    case "Add", "Sub", "Mul", "Div":
      return try computed(reader, operands)
    default: return nil
    }
  }

  private func cast(
    _ constant: ONNXModel.Constant, to type: Int, _ reader: NodeReader
  ) throws(ModelError) -> ONNXModel.Constant? {
    var result = constant
    switch (constant.values, type) {
    case (.integers(let values), 1), (.integers(let values), 11):
      result.values = .floats(values.map { Float($0) })
    case (.floats(let values), 6), (.floats(let values), 7):
      var integers: [Int64] = []
      for value in values {
        guard let integer = Int64(exactly: value.rounded(.towardZero)) else {
          throw reader.malformed("a number does not fit into a whole number")
        }
        integers.append(integer)
      }
      result.values = .integers(integers)
    case (.integers, 6), (.integers, 7), (.floats, 1), (.floats, 11): break
    default: return nil
    }
    return result
  }

  private func sliced(
    _ reader: NodeReader, _ operands: [ONNXModel.Constant]
  ) throws(ModelError) -> ONNXModel.Constant? {
    guard operands.count >= 3, operands[0].lengths.count == 1,
      case .integers(let list) = operands[0].values,
      case .integers(let starts) = operands[1].values, starts.count == 1,
      case .integers(let ends) = operands[2].values, ends.count == 1
    else { return nil }
    if operands.count == 5 {
      guard case .integers([1]) = operands[4].values else { return nil }
    }
    func place(_ position: Int64) -> Int {
      let limited = Int(min(max(position, -Int64(list.count)), Int64(list.count)))
      return limited < 0 ? limited + list.count : limited
    }
    let (start, end) = (place(starts[0]), place(ends[0]))
    let part = start < end ? Array(list[start..<end]) : []
    return .init(lengths: [part.count], values: .integers(part))
  }

  private func computed(
    _ reader: NodeReader, _ operands: [ONNXModel.Constant]
  ) throws(ModelError) -> ONNXModel.Constant? {
    guard operands.count == 2 else { return nil }
    let (left, right) = (operands[0], operands[1])
    let count = max(left.count, right.count)
    guard [1, count].contains(left.count), [1, count].contains(right.count), count > 0 else {
      return nil
    }
    let lengths = left.count >= right.count ? left.lengths : right.lengths
    let operation = reader.node.operatorType
    switch (left.values, right.values) {
    case (.integers(let left), .integers(let right)):
      var results: [Int64] = []
      for index in 0..<count {
        let (a, b) = (left[left.count == 1 ? 0 : index], right[right.count == 1 ? 0 : index])
        let (result, overflows) =
          switch operation {
          case "Add": a.addingReportingOverflow(b)
          case "Sub": a.subtractingReportingOverflow(b)
          case "Mul": a.multipliedReportingOverflow(by: b)
          default: a.dividedReportingOverflow(by: b)
          }
        guard !overflows else { throw reader.malformed("the result is not a 64-bit number") }
        results.append(result)
      }
      return .init(lengths: lengths, values: .integers(results))
    case (.floats(let left), .floats(let right)):
      let results = (0..<count).map { index in
        let (a, b) = (left[left.count == 1 ? 0 : index], right[right.count == 1 ? 0 : index])
        return switch operation {
        case "Add": a + b
        case "Sub": a - b
        case "Mul": a * b
        default: a / b
        }
      }
      return .init(lengths: lengths, values: .floats(results))
    default: return nil
    }
  }
}

extension ONNXModel.Constant {
  /// The number of values.
  var count: Int {
    switch values {
    case .floats(let list): list.count
    case .integers(let list): list.count
    }
  }
}
