import Tensors

/// Gives a node's parameters in their types, with errors that name the node.
struct NodeReader {
  let node: ONNXModel.Node
  let operatorSetVersion: Int
  /// How many axes the node's input has: samples, channels and those of space.
  var rank = 5

  /// How many axes of space the node's input has.
  var spatialRank: Int { max(rank - 2, 0) }

  func malformed(_ message: String, found: String? = nil, expected: String? = nil) -> ModelError {
    ModelError(.malformed, message, node: node.label, found: found, expected: expected)
  }

  func unsupported(_ message: String, found: String? = nil, expected: String? = nil) -> ModelError {
    ModelError(
      .unsupported, message, node: node.label, found: found, expected: expected,
      remedy: "change this layer and export the model again")
  }

  func integer(_ name: String, default standard: Int) throws(ModelError) -> Int {
    switch node.attributes[name] {
    case nil: return standard
    case .integer(let value)?: return Int(value)
    default: throw malformed("the attribute \(name) is not a whole number")
    }
  }

  func float(_ name: String, default standard: Float) throws(ModelError) -> Float {
    switch node.attributes[name] {
    case nil: return standard
    case .float(let value)?: return value
    default: throw malformed("the attribute \(name) is not a number")
    }
  }

  func string(_ name: String, default standard: String) throws(ModelError) -> String {
    switch node.attributes[name] {
    case nil: return standard
    case .string(let value)?: return value
    default: throw malformed("the attribute \(name) is not a text")
    }
  }

  func integers(_ name: String) throws(ModelError) -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .integers(let values)?: return values.map { Int($0) }
    default: throw malformed("the attribute \(name) is not a list of whole numbers")
    }
  }

  /// One number per spatial axis, within a range that no sane layer leaves.
  ///
  /// Axes that the node's input lacks, z of a flat image, get the standard number.
  func triple(
    _ name: String, default standard: Int, in range: ClosedRange<Int> = 1...4096
  ) throws(ModelError) -> AxisTriple {
    guard let numbers = try integers(name) else { return AxisTriple(standard) }
    guard numbers.count == spatialRank, (1...3).contains(spatialRank) else {
      throw unsupported(
        "the attribute \(name) is not for the input's axes", found: "\(numbers)",
        expected: "\(spatialRank) numbers")
    }
    guard numbers.allSatisfy({ range.contains($0) }) else {
      throw malformed(
        "the attribute \(name) is out of range", found: "\(numbers)",
        expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    return spatial(numbers, default: standard)
  }

  /// Numbers for the node's spatial axes, put to (z, y, x).
  func spatial(_ numbers: [Int], default standard: Int) -> AxisTriple {
    let axes = TensorShape.axes(ofRank: rank).dropFirst(2)
    var three = [standard, standard, standard]
    for (axis, number) in zip(axes, numbers) { three[axis - 2] = number }
    return AxisTriple(z: three[0], y: three[1], x: three[2])
  }

  /// The window of a convolution or pooling over an input of the lengths given.
  func window(kernel: AxisTriple, input: TensorShape) throws(ModelError) -> WindowGeometry {
    var geometry = WindowGeometry(
      kernel: kernel, stride: try triple("strides", default: 1),
      dilation: try triple("dilations", default: 1))
    let lengths = [input.z, input.y, input.x]
    let mode = try string("auto_pad", default: "NOTSET")
    switch mode {
    case "NOTSET":
      (geometry.paddingBefore, geometry.paddingAfter) = try explicitPadding()
    case "VALID": break
    case "SAME_UPPER", "SAME_LOWER":
      let total = AxisTriple { axis in
        let stride = geometry.stride.components[axis]
        let windows = (lengths[axis] + stride - 1) / stride
        let reach =
          (kernel.components[axis] - 1) * geometry.dilation.components[axis] + 1
        return max((windows - 1) * stride + reach - lengths[axis], 0)
      }
      (geometry.paddingBefore, geometry.paddingAfter) = Self.split(
        total, upper: mode == "SAME_UPPER")
    default: throw malformed("the attribute auto_pad is unknown", found: mode)
    }
    return geometry
  }

  /// The window of a transposed convolution over an input of the lengths given.
  func transposedWindow(kernel: AxisTriple, input: TensorShape) throws(ModelError)
    -> WindowGeometry
  {
    var geometry = WindowGeometry(
      kernel: kernel, stride: try triple("strides", default: 1),
      dilation: try triple("dilations", default: 1))
    let extra = try triple("output_padding", default: 0, in: 0...4096)
    let lengths = [input.z, input.y, input.x]
    /// The output's length along an axis without any padding.
    func full(_ axis: Int) -> Int {
      (lengths[axis] - 1) * geometry.stride.components[axis]
        + (kernel.components[axis] - 1) * geometry.dilation.components[axis] + 1
        + extra.components[axis]
    }
    let mode = try string("auto_pad", default: "NOTSET")
    if let wanted = try integers("output_shape") {
      // Some writers give the samples and channels too.
      let shape = spatial(Array(wanted.suffix(spatialRank)), default: 1).components
      guard wanted.count >= spatialRank, shape.allSatisfy({ (1...(1 << 24)).contains($0) }) else {
        throw unsupported(
          "the attribute output_shape is not for the input's axes", found: "\(wanted)")
      }
      let total = AxisTriple { full($0) - shape[$0] }
      (geometry.paddingBefore, geometry.paddingAfter) = Self.split(
        total, upper: mode == "SAME_UPPER")
    } else {
      switch mode {
      case "NOTSET": (geometry.paddingBefore, geometry.paddingAfter) = try explicitPadding()
      case "VALID": break
      case "SAME_UPPER", "SAME_LOWER":
        let total = AxisTriple {
          max(full($0) - lengths[$0] * geometry.stride.components[$0], 0)
        }
        (geometry.paddingBefore, geometry.paddingAfter) = Self.split(
          total, upper: mode == "SAME_UPPER")
      default: throw malformed("the attribute auto_pad is unknown", found: mode)
      }
    }
    let after = geometry.paddingAfter
    geometry.paddingAfter = AxisTriple { after.components[$0] - extra.components[$0] }
    return geometry
  }

  private static func split(_ total: AxisTriple, upper: Bool) -> (AxisTriple, AxisTriple) {
    let small = AxisTriple { total.components[$0] / 2 }
    let large = AxisTriple { total.components[$0] - small.components[$0] }
    return upper ? (small, large) : (large, small)
  }

  private func explicitPadding() throws(ModelError) -> (AxisTriple, AxisTriple) {
    guard let pads = try integers("pads") else { return (AxisTriple(0), AxisTriple(0)) }
    guard pads.count == 2 * spatialRank, (1...3).contains(spatialRank) else {
      throw unsupported(
        "the attribute pads is not for the input's axes", found: "\(pads)",
        expected: "\(2 * spatialRank) numbers")
    }
    guard pads.allSatisfy({ (0...4096).contains($0) }) else {
      throw malformed("the attribute pads is out of range", found: "\(pads)")
    }
    return (
      spatial(Array(pads.prefix(spatialRank)), default: 0),
      spatial(Array(pads.suffix(spatialRank)), default: 0)
    )
  }
}
