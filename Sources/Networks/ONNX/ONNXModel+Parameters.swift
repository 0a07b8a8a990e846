/// A tensor of numbers that training adjusts.
public struct NetworkParameter: Hashable, Sendable {
  /// The initializer's name in the graph.
  public let name: String
  /// The length along each axis.
  public let lengths: [Int]
  /// The parameter's place among all parameters' values in one flat array.
  public let range: Range<Int>

  /// Creates a parameter.
  public init(name: String, lengths: [Int], range: Range<Int>) {
    self.name = name
    self.lengths = lengths
    self.range = range
  }
}

extension ONNXModel {
  /// Which inputs of an operator are adjusted by training, by their places.
  private static let trainableInputs: [String: [Int]] = [
    "Conv": [1, 2], "ConvTranspose": [1, 2], "Gemm": [1, 2], "MatMul": [1],
    "BatchNormalization": [1, 2], "InstanceNormalization": [1, 2], "GroupNormalization": [1, 2],
    "LayerNormalization": [1, 2], "PRelu": [1],
  ]

  /// The weights that training adjusts, in the order in which the graph first reads them.
  ///
  /// They are the initializers of floats that convolutions, products of matrices and
  /// normalisations read as weights, bias or scale. One that several operators read is there once.
  ///
  /// - Complexity: O(nodes).
  public var parameters: [NetworkParameter] {
    var result: [NetworkParameter] = []
    var known: Set<String> = []
    var end = 0
    for name in trainableNames where known.insert(name).inserted {
      guard let constant = initializers[name], case .floats(let values) = constant.values else {
        continue
      }
      result.append(
        NetworkParameter(
          name: name, lengths: constant.lengths, range: end..<end + values.count))
      end += values.count
    }
    return result
  }

  /// The initializers that operators read as what training adjusts, once for each reading.
  private var trainableNames: [String] {
    // Exporters let an initializer that is read twice pass through an Identity.
    var originals: [String: String] = [:]
    for node in nodes where node.operatorType == "Identity" {
      guard let input = node.inputs.first, let output = node.outputs.first else { continue }
      let original = originals[input] ?? input
      if initializers[original] != nil { originals[output] = original }
    }
    var names: [String] = []
    for node in nodes where node.domain.isEmpty || node.domain == "ai.onnx" {
      for place in Self.trainableInputs[node.operatorType] ?? [] where place < node.inputs.count {
        let name = node.inputs[place]
        names.append(originals[name] ?? name)
      }
    }
    return names
  }

  /// The values of ``parameters``, one after the other.
  public var parameterValues: [Float] {
    var result: [Float] = []
    for parameter in parameters {
      guard case .floats(let values)? = initializers[parameter.name]?.values else { continue }
      result += values
    }
    return result
  }

  /// Refuses weights that are not finite: a training that diverged.
  func checkParameters() throws(ModelError) {
    for parameter in parameters {
      guard case .floats(let values)? = initializers[parameter.name]?.values,
        let first = values.firstIndex(where: { !$0.isFinite })
      else { continue }
      let node = nodes.first { $0.inputs.contains(parameter.name) }
      let count = values.count { !$0.isFinite }
      throw ModelError(
        .malformed, "the weights \"\(parameter.name)\" hold numbers that are not finite",
        node: node?.label, found: "\(count) of \(values.count), the first \(values[first])",
        expected: "a model whose training went well",
        remedy: "use the weights of an earlier checkpoint")
    }
  }

  /// The model with other values of ``parameters``, as many as ``parameterValues`` has.
  public func replacingParameters(_ values: Span<Float>) -> ONNXModel {
    let parameters = parameters
    precondition(
      values.count == parameters.last?.range.upperBound ?? 0,
      "the values are not as many as the model's parameters have")
    var result = self
    for parameter in parameters {
      result.initializers[parameter.name]?.values = .floats(parameter.range.map { values[$0] })
    }
    return result
  }
}
