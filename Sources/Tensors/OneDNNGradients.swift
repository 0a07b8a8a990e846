import COneDNN

// What training asks oneDNN for beyond inference: operations that keep what their gradients need,
// and the gradients. The unsafe code is the handing over of layouts and numbers by address. Each
// use states why it is sound.

extension PrimitiveDescriptor {
  /// Describes an operation to oneDNN; a gradient needs the operation that it is the gradient of.
  private convenience init<Parameters>(
    _ operation: String, _ parameters: Parameters, gradientOf forward: PrimitiveDescriptor? = nil,
    attributes: OperationAttributes? = nil, initialize: (inout Parameters) -> dnnl_status_t
  ) throws(TensorError) {
    var parameters = parameters
    try check(initialize(&parameters), operation)
    let engine = try Engine.cpu()
    let attributes = if let attributes { attributes } else { try OperationAttributes() }
    // Sound: the parameters are one of oneDNN's descriptor structs, whose first member tells which;
    // oneDNN copies them and the attributes, reads the forward operation, and all of them live
    // through the call. The engine lives as long as the process.
    try self.init(operation) { handle in
      withExtendedLifetime((attributes, forward)) {
        unsafe withUnsafePointer(to: &parameters) {
          unsafe dnnl_primitive_desc_create(
            &handle, $0, attributes.handle, engine, forward?.handle)
        }
      }
    }
  }

  // MARK: - Convolution

  /// The gradient of a convolution, or of its transpose, with respect to its input.
  static func convolutionInputGradient(
    transposed: Bool = false, _ windows: WindowNumbers, to source: TensorLayout,
    weights: TensorLayout, from target: TensorLayout, of forward: PrimitiveDescriptor
  ) throws(TensorError) -> PrimitiveDescriptor {
    var (source, weights, target) = (source.descriptor, weights.descriptor, target.descriptor)
    // Sound: in both calls oneDNN copies the layouts, which are local variables, and reads three
    // numbers of each array, as many as every array of `WindowNumbers` has.
    if transposed {
      return try PrimitiveDescriptor(
        "transposed convolution's input gradient", dnnl_deconvolution_desc_t(),
        gradientOf: forward
      ) {
        unsafe dnnl_dilated_deconvolution_backward_data_desc_init(
          &$0, dnnl_deconvolution_direct, &source, &weights, &target, windows.stride, windows.gaps,
          windows.paddingBefore, windows.paddingAfter)
      }
    }
    return try PrimitiveDescriptor(
      "convolution's input gradient", dnnl_convolution_desc_t(), gradientOf: forward
    ) {
      unsafe dnnl_dilated_convolution_backward_data_desc_init(
        &$0, dnnl_convolution_direct, &source, &weights, &target, windows.stride, windows.gaps,
        windows.paddingBefore, windows.paddingAfter)
    }
  }

  /// The gradient of a convolution, or of its transpose, with respect to its kernels and bias.
  static func convolutionWeightGradient(
    transposed: Bool = false, _ windows: WindowNumbers, source: TensorLayout,
    weights: TensorLayout, bias: TensorLayout?, target: TensorLayout,
    of forward: PrimitiveDescriptor
  ) throws(TensorError) -> PrimitiveDescriptor {
    var (source, weights, target) = (source.descriptor, weights.descriptor, target.descriptor)
    var biasLayout = bias?.descriptor ?? dnnl_memory_desc_t()
    // Sound: as for the gradient with respect to the input; a layout that is nil means that there
    // is no bias.
    if transposed {
      return try PrimitiveDescriptor(
        "transposed convolution's weight gradient", dnnl_deconvolution_desc_t(),
        gradientOf: forward
      ) { operation in
        unsafe withUnsafePointer(to: &biasLayout) {
          unsafe dnnl_dilated_deconvolution_backward_weights_desc_init(
            &operation, dnnl_deconvolution_direct, &source, &weights, bias == nil ? nil : $0,
            &target, windows.stride, windows.gaps, windows.paddingBefore, windows.paddingAfter)
        }
      }
    }
    return try PrimitiveDescriptor(
      "convolution's weight gradient", dnnl_convolution_desc_t(), gradientOf: forward
    ) { operation in
      unsafe withUnsafePointer(to: &biasLayout) {
        unsafe dnnl_dilated_convolution_backward_weights_desc_init(
          &operation, dnnl_convolution_direct, &source, &weights, bias == nil ? nil : $0, &target,
          windows.stride, windows.gaps, windows.paddingBefore, windows.paddingAfter)
      }
    }
  }

