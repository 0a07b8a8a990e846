/// Three whole numbers that go with the axes (z, y, x), such as strides.
public struct AxisTriple: Hashable, Sendable {
  /// The numbers, slowest axis first.
  public var z: Int, y: Int, x: Int

  /// Creates a triple.
  public init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// Creates a triple of the same number for each axis.
  public init(_ number: Int) {
    self.init(z: number, y: number, x: number)
  }

  /// The numbers in the order (z, y, x).
  public var components: [Int] { [z, y, x] }

  /// Creates a triple from a function of the axis, 0 for z.
  public init<Failure: Error>(_ component: (Int) throws(Failure) -> Int) throws(Failure) {
    z = try component(0)
    y = try component(1)
    x = try component(2)
  }
}

/// How a window moves over a tensor: the geometry of convolutions and poolings.
public struct WindowGeometry: Hashable, Sendable {
  /// The size of the window in taps.
  public var kernel: AxisTriple
  /// The step between windows.
  public var stride: AxisTriple
  /// The step between taps; 1 leaves no gaps.
  public var dilation: AxisTriple
  /// The zeros imagined before the first voxel.
  public var paddingBefore: AxisTriple
  /// The zeros imagined after the last voxel; may be negative where the last voxels are not used.
  public var paddingAfter: AxisTriple

  /// Creates a geometry.
  public init(
    kernel: AxisTriple, stride: AxisTriple = AxisTriple(1), dilation: AxisTriple = AxisTriple(1),
    paddingBefore: AxisTriple = AxisTriple(0), paddingAfter: AxisTriple = AxisTriple(0)
  ) {
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.paddingBefore = paddingBefore
    self.paddingAfter = paddingAfter
  }

  /// The length of the window along an axis, gaps included.
  func reach(_ axis: Int) -> Int {
    (kernel.components[axis] - 1) * dilation.components[axis] + 1
  }

  /// The number of windows along each axis of an input, or nil where none fits.
  public func outputLengths(of input: TensorShape) -> AxisTriple? {
    let lengths = [input.z, input.y, input.x]
    let output = AxisTriple { axis in
      let free =
        lengths[axis] + paddingBefore.components[axis] + paddingAfter.components[axis]
        - reach(axis)
      return free < 0 ? 0 : free / stride.components[axis] + 1
    }
    return output.components.allSatisfy { $0 > 0 } ? output : nil
  }

  /// The number of voxels along each axis that a transposed convolution gives, or nil for none.
  public func transposedOutputLengths(of input: TensorShape) -> AxisTriple? {
    let lengths = [input.z, input.y, input.x]
    let output = AxisTriple { axis in
      (lengths[axis] - 1) * stride.components[axis] + reach(axis)
        - paddingBefore.components[axis] - paddingAfter.components[axis]
    }
    return output.components.allSatisfy { $0 > 0 } ? output : nil
  }
}

/// A function applied to each value by itself.
public enum Activation: Hashable, Sendable {
  /// `max(x, 0) + slope · min(x, 0)`.
  case relu(negativeSlope: Float = 0)
  /// `x` above zero, `alpha · (eˣ − 1)` below.
  case elu(alpha: Float)
  /// `1 / (1 + e⁻ˣ)`.
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// `x · Φ(x)` with the normal distribution's Φ.
  case gelu
  /// `x · Φ(x)` with Φ approximated by a hyperbolic tangent.
  case geluTanh
  /// `x / (1 + e⁻ˣ)`, also called SiLU.
  case swish
  /// `x · clip(x / 6 + 1/2, 0, 1)`.
  case hardSwish
  /// `log(1 + eˣ)`.
  case softplus
  /// `x · tanh(log(1 + eˣ))`.
  case mish
  /// `scale · x + shift`.
  case linear(scale: Float, shift: Float)
  /// `x` to the power of an exponent.
  case power(Float)
  /// The square root, the natural exponential and logarithm, and the absolute value.
  case squareRoot, exponential, logarithm, absolute
  /// `x` limited to a range.
  case clip(lower: Float, upper: Float)
}

/// How a pooling summarises its window.
public enum Pooling: Hashable, Sendable {
  /// The largest value.
  case maximum
  /// The mean; imagined zeros count as values or not.
  case average(countingPadding: Bool)
}

/// How the values along some axes become one.
public enum Reduction: Hashable, Sendable {
  /// The mean, the sum, the largest, the smallest.
  case mean, sum, maximum, minimum
}

/// How values are found between voxels.
public enum Interpolation: Hashable, Sendable {
  /// The nearest voxel's value.
  case nearest
  /// Linear along each axis, voxel centres at half-integers, clamped at the border.
  case linear
}

/// How two tensors are joined value by value.
public enum BinaryOperation: Hashable, Sendable {
  /// Left plus right.
  case add
  /// Left minus right.
  case subtract
  /// Left times right.
  case multiply
  /// Left over right.
  case divide
  /// The larger.
  case maximum
  /// The smaller.
  case minimum
}
