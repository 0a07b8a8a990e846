import COneDNN

extension TensorProgramBuilder {
  /// The own kernel for a convolution, or nil where oneDNN computes it, or computes it faster.
  func kernel(
    _ input: TensorValue, _ weights: ConvolutionWeights, _ geometry: WindowGeometry,
    _ outputShape: TensorShape, activation: Activation?, _ format: NumberFormat
  ) -> (any ConvolutionKernel)? {
    guard convolutionEngine != .oneDNN, weights.groups == 1 else { return nil }
    let value = values[input.index]
    let parts = value.parts.isEmpty ? [value.shape.c] : value.parts.map { shape(of: $0).c }
    let choice = KernelChoice(
      parts: parts, output: outputShape, kernel: geometry.kernel, precision: precision)
    var engine: MatrixTileConvolution.Engine?
    if case .matrixTiles(let inPortableCode) = convolutionEngine {
      engine = inPortableCode || !ConvolutionEngine.hasMatrixTiles ? .portableCode : .processor
    } else if convolutionEngine == .fastest, ConvolutionEngine.hasMatrixTiles,
      choice.isFastestByMatrixTiles
    {
      engine = .processor
    }
    if let engine {
      return MatrixTileConvolution(
        from: value.shape, parts: parts, to: outputShape, geometry, activation: activation,
        precision: precision, outputFormat: format, engine: engine)
    }
    guard precision != .bfloat16, let tile = convolutionEngine.tile ?? choice.fastestTile else {
      return nil
    }
    return KernelConvolution(
      from: value.shape, parts: parts, to: outputShape, geometry, activation: activation,
      tile: tile)
  }

  /// Adds a convolution that an own kernel computes.
  ///
  /// The residual's place is reused where that is allowed and the layouts agree; elsewhere it is
  /// only read.
  mutating func addKernel(
    _ kernel: any ConvolutionKernel, _ input: TensorValue, _ weights: ConvolutionWeights,
    _ outputShape: TensorShape, addingTo residual: TensorValue?
  ) throws(TensorError) -> TensorValue {
    let parts = values[input.index].parts.isEmpty ? [input] : values[input.index].parts
    var operands: [Operand] = []
    for (number, part) in parts.enumerated() {
      let source = try arranged(
        part, as: .channelsLast(shape(of: part), kernel.inputFormat))
      operands.append(
        Operand(
          argument: DNNL_ARG_MULTIPLE_SRC + Int32(number), place: values[source.index].place,
          layout: values[source.index].layout))
    }
    let vector = try TensorLayout(lengths: [kernel.weightCount])
    let plain = try TensorLayout(lengths: [weights.kernels.count])
    constants.append(
      Constant(values: weights.kernels, source: plain, target: vector, kernel: kernel))
    operands.append(
      Operand(
        argument: DNNL_ARG_WEIGHTS_0, place: .constant(constants.count - 1), layout: vector))
    if !weights.bias.isEmpty {
      let layout = try TensorLayout(lengths: [weights.bias.count])
      operands.append(
        Operand(
          argument: DNNL_ARG_BIAS, place: addConstant(weights.bias, layout, as: layout),
          layout: layout))
    }
    let target = try TensorLayout.channelsLast(outputShape, kernel.outputFormat)
    var place: Place?
    if let residual {
      guard shape(of: residual) == outputShape else {
        throw TensorError(
          .invalidShape, operation: "convolution",
          "a residual of \(shape(of: residual)) does not fit the result")
      }
      let source = try arranged(residual, as: target)
      let from = values[source.index].place
      operands.append(Operand(argument: DNNL_ARG_SRC_1, place: from, layout: target))
      if case .storage = from, !pinned.contains(from),
        !parts.contains(where: { values[$0.index].place == from })
      {
        place = from
      }
    }
    let output = place ?? addStorage(target)
    operands.append(Operand(argument: DNNL_ARG_DST_0, place: output, layout: target))
    steps.append(.kernel(kernel.operation, operands))
    return addValue(outputShape, target, output)
  }
}
