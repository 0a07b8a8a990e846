import Tensors

extension GraphDifferentiation {
  /// Statistics that a batch normalisation has stay as they are; scale and shift are trained.
  mutating func differentiateNormalization(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    guard let scale = try parameter(reader, 1), let shift = try parameter(reader, 2) else {
      throw reader.malformed("the normalisation lacks its scale or shift")
    }
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
        input, scale: scale.numbers, shift: shift.numbers, statistics: given, epsilon: epsilon)
    }
  }
}
