import COneDNN
import Voxels

extension TrainingProgramBuilder {
  /// The kernels and bias of a convolution and where their gradients go; dense in the order (output
  /// channels, input channels of a group, z, y, x).
  struct ConvolutionParameters {
    var kernels: Place
    /// The kernels' numbers, unless what is convolved with is made of them.
    var numbers: TrainedNumbers?
    var kernelGradient: Place
    var bias: Place?
    var biasGradient: Place?
    var outputChannels: Int
    var groups: Int
  }

  /// Adds a convolution (a correlation, as in every deep-learning library).
  ///
  /// - Parameters:
  ///   - input: The tensor; of a concatenation, each part is convolved by itself.
  ///   - kernels: (outputChannels, input channels / groups, z, y, x).
  ///   - bias: One number per output channel, or nil for none.
  ///   - outputChannels: The number of channels of the result.
  ///   - groups: The number of groups of channels that do not see each other.
  ///   - geometry: Where the kernels are put.
  ///   - residual: A tensor of the result's shape, added to it before the activation.
  ///   - activation: What is applied last.
  /// - Returns: The result.
  /// - Throws: `invalidShape` where parameters, geometry and shapes do not fit together.
  public mutating func convolution(
    _ input: TensorValue, kernels: TrainedNumbers, bias: TrainedNumbers? = nil,
    outputChannels: Int, groups: Int = 1, geometry: WindowGeometry,
    addingTo residual: TensorValue? = nil, activation: Activation? = nil
  ) throws(TensorError) -> TensorValue {
    let channels = shape(of: input).c
    guard groups > 0, outputChannels > 0, channels % groups == 0, outputChannels % groups == 0,
      count(of: kernels) == outputChannels * (channels / groups) * geometry.taps,
      bias.map({ count(of: $0) == outputChannels }) ?? true
    else {
      throw TensorError(
        .invalidShape, operation: "convolution",
        "\(count(of: kernels)) weights do not lead from \(channels) to \(outputChannels) channels")
    }
    let parameters = ConvolutionParameters(
      kernels: place(of: kernels), numbers: kernels, kernelGradient: addGradientPlace(of: kernels),
      bias: bias.map { place(of: $0) }, biasGradient: bias.map { addGradientPlace(of: $0) },
      outputChannels: outputChannels, groups: groups)
    return try addConvolution(
      input, parameters, geometry, addingTo: residual, activation: activation)
  }

  mutating func addConvolution(
    _ input: TensorValue, _ parameters: ConvolutionParameters, _ geometry: WindowGeometry,
    addingTo residual: TensorValue?, activation: Activation?
  ) throws(TensorError) -> TensorValue {
    if let activation, !activation.gradientUsesResult {
      let argument = try addConvolution(
        input, parameters, geometry, addingTo: residual, activation: nil)
      return try self.activation(argument, activation)
    }
    let inputShape = shape(of: input)
    guard let lengths = geometry.outputLengths(of: inputShape) else {
      throw TensorError(
        .invalidShape, operation: "convolution", "the kernel does not fit into \(inputShape)")
    }
    let shape = TensorShape(
      c: parameters.outputChannels, z: lengths.z, y: lengths.y, x: lengths.x)
    guard residual.map({ self.shape(of: $0) == shape }) ?? true else {
      throw TensorError(
        .invalidShape, operation: "convolution", "a residual does not fit the result \(shape)")
    }
    floatingPointOperations +=
      2 * Double(shape.extent.voxelCount) * Double(shape.c)
      * Double(inputShape.c / parameters.groups * geometry.taps)

    let target = addStorage(try .channelsLast(shape))
    let residualPlace = try residual.map { (value) throws(TensorError) in try place(of: value) }
    var parts: [ConvolutionPart] = []
    for (part, channels) in partsToConvolve(input, groups: parameters.groups) {
      parts.append(
        try ConvolutionPart(
          part, at: place(of: part), shape: self.shape(of: part), channels: channels,
          of: inputShape.c, parameters, geometry, targetShape: shape))
    }
    try addForward(parts, to: target, residual: residualPlace, activation: activation)
    let result = addValue(shape, target, isTrained: true)
    let convolved = parts
    differentiate { (builder) throws(TensorError) in
      guard let gradient = try builder.gradient(through: activation, of: result) else { return }
      for part in convolved {
        try builder.addWeightGradient(part, from: gradient.place)
        guard builder.values[part.input.index].isTrained else { continue }
        try builder.addInputGradient(part, from: gradient.place)
      }
      builder.forgetRoundedGradient(gradient.place)
      // Last, for it may change what the convolutions' gradients are found from.
      if let residual {
        try builder.addGradient(gradient.place, isOwned: gradient.isOwned, to: residual)
      }
    }
    return result
  }

