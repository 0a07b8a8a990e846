/// A dense array of floats, laid out (n, c, z, y, x) with x varying fastest.
public struct Tensor: Hashable, Sendable {
  /// The size along each axis.
  public let shape: TensorShape
  /// The values.
  public private(set) var values: [Float]

  /// Creates a tensor with every value the same.
  public init(shape: TensorShape, fill: Float = 0) {
    guard let count = shape.checkedCount else {
      preconditionFailure("a tensor needs at least one value along each axis")
    }
    self.shape = shape
    values = Array(repeating: fill, count: count)
  }

  /// Creates a tensor from its values in (n, c, z, y, x) order.
  public init(shape: TensorShape, values: [Float]) {
    precondition(shape.checkedCount == values.count, "a tensor needs one value per place")
    self.shape = shape
    self.values = values
  }

  /// Every value, in (n, c, z, y, x) order.
  public var span: Span<Float> {
    @_lifetime(borrow self)
    get { values.span }
  }

  /// Every value, in (n, c, z, y, x) order, for writing.
  public var mutableSpan: MutableSpan<Float> {
    @_lifetime(&self)
    mutating get { values.mutableSpan }
  }
}
