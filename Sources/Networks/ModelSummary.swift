public import Tensors
public import Voxels

/// What running a model on one patch takes, layer by layer.
public struct ModelSummary: Sendable {
  /// One operator of the graph.
  public struct Layer: Hashable, Sendable {
    /// The node's name.
    public var name: String
    /// The operator.
    public var operatorType: String
    /// The shape of its output; nil for what is no tensor of (1, channels, z, y, x).
    public var outputShape: TensorShape?
    /// The weights that this operator is the first to read.
    public var parameterCount: Int
    /// The multiplications and additions of a convolution, each counted as one; 0 for others.
    public var floatingPointOperations: Double

    /// The bytes of the output as float32.
    public var outputBytes: Int { 4 * (outputShape?.checkedCount ?? 0) }
  }

  /// The operators in the order of their execution, without those that depend on constants alone.
  public let layers: [Layer]
  /// What running the whole network takes.
  public let plan: NetworkPlan

  /// The weights of all layers.
  public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }

  /// The multiplications and additions of all convolutions.
  public var floatingPointOperations: Double {
    layers.reduce(0) { $0 + $1.floatingPointOperations }
  }

  /// Goes through a model for one patch.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - extent: The patch's extent; where it is nil that of the model's declaration or metadata, or
  ///     else about 64 voxels along each axis.
  ///   - threads: How many threads the network would run on.
  ///   - precision: How exactly the network would compute.
  /// - Throws: As ``NetworkPlan``.
  public init(
    _ model: ONNXModel, extent: VoxelExtent? = nil, threads: Int, precision: Precision = .float32
  ) throws(ModelError) {
    do throws(ModelError) {
      var patch = extent
      if patch == nil { patch = try Self.patch(of: model) }
      plan = try Self.plan(
        model, extent: patch ?? VoxelExtent(cube: 64), threads: threads, precision: precision)
      layers = try Self.layers(of: model, plan, threads: threads)
    } catch {
      throw error.naming(model.path)
    }
  }

  /// The network with its own extents or, where valid convolutions do not take this one, with a
  /// longer input.
  private static func plan(
    _ model: ONNXModel, extent: VoxelExtent, threads: Int, precision: Precision
  ) throws(ModelError) -> NetworkPlan {
    do throws(ModelError) {
      return try NetworkPlan(model, extent: extent, threads: threads, precision: precision)
    } catch {
      guard try model.receptiveField().context != .zero else { throw error }
      return try NetworkPlan(
        model, extent: extent, threads: threads, precision: precision, outputExtent: .input)
    }
  }

  private static func patch(of model: ONNXModel) throws(ModelError) -> VoxelExtent {
    let fixed = try model.interface.fixedLengths
    if !fixed.contains(where: { $0 != nil }), let patch = try ModelDescription(model).patch {
      return patch
    }
    let multiple = try model.receptiveField().requiredMultiple
    func length(_ step: Int, _ fixed: Int?) -> Int {
      fixed ?? max((64 + step - 1) / step, 1) * step
    }
    return VoxelExtent(
      z: length(multiple.z, fixed[0]), y: length(multiple.y, fixed[1]),
      x: length(multiple.x, fixed[2]))
  }

  private static func layers(
    of model: ONNXModel, _ plan: NetworkPlan, threads: Int
  ) throws(ModelError) -> [Layer] {
    var lowering = try GraphLowering(
      model, input: plan.inputShape, threads: threads, precision: .float32)
    try lowering.lower(
      input: try model.interface.input, activation: nil, extent: plan.filledExtent)
    var unread = Dictionary(
      uniqueKeysWithValues: model.parameters.map { ($0.name, $0.range.count) })
    var layers: [Layer] = []
    for node in lowering.order.nodes {
      guard let output = node.outputs.first, !lowering.isConstant(output) else { continue }
      let shape = lowering.shape(of: output)
      var parameters = 0
      for name in node.inputs { parameters += unread.removeValue(forKey: name) ?? 0 }
      layers.append(
        Layer(
          name: node.name.isEmpty ? output : node.name, operatorType: node.operatorType,
          outputShape: shape, parameterCount: parameters,
          floatingPointOperations: lowering.floatingPointOperations(of: node, output: shape)))
    }
    return layers
  }
}

extension GraphLowering {
  fileprivate func isConstant(_ name: String) -> Bool {
    if case .constant? = tensors[name] { true } else { false }
  }

  /// The shape of a tensor of the graph.
  ///
  /// One within operations that were fused has that of their result: what is fused changes no shape.
  fileprivate func shape(of name: String) -> TensorShape? {
    var name = name
    for _ in 0...order.nodes.count {
      if case .value(let value, let lengths)? = tensors[name] {
        return TensorShape(graphLengths: lengths) ?? builder.shape(of: value)
      }
      guard let reader = order.readers[name]?.first,
        let output = order.nodes[reader].outputs.first
      else { return nil }
      name = output
    }
    return nil
  }

  fileprivate func floatingPointOperations(
    of node: ONNXModel.Node, output: TensorShape?
  ) -> Double {
    guard ["Conv", "ConvTranspose"].contains(node.operatorType), node.inputs.count > 1,
      case .constant(let weights)? = tensors[node.inputs[1]],
      // Each voxel of a convolution's output, or of a transposed one's input, meets the kernel once.
      let shape = node.operatorType == "Conv" ? output : shape(of: node.inputs[0])
    else { return 0 }
    let kernel = weights.lengths.dropFirst().reduce(1.0) { $0 * Double($1) }
    return 2 * kernel * Double(shape.c) * Double(shape.extent.voxelCount)
  }
}
