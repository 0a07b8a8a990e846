import CConvolution
import COneDNN

// The package's own convolution kernels. The unsafe code is the handing over of shapes, with their
// array of parts, and of tensors by address. Each use states why it is sound.

/// What computes the convolutions of a program.
package enum ConvolutionEngine: Hashable, Sendable {
  /// The package's own kernels where they are faster, oneDNN elsewhere.
  case fastest
  /// oneDNN alone.
  case oneDNN
  /// The kernel of tiles of a size wherever it can; for tests.
  case kernel(tile: AxisTriple)
  /// The kernel of matrix tiles wherever it can, in portable code where the processor has no such
  /// tiles or if asked for; for tests.
  case matrixTiles(inPortableCode: Bool = false)

  /// The tile that is asked for.
  var tile: AxisTriple? {
    if case .kernel(let tile) = self { tile } else { nil }
  }

  /// Whether this processor runs the package's own kernels.
  package static var hasKernels: Bool { cconv_features() & UInt32(CCONV_AVX512) != 0 }
  /// Whether this processor has matrix tiles for brain floats (AMX).
  package static var hasMatrixTiles: Bool { cconv_amx_is_available() }
}

/// A convolution that the kernels of vector instructions compute, forwards and backwards.
///
/// The corresponding C type is `struct cconv_shape`.
struct KernelConvolution: ConvolutionKernel {
  private var shape: cconv_shape
  let activation: Activation?

  /// Describes a convolution, or gives nil where no kernel computes it.
  ///
  /// The input is the concatenation of tensors with the channels that `parts` names; `tile` is the
  /// number of voxels along each axis that are computed together.
  init?(
    from input: TensorShape, parts: [Int], to output: TensorShape, _ geometry: WindowGeometry,
    activation: Activation? = nil, tile: AxisTriple
  ) {
    guard ConvolutionEngine.hasKernels, activation?.isFused ?? true,
      geometry.suitsKernels, parts.count <= Int(CCONV_MAX_PARTS)
    else { return nil }
    self.activation = activation
    shape = cconv_shape(from: input, parts: parts, to: output, geometry)
    shape.tile_z = Int32(clamping: tile.z)
    shape.tile_y = Int32(clamping: tile.y)
    shape.tile_x = Int32(clamping: tile.x)
    // Sound: here and below, the function only reads the struct, a copy that lives as long.
    var copy = shape
    guard unsafe cconv_supports(&copy) else { return nil }
  }

  var inputFormat: NumberFormat { .float32 }
  var outputFormat: NumberFormat { .float32 }
  var operation: KernelOperation { .convolution(self) }

  var weightCount: Int {
    var copy = shape
    return Int(unsafe cconv_transformed_floats(&copy))
  }

  var implementation: String {
    "winograd \(shape.tile_z)×\(shape.tile_y)×\(shape.tile_x)"
  }

  var taps: Int { Int(shape.kernel_z) * 9 }
  var outputChannels: Int { Int(shape.output_channels) }
  var inputChannels: Int { shape.inputChannels }

  func arrange(
    _ kernels: Span<Float>, into arena: borrowing TensorArena, at offset: Int, threads: Int
  ) {
    precondition(
      kernels.count == outputChannels * inputChannels * taps, "the kernels have another shape")
    let target = KernelTensor(DNNL_ARG_DST_0, in: arena, at: offset, count: weightCount)
    // Sound: nothing is written through the address, and it is not used after the closure.
    unsafe kernels.withUnsafeBufferPointer { source in
      guard let address = source.baseAddress else { return }
      arrange(
        unsafe UnsafeMutablePointer(mutating: address), KernelOrder(of: self), into: target,
        threads: threads)
    }
  }

  private func arrange(
    _ kernels: UnsafeMutablePointer<Float>, _ order: KernelOrder, into target: KernelTensor,
    threads: Int
  ) {
    precondition(target.count >= weightCount, "the weights do not fit")
    var copy = shape
    // Sound: the target has room, and callers have checked that the kernels lie where the order
    // says; the kernels are only read.
    var source = unsafe cconv_kernels(
      values: kernels + order.first, next_output: Int64(order.nextOutput),
      next_input: Int64(order.nextInput), reversed: order.isReversed)
    unsafe cconv_transform_weights(&copy, &source, target.address, Int32(clamping: threads))
  }

