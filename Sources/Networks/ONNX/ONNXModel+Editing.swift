extension ONNXModel {
  /// The model with metadata properties added, or set anew where it has them already.
  public func settingMetadata(_ properties: [String: String]) -> ONNXModel {
    var result = self
    result.metadata.merge(properties) { $1 }
    return result
  }

  /// The model without some of its output channels: the last convolution computes no others.
  ///
  /// A function of each value by itself may follow the convolution.
  ///
  /// - Parameter range: The channels to keep, in their order.
  /// - Returns: The model with as many output channels.
  /// - Throws: `unsupported` where the output is not a convolution's; `mismatch` for channels that
  ///   there are not.
  public func keepingOutputChannels(_ range: Range<Int>) throws(ModelError) -> ONNXModel {
    do {
      return try keepingOutputs(range)
    } catch {
      throw error.naming(path)
    }
  }

  private func keepingOutputs(_ range: Range<Int>) throws(ModelError) -> ONNXModel {
    guard outputs.count == 1 else {
      throw ModelError(
        .unsupported, "the model does not have one output", found: "\(outputs.count) outputs")
    }
    let index = try lastConvolution()
    let node = nodes[index]
    guard node.inputs.count >= 2, let weights = initializers[node.inputs[1]],
      case .floats(let kernels) = weights.values, weights.lengths.count == 5
    else {
      throw ModelError(
        .unsupported, "the last convolution's weights are not a constant of the model",
        node: node.label)
    }
    let channels = weights.lengths[0]
    guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= channels else {
      throw ModelError(
        .mismatch, "the model does not have these output channels",
        found: "\(range.lowerBound) to \(range.upperBound)", expected: "within 0 to \(channels)")
    }
    if case .integer(let groups)? = node.attributes["group"], groups != 1 {
      throw ModelError(
        .unsupported, "the channels of a convolution in groups cannot be chosen", node: node.label,
        found: "\(groups) groups")
    }
    var result = self
    let kernel = kernels.count / channels
    result.replaceInput(
      1, ofNode: index,
      with: Constant(
        lengths: [range.count] + weights.lengths.dropFirst(),
        values: .floats(
          Array(kernels[range.lowerBound * kernel..<range.upperBound * kernel]))))
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard case .floats(let bias)? = initializers[node.inputs[2]]?.values,
        bias.count == channels
      else {
        throw ModelError(
          .unsupported, "the last convolution's bias is not a constant of the model",
          node: node.label)
      }
      result.replaceInput(
        2, ofNode: index,
        with: Constant(lengths: [range.count], values: .floats(Array(bias[range]))))
    }
    if let lengths = outputs[0].lengths, lengths.count == 5 {
      result.outputs[0].lengths?[1] = .fixed(range.count)
    }
    return result
  }

  /// Operators that treat each value by itself, whatever its channel.
  private static let functionsOfValues: Set<String> = [
    "Identity", "Dropout", "Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Gelu", "Clip",
  ]

  /// The place of the convolution whose result the model gives out.
  private func lastConvolution() throws(ModelError) -> Int {
    var name = outputs[0].name
    var readers = 0
    for _ in nodes {
      guard let index = nodes.firstIndex(where: { $0.outputs.first == name }) else { break }
      let node = nodes[index]
      guard nodes.count(where: { $0.inputs.contains(name) }) == readers else {
        throw ModelError(
          .unsupported, "the last layer's result is read by another layer too", node: node.label)
      }
      if node.operatorType == "Conv" { return index }
      guard Self.functionsOfValues.contains(node.operatorType), let input = node.inputs.first else {
        throw ModelError(
          .unsupported, "the model's output is not a convolution's", node: node.label,
          expected: "a Conv as the last layer with weights")
      }
      (name, readers) = (input, 1)
    }
    throw ModelError(.malformed, "no layer computes the model's output \"\(outputs[0].name)\"")
  }

  /// Gives a node another constant to read, and lets the old one go where nothing else reads it.
  private mutating func replaceInput(_ place: Int, ofNode index: Int, with constant: Constant) {
    let old = nodes[index].inputs[place]
    nodes[index].inputs[place] = ""
    var name = old
    if nodes.contains(where: { $0.inputs.contains(old) }) {
      var number = 1
      repeat {
        name = "\(old).\(number)"
        number += 1
      } while initializers[name] != nil
    }
    nodes[index].inputs[place] = name
    initializers[name] = Constant(name: name, lengths: constant.lengths, values: constant.values)
  }
}
