import Tensors

extension GraphLowering {
  /// The product with a constant matrix along the last axis: a convolution of one voxel whose
  /// channels are that axis.
  mutating func lowerMatrixProduct(_ reader: NodeReader) throws(ModelError) {
    let (raw, lengths) = try computed(reader, 0)
    guard let matrix = try constant(reader, 1), case .floats(let numbers) = matrix.values,
      matrix.lengths.count == 2, let length = lengths.last, matrix.lengths[0] == length
    else {
      throw reader.unsupported(
        "the product is not with a constant matrix of the last axis",
        found: "\(lengths) by \(try constant(reader, 1)?.lengths ?? [])")
    }
    let columns = matrix.lengths[1]
    let weights = ConvolutionWeights(
      kernels: transposed(numbers, rows: length, columns: columns), inputChannels: length,
      outputChannels: columns)
    try checkFinite(weights.kernels, reader)
    let geometry = WindowGeometry(kernel: AxisTriple(1))
    let result = Array(lengths.dropLast()) + [columns]
    if (3...5).contains(lengths.count), lengths[0] == 1 {
      let input = try value(reader, 0)
      try define(reader, lengths: result) { (builder) throws(TensorError) in
        let channelsFirst = try builder.permuted(input, axes: [0, 4, 1, 2, 3])
        let product = try builder.convolution(channelsFirst, weights: weights, geometry: geometry)
        return try builder.permuted(product, axes: [0, 2, 3, 4, 1])
      }
      return
    }
    let rows = lengths.dropLast().reduce(1, *)
    try define(reader, lengths: result) { (builder) throws(TensorError) in
      let table = try builder.reshaped(raw, as: TensorShape(c: rows, z: 1, y: 1, x: length))
      let channelsFirst = try builder.permuted(table, axes: [0, 4, 2, 3, 1])
      let product = try builder.convolution(channelsFirst, weights: weights, geometry: geometry)
      return try builder.permuted(product, axes: [0, 4, 2, 3, 1])
    }
  }

  mutating func lowerGeneralMatrixProduct(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let (_, lengths) = try computed(reader, 0)
    guard lengths.count == 2, try reader.integer("transA", default: 0) == 0,
      let matrix = try constant(reader, 1), case .floats(let numbers) = matrix.values,
      matrix.lengths.count == 2
    else {
      throw reader.unsupported("the product is not of one row with a constant matrix")
    }
    let isTransposed = try reader.integer("transB", default: 0) == 1
    let columns = matrix.lengths[isTransposed ? 0 : 1]
    guard matrix.lengths[isTransposed ? 1 : 0] == lengths[1] else {
      throw reader.malformed(
        "the matrix does not fit the input", found: "\(matrix.lengths)", expected: "\(lengths)")
    }
    let alpha = try reader.float("alpha", default: 1)
    let beta = try reader.float("beta", default: 1)
    let kernels =
      isTransposed ? numbers : transposed(numbers, rows: lengths[1], columns: columns)
    var bias: [Float] = []
    if let summand = try constant(reader, 2), case .floats(let list) = summand.values {
      guard list.count == columns || list.count == 1 else {
        throw reader.malformed("the bias is not one number per column")
      }
      bias = (0..<columns).map { beta * list[list.count == 1 ? 0 : $0] }
    }
    let weights = ConvolutionWeights(
      kernels: kernels.map { alpha * $0 }, bias: bias, inputChannels: lengths[1],
      outputChannels: columns)
    try checkFinite(weights.kernels + bias, reader)
    try define(reader) { (builder) throws(TensorError) in
      try builder.convolution(
        input, weights: weights, geometry: WindowGeometry(kernel: AxisTriple(1)))
    }
  }

  private func transposed(_ numbers: [Float], rows: Int, columns: Int) -> [Float] {
    var result = [Float](repeating: 0, count: numbers.count)
    for row in 0..<rows {
      for column in 0..<columns { result[column * rows + row] = numbers[row * columns + column] }
    }
    return result
  }

  /// Refuses weights of a training that diverged.
  func checkFinite(_ weights: [Float], _ reader: NodeReader) throws(ModelError) {
    guard weights.allSatisfy({ $0.isFinite }) else {
      throw reader.malformed(
        "the weights hold numbers that are not finite", expected: "a model whose training went well"
      )
    }
  }
}
