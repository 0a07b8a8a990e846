import COneDNN

// What oneDNN is asked for, one function per operation. The unsafe code is the handing over of
// layouts and numbers by address. Each use states why it is sound.

extension PrimitiveDescriptor {
  /// Describes an operation, whose parameters a call of oneDNN fills in, to oneDNN, which chooses an
  /// implementation for it.
  convenience init<Parameters>(
    _ operation: String, _ parameters: Parameters, _ attributes: OperationAttributes,
    initialize: (inout Parameters) -> dnnl_status_t
  ) throws(TensorError) {
    var parameters = parameters
    try check(initialize(&parameters), operation)
    let engine = try Engine.cpu()
    // Sound: the parameters are one of oneDNN's descriptor structs, whose first member tells which;
    // oneDNN copies them and the attributes, and both live through the call. The engine lives as
    // long as the process, and no hint (nil) is needed for inference.
    try self.init(operation) { handle in
      withExtendedLifetime(attributes) {
        unsafe withUnsafePointer(to: &parameters) {
          unsafe dnnl_primitive_desc_create(&handle, $0, attributes.handle, engine, nil)
        }
      }
    }
  }

  /// The copying of values from one layout to another.
  static func reorder(
    from source: TensorLayout, to target: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    var (from, to) = (source.descriptor, target.descriptor)
    let engine = try Engine.cpu()
    let attributes = try OperationAttributes()
    // Sound: oneDNN copies the layouts and the attributes, which live through the call.
    return try PrimitiveDescriptor("reorder") { handle in
      withExtendedLifetime(attributes) {
        unsafe dnnl_reorder_primitive_desc_create(
          &handle, &from, engine, &to, engine, attributes.handle)
      }
    }
  }

  /// A function of each value by itself.
  static func activation(
    _ activation: Activation, _ layout: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    let (kind, alpha, beta) = activation.algorithm
    var layout = layout.descriptor
    return try PrimitiveDescriptor("activation", dnnl_eltwise_desc_t(), OperationAttributes()) {
      // Sound: oneDNN copies the layout, a local variable, during the call.
      unsafe dnnl_eltwise_forward_desc_init(
        &$0, dnnl_forward_inference, kind, &layout, alpha, beta)
    }
  }

  /// A summary of windows.
  static func pooling(
    _ pooling: Pooling, _ windows: WindowNumbers, from source: TensorLayout,
    to target: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    let kind =
      switch pooling {
      case .maximum: dnnl_pooling_max
      case .average(countingPadding: true): dnnl_pooling_avg_include_padding
      case .average(countingPadding: false): dnnl_pooling_avg_exclude_padding
      }
    var (source, target) = (source.descriptor, target.descriptor)
    return try PrimitiveDescriptor("pooling", dnnl_pooling_v2_desc_t(), OperationAttributes()) {
      // Sound: oneDNN copies the layouts, which are local variables, and reads three numbers of
      // each array, as many as every array of `WindowNumbers` has, during the call.
      unsafe dnnl_pooling_v2_forward_desc_init(
        &$0, dnnl_forward_inference, kind, &source, &target, windows.stride, windows.kernel,
        windows.gaps, windows.paddingBefore, windows.paddingAfter)
    }
  }

  /// A change of the number of voxels by the ratio of the lengths.
  static func resampling(
    _ interpolation: Interpolation, from source: TensorLayout, to target: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    let kind =
      switch interpolation {
      case .nearest: dnnl_resampling_nearest
      case .linear: dnnl_resampling_linear
      }
    var (source, target) = (source.descriptor, target.descriptor)
    return try PrimitiveDescriptor("resampling", dnnl_resampling_desc_t(), OperationAttributes()) {
      // Sound: oneDNN copies the layouts, local variables, during the call; factors may be nil
      // where both layouts have lengths.
      unsafe dnnl_resampling_forward_desc_init(
        &$0, dnnl_forward_inference, kind, nil, &source, &target)
    }
  }

  /// The joining of two tensors value by value.
  static func joining(
    _ operation: BinaryOperation, _ first: TensorLayout, _ second: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    let kind =
      switch operation {
      case .add: dnnl_binary_add
      case .subtract: dnnl_binary_sub
      case .multiply: dnnl_binary_mul
      case .divide: dnnl_binary_div
      case .maximum: dnnl_binary_max
      case .minimum: dnnl_binary_min
      }
    var (left, right, target) = (first.descriptor, second.descriptor, first.descriptor)
    return try PrimitiveDescriptor("\(operation)", dnnl_binary_desc_t(), OperationAttributes()) {
      // Sound: oneDNN copies the layouts, local variables, during the call.
      unsafe dnnl_binary_desc_init(&$0, kind, &left, &right, &target)
    }
  }

