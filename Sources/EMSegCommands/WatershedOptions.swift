import CommandLineInterface
import Segmentation
import Voxels

/// How affinities become fragments, as options.
struct WatershedOptions {
  /// Which heights voxels climb on.
  enum Method: String, CaseIterable, ArgumentValue {
    case steepestAscent = "steepest-ascent"
    case distanceTransform = "distance-transform"
  }

  /// Whether fragments are of one section.
  enum Sections: String, CaseIterable, ArgumentValue {
    case auto, always, never

    var dimensions: DistanceDimensions? {
      switch self {
      case .auto: nil
      case .always: .sections
      case .never: .volume
      }
    }
  }

  var method = Method.steepestAscent
  var low: Double?
  var high: Double?
  var boundary: Double?
  var boundaryLinks: BoundaryLinks?
  var boundaries: Boundaries?
  var seedWindow: Int?
  var reach: Int?
  var sections: Sections?
  var mergeSize = 0
  var mergeAffinity: Double?
  var dust = 0

  /// What of a voxel's links is compared with the boundary threshold.
  enum BoundaryLinks: String, CaseIterable, ArgumentValue {
    case mean, minimum

    var statistic: DistanceWatershedParameters.Statistic {
      switch self {
      case .mean: .mean
      case .minimum: .minimum
      }
    }
  }

  /// What becomes of boundaries.
  enum Boundaries: String, CaseIterable, ArgumentValue {
    case flooded, background
  }

  static let arguments: [Argument<WatershedOptions>] =
    [
      .option(
        "--method", \.method,
        "Climb the affinities, or the distance from boundaries between them.")
    ] + heightArguments

  /// All but the method.
  static let heightArguments: [Argument<WatershedOptions>] = [
    .option(
      "--low", \.low, accepting: .ifGiven(.from(0...1)),
      "Affinity at or below which links never join; 0.05 when left out."),
    .option(
      "--high", \.high, accepting: .ifGiven(.from(0...1)),
      "steepest-ascent: affinity at or above which links always join; 0.9999 when left out."),
    .option(
      "--boundary", \.boundary, accepting: .ifGiven(.from(0...1)),
      "distance-transform: voxels whose links are at or below it are boundaries; 0.5 when left out."
    ),
    .option(
      "--boundary-links", \.boundaryLinks,
      "distance-transform: compare the mean of a voxel's links, or the weakest; mean when left out."
    ),
    .option(
      "--boundaries", \.boundaries,
      "distance-transform: let boundaries join fragments at last, over links above --low, or leave "
        + "them background; flooded when left out."),
    .option(
      "--seed-window", \.seedWindow, accepting: .ifGiven(.from(1...200)),
      "distance-transform: edge of the box in which a seed is furthest inside, in voxels along the "
        + "shortest edge; 10 when left out."),
    .option(
      "--reach", \.reach, accepting: .ifGiven(.from(2...200)),
      "distance-transform: distance up to which voxels further inside are higher, in voxels along "
        + "the shortest edge; 16 when left out."),
    .option(
      "--sections", \.sections,
      "distance-transform: fragments of one section each; auto: where voxels are more than three "
        + "times as long along z."),
    .option(
      "--merge-size", \.mergeSize, accepting: .atLeast(0),
      "Merge fragments with fewer voxels over their strongest link; 0 merges none."),
    .option(
      "--merge-affinity", \.mergeAffinity, accepting: .ifGiven(.from(0...1)),
      "steepest-ascent: affinity at or below which links merge no small fragments; as --low when "
        + "left out."),
    .option(
      "--dust", \.dust, accepting: .atLeast(0),
      "Then make fragments with fewer voxels in the whole volume background."),
  ]

  /// The rule for a volume.
  ///
  /// - Throws: ``UsageError`` where options contradict each other or belong to the other method.
  func rule(voxelSize: VoxelSize) throws(UsageError) -> FragmentRule {
    let ofAscent = [
      ("--high", high != nil), ("--merge-affinity", mergeAffinity != nil),
    ]
    let ofDistance = [
      ("--boundary", boundary != nil), ("--boundary-links", boundaryLinks != nil),
      ("--boundaries", boundaries != nil), ("--seed-window", seedWindow != nil),
      ("--reach", reach != nil),
      ("--sections", sections != nil),
    ]
    for (name, isGiven) in method == .steepestAscent ? ofDistance : ofAscent where isGiven {
      throw UsageError(name, "has no meaning with --method \(method.rawValue)")
    }
    switch method {
    case .steepestAscent: return try ascent()
    case .distanceTransform: return try distance(voxelSize: voxelSize)
    }
  }