  /// The product of a matrix (inputs, rows) with its transpose's fellow: the gradient of a product
  /// of each row of `source`, (rows, inputs), with weights, (outputs, inputs), which gave `target`,
  /// (rows, outputs), with respect to the weights and bias.
  static func productWeightGradient(
    source: TensorLayout, weights: TensorLayout, bias: TensorLayout?, target: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    var (source, weights, target) = (source.descriptor, weights.descriptor, target.descriptor)
    var biasLayout = bias?.descriptor ?? dnnl_memory_desc_t()
    // Sound: in both calls oneDNN copies the layouts, which are local variables; a layout that is
    // nil means that there is no bias.
    let forward = try PrimitiveDescriptor("product", dnnl_inner_product_desc_t()) { operation in
      unsafe withUnsafePointer(to: &biasLayout) {
        unsafe dnnl_inner_product_forward_desc_init(
          &operation, dnnl_forward_training, &source, &weights, bias == nil ? nil : $0, &target)
      }
    }
    return try PrimitiveDescriptor(
      "product's weight gradient", dnnl_inner_product_desc_t(), gradientOf: forward
    ) { operation in
      unsafe withUnsafePointer(to: &biasLayout) {
        unsafe dnnl_inner_product_backward_weights_desc_init(
          &operation, &source, &weights, bias == nil ? nil : $0, &target)
      }
    }
  }

  // MARK: - Other operations

  /// The sum of two tensors, and an activation of it.
  static func activatedSum(
    _ activation: Activation?, _ layout: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    var (left, right, target) = (layout.descriptor, layout.descriptor, layout.descriptor)
    return try PrimitiveDescriptor(
      "add", dnnl_binary_desc_t(), attributes: OperationAttributes(activation: activation)
    ) {
      // Sound: oneDNN copies the layouts, local variables, during the call.
      unsafe dnnl_binary_desc_init(&$0, dnnl_binary_add, &left, &right, &target)
    }
  }

  /// The gradient of a function of each value by itself.
  static func activationGradient(
    _ activation: Activation, _ layout: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    let (kind, alpha, beta) = activation.trainingAlgorithm
    var layout = layout.descriptor
    // Sound: in both calls oneDNN copies the layout, a local variable.
    let forward = try PrimitiveDescriptor("activation", dnnl_eltwise_desc_t()) {
      unsafe dnnl_eltwise_forward_desc_init(&$0, dnnl_forward_training, kind, &layout, alpha, beta)
    }
    let gradient = layout
    return try PrimitiveDescriptor(
      "activation's gradient", dnnl_eltwise_desc_t(), gradientOf: forward
    ) {
      var gradient = gradient
      return unsafe dnnl_eltwise_backward_desc_init(&$0, kind, &gradient, &layout, alpha, beta)
    }
  }

  /// A summary of windows that keeps where each came from, and its gradient.
  static func trainedPooling(
    _ pooling: Pooling, _ windows: WindowNumbers, from source: TensorLayout,
    to target: TensorLayout
  ) throws(TensorError) -> (forward: PrimitiveDescriptor, gradient: PrimitiveDescriptor) {
    let kind =
      switch pooling {
      case .maximum: dnnl_pooling_max
      case .average(countingPadding: true): dnnl_pooling_avg_include_padding
      case .average(countingPadding: false): dnnl_pooling_avg_exclude_padding
      }
    var (source, target) = (source.descriptor, target.descriptor)
    // Sound: in both calls oneDNN copies the layouts, which are local variables, and reads three
    // numbers of each array, as many as every array of `WindowNumbers` has.
    let forward = try PrimitiveDescriptor("pooling", dnnl_pooling_v2_desc_t()) {
      unsafe dnnl_pooling_v2_forward_desc_init(
        &$0, dnnl_forward_training, kind, &source, &target, windows.stride, windows.kernel,
        windows.gaps, windows.paddingBefore, windows.paddingAfter)
    }
    let gradient = try PrimitiveDescriptor(
      "pooling's gradient", dnnl_pooling_v2_desc_t(), gradientOf: forward
    ) {
      unsafe dnnl_pooling_v2_backward_desc_init(
        &$0, kind, &source, &target, windows.stride, windows.kernel, windows.gaps,
        windows.paddingBefore, windows.paddingAfter)
    }
    return (forward, gradient)
  }

