import CommandLineInterface
import FloodFilling
import VolumeStore
import Voxels

/// Where objects are begun, as options.
struct FloodSeeding {
  /// The policies.
  enum Policy: String, CaseIterable, ArgumentValue {
    case peaks, grid, list, membranes
  }

  /// The order in which seeds are tried.
  enum Order: String, CaseIterable, ArgumentValue {
    case forward, reverse
  }

  var policy = Policy.peaks
  var step = ExtentArgument(VoxelExtent(cube: 16))
  var list: String?
  var membranes: String?
  var order = Order.forward

  static let arguments: [Argument<FloodSeeding>] = [
    .option(
      "--seeds", \.policy,
      "Where the distance to edges of the image peaks, the points of a grid, those of a list, or "
        + "where the distance to membranes peaks."),
    .option("--seed-step", \.step, "The steps of the grid of seeds."),
    .option(
      "--seed-list", \.list, placeholder: "FILE",
      "A table with the columns z, y and x: the seeds of --seeds list, in their order."),
    .option(
      "--membranes", \.membranes, placeholder: "M",
      "A volume of whole numbers, not 0 on membranes, for --seeds membranes."),
    .option(
      "--seed-order", \.order,
      "Try seeds from the first or from the last; what two such runs agree on is more certain."),
  ]

  /// What chooses seeds, with its files read.
  struct Prepared: Sendable {
    fileprivate var policy: Policy
    fileprivate var step: VoxelExtent
    fileprivate var positions: [VoxelPosition] = []
    fileprivate var membranes: MaskVolume?
    fileprivate var order: Order
    /// What tells these seeds from others.
    let text: String

    /// The bytes that each voxel takes while seeds are searched.
    var bytesPerVoxel: Int {
      switch policy {
      case .peaks: 40
      case .membranes: 34
      case .grid, .list: 0
      }
    }

    /// The seeds of an image, in their order.
    func seeds(
      in image: borrowing Volume<Float>, margin: VoxelExtent, domain: Volume<UInt8>?
    ) throws -> [VoxelPosition] {
      let policy: any SeedPolicy =
        switch (policy, membranes) {
        case (.membranes, let membranes?): MembraneSeeds(try membranes.fullMarks(over: image.box))
        case (.grid, _): GridSeeds(step: step)
        case (.list, _): ListedSeeds(positions)
        default: PeakSeeds(domain: domain)
        }
      return (order == .reverse ? ReversedSeeds(policy) : policy).seeds(in: image, margin: margin)
    }
  }

  /// Reads what the policy needs.
  ///
  /// - Parameters:
  ///   - seed: The only seed; nil where the policy chooses.
  ///   - volume: The image's extent.
  ///   - margin: The voxels that must lie on each side of a seed.
  ///   - context: Opens volumes, and is told what is assumed of them.
  /// - Returns: What chooses the seeds.
  /// - Throws: `UsageError` where options do not go together or a seed lies outside;
  ///   ``VolumeError`` where a file cannot be read.
  func prepared(
    only seed: VoxelPosition?, in volume: VoxelExtent, margin: VoxelExtent,
    context: CommandContext
  ) throws -> Prepared {
    if let seed {
      try Self.check(seed, "--seed", in: volume, margin: margin)
      return Prepared(
        policy: .list, step: step.extent, positions: [seed], order: .forward,
        text: "\(seed.z) \(seed.y) \(seed.x)")
    }
    guard (policy == .list) == (list != nil) else {
      throw UsageError(
        "--seed-list", list == nil ? "must be given" : "is of no use here",
        expected: "--seeds list with --seed-list FILE")
    }
    guard (policy == .membranes) == (membranes != nil) else {
      throw UsageError(
        "--membranes", membranes == nil ? "must be given" : "is of no use here",
        expected: "--seeds membranes with --membranes M")
    }
    var prepared = Prepared(
      policy: policy, step: step.extent, order: order,
      text: "\(policy.rawValue) \(step.extent.text) \(order.rawValue)")
    if let list {
      let table = try NamedColumns(list, columns: ["z", "y", "x"])
      prepared.positions = try table.positions(["z", "y", "x"])
      for (index, position) in prepared.positions.enumerated() {
        try Self.check(position, "\(list) line \(index + 2)", in: volume, margin: margin)
      }
      return prepared.saying(try ContentIdentity.ofContent(at: list))
    }
    if let membranes {
      let input = try SourceOptions().open(membranes, context: context)
      prepared.membranes = try MaskVolume(input.reader, over: volume)
      return prepared.saying(input.identity)
    }
    return prepared
  }

  private static func check(
    _ seed: VoxelPosition, _ name: String, in extent: VoxelExtent, margin: VoxelExtent
  ) throws(UsageError) {
    let inner = VoxelBox(extent: extent).grown(by: margin * -1)
    guard !inner.isEmpty, inner.contains(seed) else {
      throw UsageError(
        name, "the field of view does not fit around the seed",
        found: "\(seed.z),\(seed.y),\(seed.x)",
        expected: inner.isEmpty
          ? "a volume of more than \((margin * 2).text) voxels" : "within \(inner.rangesText)")
    }
  }
}

extension FloodSeeding.Prepared {
  /// The same with what identifies its file.
  fileprivate func saying(_ identity: String) -> FloodSeeding.Prepared {
    FloodSeeding.Prepared(
      policy: policy, step: step, positions: positions, membranes: membranes, order: order,
      text: "\(text) \(identity)")
  }
}
