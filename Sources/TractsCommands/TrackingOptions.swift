import CommandLineInterface
import Diffusion
import ScannerImages
import Tractography
import VolumeStore
import Voxels

/// How directions are found, as users name it.
enum TrackingAlgorithm: String, CaseIterable, ArgumentValue {
  case tensor
  case tensorOfSignals = "tensor-dwi"
  case tensorBootstrap = "tensor-bootstrap"
  case fact
  case sdStream = "sd-stream"
  case ifod1
  case ifod2
  case bedpostx

  /// Whether the image holds fibre densities.
  var followsDensities: Bool { self == .sdStream || self == .ifod1 || self == .ifod2 }

  /// The rules for a grid, as MRtrix3 has them.
  func rules(for grid: TrackingGrid) -> TrackingRules {
    var rules = TrackingRules(for: grid)
    switch self {
    case .ifod1: rules.angle = 15
    case .ifod2:
      rules.step = 0.5 * grid.meanSpacing
      rules.angle = 45
    default: break
    }
    return rules
  }
}

/// A direction, as it is written on the command line.
struct DirectionArgument: ArgumentValue {
  private let text: String
  /// The direction, of length 1.
  let direction: SIMD3<Float>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false)
      .compactMap { Float(String($0)) }
    guard numbers.count == 3 else { return nil }
    let vector = SIMD3(numbers[0], numbers[1], numbers[2])
    let length = (vector * vector).sum().squareRoot()
    guard length > 0, length.isFinite else { return nil }
    direction = vector / length
    text = argument
  }

  var argumentText: String? { text }
  static let expectation = "three numbers in scanner axes, not all zero"
  static let placeholder = "x,y,z"
}

/// A sphere or the voxels of an image, as it is written on the command line.
struct RegionArgument: ArgumentValue {
  let text: String

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    text = argument
  }

  var argumentText: String? { text }
  static let expectation = "an image, or x,y,z,radius in mm"
  static let placeholder = "IMAGE|x,y,z,r"

  /// The region.
  ///
  /// - Throws: ``VolumeError`` where the image cannot be read or is empty.
  func region() throws -> Region {
    if let sphere { return .sphere(centre: sphere.centre, radius: sphere.radius) }
    return .voxels(try VoxelRegion(path: text))
  }

  /// The sphere, where one is written.
  var sphere: (centre: SIMD3<Float>, radius: Float)? {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
      .map { Float(String($0)) }
    guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let z = numbers[2],
      let radius = numbers[3], radius > 0
    else { return nil }
    return (SIMD3(x, y, z), radius)
  }
}

extension VoxelRegion {
  /// The voxels of an image that are above zero.
  ///
  /// - Throws: ``VolumeError`` where it cannot be read, or there is none.
  init(path: String) throws {
    let image = try ScannerImage(path)
    guard image.volumes == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "a mask has one volume",
        found: "\(image.volumes) volumes", remedy: "take one volume out of the image")
    }
    self.init(try image.setVoxels(), grid: try image.trackingGrid())
    guard count > 0 else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "no voxel of the mask is above zero",
        remedy: "give another mask")
    }
  }
}

extension ScannerImage {
  /// 1 in the voxels of the first volume that are above zero, (z, y, x).
  ///
  /// - Throws: ``VolumeError``.
  func setVoxels() throws(VolumeError) -> Volume<UInt8> {
    let values = try volume()
    var mask = Volume<UInt8>(box: values.box)
    var target = mask.mutableSpan
    let source = values.span
    for index in 0..<source.count { target[index] = source[index] > 0 ? 1 : 0 }
    return mask
  }

  /// The grid that is tracked in.
  ///
  /// - Throws: ``VolumeError`` where there is none.
  func trackingGrid() throws(VolumeError) -> TrackingGrid {
    guard let grid = TrackingGrid(extent: extent, transform: transform) else {
      throw VolumeError(
        .malformedMetadata, path: path,
        "the image's transform has no inverse, or it has too many voxels",
        remedy: "repair the header")
    }
    return grid
  }
}

/// The options of commands that track.
struct TrackingOptions {
  var algorithm = TrackingAlgorithm.tensor
  var seedImage: String?
  var seedGrid: Int?
  var seedSphere: RegionArgument?
  var selected: Int?
  var seeds: Int?
  var seed = 1
  var mask: String?
  var included = RegionList()
  var excluded = RegionList()
  var stopping = RegionList()
  var step: Double?
  var angle: Double?
  var cutoff = 0.1
  var leastLength: Double?
  var greatestLength: Double?
  var seedDirection: DirectionArgument?
  var samples = 4
  var power = 1.0

  /// The streamlines when neither their number nor that of seeds is given.
  static let usualSelected = 5000
  /// The seeds for each streamline that is wanted, after which tracking gives up.
  private static let mostSeeds = 1000

