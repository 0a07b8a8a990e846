import COneDNN
import Voxels

/// The weights of a convolution.
public struct ConvolutionWeights: Hashable, Sendable {
  /// The kernels: (output channels, input channels of a group, z, y, x) for a convolution, (input
  /// channels, output channels of a group, z, y, x) for a transposed one.
  public var kernels: [Float]
  /// One number added to each output channel, or empty.
  public var bias: [Float]
  /// The number of channels read, of all groups together.
  public var inputChannels: Int
  /// The number of channels written, of all groups together.
  public var outputChannels: Int
  /// The number of groups of channels that do not see each other.
  public var groups: Int

  /// Creates the weights.
  public init(
    kernels: [Float], bias: [Float] = [], inputChannels: Int, outputChannels: Int, groups: Int = 1
  ) {
    self.kernels = kernels
    self.bias = bias
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
  }

  func check(_ operation: String, input: TensorShape, kernel: AxisTriple) throws(TensorError) {
    let taps = kernel.z * kernel.y * kernel.x
    guard groups > 0, inputChannels % groups == 0, outputChannels % groups == 0,
      input.c == inputChannels,
      kernels.count == outputChannels * (inputChannels / groups) * taps,
      bias.isEmpty || bias.count == outputChannels
    else {
      throw TensorError(
        .invalidShape, operation: operation,
        "\(kernels.count) weights do not lead from \(input.c) to \(outputChannels) channels")
    }
  }

  /// The kernels that read a range of the input channels; for one group only.
  func reading(_ channels: Range<Int>, taps: Int) -> [Float] {
    var part: [Float] = []
    part.reserveCapacity(outputChannels * channels.count * taps)
    for output in 0..<outputChannels {
      let start = output * inputChannels * taps
      part += kernels[start + channels.lowerBound * taps..<start + channels.upperBound * taps]
    }
    return part
  }
}

extension TensorProgramBuilder {
  /// Adds a convolution (a correlation, as in every deep-learning library).
  ///
  /// A residual, of the result's shape, is added to it before the activation. Its place is reused
  /// for the result, so **no operation added later may read it**.
  ///
  /// A result that is the program's, or only one function of a value away from it, is best kept in
  /// float32 whatever the program's precision.
  ///
  /// - Throws: `invalidShape` where weights, geometry and shapes do not fit together.
  public mutating func convolution(
    _ input: TensorValue, weights: ConvolutionWeights, geometry: WindowGeometry,
    addingTo residual: TensorValue? = nil, activation: Activation? = nil,
    keepingFloat32: Bool = false
  ) throws(TensorError) -> TensorValue {
    let inputShape = shape(of: input)
    try weights.check("convolution", input: inputShape, kernel: geometry.kernel)
    guard let lengths = geometry.outputLengths(of: inputShape) else {
      throw TensorError(
        .invalidShape, operation: "convolution", "the kernel does not fit into \(inputShape)")
    }
    let outputShape = TensorShape(
      c: weights.outputChannels, z: lengths.z, y: lengths.y, x: lengths.x)
    let taps = geometry.kernel.z * geometry.kernel.y * geometry.kernel.x
    count(
      geometry.kernel, from: weights.inputChannels, to: outputShape,
      2 * Double(outputShape.extent.voxelCount) * Double(weights.outputChannels)
        * Double(weights.inputChannels / weights.groups) * Double(taps))

    let format = keepingFloat32 ? .float32 : numberFormat
    if let kernel = kernel(
      input, weights, geometry, outputShape, activation: activation, format)
    {
      return try addKernel(kernel, input, weights, outputShape, addingTo: residual)
    }
    let parts = values[input.index].parts
    guard !parts.isEmpty, weights.groups == 1 else {
      let source = try materialized(input)
      return try addConvolution(
        source, weights, geometry, outputShape, addingTo: residual,
        mayOverwriteResidual: residual != source, activation: activation, format)
    }
    // Σ over the parts of a concatenation; only the last applies the activation.
    var sum = residual
    var channel = 0
    for (number, part) in parts.enumerated() {
      let range = channel..<channel + shape(of: part).c
      channel = range.upperBound
      let partWeights = ConvolutionWeights(
        kernels: weights.reading(range, taps: taps), bias: number == 0 ? weights.bias : [],
        inputChannels: range.count, outputChannels: weights.outputChannels)
      sum = try addConvolution(
        part, partWeights, geometry, outputShape, addingTo: sum,
        mayOverwriteResidual: number > 0 || !parts.contains { $0 == sum },
        activation: number == parts.count - 1 ? activation : nil, format)
    }
    return sum ?? input
  }

