public import Networks
public import Tensors
public import Voxels

/// A flood-filling network in a model file.
///
/// Its input is (1, 2, z, y, x): the normalised image and the mask's logits; its output, of one
/// channel, the mask's new logits.
public final class ConvolutionalFloodNetwork: FloodNetwork {
  /// What the network sees.
  public let fieldOfView: VoxelExtent
  /// The bytes that the network takes.
  public let memoryBytes: Int
  private let network: Network

  /// Prepares a model.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - fieldOfView: What it sees, odd along each axis.
  ///   - threads: How many threads it runs on.
  ///   - precision: How exactly it computes.
  /// - Throws: ``ModelError`` with `mismatch` where input or output are others; what preparing a
  ///   network throws.
  public init(
    _ model: ONNXModel, fieldOfView: VoxelExtent = VoxelExtent(cube: 33), threads: Int,
    precision: Precision = .float32
  ) throws(ModelError) {
    guard fieldOfView.z % 2 == 1, fieldOfView.y % 2 == 1, fieldOfView.x % 2 == 1 else {
      throw ModelError(
        .mismatch, path: model.path, "a field of view has a middle", found: fieldOfView.lengthsText,
        expected: "odd lengths")
    }
    let plan = try NetworkPlan(
      model, extent: fieldOfView, threads: threads, precision: precision.fastest)
    guard plan.inputShape.c == 2, plan.outputShape.c == 1, plan.outputShape.extent == fieldOfView
    else {
      throw ModelError(
        .mismatch, path: model.path, "the model is no flood-filling network",
        found: "\(plan.inputShape.c) channels in, \(plan.outputShape.c) of "
          + "\(plan.outputShape.extent.lengthsText) voxels out",
        expected: "2 in, 1 of \(fieldOfView.lengthsText) out", remedy: "choose another model")
    }
    self.fieldOfView = fieldOfView
    memoryBytes = plan.memory.totalBytes
    network = try Network(plan)
  }

  /// Runs the network once.
  ///
  /// - Throws: ``ModelError`` with `execution` where the network gives values that are not finite.
  public func run(_ window: borrowing Volume<Float>, into logits: inout [Float]) throws(ModelError)
  {
    let count = fieldOfView.voxelCount
    if logits.count != count { logits = Array(repeating: 0, count: count) }
    var output = logits.mutableSpan
    try network.run(window, into: &output)
    // A sum is finite only if all numbers are, short of one near the largest.
    let sum = logits.reduce(0) { $0 + abs($1) }
    guard sum.isFinite else {
      throw ModelError(
        .execution, "the network gives values that are not finite",
        remedy: "check its weights, and the image for values that are not numbers")
    }
  }
}

extension VoxelExtent {
  fileprivate var lengthsText: String { "\(z), \(y), \(x)" }
}
