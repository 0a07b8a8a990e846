import Tensors

extension GraphDifferentiation {
  mutating func differentiateConcatenation(_ reader: NodeReader) throws(ModelError) {
    var parts: [TensorValue] = []
    for index in reader.node.inputs.indices { parts.append(try value(reader, index)) }
    try define(reader) { (builder) throws(TensorError) in try builder.concatenation(parts) }
  }

  mutating func differentiateBinary(
    _ reader: NodeReader, _ operation: BinaryOperation
  ) throws(ModelError) {
    guard reader.node.inputs.count == 2 else {
      throw reader.malformed("the operator does not have two inputs")
    }
    switch (values[reader.node.inputs[0]], values[reader.node.inputs[1]]) {
    case (let left?, let right?):
      try define(reader) { (builder) throws(TensorError) in
        try builder.joining(left, right, operation)
      }
    case (let left?, nil):
      let numbers = try perChannel(reader, 1, channels: builder.shape(of: left).c)
      try define(reader) { (builder) throws(TensorError) in
        try builder.joining(left, perChannel: numbers, operation)
      }
    case (nil, let right?):
      let numbers = try perChannel(reader, 0, channels: builder.shape(of: right).c)
      try define(reader) { (builder) throws(TensorError) in
        guard operation == .subtract else {
          return try builder.joining(right, perChannel: numbers, operation)
        }
        let negative = try builder.joining(right, perChannel: [-1], .multiply)
        return try builder.joining(negative, perChannel: numbers, .add)
      }
    default: throw reader.malformed("the operator lacks an input")
    }
  }

  /// The numbers of a constant, one for all or one per channel.
  private func perChannel(
    _ reader: NodeReader, _ index: Int, channels: Int
  ) throws(ModelError) -> [Float] {
    guard let constant = try lowering.constant(reader, index) else {
      throw reader.malformed("the operator lacks its input \(index + 1)")
    }
    return try lowering.perChannel(constant, channels: channels, reader)
  }
}
