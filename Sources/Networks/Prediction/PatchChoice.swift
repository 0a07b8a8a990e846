public import Tensors
public import Voxels

/// Chooses the patches for a model and a volume.
public struct PatchChoice: Sendable {
  /// The patches.
  public let grid: PatchGrid
  /// The network prepared for them.
  public let plan: NetworkPlan

  /// Chooses the patch that predicts a volume with the least work within a memory limit.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - description: What the model says of itself; its patch, if it names one, is used.
  ///   - volume: The volume's extent.
  ///   - memoryLimit: The bytes that the network may take.
  ///   - threads: How many threads the network will run on.
  ///   - precision: How exactly the convolutions are computed.
  ///   - tiling: What the caller asks for.
  ///   - unit: What the blocks in which the volume is predicted are multiples of.
  /// - Throws: `limitExceeded` where not even the smallest patch fits the limit; `mismatch` where
  ///   a fixed patch is too short for its margins or cannot be turned; what
  ///   ``NetworkPlan/init(_:extent:threads:activation:)`` throws.
  public init(
    model: ONNXModel, description: ModelDescription, volume: VoxelExtent, memoryLimit: Int,
    threads: Int, precision: Precision = .float32, tiling: Tiling = Tiling(),
    blocksOf unit: VoxelExtent = VoxelExtent(cube: 64)
  ) throws(ModelError) {
    let field = try model.receptiveField()
    let interface = try model.interface
    let shape = PatchShapes(
      volume: volume, field: field, fixed: interface.fixedLengths, tiling: tiling, unit: unit)

    func plan(_ extent: VoxelExtent) throws(ModelError) -> NetworkPlan {
      try NetworkPlan(
        model, extent: extent, threads: threads, activation: description.activation,
        precision: precision, outputExtent: .input)
    }

    if let fixed = interface.fixedExtent ?? tiling.patch ?? description.patch {
      let extent = interface.fixedExtent == nil ? shape.suited(fixed) : fixed
      try shape.check(extent, model.path)
      let chosen = try plan(extent)
      guard chosen.memory.totalBytes <= memoryLimit else {
        throw Self.tooLarge(model, chosen, memoryLimit)
      }
      self.plan = chosen
      self.grid = shape.grid(extent)
      return
    }

    // Memory grows with the voxels; one small plan tells how fast.
    let trial = try plan(shape.suited(VoxelExtent(cube: 64)))
    let bytesPerVoxel =
      Double(trial.memory.activationBytes + trial.memory.scratchBytes)
      / Double(trial.inputShape.extent.voxelCount)
    let room = Double(memoryLimit - trial.memory.weightBytes) / max(bytesPerVoxel, 1) * 0.95
    guard
      let best = shape.cheapest(voxels: room, seesFaces: true)
        ?? shape.cheapest(voxels: room, seesFaces: false)
    else { throw Self.tooLarge(model, trial, memoryLimit) }
    let chosen = try plan(best.patch)
    guard chosen.memory.totalBytes <= memoryLimit else {
      throw Self.tooLarge(model, chosen, memoryLimit)
    }
    self.plan = chosen
    self.grid = best
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

/// The patches that suit a volume, a network and what the caller asks for.
private struct PatchShapes {
  let volume: VoxelExtent
  let margin: VoxelExtent
  let overlap: VoxelExtent
  let blending: Blending
  let border: BorderContext
  /// What a patch's lengths are multiples of.
  let multiple: [Int]
  /// The axes along which a patch is equally long.
  let tied: [Int]
  /// What the patches' strides are multiples or parts of; nil where any will do.
  let unit: VoxelExtent?
  /// What valid convolutions lose at a patch's faces and must not be kept.
  let context: VoxelExtent
  /// The lengths that the model fixes.
  let fixed: [Int?]

  /// A volume of no more voxels is predicted once whatever the blocks: memory keeps what several
  /// need.
  private static let smallVoxelCount = 1 << 24

  init(
    volume: VoxelExtent, field: ReceptiveField, fixed: [Int?], tiling: Tiling, unit: VoxelExtent
  ) {
    self.volume = volume
    self.fixed = fixed
    context = field.context
    // Behind the context, valid convolutions have seen all that they depend on.
    let (wanted, shared) = (tiling.margin(for: field.radius), tiling.overlap(for: field.radius))
    func length(_ axis: Int, _ lost: Int) -> (margin: Int, overlap: Int) {
      lost > 0
        ? (max(tiling.margin?.components[axis] ?? 0, lost), 0)
        : (wanted.components[axis], shared.components[axis])
    }
    let (z, y, x) = (length(0, context.z), length(1, context.y), length(2, context.x))
    margin = VoxelExtent(z: z.margin, y: y.margin, x: x.margin)
    overlap = VoxelExtent(z: z.overlap, y: y.overlap, x: x.overlap)
    blending = tiling.blending
    border = tiling.border
    tied = tiling.augmentation.exchangedAxes
    let isSmall = (volume.checkedVoxelCount ?? .max) <= Self.smallVoxelCount
    self.unit = blending == .crop && border == .mirror && !isSmall ? unit : nil
    var multiple = field.requiredMultiple.components
    let common = tied.reduce(1) { leastCommonMultiple($0, multiple[$1]) }
    for axis in tied { multiple[axis] = common }
    self.multiple = multiple
  }

  func grid(_ extent: VoxelExtent) -> PatchGrid {
    PatchGrid(
      volume: volume, patch: extent, margin: margin, overlap: overlap,
      faceMargin: faceMargin(margin), context: context,
      blending: blending)
  }

  /// How far patches of a margin reach past the volume.
  private func faceMargin(_ margin: VoxelExtent) -> VoxelExtent {
    guard border != .mirror else { return margin }
    return VoxelExtent(
      z: context.z > 0 ? margin.z : 0, y: context.y > 0 ? margin.y : 0,
      x: context.x > 0 ? margin.x : 0)
  }

  /// The shortest patch that is longer than its margins and overlap.
  private func least(_ axis: Int) -> Int {
    2 * margin.components[axis] + overlap.components[axis] + 1
  }

  /// What the volume and its mirrored continuation need along an axis.
  private func whole(_ axis: Int) -> Int {
    volume.components[axis] + 2 * faceMargin(margin).components[axis]
  }

  /// The patch itself where the volume is longer; else what the volume needs.
  func suited(_ extent: VoxelExtent) -> VoxelExtent {
    var lengths = (0..<3).map { axis in
      fixed[axis]
        ?? rounded(
          min(whole(axis), max(extent.components[axis], min(least(axis), volume.components[axis]))),
          axis)
    }
    if let longest = tied.map({ lengths[$0] }).max() {
      for axis in tied { lengths[axis] = longest }
    }
    return VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
  }

  private func rounded(_ length: Int, _ axis: Int) -> Int {
    (length + multiple[axis] - 1) / multiple[axis] * multiple[axis]
  }

  /// Refuses a patch of which nothing would be kept, or that turns do not map onto itself.
  func check(_ extent: VoxelExtent, _ path: String) throws(ModelError) {
    for axis in 0..<3
    where extent.components[axis] < volume.components[axis] + 2 * context.components[axis]
      && extent.components[axis] < least(axis)
    {
      throw ModelError(
        .mismatch, path: path, "the patch is not longer than its margins and the overlap",
        found: extent.offsetText,
        expected: "at least \(least(0)),\(least(1)),\(least(2))",
        remedy: "choose a smaller --margin")
    }
    guard Set(tied.map { extent.components[$0] }).count <= 1 else {
      throw ModelError(
        .mismatch, path: path, "the model's patch cannot be turned", found: extent.offsetText,
        expected: "the same length along the axes that are exchanged",
        remedy: "use --test-time-augmentation flips")
    }
  }

  /// The patches that cost the least work; nil where none has so few voxels.
  ///
  /// - Parameters:
  ///   - limit: The most voxels that a patch may have.
  ///   - seesFaces: Whether a patch as long as the volume must reach past its faces.
  /// - Returns: The grid.
  func cheapest(voxels limit: Double, seesFaces: Bool) -> PatchGrid? {
    var best: (axes: [PatchAxis], cost: Double)?
    let candidates = (0..<3).map { self.candidates(axis: $0, seesFaces: seesFaces) }
    for z in candidates[0] {
      for y in candidates[1] {
        for x in candidates[2] where Double(z.patch * y.patch * x.patch) <= limit {
          if tied.contains(1), y.patch != x.patch { continue }
          if tied.contains(0), z.patch != x.patch { continue }
          let cost = Double(z.cost) * Double(y.cost) * Double(x.cost)
          if cost < best?.cost ?? .infinity { best = ([z, y, x], cost) }
        }
      }
    }
    guard let axes = best?.axes else { return nil }
    let margin = VoxelExtent(z: axes[0].margin, y: axes[1].margin, x: axes[2].margin)
    return PatchGrid(
      volume: volume, patch: VoxelExtent(z: axes[0].patch, y: axes[1].patch, x: axes[2].patch),
      margin: margin, overlap: overlap, faceMargin: faceMargin(margin), context: context,
      blending: blending)
  }

  /// The patches worth trying along an axis, up to 256 voxels.
  private func candidates(axis: Int, seesFaces: Bool) -> [PatchAxis] {
    let lost = context.components[axis]
    if let patch = fixed[axis] {
      let suits = patch >= volume.components[axis] + 2 * lost || patch >= least(axis)
      return suits ? [self.axis(axis, patch, extra: 0)] : []
    }
    let (length, step) = (volume.components[axis] + 2 * lost, multiple[axis])
    let enough = seesFaces ? whole(axis) : length
    let longest = (tied.contains(axis) ? tied : [axis]).map { rounded(whole($0), axis) }.max() ?? 0
    var strides: Set<Int> = []
    return stride(from: step, through: max(min(longest, 256), step), by: step).compactMap { patch in
      guard patch < length else { return patch >= enough ? self.axis(axis, patch, extra: 0) : nil }
      guard patch >= least(axis) else { return nil }
      // The longest stride.
      let free = patch - least(axis) + 1
      guard let unit = unit?.components[axis] else { return self.axis(axis, patch, extra: 0) }
      let aligned = free >= unit ? free / unit * unit : (1...free).last { unit % $0 == 0 } ?? 1
      // A longer patch of the same stride is work for nothing, unless another axis wants it.
      guard (free - aligned) % 2 == 0, strides.insert(aligned).inserted || tied.contains(axis)
      else { return nil }
      return self.axis(axis, patch, extra: (free - aligned) / 2)
    }
  }

  /// The patches along an axis, their margins longer by a number of voxels.
  private func axis(_ axis: Int, _ patch: Int, extra: Int) -> PatchAxis {
    let margin = margin.components[axis] + extra
    return PatchAxis(
      length: volume.components[axis], patch: patch, margin: margin,
      overlap: overlap.components[axis],
      faceMargin: border == .mirror || context.components[axis] > 0 ? margin : 0,
      context: context.components[axis], blending: blending)
  }
}

private func leastCommonMultiple(_ first: Int, _ second: Int) -> Int {
  var (large, small) = (first, second)
  while small > 0 { (large, small) = (small, large % small) }
  return first / large * second
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