  // MARK: - What operations run

  fileprivate func scratchFloats(threads: Int) -> Int {
    var copy = shape
    return Int(unsafe cconv_scratch_floats(&copy)) * threads
  }

  fileprivate func gradientScratchFloats(threads: Int) -> Int {
    var copy = shape
    return Int(unsafe cconv_gradient_scratch_floats(&copy, Int32(clamping: threads)))
  }

  fileprivate func convolve(_ tensors: [KernelTensor], scratch: KernelTensor, threads: Int) {
    var copy = shape
    var arguments = cconv_arguments()
    let inputs = tensors.filter { $0.argument >= DNNL_ARG_MULTIPLE_SRC }
    precondition(inputs.count == Int(shape.parts), "each part has one tensor")
    // Sound: every address was checked to have room for its tensor, and the array in the struct has
    // room for the parts, whose number was checked. The output overlaps no input: tensors that an
    // operation needs together never share their place.
    unsafe withUnsafeMutableBytes(of: &arguments.inputs) { bytes in
      let addresses = unsafe bytes.bindMemory(to: UnsafePointer<Float>?.self)
      for (part, input) in inputs.enumerated() {
        unsafe addresses[part] = UnsafePointer(input.address)
      }
    }
    for tensor in tensors {
      switch tensor.argument {
      case DNNL_ARG_WEIGHTS_0: unsafe arguments.transformed = UnsafePointer(tensor.address)
      case DNNL_ARG_BIAS: unsafe arguments.bias = UnsafePointer(tensor.address)
      case DNNL_ARG_SRC_1: unsafe arguments.residual = UnsafePointer(tensor.address)
      case DNNL_ARG_DST_0: unsafe arguments.output = tensor.address
      default: break
      }
    }
    (arguments.activation, arguments.slope) = activation?.fused ?? (CCONV_IDENTITY, 0)
    unsafe arguments.scratch = scratch.address
    arguments.threads = Int32(clamping: threads)
    unsafe cconv_run(&copy, &arguments)
  }

  fileprivate func arrange(_ tensors: [KernelTensor], _ order: KernelOrder, threads: Int) {
    guard let source = tensors.first(where: { $0.argument == DNNL_ARG_SRC_0 }),
      let target = tensors.first(where: { $0.argument == DNNL_ARG_DST_0 })
    else { preconditionFailure("weights are arranged from one place to another") }
    precondition(order.end(for: self) <= source.count, "the kernels lie outside their place")
    arrange(source.address, order, into: target, threads: threads)
  }

  fileprivate func sumGradients(
    _ tensors: [KernelTensor], _ order: KernelOrder, scratch: KernelTensor, threads: Int
  ) {
    var copy = shape
    var arguments = cconv_gradient()
    precondition(shape.parts == 1, "the gradient is that of one tensor")
    // Sound: as for the convolution; the gradients' place was checked to hold what the order says.
    for tensor in tensors {
      switch tensor.argument {
      case DNNL_ARG_SRC_0: unsafe arguments.inputs.0 = UnsafePointer(tensor.address)
      case DNNL_ARG_DIFF_DST_0: unsafe arguments.output_gradient = UnsafePointer(tensor.address)
      case DNNL_ARG_DIFF_BIAS: unsafe arguments.bias = tensor.address
      case DNNL_ARG_DIFF_WEIGHTS_0:
        precondition(order.end(for: self) <= tensor.count, "the gradients lie outside their place")
        unsafe arguments.kernels = cconv_kernel_gradient(
          values: tensor.address + order.first, next_output: Int64(order.nextOutput),
          next_input: Int64(order.nextInput))
      default: break
      }
    }
    unsafe arguments.scratch = scratch.address
    arguments.threads = Int32(clamping: threads)
    unsafe cconv_weight_gradient(&copy, &arguments)
  }
}

/// A tensor that a kernel reads or writes, and what it is to it in oneDNN's terms.
struct KernelTensor {
  let argument: Int32
  let count: Int
  // Sound: made anew for each run, from memory that lives until its end.
  nonisolated(unsafe) let address: UnsafeMutablePointer<Float>