  private mutating func addConvolution(
    _ source: TensorValue, _ weights: ConvolutionWeights, _ geometry: WindowGeometry,
    _ outputShape: TensorShape, addingTo residual: TensorValue?, mayOverwriteResidual: Bool,
    activation: Activation?, _ format: NumberFormat
  ) throws(TensorError) -> TensorValue {
    let groups = weights.groups
    let kernelLengths = geometry.kernel.components
    let weightLengths =
      (groups > 1 ? [groups] : [])
      + [weights.outputChannels / groups, weights.inputChannels / groups] + kernelLengths
    let biasPlain = try TensorLayout(lengths: [weights.outputChannels])
    let descriptor = try PrimitiveDescriptor.convolution(
      WindowNumbers(geometry, from: shape(of: source), to: outputShape),
      from: .any(shape(of: source).lengths, numberFormat),
      weights: .any(weightLengths, numberFormat),
      bias: weights.bias.isEmpty ? nil : biasPlain, to: .any(outputShape.lengths, format),
      OperationAttributes(accumulates: residual != nil, activation: activation))

    let wantedSource = try descriptor.layout(dnnl_query_src_md)
    let target = try descriptor.layout(dnnl_query_dst_md)
    let input = try arranged(source, as: wantedSource)
    let place = try placeForSum(residual, as: target, mayOverwrite: mayOverwriteResidual)
    let kernels = addConstant(
      weights.kernels, try TensorLayout(lengths: weightLengths),
      as: try descriptor.layout(dnnl_query_weights_md))
    var operands = [
      Operand(argument: DNNL_ARG_SRC_0, place: values[input.index].place, layout: wantedSource),
      Operand(
        argument: DNNL_ARG_WEIGHTS_0, place: kernels,
        layout: try descriptor.layout(dnnl_query_weights_md)),
      Operand(argument: DNNL_ARG_DST_0, place: place, layout: target),
    ]
    if !weights.bias.isEmpty {
      operands.append(
        Operand(
          argument: DNNL_ARG_BIAS, place: addConstant(weights.bias, biasPlain, as: biasPlain),
          layout: biasPlain))
    }
    steps.append(.operation(descriptor, operands))
    return addValue(outputShape, target, place)
  }

  /// The place of a residual that an operation adds its result to, in the layout it writes.
  private mutating func placeForSum(
    _ residual: TensorValue?, as layout: TensorLayout, mayOverwrite: Bool
  ) throws(TensorError) -> Place {
    guard let residual else { return addStorage(layout) }
    let source = try materialized(residual)
    guard values[source.index].shape.lengths == layout.lengths else {
      throw TensorError(
        .invalidShape, operation: "convolution",
        "a residual of \(values[source.index].shape) does not fit the result")
    }
    if mayOverwrite, case .storage = values[source.index].place,
      !pinned.contains(values[source.index].place),
      values[source.index].layout == layout
    {
      return values[source.index].place
    }
    let copy = try copied(source, as: layout)
    return values[copy.index].place
  }

  /// Adds a transposed convolution, the gradient of a convolution with respect to its input.
  ///
  /// One whose windows touch without overlap, as in most U-Nets, becomes a convolution over the
  /// channels and a rearrangement of its result, several times faster than oneDNN's own.
  public mutating func transposedConvolution(
    _ input: TensorValue, weights: ConvolutionWeights, geometry: WindowGeometry,
    activation: Activation? = nil
  ) throws(TensorError) -> TensorValue {
    let source = try materialized(input)
    let inputShape = shape(of: source)
    try weights.check("transposed convolution", input: inputShape, kernel: geometry.kernel)
    guard let lengths = geometry.transposedOutputLengths(of: inputShape) else {
      throw TensorError(
        .invalidShape, operation: "transposed convolution", "\(inputShape) leaves no voxel")
    }
    let outputShape = TensorShape(
      c: weights.outputChannels, z: lengths.z, y: lengths.y, x: lengths.x)
    let touches =
      geometry.kernel == geometry.stride && geometry.dilation == AxisTriple(1)
      && geometry.paddingBefore == AxisTriple(0) && geometry.paddingAfter == AxisTriple(0)
    if touches && weights.groups == 1 {
      return try addChannelsToSpace(source, weights, geometry.kernel, outputShape, activation)
    }
    return try addTransposedConvolution(source, weights, geometry, outputShape, activation)
  }

