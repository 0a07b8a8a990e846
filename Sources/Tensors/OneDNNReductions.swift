import COneDNN

// Operations of oneDNN over whole axes, and layouts seen with other axes. Each use of unsafe code
// states why it is sound.

extension TensorLayout {
  /// The same places with the axes in another order; axis `k` of the result is `axes[k]` of this.
  func permuted(_ axes: [Int]) throws(TensorError) -> TensorLayout {
    precondition(axes.sorted() == Array(0..<Int(descriptor.ndims)), "each axis has one new place")
    var positions = [Int32](repeating: 0, count: axes.count)
    for (place, axis) in axes.enumerated() { positions[axis] = Int32(place) }
    var (source, result) = (descriptor, dnnl_memory_desc_t())
    // Sound: oneDNN reads a number per axis of the layout, as many as there are, and writes a local
    // variable.
    try check(
      unsafe dnnl_memory_desc_permute_axes(&result, &source, positions), "order of axes")
    return TensorLayout(result)
  }

  /// Whether the values along the last of five axes lie side by side, and no axis in blocks.
  var isDenseAlongX: Bool {
    let blocking = descriptor.format_desc.blocking
    return blocking.inner_nblks == 0 && (blocking.strides.4 == 1 || descriptor.dims.4 == 1)
  }
}

extension PrimitiveDescriptor {
  /// The normalised exponential over an axis, or its logarithm.
  static func softmax(
    _ layout: TensorLayout, axis: Int, isLogarithmic: Bool
  ) throws(TensorError) -> PrimitiveDescriptor {
    var layout = layout.descriptor
    // Sound: in both calls oneDNN copies the layout, a local variable.
    return try PrimitiveDescriptor("softmax", dnnl_softmax_desc_t(), OperationAttributes()) {
      if isLogarithmic {
        unsafe dnnl_logsoftmax_forward_desc_init(
          &$0, dnnl_forward_inference, &layout, Int32(axis))
      } else {
        unsafe dnnl_softmax_forward_desc_init(
          &$0, dnnl_forward_inference, &layout, Int32(axis))
      }
    }
  }

  /// The joining of the values along the axes that have length 1 in the target.
  static func reduction(
    _ reduction: Reduction, from source: TensorLayout, to target: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    let kind =
      switch reduction {
      case .mean: dnnl_reduction_mean
      case .sum: dnnl_reduction_sum
      case .maximum: dnnl_reduction_max
      case .minimum: dnnl_reduction_min
      }
    var (source, target) = (source.descriptor, target.descriptor)
    return try PrimitiveDescriptor("reduction", dnnl_reduction_desc_t(), OperationAttributes()) {
      // Sound: oneDNN copies the layouts, local variables, during the call.
      unsafe dnnl_reduction_desc_init(&$0, kind, &source, &target, 0, 0)
    }
  }

  /// A normalisation per channel whose means and variances are results too.
  static func channelStatistics(_ layout: TensorLayout) throws(TensorError) -> PrimitiveDescriptor {
    var layout = layout.descriptor
    return try PrimitiveDescriptor(
      "statistics", dnnl_batch_normalization_desc_t(), OperationAttributes()
    ) {
      // Sound: oneDNN copies the layout, a local variable, during the call.
      unsafe dnnl_batch_normalization_forward_desc_init(
        &$0, dnnl_forward_training, &layout, 0, 0)
    }
  }

  /// A normalisation over the last axis, with a scale and a shift for each place along it.
  static func lastAxisNormalization(
    _ layout: TensorLayout, epsilon: Float
  ) throws(TensorError) -> PrimitiveDescriptor {
    var layout = layout.descriptor
    let flags = UInt32(dnnl_use_scale.rawValue | dnnl_use_shift.rawValue)
    return try PrimitiveDescriptor(
      "normalization", dnnl_layer_normalization_desc_t(), OperationAttributes()
    ) {
      // Sound: oneDNN copies the layout, a local variable, during the call; without a layout of
      // statistics it chooses one.
      unsafe dnnl_layer_normalization_forward_desc_init(
        &$0, dnnl_forward_inference, &layout, nil, epsilon, flags)
    }
  }

  /// `x` above zero and `slope · x` below, with a slope per place along the axes that have more than
  /// one.
  static func rectification(
    _ layout: TensorLayout, slopes: TensorLayout
  ) throws(TensorError) -> PrimitiveDescriptor {
    var (layout, slopes) = (layout.descriptor, slopes.descriptor)
    return try PrimitiveDescriptor("rectification", dnnl_prelu_desc_t(), OperationAttributes()) {
      // Sound: oneDNN copies the layouts, local variables, during the call.
      unsafe dnnl_prelu_forward_desc_init(&$0, dnnl_forward_inference, &layout, &slopes)
    }
  }
}
