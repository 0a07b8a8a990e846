extension ONNXModel.Constant {
  /// Constants computed from others are refused above this number of values.
  static let maximalComputedCount = 1 << 26

  /// The number of values.
  var count: Int {
    switch values {
    case .floats(let list): list.count
    case .integers(let list): list.count
    }
  }

  /// The lengths that two tensors repeat to when they are joined; nil where they do not go together.
  static func joinedLengths(_ left: [Int], _ right: [Int]) -> [Int]? {
    let rank = max(left.count, right.count)
    let left = Array(repeating: 1, count: rank - left.count) + left
    let right = Array(repeating: 1, count: rank - right.count) + right
    var lengths: [Int] = []
    for (a, b) in zip(left, right) {
      guard a == b || a == 1 || b == 1 else { return nil }
      lengths.append(a == 1 ? b : a)
    }
    return lengths
  }

  /// The product of lengths, or nil where a constant may not have as many values.
  static func checkedCount(_ lengths: [Int]) -> Int? {
    var count = 1
    for length in lengths {
      let (product, overflows) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflows, product <= maximalComputedCount else { return nil }
      count = product
    }
    return count
  }

  /// The distance between neighbouring values along each axis.
  static func strides(_ lengths: [Int]) -> [Int] {
    var strides = lengths
    var step = 1
    for axis in lengths.indices.reversed() {
      strides[axis] = step
      step *= lengths[axis]
    }
    return strides
  }

  /// The constant with the values at the places given, in order.
  func picking(_ places: [Int], lengths: [Int]) -> Self {
    let picked: Values =
      switch values {
      case .floats(let list): .floats(places.map { list[$0] })
      case .integers(let list): .integers(places.map { list[$0] })
      }
    return Self(lengths: lengths, values: picked)
  }

  /// The places of a tensor's values when each axis is walked so far, slowest first, with a step that
  /// may be zero or negative.
  static func places(_ lengths: [Int], strides: [Int], start: Int = 0) -> [Int] {
    var places = [start]
    for (length, stride) in zip(lengths, strides) {
      places = places.flatMap { place in (0..<length).map { place + $0 * stride } }
    }
    return places
  }

  /// The constant repeated to lengths that it repeats to; nil where it does not.
  func repeated(to target: [Int]) -> Self? {
    guard let joined = Self.joinedLengths(lengths, target), joined == target,
      Self.checkedCount(target) != nil
    else { return nil }
    if lengths == target { return self }
    let missing = target.count - lengths.count
    let strides =
      Array(repeating: 0, count: missing)
      + zip(lengths, Self.strides(lengths)).map { $0 == 1 ? 0 : $1 }
    return picking(Self.places(target, strides: strides), lengths: target)
  }

  /// The constant with its axes in another order.
  func transposed(_ axes: [Int]) -> Self {
    let strides = Self.strides(lengths)
    let result = axes.map { lengths[$0] }
    return picking(Self.places(result, strides: axes.map { strides[$0] }), lengths: result)
  }

  /// The part of the constant along one axis at the places given.
  func taking(_ indices: [Int], axis: Int) -> Self {
    let strides = Self.strides(lengths)
    let outer = Self.places(Array(lengths[..<axis]), strides: Array(strides[..<axis]))
    let inner = Self.places(
      Array(lengths[(axis + 1)...]), strides: Array(strides[(axis + 1)...]))
    var places: [Int] = []
    for first in outer {
      for index in indices {
        places += inner.map { first + index * strides[axis] + $0 }
      }
    }
    var result = lengths
    result[axis] = indices.count
    return picking(places, lengths: result)
  }

  /// The values that lie along an axis joined to one.
  func reduced(axes: Set<Int>, keepsAxes: Bool, _ operation: String) -> Self? {
    let order = lengths.indices.filter { !axes.contains($0) }
    let inner = lengths.indices.filter { axes.contains($0) }
    let size = inner.reduce(1) { $0 * lengths[$1] }
    guard size > 0 else { return nil }
    let arranged = transposed(order + inner)
    let result =
      keepsAxes
      ? lengths.indices.map { axes.contains($0) ? 1 : lengths[$0] } : order.map { lengths[$0] }
    switch arranged.values {
    case .floats(let list):
      let values = stride(from: 0, to: list.count, by: size).map { start -> Float in
        let part = list[start..<start + size]
        return switch operation {
        case "ReduceProd": part.reduce(1, *)
        case "ReduceMax": part.max() ?? 0
        case "ReduceMin": part.min() ?? 0
        case "ReduceMean": Float(part.reduce(0.0) { $0 + Double($1) } / Double(size))
        default: Float(part.reduce(0.0) { $0 + Double($1) })
        }
      }
      return Self(lengths: result, values: .floats(values))
    case .integers(let list):
      var values: [Int64] = []
      for start in stride(from: 0, to: list.count, by: size) {
        let part = list[start..<start + size]
        var total: Int64 = operation == "ReduceProd" ? 1 : 0
        switch operation {
        case "ReduceMax": total = part.max() ?? 0
        case "ReduceMin": total = part.min() ?? 0
        case "ReduceProd", "ReduceSum":
          for value in part {
            let (next, overflows) =
              operation == "ReduceSum"
              ? total.addingReportingOverflow(value) : total.multipliedReportingOverflow(by: value)
            guard !overflows else { return nil }
            total = next
          }
        default: return nil
        }
        values.append(total)
      }
      return Self(lengths: result, values: .integers(values))
    }
  }

  /// Two constants joined value by value; nil for kinds of numbers that do not go together.
  ///
  /// - Throws: `malformed` where a result is not a 64-bit number.
  static func joined(
    _ operation: String, _ left: Self, _ right: Self, _ reader: NodeReader
  ) throws(ModelError) -> Self? {
    guard let lengths = joinedLengths(left.lengths, right.lengths),
      let left = left.repeated(to: lengths), let right = right.repeated(to: lengths)
    else { throw reader.malformed("the inputs' lengths do not go together") }
    switch (left.values, right.values) {
    case (.integers(let left), .integers(let right)):
      var results: [Int64] = []
      for (a, b) in zip(left, right) {
        guard let value = try joined(operation, a, b, reader) else { return nil }
        results.append(value)
      }
      return Self(lengths: lengths, values: .integers(results))
    case (.floats(let left), .floats(let right)):
      switch operation {
      case "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual":
        let results = zip(left, right).map { a, b -> Int64 in
          let holds =
            switch operation {
            case "Equal": a == b
            case "Less": a < b
            case "Greater": a > b
            case "LessOrEqual": a <= b
            default: a >= b
            }
          return holds ? 1 : 0
        }
        return Self(lengths: lengths, values: .integers(results))
      case "Add", "Sub", "Mul", "Div", "Min", "Max":
        let results = zip(left, right).map { a, b -> Float in
          switch operation {
          case "Add": a + b
          case "Sub": a - b
          case "Mul": a * b
          case "Div": a / b
          case "Min": min(a, b)
          default: max(a, b)
          }
        }
        return Self(lengths: lengths, values: .floats(results))
      default: return nil
      }
    default: return nil
    }
  }

  private static func joined(
    _ operation: String, _ a: Int64, _ b: Int64, _ reader: NodeReader
  ) throws(ModelError) -> Int64? {
    let (result, overflows): (Int64, Bool)
    switch operation {
    case "Add": (result, overflows) = a.addingReportingOverflow(b)
    case "Sub": (result, overflows) = a.subtractingReportingOverflow(b)
    case "Mul": (result, overflows) = a.multipliedReportingOverflow(by: b)
    case "Div": (result, overflows) = a.dividedReportingOverflow(by: b)
    case "Mod":
      let (rest, fails) = a.remainderReportingOverflow(dividingBy: b)
      (result, overflows) = (rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest, fails)
    case "Min": (result, overflows) = (min(a, b), false)
    case "Max": (result, overflows) = (max(a, b), false)
    case "Equal": (result, overflows) = (a == b ? 1 : 0, false)
    case "Less": (result, overflows) = (a < b ? 1 : 0, false)
    case "Greater": (result, overflows) = (a > b ? 1 : 0, false)
    case "LessOrEqual": (result, overflows) = (a <= b ? 1 : 0, false)
    case "GreaterOrEqual": (result, overflows) = (a >= b ? 1 : 0, false)
    case "And": (result, overflows) = (a != 0 && b != 0 ? 1 : 0, false)
    case "Or": (result, overflows) = (a != 0 || b != 0 ? 1 : 0, false)
    default: return nil
    }
    guard !overflows else { throw reader.malformed("the result is not a 64-bit number") }
    return result
  }
}
