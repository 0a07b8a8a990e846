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
  /// The voxels that the network loses on each side of its input, for valid convolutions; zero along
  /// axes where it gives as many as it takes.
  public var context: VoxelExtent
  /// Whether an operator takes statistics over the whole input, so that every voxel counts.
  public var isGlobal: Bool

  /// The larger of both sides along each axis.
  public var radius: VoxelExtent {
    VoxelExtent(
      z: max(before.z, after.z), y: max(before.y, after.y), x: max(before.x, after.x))
  }

  /// A number of voxels, rounded up; far less than what overflows, whatever a file says.
  private static func whole(_ length: Double) -> Int {
    length > 0 ? Int(min(length, 0x1p30).rounded(.up)) : 0
  }

  /// Operators that join values from everywhere, along space or along axes put in its place.
  private static let globalOperators: Set<String> = [
    "InstanceNormalization", "GroupNormalization", "GlobalAveragePool", "GlobalMaxPool",
  ]

  init(_ model: ONNXModel, order: GraphOrder, inputName: String) throws(ModelError) {
    var reaches = [inputName: [Reach](repeating: Reach(), count: 3)]
    var multiple = [1, 1, 1]
    let rank = model.inputs.first?.lengths?.count ?? 5
    isGlobal = false
    var constants = model.initializers
    for node in order.nodes where node.operatorType == "Constant" {
      guard let output = node.outputs.first, case .tensor(let constant)? = node.attributes["value"]
      else { continue }
      constants[output] = constant
    }
    for node in order.nodes {
      let inputs = node.inputs.compactMap { reaches[$0] }
      guard var reach = inputs.first, node.operatorType != "Shape" else { continue }
      for other in inputs.dropFirst() {
        for axis in 0..<3 { reach[axis].include(other[axis]) }
      }
      if Self.globalOperators.contains(node.operatorType) { isGlobal = true }
      var reader = NodeReader(node: node, operatorSetVersion: model.operatorSetVersion)
      reader.rank = rank
      for axis in 0..<3 {
        try reach[axis].pass(reader, axis: axis, initializers: constants)
        multiple[axis] = max(multiple[axis], Self.whole(reach[axis].step))
      }
      for output in node.outputs { reaches[output] = reach }
    }
    var reach = order.outputs.first.flatMap { reaches[$0] } ?? [Reach(), Reach(), Reach()]
    // Without padding, voxel 0 of the output lies behind what is lost in front of it.
    let lost = reach.map { $0.step == 1 ? max($0.lost / 2, 0).rounded(.up) : 0 }
    for axis in 0..<3 {
      reach[axis].first -= lost[axis]
      reach[axis].last -= lost[axis]
    }
    context = VoxelExtent(
      z: Self.whole(lost[0]), y: Self.whole(lost[1]), x: Self.whole(lost[2]))
    let before = reach.map { Self.whole(-$0.first) }
    let after = reach.map { Self.whole($0.last) }
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
  /// How many of the input's voxels fewer the tensor spans than the input.
  var lost = 0.0

  mutating func include(_ other: Reach) {
    step = max(step, other.step)
    first = min(first, other.first)
    last = max(last, other.last)
    lost = max(lost, other.lost)
  }

  /// Follows the dependence through an operator.
  mutating func pass(
    _ reader: NodeReader, axis: Int, initializers: [String: ONNXModel.Constant]
  ) throws(ModelError) {
    let node = reader.node
    let weights = node.inputs.count > 1 ? initializers[node.inputs[1]]?.lengths ?? [] : []
    var kernel =
      weights.count == reader.rank
      ? reader.spatial(Array(weights.dropFirst(2)), default: 1).components[axis] : 1
    if !["Conv", "ConvTranspose"].contains(node.operatorType) {
      kernel = try reader.triple("kernel_shape", default: 1).components[axis]
    }
    switch node.operatorType {
    case "Conv", "MaxPool", "AveragePool":
      let (stride, dilation, padding, all) = try window(reader, axis, kernel: kernel)
      first -= step * padding
      last += step * (Double(kernel - 1) * dilation - padding)
      if let all { lost += step * (Double(kernel - 1) * dilation + 1 - stride - all) }
      step *= stride
    case "ConvTranspose":
      let (stride, dilation, padding, all) = try window(reader, axis, kernel: kernel)
      step /= stride
      let extra = try reader.triple("output_padding", default: 0, in: 0...4096).components[axis]
      if let all, reader.node.attributes["output_shape"] == nil {
        lost -= step * (Double(kernel - 1) * dilation + 1 - stride - all + Double(extra))
      }
      first += step * (padding - Double(kernel - 1) * dilation)
      last += step * padding
    case "Resize", "Upsample":
      let factor = resizeFactor(reader, axis, initializers)
      guard factor != 1 else { break }
      let old = step
      step /= factor
      let isLinear = (try? reader.string("mode", default: "nearest")) != "nearest"
      let spread = isLinear ? old : 0
      first += 0.5 * step - 0.5 * old - spread
      last += 0.5 * old - 0.5 * step + spread
    case "Pad":
      let (before, after) = try padding(reader, axis, initializers)
      first -= step * Double(before)
      last -= step * Double(before)
      lost -= step * Double(before + after)
    default: break
    }
  }

  /// The step, the dilation, the padding in front and, unless it is chosen to lose nothing, all of it.
  private func window(
    _ reader: NodeReader, _ axis: Int, kernel: Int
  ) throws(ModelError) -> (stride: Double, dilation: Double, padding: Double, all: Double?) {
    let dilation = try reader.triple("dilations", default: 1).components[axis]
    var padding = 0
    var all: Int? = 0
    if let pads = try reader.integers("pads"), pads.count == 2 * reader.spatialRank {
      guard pads.allSatisfy({ (-4096...4096).contains($0) }) else {
        throw reader.malformed("the attribute pads is out of range", found: "\(pads)")
      }
      padding = reader.spatial(Array(pads.prefix(reader.spatialRank)), default: 0).components[axis]
      all =
        padding
        + reader.spatial(Array(pads.suffix(reader.spatialRank)), default: 0).components[axis]
    } else if try reader.string("auto_pad", default: "NOTSET").hasPrefix("SAME") {
      padding = (kernel - 1) * dilation / 2
      all = nil
    }
    return (
      Double(try reader.triple("strides", default: 1).components[axis]), Double(dilation),
      Double(padding), all.map { Double($0) }
    )
  }

  /// The voxels put before and after, where the graph states them.
  private func padding(
    _ reader: NodeReader, _ axis: Int, _ initializers: [String: ONNXModel.Constant]
  ) throws(ModelError) -> (before: Int, after: Int) {
    var pads = try reader.integers("pads") ?? []
    let inputs = reader.node.inputs
    if inputs.count > 1, case .integers(let stated)? = initializers[inputs[1]]?.values {
      pads = stated.map { Int($0) }
    }
    guard pads.count == 2 * reader.rank,
      let place = TensorShape.axes(ofRank: reader.rank).firstIndex(of: axis + 2),
      pads.allSatisfy({ (-4096...4096).contains($0) })
    else { return (0, 0) }
    return (pads[place], pads[reader.rank + place])
  }

  /// The factor of a resizing.
  ///
  /// Where the graph computes it from shapes it is taken to be 2, the usual one, after a pooling.
  private func resizeFactor(
    _ reader: NodeReader, _ axis: Int, _ initializers: [String: ONNXModel.Constant]
  ) -> Double {
    var lists = reader.node.inputs.dropFirst().compactMap { initializers[$0]?.values }
    if case .floats(let scales)? = reader.node.attributes["scales"] {
      lists.append(.floats(scales))
    }
    for case .floats(let scales) in lists where scales.count == reader.rank {
      let factors = scales.map { Double($0) }
      let places = TensorShape.axes(ofRank: reader.rank)
      guard let index = places.firstIndex(of: axis + 2) else { return 1 }
      if factors[index] > 0 { return factors[index] }
    }
    if !TensorShape.axes(ofRank: reader.rank).contains(axis + 2) { return 1 }
    return step > 1 ? 2 : 1
  }
}
