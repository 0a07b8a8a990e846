import Tensors

extension GraphDifferentiation {
  /// Statistics that a batch normalisation has stay as they are; scale and shift are trained.
  mutating func differentiateNormalization(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (scale, shift) = try scaleAndShift(reader)
    var statistics: (mean: [Float], variance: [Float])?
    if reader.node.operatorType == "BatchNormalization" {
      statistics = (
        mean: try lowering.floats(reader, 3), variance: try lowering.floats(reader, 4)
      )
    }
    let epsilon = try reader.float("epsilon", default: 1e-5)
    let given = statistics
    try define(reader) { (builder) throws(TensorError) in
      try builder.normalization(
        input, scale: scale, shift: shift, statistics: given, epsilon: epsilon)
    }
  }

  /// Until operator set 20 scale and shift are one per group, then one per channel.
  mutating func differentiateGroupNormalization(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (scale, shift) = try scaleAndShift(reader)
    let groups = try reader.integer("num_groups", default: 0)
    let epsilon = try reader.float("epsilon", default: 1e-5)
    try define(reader) { (builder) throws(TensorError) in
      try builder.groupNormalization(
        input, groups: groups, scale: scale, shift: shift, epsilon: epsilon)
    }
  }

  private mutating func scaleAndShift(
    _ reader: NodeReader
  ) throws(ModelError) -> (scale: TrainedNumbers, shift: TrainedNumbers) {
    guard let scale = try parameter(reader, 1), let shift = try parameter(reader, 2) else {
      throw reader.malformed("the normalisation lacks its scale or shift")
    }
    return (scale.numbers, shift.numbers)
  }
}
