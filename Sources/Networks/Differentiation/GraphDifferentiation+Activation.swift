import Tensors

extension GraphDifferentiation {
  mutating func differentiateActivation(_ reader: NodeReader) throws(ModelError) {
    guard let activation = try lowering.activation(of: reader) else {
      throw reader.unsupported("the activation is not supported")
    }
    let input = try value(reader, 0)
    try define(reader) { (builder) throws(TensorError) in
      try builder.activation(input, activation)
    }
  }
}