  /// A normalisation per channel, with a scale and a shift and, if so, given statistics.
  static func normalization(
    _ layout: TensorLayout, givenStatistics: Bool, epsilon: Float
  ) throws(TensorError) -> PrimitiveDescriptor {
    var flags = UInt32(dnnl_use_scale.rawValue | dnnl_use_shift.rawValue)
    if givenStatistics { flags |= UInt32(dnnl_use_global_stats.rawValue) }
    var layout = layout.descriptor
    return try PrimitiveDescriptor(
      "normalization", dnnl_batch_normalization_desc_t(), OperationAttributes()
    ) {
      // Sound: oneDNN copies the layout, a local variable, during the call.
      unsafe dnnl_batch_normalization_forward_desc_init(
        &$0, dnnl_forward_inference, &layout, epsilon, flags)
    }
  }

  /// A convolution, or its transpose.
  static func convolution(
    transposed: Bool = false, _ windows: WindowNumbers, from source: TensorLayout,
    weights: TensorLayout, bias: TensorLayout?, to target: TensorLayout,
    _ attributes: OperationAttributes
  ) throws(TensorError) -> PrimitiveDescriptor {
    var (source, weights, target) = (source.descriptor, weights.descriptor, target.descriptor)
    var biasLayout = bias?.descriptor ?? dnnl_memory_desc_t()
    // Sound: in both calls oneDNN copies the layouts, which are local variables, and reads three
    // numbers of each array, as many as every array of `WindowNumbers` has. A layout that is nil
    // means that there is no bias.
    if transposed {
      return try PrimitiveDescriptor(
        "transposed convolution", dnnl_deconvolution_desc_t(), attributes
      ) { operation in
        unsafe withUnsafePointer(to: &biasLayout) {
          unsafe dnnl_dilated_deconvolution_forward_desc_init(
            &operation, dnnl_forward_inference, dnnl_deconvolution_direct, &source, &weights,
            bias == nil ? nil : $0, &target, windows.stride, windows.gaps, windows.paddingBefore,
            windows.paddingAfter)
        }
      }
    }
    return try PrimitiveDescriptor("convolution", dnnl_convolution_desc_t(), attributes) {
      operation in
      unsafe withUnsafePointer(to: &biasLayout) {
        unsafe dnnl_dilated_convolution_forward_desc_init(
          &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights,
          bias == nil ? nil : $0, &target, windows.stride, windows.gaps, windows.paddingBefore,
          windows.paddingAfter)
      }
    }
  }
}

/// The geometry of windows as oneDNN takes it: three numbers each, for the axes (z, y, x).
struct WindowNumbers {
  let kernel: [Int64]
  let stride: [Int64]
  /// oneDNN counts the gaps between taps, 0 for none.
  let gaps: [Int64]
  let paddingBefore: [Int64]
  let paddingAfter: [Int64]

  /// The windows of a transposed convolution.
  init(transposed geometry: WindowGeometry) {
    self.init(geometry, paddingAfter: geometry.paddingAfter)
  }

  /// The windows of a convolution or pooling.
  ///
  /// The padding after the last voxel is that used up by the windows; oneDNN wants it exact.
  init(_ geometry: WindowGeometry, from input: TensorShape, to output: TensorShape) {
    let (from, to) = ([input.z, input.y, input.x], [output.z, output.y, output.x])
    self.init(
      geometry,
      paddingAfter: AxisTriple { axis in
        (to[axis] - 1) * geometry.stride.components[axis] + geometry.reach(axis) - from[axis]
          - geometry.paddingBefore.components[axis]
      })
  }

  private init(_ geometry: WindowGeometry, paddingAfter: AxisTriple) {
    kernel = geometry.kernel.components.map(Int64.init)
    stride = geometry.stride.components.map(Int64.init)
    gaps = geometry.dilation.components.map { Int64($0 - 1) }
    paddingBefore = geometry.paddingBefore.components.map(Int64.init)
    self.paddingAfter = paddingAfter.components.map(Int64.init)
  }
}