  /// A tensor of a number of floats in an arena.
  init(_ argument: Int32, in arena: borrowing TensorArena, at offset: Int, count: Int) {
    self.argument = argument
    self.count = count
    // Sound: `address` checks that the floats lie in the arena, which is aligned for them.
    let start = unsafe arena.address(offset, byteCount: count * MemoryLayout<Float>.size)
    unsafe address = unsafe start.assumingMemoryBound(to: Float.self)
  }

  /// The caller's input, which has the shape that the kernel reads.
  init(_ argument: Int32, inputOf tensors: borrowing CallerTensors, count: Int) {
    self.argument = argument
    self.count = count
    // Sound: kernels take it as a source only, so nothing is written through the address.
    unsafe address = UnsafeMutableRawPointer(mutating: tensors.input)
      .assumingMemoryBound(to: Float.self)
  }
}

/// Where the taps of each pair of channels are among the kernels.
struct KernelOrder: Hashable, Sendable {
  /// The place of the first tap.
  var first = 0
  /// From the taps of a pair to those of the next output or input channel.
  var nextOutput: Int, nextInput: Int
  /// Whether the taps are taken in reverse along every axis.
  var isReversed = false

  init(first: Int, nextOutput: Int, nextInput: Int) {
    self.first = first
    self.nextOutput = nextOutput
    self.nextInput = nextInput
  }

  /// The order (output channel, input channel, z, y, x), dense.
  init(of kernel: KernelConvolution) {
    self.init(first: 0, nextOutput: kernel.inputChannels * kernel.taps, nextInput: kernel.taps)
  }

  /// The order that makes a convolution of the gradient with respect to a convolution's input.
  var forInputGradient: KernelOrder {
    var order = KernelOrder(first: first, nextOutput: nextInput, nextInput: nextOutput)
    order.isReversed = true
    return order
  }

  /// The place after the last tap.
  func end(for kernel: KernelConvolution) -> Int {
    first + (kernel.outputChannels - 1) * nextOutput + (kernel.inputChannels - 1) * nextInput
      + kernel.taps
  }
}

/// Something that own kernels do.
enum KernelOperation: Sendable {
  /// Reads `MULTIPLE_SRC` + part, `WEIGHTS_0`, maybe `BIAS` and, as a residual, `SRC_1`; writes
  /// `DST_0`.
  case convolution(KernelConvolution)
  /// The same by matrix tiles; the tensors may hold brain floats.
  case matrixTiles(MatrixTileConvolution)
  /// Rearranges kernels, `SRC_0`, to weights, `DST_0`.
  case arranging(KernelConvolution, KernelOrder)
  /// Reads `SRC_0` and `DIFF_DST_0`, writes `DIFF_WEIGHTS_0` and maybe `DIFF_BIAS`.
  case weightGradient(KernelConvolution, KernelOrder)

  /// What it does and which kernel does it.
  var name: String {
    switch self {
    case .convolution(let kernel): "convolution \(kernel.implementation)"
    case .matrixTiles(let kernel): "convolution \(kernel.implementation)"
    case .arranging(let kernel, _): "reorder \(kernel.implementation)"
    case .weightGradient(let kernel, _):
      "convolution's weight gradient \(kernel.implementation)"
    }
  }

  /// The bytes of working memory, on a number of threads.
  func scratchBytes(threads: Int) -> Int {
    let floats =
      switch self {
      case .convolution(let kernel): kernel.scratchFloats(threads: threads)
      case .matrixTiles(let kernel): kernel.scratchFloats(threads: threads)
      case .arranging: 0
      case .weightGradient(let kernel, _): kernel.gradientScratchFloats(threads: threads)
      }
    return floats * MemoryLayout<Float>.size
  }

  /// Does it; `scratch` has room for ``scratchBytes(threads:)``.
  func run(_ tensors: [KernelTensor], scratch: borrowing TensorArena, threads: Int) {
    let space = KernelTensor(
      DNNL_ARG_SCRATCHPAD, in: scratch, at: 0,
      count: scratchBytes(threads: threads) / MemoryLayout<Float>.size)
    switch self {
    case .convolution(let kernel): kernel.convolve(tensors, scratch: space, threads: threads)
    case .matrixTiles(let kernel): kernel.convolve(tensors, scratch: space, threads: threads)
    case .arranging(let kernel, let order): kernel.arrange(tensors, order, threads: threads)
    case .weightGradient(let kernel, let order):
      kernel.sumGradients(tensors, order, scratch: space, threads: threads)
    }
  }
}
