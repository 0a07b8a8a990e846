import CConvolution

// What the own convolution kernels have in common. The one unsafe use states why it is sound.

/// A convolution, of tensors in the channels-last layout, that an own kernel computes.
protocol ConvolutionKernel: Sendable {
  /// The kernel's name, such as `winograd 2×4×4`.
  var implementation: String { get }
  /// How the numbers of the inputs are stored.
  var inputFormat: NumberFormat { get }
  /// How the numbers of residual and output are stored.
  var outputFormat: NumberFormat { get }
  /// The floats of room that the weights take as the kernel wants them.
  var weightCount: Int { get }
  /// What a program runs.
  var operation: KernelOperation { get }

  /// Rearranges kernels, (output channel, input channel, z, y, x), into an arena.
  func arrange(
    _ kernels: Span<Float>, into arena: borrowing TensorArena, at offset: Int, threads: Int)
}

extension WindowGeometry {
  /// Whether windows move in single steps and have 3×3 taps in a plane, as those of the kernels do.
  var suitsKernels: Bool {
    stride == AxisTriple(1) && dilation == AxisTriple(1) && kernel.y == 3 && kernel.x == 3
  }
}

extension Activation {
  /// What the kernels apply to what they compute, and its slope; nil for what they cannot.
  var fused: (cconv_activation, slope: Float)? {
    switch self {
    case .relu(let slope): (CCONV_RELU, slope)
    case .elu(let alpha): (CCONV_ELU, alpha)
    default: nil
    }
  }

  /// Whether the kernels apply it to what they compute.
  var isFused: Bool { fused != nil }
}

extension cconv_shape {
  /// The shape of a convolution of at most `CCONV_MAX_PARTS` parts.
  init(
    from input: TensorShape, parts: [Int], to output: TensorShape, _ geometry: WindowGeometry
  ) {
    precondition(parts.count <= Int(CCONV_MAX_PARTS), "no kernel reads so many parts")
    self.init()
    depth = Int64(input.z)
    height = Int64(input.y)
    width = Int64(input.x)
    output_depth = Int64(output.z)
    output_height = Int64(output.y)
    output_width = Int64(output.x)
    pad_z = Int32(clamping: geometry.paddingBefore.z)
    pad_y = Int32(clamping: geometry.paddingBefore.y)
    pad_x = Int32(clamping: geometry.paddingBefore.x)
    kernel_z = Int32(clamping: geometry.kernel.z)
    self.parts = Int32(parts.count)
    // Sound: the array in the struct has room for the parts, whose number was checked.
    unsafe withUnsafeMutableBytes(of: &part_channels) { bytes in
      let channels = unsafe bytes.bindMemory(to: Int32.self)
      for (part, count) in parts.enumerated() { unsafe channels[part] = Int32(clamping: count) }
    }
    output_channels = Int32(clamping: output.c)
  }

  /// The channels of all parts together.
  var inputChannels: Int {
    let all = [
      part_channels.0, part_channels.1, part_channels.2, part_channels.3, part_channels.4,
      part_channels.5, part_channels.6, part_channels.7,
    ]
    return all.prefix(Int(parts)).reduce(0) { $0 + Int($1) }
  }
}
