public import Tensors
public import Voxels

/// Chooses the patches for a model and a volume.
public struct PatchChoice: Sendable {
  /// The patches.
  public let grid: PatchGrid
  /// The network prepared for them.
  public let plan: NetworkPlan

  /// The margin and the blended overlap along each axis, where the caller does not choose.
  ///
  /// A U-Net's receptive field is far larger than what its output depends on noticeably; the
  /// margin is a compromise between context and work, not a bound on the error.
  public static let standardMargin = 12
  /// The overlap over which neighbouring patches are blended, where the caller does not choose.
  public static let standardOverlap = 8

  /// Chooses the patch that predicts a volume with the least work within a memory limit.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - description: What the model says of itself; its patch, if it names one, is used.
  ///   - volume: The volume's extent.
  ///   - memoryLimit: The bytes that the network may take.
  ///   - threads: How many threads the network will run on.
  ///   - patch: The caller's choice, rounded up to what the model's strides allow; nil to choose.
  ///   - margin: The voxels thrown away at each face of a patch; nil to choose.
  ///   - precision: How exactly the network computes.
  /// - Throws: `limitExceeded` where not even the smallest patch fits the limit, and what
  ///   ``NetworkPlan/init(_:extent:threads:activation:precision:)`` throws.
  public init(
    model: ONNXModel, description: ModelDescription, volume: VoxelExtent, memoryLimit: Int,
    threads: Int, patch: VoxelExtent? = nil, margin: VoxelExtent? = nil,
    precision: Precision = .float32
  ) throws(ModelError) {
    let field = try model.receptiveField()
    let multiple = field.requiredMultiple
    let interface = try model.interface
    let radius = field.radius
    let margin =
      margin
      ?? VoxelExtent(
        z: min(radius.z, Self.standardMargin), y: min(radius.y, Self.standardMargin),
        x: min(radius.x, Self.standardMargin))
    let overlap = VoxelExtent(
      z: min(Self.standardOverlap, radius.z), y: min(Self.standardOverlap, radius.y),
      x: min(Self.standardOverlap, radius.x))
    let least = VoxelExtent(
      z: margin.z * 2 + overlap.z + 1, y: margin.y * 2 + overlap.y + 1,
      x: margin.x * 2 + overlap.x + 1)

    func plan(_ extent: VoxelExtent) throws(ModelError) -> NetworkPlan {
      try NetworkPlan(
        model, extent: extent, threads: threads, activation: description.activation,
        precision: precision)
    }
    func grid(_ extent: VoxelExtent) -> PatchGrid {
      PatchGrid(volume: volume, patch: extent, margin: margin, overlap: overlap)
    }
    /// The patch itself where the volume is longer; else what the volume needs.
    func suited(_ extent: VoxelExtent) -> VoxelExtent {
      let lengths = (0..<3).map { axis in
        let (length, step) = (volume.components[axis], multiple.components[axis])
        let wanted =
          min(length, max(extent.components[axis], min(least.components[axis], length)))
        return (wanted + step - 1) / step * step
      }
      return VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
    }

    if let fixed = interface.fixedExtent ?? patch ?? description.patch {
      let extent = interface.fixedExtent == nil ? suited(fixed) : fixed
      let chosen = try plan(extent)
      guard chosen.memory.totalBytes <= memoryLimit else {
        throw Self.tooLarge(model, chosen, memoryLimit)
      }
      self.plan = chosen
      self.grid = grid(extent)
      return
    }

    // Memory grows with the voxels; one small plan tells how fast.
    let trial = try plan(suited(VoxelExtent(cube: 64)))
    let bytesPerVoxel =
      Double(trial.memory.activationBytes + trial.memory.scratchBytes)
      / Double(trial.inputShape.extent.voxelCount)
    let room = Double(memoryLimit - trial.memory.weightBytes) / max(bytesPerVoxel, 1)
    var best: (extent: VoxelExtent, cost: Double)?
    let candidates = (0..<3).map { axis in
      Self.candidates(
        length: volume.components[axis], multiple: multiple.components[axis],
        margin: margin.components[axis], overlap: overlap.components[axis])
    }
    for z in candidates[0] {
      for y in candidates[1] {
        for x in candidates[2] where Double(z.patch * y.patch * x.patch) <= room * 0.95 {
          let cost = Double(z.cost) * Double(y.cost) * Double(x.cost)
          if cost < best?.cost ?? .infinity {
            best = (VoxelExtent(z: z.patch, y: y.patch, x: x.patch), cost)
          }
        }
      }
    }
    guard let best else { throw Self.tooLarge(model, trial, memoryLimit) }
    let chosen = try plan(best.extent)
    guard chosen.memory.totalBytes <= memoryLimit else {
      throw Self.tooLarge(model, chosen, memoryLimit)
    }
    self.plan = chosen
    self.grid = grid(best.extent)
  }

  /// The patches worth trying along an axis, up to 256 voxels.
  private static func candidates(
    length: Int, multiple: Int, margin: Int, overlap: Int
  ) -> [PatchAxis] {
    let whole = (length + multiple - 1) / multiple * multiple
    return Swift.stride(from: multiple, through: max(min(whole, 256), multiple), by: multiple)
      .filter { $0 >= length || $0 > 2 * margin + overlap }
      .map { PatchAxis(length: length, patch: $0, margin: margin, overlap: overlap) }
  }

  private static func tooLarge(
    _ model: ONNXModel, _ plan: NetworkPlan, _ limit: Int
  ) -> ModelError {
    let shape = plan.inputShape
    return ModelError(
      .limitExceeded, path: model.path, "the network does not fit the memory limit",
      found:
        "\(plan.memory.totalBytes >> 20) MiB for a patch of \(shape.z), \(shape.y), \(shape.x)",
      expected: "at most \(limit >> 20) MiB",
      remedy: "raise --memory or choose a smaller --patch")
  }
}

extension ONNXModel {
  /// Which part of the input one voxel of the output depends on.
  ///
  /// - Throws: `unsupported` or `malformed` for a graph that cannot be followed.
  public func receptiveField() throws(ModelError) -> ReceptiveField {
    do {
      return try ReceptiveField(
        self, order: try GraphOrder(self), inputName: try interface.input.name)
    } catch {
      throw error.naming(path)
    }
  }
}