  /// The gradient of a change of the number of voxels.
  static func resamplingGradient(
    _ interpolation: Interpolation, to source: TensorLayout, from target: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    let kind =
      switch interpolation {
      case .nearest: dnnl_resampling_nearest
      case .linear: dnnl_resampling_linear
      }
    var (source, target) = (source.descriptor, target.descriptor)
    // Sound: in both calls oneDNN copies the layouts, local variables; factors may be nil where
    // both layouts have lengths.
    let forward = try PrimitiveDescriptor("resampling", dnnl_resampling_desc_t()) {
      unsafe dnnl_resampling_forward_desc_init(
        &$0, dnnl_forward_training, kind, nil, &source, &target)
    }
    return try PrimitiveDescriptor(
      "resampling's gradient", dnnl_resampling_desc_t(), gradientOf: forward
    ) {
      unsafe dnnl_resampling_backward_desc_init(&$0, kind, nil, &source, &target)
    }
  }

  /// A normalisation per channel, with a scale and a shift, and its gradient.
  static func trainedNormalization(
    _ layout: TensorLayout, givenStatistics: Bool, epsilon: Float
  ) throws(TensorError) -> (forward: PrimitiveDescriptor, gradient: PrimitiveDescriptor) {
    var flags = UInt32(dnnl_use_scale.rawValue | dnnl_use_shift.rawValue)
    if givenStatistics { flags |= UInt32(dnnl_use_global_stats.rawValue) }
    var layout = layout.descriptor
    // Sound: in both calls oneDNN copies the layout, a local variable.
    let forward = try PrimitiveDescriptor("normalization", dnnl_batch_normalization_desc_t()) {
      unsafe dnnl_batch_normalization_forward_desc_init(
        &$0, dnnl_forward_training, &layout, epsilon, flags)
    }
    let gradientLayout = layout
    let gradient = try PrimitiveDescriptor(
      "normalization's gradient", dnnl_batch_normalization_desc_t(), gradientOf: forward
    ) {
      var gradientLayout = gradientLayout
      return unsafe dnnl_batch_normalization_backward_desc_init(
        &$0, dnnl_backward, &gradientLayout, &layout, epsilon, flags)
    }
    return (forward, gradient)
  }
}

extension Activation {
  /// Whether the gradient is found from the function's result rather than its argument.
  ///
  /// The argument need not be kept then, and the function can be fused into what gives it.
  var gradientUsesResult: Bool {
    switch self {
    case .relu(let slope): slope >= 0
    case .elu(let alpha): alpha >= 0
    case .sigmoid, .tanh: true
    default: false
    }
  }

  /// oneDNN's name and parameters of the function when its gradient is wanted.
  fileprivate var trainingAlgorithm: (dnnl_alg_kind_t, alpha: Float, beta: Float) {
    guard gradientUsesResult else { return algorithm }
    return switch self {
    case .relu(let slope): (dnnl_eltwise_relu_use_dst_for_bwd, slope, 0)
    case .elu(let alpha): (dnnl_eltwise_elu_use_dst_for_bwd, alpha, 0)
    case .sigmoid: (dnnl_eltwise_logistic_use_dst_for_bwd, 0, 0)
    case .tanh: (dnnl_eltwise_tanh_use_dst_for_bwd, 0, 0)
    default: algorithm
    }
  }
}
