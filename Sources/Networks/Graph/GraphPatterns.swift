/// Finds the subgraphs by which exporters write out functions that the executor has whole.
///
/// SiLU is `x · Sigmoid(x)`, HardSwish `x · HardSigmoid(x)`, Mish `x · Tanh(Softplus(x))`, and GELU a
/// product of a half, `x` and `1 + Erf(x / √2)` or `1 + Tanh(√(2/π) · (x + 0.044715 · x³))` in any
/// order. PyTorch guards Softplus by `Where(x > 20, x, Softplus(x))`.
struct GraphPatterns {
  private var nodes: [ONNXModel.Node]
  private var producers: [String: Int] = [:]
  private var readers: [String: [Int]] = [:]
  private let outputs: Set<String>
  private var numbers: [String: Float] = [:]
  private var removed: Set<Int> = []

  init(
    _ nodes: [ONNXModel.Node], outputs: [String], initializers: [String: ONNXModel.Constant]
  ) {
    self.nodes = nodes
    self.outputs = Set(outputs)
    for (name, constant) in initializers {
      if case .floats(let values) = constant.values, values.count == 1 { numbers[name] = values[0] }
    }
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
      for input in node.inputs where !input.isEmpty { readers[input, default: []].append(index) }
      guard node.operatorType == "Constant", let output = node.outputs.first else { continue }
      switch (node.attributes["value"], node.attributes["value_float"]) {
      case (.tensor(let constant)?, _):
        if case .floats(let values) = constant.values, values.count == 1 {
          numbers[output] = values[0]
        }
      case (_, .float(let value)?): numbers[output] = value
      default: break
      }
    }
  }

  /// The operators with each such subgraph as one.
  mutating func simplified() -> [ONNXModel.Node] {
    for index in nodes.indices where !removed.contains(index) {
      switch nodes[index].operatorType {
      case "Mul": simplifyProduct(index)
      case "Where": simplifyGuard(index)
      case "Erf", "Tanh": simplifyGaussian(index)
      default: break
      }
    }
    return nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
  }

  /// The node that writes a tensor, if it is of a kind and only nodes of a set read what it writes.
  private func producer(_ name: String, _ kind: String, readBy allowed: Set<Int>? = nil) -> Int? {
    guard let index = producers[name], nodes[index].operatorType == kind,
      nodes[index].domain.isEmpty || nodes[index].domain == "ai.onnx", !removed.contains(index)
    else { return nil }
    if let allowed {
      guard !outputs.contains(name), Set(readers[name] ?? []).isSubset(of: allowed) else {
        return nil
      }
    }
    return index
  }

  /// Makes a node another operator on one tensor and removes those that led to it.
  private mutating func replace(
    _ index: Int, by kind: String, of input: String, removing: Set<Int>,
    attributes: [String: ONNXModel.Attribute] = [:]
  ) {
    nodes[index].operatorType = kind
    nodes[index].inputs = [input]
    nodes[index].attributes = attributes
    removed.formUnion(removing)
  }

  private mutating func simplifyProduct(_ index: Int) {
    let inputs = nodes[index].inputs
    guard inputs.count == 2 else { return }
    for (x, factor) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      if let gate = producer(factor, "Sigmoid", readBy: [index]), nodes[gate].inputs == [x] {
        return replace(index, by: "Swish", of: x, removing: [gate])
      }
      if let gate = producer(factor, "HardSigmoid", readBy: [index]), nodes[gate].inputs == [x],
        case .float(let alpha)? = nodes[gate].attributes["alpha"], abs(alpha - 1 / 6) < 1e-6
      {
        return replace(index, by: "HardSwish", of: x, removing: [gate])
      }
      if let gate = producer(factor, "Tanh", readBy: [index]),
        let inner = nodes[gate].inputs.first,
        let softplus = producer(inner, "Softplus", readBy: [gate]), nodes[softplus].inputs == [x]
      {
        return replace(index, by: "Mish", of: x, removing: [gate, softplus])
      }
    }
  }

  private mutating func simplifyGuard(_ index: Int) {
    let inputs = nodes[index].inputs
    guard inputs.count == 3, let softplus = producer(inputs[2], "Softplus", readBy: [index]),
      nodes[softplus].inputs == [inputs[1]],
      let comparison = producer(inputs[0], "Greater", readBy: [index]),
      nodes[comparison].inputs.first == inputs[1],
      let limit = nodes[comparison].inputs.last.flatMap({ numbers[$0] }), limit >= 15
    else { return }
    replace(index, by: "Softplus", of: inputs[1], removing: [softplus, comparison])
  }

  // MARK: - GELU

  private mutating func simplifyGaussian(_ index: Int) {
    guard let inner = nodes[index].inputs.first else { return }
    let isExact = nodes[index].operatorType == "Erf"
    let found = isExact ? scaledInput(inner, index) : polynomialInput(inner, index)
    guard let (x, leading) = found, let output = nodes[index].outputs.first,
      let sum = onlyReader(output, "Add"), isNumber(other(sum, than: output), 1),
      let sumOutput = nodes[sum].outputs.first, let product = onlyReader(sumOutput, "Mul")
    else { return }
    var removing = leading.union([index, sum])
    // Of the three factors x, a half and the sum, two are joined first.
    let factor = other(product, than: sumOutput)
    let last: Int
    if factor == x || isNumber(factor, 0.5) {
      guard let result = nodes[product].outputs.first, let next = onlyReader(result, "Mul"),
        factor == x ? isNumber(other(next, than: result), 0.5) : other(next, than: result) == x
      else { return }
      removing.insert(product)
      last = next
    } else {
      guard let half = producer(factor, "Mul", readBy: [product]),
        nodes[half].inputs.contains(x), isNumber(other(half, than: x), 0.5)
      else { return }
      removing.insert(half)
      last = product
    }
    replace(
      last, by: "Gelu", of: x, removing: removing,
      attributes: isExact ? [:] : ["approximate": .string("tanh")])
  }

  /// The tensor `x` of `x / √2`.
  private func scaledInput(_ name: String, _ reader: Int) -> (String, Set<Int>)? {
    if let division = producer(name, "Div", readBy: [reader]), let x = nodes[division].inputs.first,
      isNumber(nodes[division].inputs.last ?? "", Float(2).squareRoot())
    {
      return (x, [division])
    }
    if let product = producer(name, "Mul", readBy: [reader]),
      let (x, factor) = scaled(product), abs(factor - Float(0.5).squareRoot()) < 1e-5
    {
      return (x, [product])
    }
    return nil
  }

  /// The tensor `x` of `√(2/π) · (x + 0.044715 · x³)`.
  private func polynomialInput(_ name: String, _ reader: Int) -> (String, Set<Int>)? {
    guard let outer = producer(name, "Mul", readBy: [reader]),
      let (sumName, factor) = scaled(outer),
      abs(factor - 0.797_884_6) < 1e-4, let sum = producer(sumName, "Add", readBy: [outer])
    else { return nil }
    let terms = nodes[sum].inputs
    guard terms.count == 2 else { return nil }
    for (x, term) in [(terms[0], terms[1]), (terms[1], terms[0])] {
      guard let cubic = producer(term, "Mul", readBy: [sum]), let (cube, weight) = scaled(cubic),
        abs(weight - 0.044_715) < 1e-5
      else { continue }
      if let power = producer(cube, "Pow", readBy: [cubic]), nodes[power].inputs.first == x,
        isNumber(nodes[power].inputs.last ?? "", 3)
      {
        return (x, [outer, sum, cubic, power])
      }
      if let product = producer(cube, "Mul", readBy: [cubic]), nodes[product].inputs.contains(x),
        let square = producer(other(product, than: x), "Mul", readBy: [product]),
        nodes[square].inputs == [x, x]
      {
        return (x, [outer, sum, cubic, product, square])
      }
    }
    return nil
  }

  /// The tensor and the number that a product joins.
  private func scaled(_ index: Int) -> (String, Float)? {
    let inputs = nodes[index].inputs
    guard inputs.count == 2 else { return nil }
    if let number = numbers[inputs[1]] { return (inputs[0], number) }
    if let number = numbers[inputs[0]] { return (inputs[1], number) }
    return nil
  }

  private func onlyReader(_ name: String, _ kind: String) -> Int? {
    guard let list = readers[name], list.count == 1, !outputs.contains(name),
      nodes[list[0]].operatorType == kind, nodes[list[0]].inputs.count == 2
    else { return nil }
    return list[0]
  }

  private func other(_ index: Int, than name: String) -> String {
    nodes[index].inputs.first { $0 != name } ?? name
  }

  private func isNumber(_ name: String, _ value: Float) -> Bool {
    numbers[name].map { abs($0 - value) < 1e-5 } ?? false
  }
}
