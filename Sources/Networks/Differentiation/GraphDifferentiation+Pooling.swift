import Tensors

extension GraphDifferentiation {
  mutating func differentiatePooling(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let shape = builder.shape(of: input)
    let kernel = try reader.triple("kernel_shape", default: 1)
    var geometry = try reader.window(kernel: kernel, input: shape)
    if try reader.integer("ceil_mode", default: 0) == 1 { geometry.coverLastVoxels(of: shape) }
    let pooling =
      reader.node.operatorType == "MaxPool"
      ? Pooling.maximum
      : .average(countingPadding: try reader.integer("count_include_pad", default: 0) == 1)
    let window = geometry
    try define(reader) { (builder) throws(TensorError) in
      try builder.pooling(input, pooling, geometry: window)
    }
  }
}