  static let arguments: [Argument<TrackingOptions>] = [
    .option(
      "--algorithm", \.algorithm,
      "tensor: tensors fitted once in each voxel, interpolated; tensor-dwi: signals interpolated, and "
        + "a tensor fitted at every step, as MRtrix3's Tensor_Det; tensor-bootstrap: the same with "
        + "signals that are drawn anew for every streamline, as its Tensor_Prob; fact: the peak of "
        + "the nearest voxel; sd-stream: the peak of fibre densities; ifod1: directions at random, as "
        + "likely as densities are large; ifod2: the same for arcs; bedpostx: samples of bedpostX."),
    .option(
      "--seed-image", \.seedImage, placeholder: "IMAGE",
      "Seed in the voxels above zero; those of --mask when left out."),
    .option(
      "--seed-grid", \.seedGrid, placeholder: "N", accepting: .ifGiven(.from(1...64)),
      "Seed once at each of N × N × N points of every voxel, in place of random ones."),
    .option("--seed-sphere", \.seedSphere, "Seed at random in a sphere."),
    .option(
      "--select", \.selected, placeholder: "N", accepting: .ifGiven(.atLeast(1)),
      "End with this many streamlines; 5000 when neither this nor --seeds nor --seed-grid is given."
    ),
    .option(
      "--seeds", \.seeds, placeholder: "N", accepting: .ifGiven(.atLeast(1)),
      "End after this many seeds; 1000 for each streamline when left out."),
    .option(
      "--random-seed", \.seed, accepting: .atLeast(0), "What random seeds start from."),
    .option(
      "--mask", \.mask, placeholder: "IMAGE", "Stay in the voxels above zero, and fit only them."),
    .option(
      "--include", \.included, "Keep only streamlines that pass; several must all be passed."),
    .option("--exclude", \.excluded, "Leave out streamlines that enter; several may be given."),
    .option("--stop", \.stopping, "End streamlines that enter; several may be given."),
    .option(
      "--step", \.step, placeholder: "MM", accepting: .ifGiven(.above(0)),
      "The length of a step; 0.1 voxels, or 0.5 for ifod2, when left out."),
    .option(
      "--angle", \.angle, placeholder: "DEGREES", accepting: .ifGiven(.from(1...90)),
      "The largest angle between steps; 60, or 15 for ifod1 and 45 for ifod2, when left out."),
    .option(
      "--cutoff", \.cutoff, accepting: .atLeast(0),
      "The least fractional anisotropy, amplitude of a peak or a density, or volume fraction."),
    .option(
      "--seed-direction", \.seedDirection,
      "For sd-stream: where peaks at seeds are searched from; at random when left out."),
    .option(
      "--samples", \.samples, accepting: .from(2...17),
      "For ifod2: the densities that are taken along each arc."),
    .option(
      "--power", \.power, accepting: .above(0), "For ifod1: what densities are raised to."),
    .option(
      "--min-length", \.leastLength, placeholder: "MM", accepting: .ifGiven(.atLeast(0)),
      "The least length of a streamline; 5 voxels when left out."),
    .option(
      "--max-length", \.greatestLength, placeholder: "MM", accepting: .ifGiven(.above(0)),
      "The length at which streamlines end; 100 voxels when left out."),
  ]

  /// The rules for a grid.
  ///
  /// - Throws: ``UsageError`` where lengths exclude each other.
  func rules(for grid: TrackingGrid) throws(UsageError) -> TrackingRules {
    var rules = algorithm.rules(for: grid)
    if let step { rules.step = step }
    if let angle { rules.angle = angle }
    if let leastLength { rules.leastLength = leastLength }
    if let greatestLength { rules.greatestLength = greatestLength }
    guard rules.greatestLength >= rules.leastLength else {
      throw UsageError(
        "--max-length", "it is below the least length", found: hundredths(rules.greatestLength),
        expected: "\(hundredths(rules.leastLength)) mm or more", remedy: "lower --min-length")
    }
    guard rules.greatestLength / rules.step < 1e7 else {
      throw UsageError(
        "--step", "a streamline would have too many points", found: "\(rules.step) mm",
        expected: "\(rules.greatestLength / 1e7) mm or more")
    }
    return rules
  }

  /// Where streamlines start.
  ///
  /// - Parameter mask: The voxels that are tracked in, where there is a mask.
  /// - Returns: The seeds.
  /// - Throws: ``UsageError`` where the options exclude each other or say too little.
  func seedSource(mask: VoxelRegion?) throws -> any SeedSource {
    let run = UInt64(seed)
    if let seedSphere {
      guard seedImage == nil, seedGrid == nil else {
        throw UsageError(
          "--seed-sphere", "seeds come from a sphere or from voxels", expected: "one of them")
      }
      guard case .sphere(let centre, let radius) = try seedSphere.region() else {
        throw UsageError(
          "--seed-sphere", "it is no sphere", found: seedSphere.argumentText,
          expected: "x,y,z,radius in mm")
      }
      return SphereSeeds(centre: centre, radius: radius, seed: run)
    }
    guard let region = try seedImage.map({ try VoxelRegion(path: $0) }) ?? mask else {
      throw UsageError(
        "--seed-image", "there is nothing to seed from",
        expected: "--seed-image, --seed-sphere or --mask")
    }
    let seeds: (any SeedSource)? =
      if let seedGrid {
        GridSeeds(in: region, perAxis: seedGrid)
      } else {
        RandomSeeds(in: region, seed: run)
      }
    guard let seeds else {
      throw UsageError("--seed-image", "no voxel is above zero", remedy: "give another image")
    }
    return seeds
  }

  /// The seeds and streamlines after which tracking ends.
  var limits: (seeds: Int, selected: Int) {
    if seedGrid != nil { return (seeds ?? .max, selected ?? .max) }
    if let seeds { return (seeds, selected ?? .max) }
    let wanted = selected ?? Self.usualSelected
    let product = wanted.multipliedReportingOverflow(by: Self.mostSeeds)
    return (product.overflow ? .max : product.partialValue, wanted)
  }

  /// What streamlines heed besides directions.
  func criteria(mask: VoxelRegion?) throws -> [any StoppingCriterion] {
    var criteria: [any StoppingCriterion] = []
    if let mask { criteria.append(MaskCriterion(.voxels(mask))) }
    for region in excluded { criteria.append(ExclusionCriterion(try region.region())) }
    for region in stopping { criteria.append(TargetCriterion(try region.region())) }
    return criteria
  }
}