  /// The tensors that are convolved by themselves, with their channels of the whole.
  private func partsToConvolve(
    _ input: TensorValue, groups: Int
  ) -> [(TensorValue, Range<Int>)] {
    let value = values[input.index]
    guard groups == 1, !value.parts.isEmpty, value.place == nil else {
      return [(input, 0..<value.shape.c)]
    }
    var channel = 0
    return value.parts.map { part in
      defer { channel += shape(of: part).c }
      return (part, channel..<channel + shape(of: part).c)
    }
  }
}

/// A convolution of one tensor, which may be a part of a concatenation.
struct ConvolutionPart {
  typealias Place = TrainingProgramBuilder.Place

  let input: TensorValue
  let source: Place
  let sourceShape: TensorShape
  let targetShape: TensorShape
  let geometry: WindowGeometry
  let windows: WindowNumbers
  let groups: Int
  /// The part's channels among those of the whole, and their number.
  let channels: Range<Int>
  let allChannels: Int
  /// The lengths of the kernels that read this part.
  let kernelLengths: [Int]
  /// How they lie among all kernels.
  let kernelLayout: TensorLayout
  let kernels: Place
  let numbers: TrainedNumbers?
  let kernelGradient: Place
  /// The bias belongs to the first part.
  let bias: Place?
  let biasGradient: Place?

  init(
    _ input: TensorValue, at source: Place, shape: TensorShape, channels: Range<Int>,
    of allChannels: Int, _ parameters: TrainingProgramBuilder.ConvolutionParameters,
    _ geometry: WindowGeometry, targetShape: TensorShape
  ) throws(TensorError) {
    self.input = input
    self.source = source
    sourceShape = shape
    self.targetShape = targetShape
    self.geometry = geometry
    windows = WindowNumbers(geometry, from: shape, to: targetShape)
    groups = parameters.groups
    self.channels = channels
    self.allChannels = allChannels
    numbers = parameters.numbers
    let outputs = parameters.outputChannels
    let kernel = geometry.kernel.components
    if groups > 1 {
      kernelLengths = [groups, outputs / groups, shape.c / groups] + kernel
      kernelLayout = try TensorLayout(lengths: kernelLengths)
    } else {
      kernelLengths = [outputs, channels.count] + kernel
      kernelLayout = try TensorLayout(lengths: [outputs, allChannels] + kernel)
        .part(lengths: kernelLengths, offsets: [0, channels.lowerBound, 0, 0, 0])
    }
    kernels = parameters.kernels
    kernelGradient = parameters.kernelGradient
    let isFirst = channels.lowerBound == 0
    bias = isFirst ? parameters.bias : nil
    biasGradient = isFirst ? parameters.biasGradient : nil
  }

  /// Whether each voxel of the result depends on the same voxel of the input alone.
  var isPointwise: Bool {
    groups == 1 && geometry.taps == 1 && geometry.stride == AxisTriple(1)
      && sourceShape.extent == targetShape.extent
      && geometry.paddingBefore == AxisTriple(0) && geometry.paddingAfter == AxisTriple(0)
  }
}

