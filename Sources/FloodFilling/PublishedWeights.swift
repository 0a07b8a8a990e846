public import Networks

/// The weights of a flood-filling network under the names that google/ffn gives them, as a model.
///
/// `conv0_a`, `conv0_b`, … `convN_a`, `convN_b` and `conv_lom`, each with `weights` of (z, y, x,
/// input, output) and `biases`; whatever leads up to these names, as `seed_update/`, is passed over.
///
/// Source: google/ffn, `ffn/training/models/convstack_3d.py`.
public struct PublishedWeights: Sendable {
  /// An array of the file.
  public struct Array: Sendable {
    /// The lengths of its axes.
    public var lengths: [Int]
    /// Its values.
    public var values: [Float]

    /// Creates an array.
    public init(lengths: [Int], values: [Float]) {
      self.lengths = lengths
      self.values = values
    }
  }

  private let arrays: [String: Array]
  private let path: String

  /// Takes the arrays of a file.
  ///
  /// - Parameters:
  ///   - arrays: By their names in the file.
  ///   - path: The file that errors name.
  public init(_ arrays: [String: Array], path: String) {
    self.path = path
    var known: [String: Array] = [:]
    for (name, array) in arrays {
      guard let start = name.range(ofLast: "conv") else { continue }
      known[String(name[start...])] = array
    }
    self.arrays = known
  }

  /// The network with these weights: it reads image and mask and gives the mask's new logits.
  ///
  /// - Throws: ``ModelError`` with `malformed` where weights are missing or have another shape.
  public func model() throws(ModelError) -> ONNXModel {
    let depth = (0...).first { arrays["conv\($0)_a__weights"] == nil } ?? 0
    guard depth > 0, let features = arrays["conv0_a__weights"]?.lengths.last else {
      throw ModelError(
        .malformed, path: path, "no weights of a flood-filling network",
        found: arrays.keys.sorted().prefix(4).joined(separator: ", "),
        expected: "conv0_a__weights and so on",
        remedy: "name a file with the arrays of a published checkpoint")
    }
    var values: [Float] = []
    for index in 0..<depth {
      for part in ["a", "b"] {
        let inputs = index == 0 && part == "a" ? 2 : features
        values += try weights(of: "conv\(index)_\(part)", [3, 3, 3, inputs, features])
      }
    }
    values += try weights(of: "conv_lom", [1, 1, 1, features, 1])
    let stack = FloodFillingStack(depth: depth, features: features)
    let model = try stack.model(inputChannels: 2, outputChannels: 1, seed: 0)
    guard model.parameterValues.count == values.count else {
      throw ModelError(
        .malformed, path: path, "the weights are not as many as the network's",
        found: "\(values.count)", expected: "\(model.parameterValues.count)")
    }
    return model.replacingParameters(values.span)
      .settingMetadata(["task": "flood filling", "axes": "zyx"])
  }

  /// A convolution's kernels as (output, input, z, y, x), and its biases.
  private func weights(of name: String, _ lengths: [Int]) throws(ModelError) -> [Float] {
    guard let kernels = arrays["\(name)__weights"], let biases = arrays["\(name)__biases"],
      kernels.lengths == lengths, biases.lengths == [lengths[4]]
    else {
      throw ModelError(
        .malformed, path: path, "the weights of \(name) are missing or have another shape",
        found: arrays["\(name)__weights"].map { "\($0.lengths)" } ?? "none",
        expected: "\(lengths) and as many biases as outputs")
    }
    let (taps, inputs, outputs) = (lengths[0] * lengths[1] * lengths[2], lengths[3], lengths[4])
    var values: [Float] = []
    values.reserveCapacity(kernels.values.count + outputs)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<taps {
          values.append(kernels.values[(tap * inputs + input) * outputs + output])
        }
      }
    }
    return values + biases.values
  }
}

extension String {
  /// Where the last occurrence of a word begins.
  fileprivate func range(ofLast word: String) -> Index? {
    indices.last { self[$0...].hasPrefix(word) }
  }
}
