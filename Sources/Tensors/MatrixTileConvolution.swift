import CConvolution
import COneDNN

// The own kernel of the processor's matrix tiles. The unsafe code is the handing over of shapes and
// of tensors by address. Each use states why it is sound.

extension Precision {
  /// How many brain floats matrix tiles split each number into.
  var matrixTileSplits: Int {
    switch self {
    case .bfloat16: 1
    case .nearFloat32: 2
    case .float32: 3
    }
  }
}

/// A convolution that matrix tiles (AMX) compute, from products of brain floats.
struct MatrixTileConvolution: ConvolutionKernel {
  /// What carries out the operations on tiles.
  enum Engine: Hashable {
    case processor
    /// The same bit for bit, many times slower; for tests.
    case portableCode
  }

  private let shape: cconv_shape
  private let splits: Int32
  private let activation: Activation?
  private let engine: Engine
  let outputFormat: NumberFormat
  var inputFormat: NumberFormat { splits == 1 ? .bfloat16 : .float32 }

  /// Describes a convolution, or gives nil where the kernel does not compute it.
  ///
  /// The input is the concatenation of tensors with the channels that `parts` names. Only results of
  /// the precision bfloat16 can be stored as anything but float32.
  init?(
    from input: TensorShape, parts: [Int], to output: TensorShape, _ geometry: WindowGeometry,
    activation: Activation?, precision: Precision, outputFormat: NumberFormat, engine: Engine
  ) {
    precondition(
      engine == .portableCode || ConvolutionEngine.hasMatrixTiles,
      "the processor has no matrix tiles")
    guard activation?.isFused ?? true, geometry.suitsKernels, parts.count <= Int(CCONV_MAX_PARTS)
    else { return nil }
    shape = cconv_shape(from: input, parts: parts, to: output, geometry)
    splits = Int32(precision.matrixTileSplits)
    self.activation = activation
    self.outputFormat = precision == .bfloat16 ? outputFormat : .float32
    self.engine = engine
    // Sound: here and below, the function only reads the struct, a copy that lives as long.
    var copy = shape
    guard unsafe cconv_amx_supports(&copy, splits) else { return nil }
  }

  var implementation: String {
    "matrix tiles ×\([1, 3, 6][Int(splits) - 1])"
      + (engine == .portableCode ? " in portable code" : "")
  }

  var operation: KernelOperation { .matrixTiles(self) }

  var weightCount: Int {
    var copy = shape
    return Int(unsafe cconv_amx_packed_bytes(&copy, splits)) / MemoryLayout<Float>.size
  }

  func scratchFloats(threads: Int) -> Int {
    var copy = shape
    return Int(unsafe cconv_amx_scratch_bytes(&copy, splits)) / MemoryLayout<Float>.size * threads
  }

  func arrange(
    _ kernels: Span<Float>, into arena: borrowing TensorArena, at offset: Int, threads: Int
  ) {
    precondition(
      kernels.count
        == Int(shape.output_channels) * shape.inputChannels * Int(shape.kernel_z) * 9,
      "the kernels have another shape")
    let target = KernelTensor(DNNL_ARG_DST_0, in: arena, at: offset, count: weightCount)
    var copy = shape
    // Sound: the kernels' number was checked, and that the arena has room for what is written;
    // neither is used after the call.
    unsafe kernels.withUnsafeBufferPointer { source in
      unsafe cconv_amx_pack_weights(&copy, splits, source.baseAddress, target.address)
    }
  }

  /// Computes the convolution; the scratch has room for ``scratchFloats(threads:)``.
  ///
  /// Reads `MULTIPLE_SRC` + part, `WEIGHTS_0`, maybe `BIAS` and, as a residual, `SRC_1`; writes
  /// `DST_0`.
  func convolve(_ tensors: [KernelTensor], scratch: KernelTensor, threads: Int) {
    var copy = shape
    var arguments = cconv_amx_arguments()
    let inputs = tensors.filter { $0.argument >= DNNL_ARG_MULTIPLE_SRC }
    precondition(inputs.count == Int(shape.parts), "each part has one tensor")
    // Sound: every address was checked to have room for its tensor, and the array in the struct has
    // room for the parts, whose number was checked. The output overlaps no input: tensors that an
    // operation needs together never share their place.
    unsafe withUnsafeMutableBytes(of: &arguments.inputs) { bytes in
      let addresses = unsafe bytes.bindMemory(to: UnsafeRawPointer?.self)
      for (part, input) in inputs.enumerated() {
        unsafe addresses[part] = UnsafeRawPointer(input.address)
      }
    }
    for tensor in tensors {
      switch tensor.argument {
      case DNNL_ARG_WEIGHTS_0: unsafe arguments.packed = UnsafeRawPointer(tensor.address)
      case DNNL_ARG_BIAS: unsafe arguments.bias = UnsafePointer(tensor.address)
      case DNNL_ARG_SRC_1: unsafe arguments.residual = UnsafeRawPointer(tensor.address)
      case DNNL_ARG_DST_0: unsafe arguments.output = UnsafeMutableRawPointer(tensor.address)
      default: break
      }
    }
    arguments.widens_output = outputFormat == .float32
    (arguments.activation, arguments.slope) = activation?.fused ?? (CCONV_IDENTITY, 0)
    unsafe arguments.scratch = UnsafeMutableRawPointer(scratch.address)
    arguments.threads = Int32(clamping: threads)
    let engine = engine == .processor ? CCONV_AMX_TILES : CCONV_AMX_SOFTWARE
    unsafe cconv_amx_run(&copy, splits, &arguments, engine)
  }
}