extension ConvolutionPart {
  /// oneDNN's forward pass, which adds to what is there if `accumulates`, on numbers in a format.
  func forward(
    accumulates: Bool = false, activation: Activation? = nil, _ format: NumberFormat = .float32
  ) throws(TensorError) -> PrimitiveDescriptor {
    try .convolution(
      windows, from: .channelsLast(sourceShape, format), weights: .any(kernelLengths, format),
      bias: bias == nil ? nil : TensorLayout(lengths: [targetShape.c]),
      to: .channelsLast(targetShape),
      OperationAttributes(accumulates: accumulates, activation: activation))
  }

  /// oneDNN's gradient with respect to the input, of products of numbers in a format.
  func inputGradient(_ format: NumberFormat) throws(TensorError) -> PrimitiveDescriptor {
    try .convolutionInputGradient(
      windows, to: .channelsLast(sourceShape), weights: .any(kernelLengths, format),
      from: .channelsLast(targetShape, format), of: forward(format))
  }

  /// oneDNN's gradient with respect to kernels and bias, of products of numbers in a format.
  ///
  /// A sum over voxels of products of channels: oneDNN's products of matrices are several times
  /// faster at it than its convolutions of one tap on tensors that lie channels last.
  func weightGradient(_ format: NumberFormat) throws(TensorError) -> PrimitiveDescriptor {
    let bias = biasGradient == nil ? nil : try TensorLayout(lengths: [targetShape.c])
    return isPointwise
      ? try .productWeightGradient(
        source: sourceMatrix(format), weights: .any([targetShape.c, sourceShape.c]), bias: bias,
        target: targetMatrix(format))
      : try .convolutionWeightGradient(
        windows, source: .channelsLast(sourceShape, format), weights: .any(kernelLengths),
        bias: bias, target: .channelsLast(targetShape, format), of: forward(format))
  }

  /// The input and the result as matrices (voxel, channel).
  func sourceMatrix(_ format: NumberFormat) throws(TensorError) -> TensorLayout {
    try TensorLayout(
      lengths: [sourceShape.extent.voxelCount, sourceShape.c], format: format)
  }

  func targetMatrix(_ format: NumberFormat) throws(TensorError) -> TensorLayout {
    try TensorLayout(
      lengths: [targetShape.extent.voxelCount, targetShape.c], format: format)
  }

  /// The lengths of kernels whose input and output channels are exchanged.
  var turnedLengths: [Int] { [channels.count, targetShape.c] + geometry.kernel.components }

  /// The gradient with respect to the input as a convolution with turned kernels, which adds to what
  /// is there if `accumulates`.
  func turned(
    _ windows: WindowNumbers, accumulates: Bool, _ format: NumberFormat
  ) throws(TensorError) -> PrimitiveDescriptor {
    try .convolution(
      windows, from: .channelsLast(targetShape, format), weights: .any(turnedLengths, format),
      bias: nil, to: .channelsLast(sourceShape), OperationAttributes(accumulates: accumulates))
  }

  /// The windows of the convolution with turned kernels that is the gradient with respect to the
  /// input; nil where no convolution is.
  var turnedWindows: WindowNumbers? {
    guard groups == 1, numbers != nil, geometry.taps > 1, geometry.stride == AxisTriple(1) else {
      return nil
    }
    var turned = geometry
    turned.paddingBefore = AxisTriple {
      geometry.reach($0) - 1 - geometry.paddingBefore.components[$0]
    }
    let windows = WindowNumbers(turned, from: targetShape, to: sourceShape)
    guard (windows.paddingBefore + windows.paddingAfter).allSatisfy({ $0 >= 0 }) else { return nil }
    return windows
  }
}

extension TrainingProgramBuilder.TurnedKernels {
  /// The kernels in their new order.
  ///
  /// - Complexity: O(kernels).
  func turn(_ kernels: Span<Float>) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(outputs * channels.count * taps)
    for input in channels {
      for output in 0..<outputs {
        let start = (output * inputs + input) * taps
        for tap in 1...taps { result.append(kernels[start + taps - tap]) }
      }
    }
    return result
  }
}

extension WindowGeometry {
  /// The number of taps of a window.
  var taps: Int { kernel.z * kernel.y * kernel.x }
}
