import CommandLineInterface
import ScannerImages
import StreamlineFormats
import Tractography
import VolumeStore
import Voxels

/// The command `tracts track`.
struct TrackCommand: Command {
  var image = ""
  var gradients = GradientOptions()
  var tracking = TrackingOptions()
  var output = ""
  var replacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "track",
    summary: "Follow streamlines through a diffusion-weighted image, tensors, peaks or densities.",
    discussion: """
      Streamlines start from seeds and go both ways in steps of one length, until the anisotropy falls \
      below --cutoff, the angle between steps is above --angle, or they leave the image or --mask. \
      Steps, angles, cutoffs and lengths are those of MRtrix3's tckgen unless options say otherwise.

      The image is a diffusion-weighted one with its gradients; or, without gradients, one of tensors \
      (six volumes: xx, yy, zz, xy, xz, yz in scanner axes, as tracts fit and dwi2tensor write them) \
      for --algorithm tensor, or of peaks (three volumes each, in scanner axes) for fact. Of a \
      diffusion-weighted image fact takes the principal direction, as long as the fractional \
      anisotropy. For sd-stream, ifod1 and ifod2 it is one of fibre densities, as tracts fod and \
      dwi2fod write them; for bedpostx the file merged_th1samples of bedpostX, beside which the \
      others are.

      Streamlines are written in the order of their seeds, and seed number N is the same point \
      whatever else is asked for: the output does not depend on the number of threads. A seed that \
      has no direction is left out.
      """,
    arguments: [
      .positional("IMAGE", \.image, "The diffusion-weighted image, tensors or peaks."),
      .group("Gradients", \.gradients, GradientOptions.arguments),
      .option(
        "--output", \.output, .required, placeholder: "T", "The file: .tck, .trk or .trx."),
      .flag("--force", \.replacing, "Replace an output that is there."),
      .group("Tracking", \.tracking, TrackingOptions.arguments),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example(
        "tracts track dwi.nii.gz --bvec dwi.bvec --bval dwi.bval --mask mask.nii.gz --select 100000 "
          + "--output tracks.tck",
        "A hundred thousand streamlines of the whole brain."),
      Example(
        "tracts track dti/tensor.nii.gz --mask mask.nii.gz --seed-grid 2 --include 10,-20,15,5 "
          + "--output bundle.trk",
        "Those through a sphere, from eight seeds in every voxel of fitted tensors."),
    ],
    references: [
      "Tournier et al. 2010, ISMRM 18:1670 (iFOD2)", "Behrens et al. 2007, NeuroImage 34:144",
      "Basser et al. 2000, Magn Reson Med 44:625", "Mori et al. 1999, Ann Neurol 45:265",
    ])

  func run(_ context: CommandContext) throws {
    _ = try StreamlineTracking(
      image: image, gradients: gradients, tracking: tracking, output: output,
      replacing: replacing, threads: resources.threads
    ).run(context)
  }
}

/// Tracks an image into a file.
struct StreamlineTracking {
  let image: String
  let gradients: GradientOptions
  let tracking: TrackingOptions
  let output: String
  let replacing: Bool
  let threads: Int

  func run(_ context: CommandContext) throws -> TrackingTally {
    let limits = tracking.limits
    let image = try ScannerImage(image)
    for note in image.header.notes { context.warn("\(image.path): \(note)") }
    let rules = try tracking.rules(for: image.trackingGrid())
    let mask = try tracking.mask.map { try VoxelRegion(path: $0) }
    let seeds = try tracking.seedSource(mask: mask)
    let criteria = try tracking.criteria(mask: mask)
    let included = try tracking.included.map { try $0.region() }
    let writer = try writer(image, rules, context)
    let directions = try DirectionSource(
      image: image, gradients: gradients, tracking: tracking, threads: threads
    ).directions(context)
    let run = TrackingRun(
      Tracker(directions, criteria: criteria, included: included, rules: rules), seeds: seeds,
      seedCount: limits.seeds, selected: limits.selected, randomSeed: UInt64(tracking.seed))
    let countsSeeds = limits.selected == .max
    let progress = context.progress(
      "track", total: countsSeeds ? min(limits.seeds, seeds.count ?? .max) : limits.selected,
      unit: .items(countsSeeds ? "seeds" : "streamlines"))
    var done = 0
    let tally = try run(threads: threads) { (streamlines, tally) in
      try context.checkCancellation()
      if !streamlines.bounds.isEmpty {
        try writer.write(
          StreamlineBatch(positions: streamlines.positions, bounds: streamlines.bounds))
      }
      let now = countsSeeds ? tally.seeds : tally.selected
      progress.advance(by: now - done)
      done = now
    }
    progress.finish()
    try report(tally, limits.selected, context)
    try writer.finish()
    return tally
  }

  private func writer(
    _ image: ScannerImage, _ rules: TrackingRules, _ context: CommandContext
  ) throws -> any StreamlineWriter {
    guard let format = TractogramFiles.format(of: output), format != .vtk else {
      throw UsageError(
        "--output", "its ending is that of no format of streamlines", found: output,
        expected: ".tck, .trk or .trx")
    }
    var header = TractogramHeader(format: format)
    header.space = TractogramSpace(transform: image.transform, extent: image.extent)
    header.properties = [
      ("method", tracking.algorithm.rawValue), ("source", image.path),
      ("step_size", "\(rules.step)"), ("max_angle", "\(rules.angle)"),
      ("min_dist", "\(rules.leastLength)"), ("max_dist", "\(rules.greatestLength)"),
      ("threshold", "\(tracking.cutoff)"),
      (
        "command_history",
        "\(([context.tool] + context.arguments).joined(separator: " "))  (version=\(context.version))"
      ),
    ]
    return try TractogramFiles.create(output, replacing: replacing, header: header)
  }

  private func report(
    _ tally: TrackingTally, _ wanted: Int, _ context: CommandContext
  ) throws {
    func count(_ outcome: Tracker.Outcome, _ text: String) -> String? {
      let number = tally.counts[outcome] ?? 0
      return number > 0 ? "\(number) \(text)" : nil
    }
    let reasons = [
      count(.invalidSeed, "without a direction at the seed"), count(.tooShort, "too short"),
      count(.excluded, "excluded"), count(.missed, "that missed a region"),
    ].compactMap { $0 }
    let rest = reasons.isEmpty ? "" : "; left out: \(reasons.joined(separator: ", "))"
    guard tally.selected > 0 else {
      throw VolumeError(
        .dataTypeMismatch, path: image, "no seed of \(tally.seeds) came to a streamline",
        found: reasons.joined(separator: ", "), expected: "seeds where fibres are",
        remedy: "check that the seeds lie in the image (tracts info), --cutoff and the lengths")
    }
    context.note("\(tally.selected) streamlines from \(tally.seeds) seeds\(rest)")
    if wanted != .max, tally.selected < wanted {
      context.warn(
        "only \(tally.selected) of \(wanted) streamlines were found; use more --seeds")
    }
  }
}