  private mutating func addChannelsToSpace(
    _ source: TensorValue, _ weights: ConvolutionWeights, _ kernel: AxisTriple,
    _ outputShape: TensorShape, _ activation: Activation?
  ) throws(TensorError) -> TensorValue {
    let (inputs, outputs) = (weights.inputChannels, weights.outputChannels)
    let taps = kernel.z * kernel.y * kernel.x
    // (input, output, tap) → ((tap, output), input): the taps become channels.
    var kernels = [Float](repeating: 0, count: weights.kernels.count)
    for input in 0..<inputs {
      for output in 0..<outputs {
        for tap in 0..<taps {
          kernels[(tap * outputs + output) * inputs + input] =
            weights.kernels[(input * outputs + output) * taps + tap]
        }
      }
    }
    let bias = weights.bias.isEmpty ? [] : (0..<taps).flatMap { _ in weights.bias }
    let channels = try convolution(
      source,
      weights: ConvolutionWeights(
        kernels: kernels, bias: bias, inputChannels: inputs, outputChannels: taps * outputs),
      geometry: WindowGeometry(kernel: AxisTriple(1)), activation: activation)
    let shape = shape(of: channels)
    let dense = try arranged(channels, as: .channelsLast(shape, numberFormat))
    // Both sides seen as (z, tap z, y, tap y, x, tap x · channel).
    let row = kernel.x * outputs
    let view = [shape.z, kernel.z, shape.y, kernel.y, shape.x, row]
    let from = try TensorLayout(
      lengths: view,
      strides: [
        shape.y * shape.x * taps * outputs, kernel.y * row, shape.x * taps * outputs, row,
        taps * outputs, 1,
      ], format: numberFormat)
    let line = outputShape.x * outputs
    let to = try TensorLayout(
      lengths: view,
      strides: [
        kernel.z * outputShape.y * line, outputShape.y * line, kernel.y * line, line, row, 1,
      ], format: numberFormat)
    let layout = try TensorLayout.channelsLast(outputShape, numberFormat)
    let place = addStorage(layout)
    try addReorder(from: values[dense.index].place, from, to: place, to)
    return addValue(outputShape, layout, place)
  }

  private mutating func addTransposedConvolution(
    _ source: TensorValue, _ weights: ConvolutionWeights, _ geometry: WindowGeometry,
    _ outputShape: TensorShape, _ activation: Activation?
  ) throws(TensorError) -> TensorValue {
    let groups = weights.groups
    let (inputs, outputs) = (weights.inputChannels / groups, weights.outputChannels / groups)
    let kernel = geometry.kernel.components
    let taps = kernel[0] * kernel[1] * kernel[2]
    count(
      geometry.kernel, from: weights.inputChannels, to: outputShape,
      2 * Double(shape(of: source).extent.voxelCount) * Double(taps * inputs * outputs * groups))
    // oneDNN names the output channels first; the values lie with the input channels first.
    let weightLengths = (groups > 1 ? [groups] : []) + [outputs, inputs] + kernel
    let weightOrder = groups > 1 ? [0, 2, 1, 3, 4, 5] : [1, 0, 2, 3, 4]
    let biasPlain = try TensorLayout(lengths: [weights.outputChannels])
    let descriptor = try PrimitiveDescriptor.convolution(
      transposed: true, WindowNumbers(transposed: geometry),
      from: .any(shape(of: source).lengths, numberFormat),
      weights: .any(weightLengths, numberFormat),
      bias: weights.bias.isEmpty ? nil : biasPlain, to: .any(outputShape.lengths, numberFormat),
      OperationAttributes())
    let wantedSource = try descriptor.layout(dnnl_query_src_md)
    let wantedWeights = try descriptor.layout(dnnl_query_weights_md)
    let target = try descriptor.layout(dnnl_query_dst_md)
    let input = try arranged(source, as: wantedSource)
    let place = addStorage(target)
    let kernels = addConstant(
      weights.kernels, try TensorLayout(lengths: weightLengths, axisOrder: weightOrder),
      as: wantedWeights)
    var operands = [
      Operand(argument: DNNL_ARG_SRC_0, place: values[input.index].place, layout: wantedSource),
      Operand(argument: DNNL_ARG_WEIGHTS_0, place: kernels, layout: wantedWeights),
      Operand(argument: DNNL_ARG_DST_0, place: place, layout: target),
    ]
    if !weights.bias.isEmpty {
      operands.append(
        Operand(
          argument: DNNL_ARG_BIAS, place: addConstant(weights.bias, biasPlain, as: biasPlain),
          layout: biasPlain))
    }
    steps.append(.operation(descriptor, operands))
    let result = addValue(outputShape, target, place)
    guard let activation else { return result }
    return try self.activation(result, activation)
  }
}

extension TensorLayout {
  /// The first two axes, where the others have length one.
  func matrix() throws(TensorError) -> TensorLayout {
    let strides = descriptor.format_desc.blocking.strides
    return try TensorLayout(
      lengths: Array(lengths.prefix(2)), strides: [Int(strides.0), Int(strides.1)])
  }

  /// The lengths of the axes.
  var lengths: [Int] {
    let dims = descriptor.dims
    let five = [dims.0, dims.1, dims.2, dims.3, dims.4, dims.5]
    return five.prefix(Int(descriptor.ndims)).map(Int.init)
  }
}
