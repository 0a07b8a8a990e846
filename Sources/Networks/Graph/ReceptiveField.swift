import Tensors
public import Voxels

/// Which part of a network's input one voxel of its output depends on.
public struct ReceptiveField: Hashable, Sendable {
  /// The voxels before the output's own, along each axis.
  public var before: VoxelExtent
  /// The voxels after the output's own, along each axis.
  public var after: VoxelExtent
  /// What the extent of an input must be a multiple of, from the product of the strides.
  public var requiredMultiple: VoxelExtent
  /// Whether an operator takes statistics over the whole input, so that every voxel counts.
  public var isGlobal: Bool

  /// The larger of both sides along each axis.
  public var radius: VoxelExtent {
    VoxelExtent(
      z: max(before.z, after.z), y: max(before.y, after.y), x: max(before.x, after.x))
  }

  init(_ model: ONNXModel, order: GraphOrder, inputName: String) throws(ModelError) {
    var reaches = [inputName: [Reach](repeating: Reach(), count: 3)]
    var multiple = [1, 1, 1]
    isGlobal = false
    for node in order.nodes {
      let inputs = node.inputs.compactMap { reaches[$0] }
      guard var reach = inputs.first, node.operatorType != "Shape" else { continue }
      for other in inputs.dropFirst() {
        for axis in 0..<3 { reach[axis].include(other[axis]) }
      }
      if node.operatorType == "InstanceNormalization" { isGlobal = true }
      let reader = NodeReader(node: node, operatorSetVersion: model.operatorSetVersion)
      for axis in 0..<3 {
        try reach[axis].pass(reader, axis: axis, initializers: model.initializers)
        multiple[axis] = max(multiple[axis], Int(reach[axis].step.rounded(.up)))
      }
      for output in node.outputs { reaches[output] = reach }
    }
    let reach = order.outputs.first.flatMap { reaches[$0] } ?? [Reach(), Reach(), Reach()]
    let before = reach.map { Int(max(-$0.first, 0).rounded(.up)) }
    let after = reach.map { Int(max($0.last, 0).rounded(.up)) }
    self.before = VoxelExtent(z: before[0], y: before[1], x: before[2])
    self.after = VoxelExtent(z: after[0], y: after[1], x: after[2])
    requiredMultiple = VoxelExtent(z: multiple[0], y: multiple[1], x: multiple[2])
  }
}

/// Voxel `i` of a tensor depends on the input's voxels `step · i + first ... step · i + last`.
private struct Reach {
  var step = 1.0
  var first = 0.0
  var last = 0.0

  mutating func include(_ other: Reach) {
    step = max(step, other.step)
    first = min(first, other.first)
    last = max(last, other.last)
  }

  /// Follows the dependence through an operator.
  mutating func pass(
    _ reader: NodeReader, axis: Int, initializers: [String: ONNXModel.Constant]
  ) throws(ModelError) {
    let node = reader.node
    let weights = node.inputs.count > 1 ? initializers[node.inputs[1]]?.lengths ?? [] : []
    var kernel = weights.count == 5 ? weights[axis + 2] : 1
    if !["Conv", "ConvTranspose"].contains(node.operatorType) {
      kernel = try reader.triple("kernel_shape", default: 1).components[axis]
    }
    switch node.operatorType {
    case "Conv", "MaxPool", "AveragePool":
      let (stride, dilation, padding) = try window(reader, axis, kernel: kernel)
      first -= step * padding
      last += step * (Double(kernel - 1) * dilation - padding)
      step *= stride
    case "ConvTranspose":
      let (stride, dilation, padding) = try window(reader, axis, kernel: kernel)
      step /= stride
      first += step * (padding - Double(kernel - 1) * dilation)
      last += step * padding
    case "Resize", "Upsample":
      let factor = resizeFactor(reader, axis, initializers)
      let old = step
      step /= factor
      let isLinear = (try? reader.string("mode", default: "nearest")) != "nearest"
      let spread = isLinear ? old : 0
      first += 0.5 * step - 0.5 * old - spread
      last += 0.5 * old - 0.5 * step + spread
    default: break
    }
  }

  private func window(
    _ reader: NodeReader, _ axis: Int, kernel: Int
  ) throws(ModelError) -> (stride: Double, dilation: Double, padding: Double) {
    let dilation = try reader.triple("dilations", default: 1).components[axis]
    var padding = 0
    if let pads = try reader.integers("pads"), pads.count == 6 {
      padding = pads[axis]
    } else if try reader.string("auto_pad", default: "NOTSET").hasPrefix("SAME") {
      padding = (kernel - 1) * dilation / 2
    }
    return (
      Double(try reader.triple("strides", default: 1).components[axis]), Double(dilation),
      Double(padding)
    )
  }

  /// The factor of a resizing; 2, the usual one, where the graph computes it from shapes.
  private func resizeFactor(
    _ reader: NodeReader, _ axis: Int, _ initializers: [String: ONNXModel.Constant]
  ) -> Double {
    for name in reader.node.inputs.dropFirst() {
      if case .floats(let scales)? = initializers[name]?.values, scales.count == 5,
        scales[axis + 2] > 0
      {
        return Double(scales[axis + 2])
      }
    }
    if case .floats(let scales)? = reader.node.attributes["scales"], scales.count == 5,
      scales[axis + 2] > 0
    {
      return Double(scales[axis + 2])
    }
    return 2
  }
}
