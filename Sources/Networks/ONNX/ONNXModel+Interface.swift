import Voxels

/// A model's one input and output, with what their declarations fix.
struct ModelInterface {
  var input: ONNXModel.Port
  var output: ONNXModel.Port
  /// The number of input channels.
  var channels: Int

  /// The lengths along z, y and x that the model fixes; nil where it leaves the choice.
  ///
  /// A model of flat images takes them one at a time: boxes of length 1 along z.
  var fixedLengths: [Int?] {
    guard let lengths = input.lengths, lengths.count > 2 else { return [nil, nil, nil] }
    let space = lengths[2...].map { length in
      if case .fixed(let value) = length { value } else { nil as Int? }
    }
    return space.count == 2 ? [1] + space : space
  }

  /// The one patch extent that the model takes, or nil where it leaves the choice.
  var fixedExtent: VoxelExtent? {
    let fixed = fixedLengths.compactMap { $0 }
    return fixed.count == 3 ? VoxelExtent(z: fixed[0], y: fixed[1], x: fixed[2]) : nil
  }

  /// Refuses an input extent that the model's declaration excludes.
  func check(_ extent: VoxelExtent) throws(ModelError) {
    for (axis, length) in [extent.z, extent.y, extent.x].enumerated() {
      if let fixed = fixedLengths[axis], fixed != length {
        throw ModelError(
          .mismatch, "the model takes patches of one extent only",
          found: "\(length) along \(["z", "y", "x"][axis])", expected: "\(fixed)",
          remedy: "use the model's own patch extent, or export it with dynamic axes")
      }
    }
  }
}

extension ONNXModel {
  /// The model's one input and output.
  var interface: ModelInterface {
    get throws(ModelError) {
      guard inputs.count == 1, outputs.count == 1 else {
        throw ModelError(
          .unsupported, "the model does not have one input and one output",
          found: "\(inputs.count) inputs and \(outputs.count) outputs",
          remedy: "export the part that maps an image to its prediction")
      }
      let input = inputs[0]
      // float32, float16 and bfloat16: all are computed in float32.
      guard [1, 10, 16].contains(input.elementType) else {
        throw ModelError(
          .unsupported, "the model's input \"\(input.name)\" is not of floats",
          found: "element type \(input.elementType)", remedy: "export the model in float32")
      }
      guard let lengths = input.lengths, (4...5).contains(lengths.count) else {
        throw ModelError(
          .unsupported, "the model's input \"\(input.name)\" is neither of volumes nor of images",
          found: "\(input.lengths?.count ?? 0) axes",
          expected: "(sample, channel, z, y, x) or (sample, channel, y, x)")
      }
      guard lengths[0] != .fixed(0), case .fixed(let channels) = lengths[1],
        (1...65536).contains(channels)
      else {
        throw ModelError(
          .unsupported, "the model's input \"\(input.name)\" has no fixed number of channels",
          remedy: "export the model with a fixed channel axis")
      }
      if case .fixed(let samples) = lengths[0], samples != 1 {
        throw ModelError(
          .unsupported, "the model takes \(samples) samples at a time", expected: "1",
          remedy: "export the model with one sample, or a dynamic sample axis")
      }
      return ModelInterface(input: input, output: outputs[0], channels: channels)
    }
  }
}