  private func ascent() throws(UsageError) -> FragmentRule {
    let standard = WatershedParameters()
    let (low, high) = (low ?? standard.low, high ?? standard.high)
    guard low < high else {
      throw UsageError(
        "--low", "must be below --high", found: "\(shortText(low)) and \(shortText(high))")
    }
    let weakest = mergeAffinity ?? low
    guard weakest >= low else {
      throw UsageError(
        "--merge-affinity", "must not be below --low",
        found: "\(shortText(weakest)) and \(shortText(low))")
    }
    return FragmentRule(
      method: .steepestAscent(
        WatershedParameters(low: low, high: high), weakestMerge: weakest),
      smallest: mergeSize, dust: dust)
  }

  private func distance(voxelSize: VoxelSize) throws(UsageError) -> FragmentRule {
    let boundary = boundary ?? 0.5
    guard boundary < 1 else {
      throw UsageError("--boundary", "must be below 1: no affinity is higher", found: "1")
    }
    let floods = boundaries != .background
    if !floods && low != nil {
      throw UsageError("--low", "has no meaning with --boundaries background")
    }
    let low = low ?? WatershedParameters().low
    let parameters = DistanceWatershedParameters(
      voxelSize: voxelSize, dimensions: (sections ?? .auto).dimensions, threshold: boundary,
      statistic: (boundaryLinks ?? .mean).statistic,
      boundaries: floods ? .flooded(above: low) : .background, seedWindow: seedWindow ?? 10,
      reach: reach ?? 16)
    return FragmentRule(
      method: .distanceTransform(parameters), smallest: mergeSize, dust: dust)
  }
}

/// How affinities become fragments.
struct FragmentRule {
  /// The heights that voxels climb on.
  enum Method {
    /// Affinities; small fragments merge over links above the weakest.
    case steepestAscent(WatershedParameters, weakestMerge: Double)
    /// Distances from boundaries.
    case distanceTransform(DistanceWatershedParameters)
  }

  var method: Method
  /// Fragments with fewer voxels merge with a neighbour.
  var smallest: Int
  /// Fragments with fewer voxels then become background.
  var dust: Int

  /// Everything that fragments depend on besides the affinities and what is dropped.
  var text: String {
    let merging = "merge size=\(smallest)"
    switch method {
    case .steepestAscent(let parameters, let weakest):
      return "method=steepest ascent 1\nlow=\(parameters.low)\nhigh=\(parameters.high)\n"
        + "plateau reach=\(parameters.plateauReach)\n\(merging)\nmerge affinity=\(weakest)"
    case .distanceTransform(let parameters):
      return "method=distance transform 1\nboundary=\(parameters.threshold)\n"
        + "boundary links=\(parameters.statistic.rawValue)\n\(parameters.boundaries.text)\n"
        + "seed window=\(parameters.seedWindow)\nreach=\(parameters.reach)\n"
        + "dimensions=\(parameters.dimensions.rawValue)\nspacing=\(parameters.spacing.text)\n"
        + "plateau reach=\(parameters.plateauReach)\n\(merging)"
    }
  }

  /// What a fragment must have to stand by itself; nil where every fragment does.
  var needed: RegionGrowth? {
    let growth: RegionGrowth
    switch method {
    case .steepestAscent: growth = RegionGrowth(voxelCount: UInt64(smallest))
    case .distanceTransform:
      growth = RegionGrowth(voxelCount: UInt64(smallest), seedCount: 1)
    }
    return growth.voxelCount > 1 || growth.seedCount > 0 ? growth : nil
  }

  /// How far beyond the voxels it owns a block looks.
  var halo: VoxelExtent {
    switch method {
    case .steepestAscent(let parameters, _): parameters.halo
    case .distanceTransform(let parameters): parameters.halo
    }
  }

  /// What a block holds for each voxel looked at, besides the affinities.
  var bytesPerVoxel: Int {
    switch method {
    // Directions, plateau distances and queues, local labels; links between small fragments.
    case .steepestAscent: 20 + (needed == nil ? 0 : 40)
    // Distances twice, climbing links, their strongest, directions, labels, links.
    case .distanceTransform: 8 + 12 + 4 + 20 + 12
    }
  }
}

extension DistanceWatershedParameters.Boundaries {
  fileprivate var text: String {
    switch self {
    case .background: "boundaries=background"
    case .flooded(let low): "boundaries=flooded above \(low)"
    }
  }
}
