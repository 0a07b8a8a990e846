import CommandLineInterface
import Drawing
import Evaluation
import Segmentation
import VolumeStore
import Voxels

/// The command `emseg tune`.
struct TuneCommand: Command {
  var source = ""
  var truth = ""
  var thresholds = ThresholdRange.standard
  var measure = ThresholdCurve.Measure.voiSum
  var lows: [Double] = [WatershedParameters().low]
  var highs: [Double] = [WatershedParameters().high]
  var mergeSize = SegmentCommand.standardMergeSize
  var minimumVoxels = AgglomerateCommand.standardMinimumVoxels
  var plot: String?
  var isJSON = false
  var comparison = ComparisonOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "tune",
    summary: "Find the thresholds that segment a labelled part best.",
    discussion: """
      Scores the segments at every threshold of agglomeration against true labels and names the \
      best, for segment, agglomerate and watershed to take. Of a project, its supervoxels and \
      merges are taken as they are, whatever their size; of affinities, the labelled part is \
      segmented anew in memory, with every pair of --low and --high. Merges are found once and cut \
      at every threshold: many cost no more than one. Prints the curve as a table divided by tabs, \
      then the best thresholds, and as ideal_ what the same supervoxels would score if each joined \
      the object it shares most voxels with: what is missing there is the watershed's and the \
      network's, the rest is the agglomeration's. Thresholds are those of the labelled part: keep \
      other labels to judge by.
      """,
    arguments: [
      .positional("SOURCE", \.source, "A project folder, or affinities in OME-Zarr."),
      .positional("LABELS", \.truth, "The true labels."),
      .option(
        "--thresholds", \.thresholds,
        "The costs, 1 − affinity, up to which regions merge: from:to:step, or a list."),
      .option("--measure", \.measure, "What is to be least."),
      .option("--low", \.lows, "Watershed thresholds to try, of affinities."),
      .option("--high", \.highs, "Watershed thresholds to try, of affinities."),
      .option(
        "--merge-size", \.mergeSize, accepting: .atLeast(0),
        "Of affinities: merge supervoxels with fewer voxels first, as segment does."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .atLeast(0),
        "Make segments with fewer voxels background, as segment does."),
      .option(
        "--plot", \.plot, placeholder: "FILE",
        "Draw the curve as .svg or .png; replaces a file that is there."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("What counts", \.comparison, ComparisonOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg tune fib25.fascicle labels.h5 --plot curve.svg",
        "Find the best --threshold of a project."),
      Example(
        "emseg tune affinities.zarr labels.h5 --low 0.05,0.2,0.5 --high 0.99,0.9999",
        "Find the best watershed thresholds too."),
    ])

  func run(_ context: CommandContext) throws {
    let format = try plot.map(Self.format)
    let runner = StageRunner(context: context, options: blockwise)
    let curves =
      try ProjectFolder.found(at: source).map { [try projectCurve($0, runner)] }
      ?? affinityCurves(runner)
    guard let best = ThresholdCurve.best(of: curves, by: measure) else {
      throw VolumeError(
        .unsupportedFeature, path: truth, "there is nothing to choose from: no threshold was scored"
      )
    }
    if let plot, let format {
      let bytes = try ThresholdCurve.figure(of: curves, best: best).drawn(as: format)
      try ReportFile.write(bytes, to: plot)
    }
    let (lines, report) = ThresholdCurve.report(curves, best: best, measure: measure)
    if !isJSON { for line in lines { try context.print(line) } }
    try report.print(asJSON: isJSON, context)
  }

  /// The curve of a project's own supervoxels and merges.
  private func projectCurve(
    _ project: ProjectFolder, _ runner: StageRunner
  ) throws -> ThresholdCurve {
    let fragments = try InputVolume.stored(project.fragments)
    let compared = try comparison.comparison(
      of: fragments.reader, with: try comparison.labels(truth, context: runner.context),
      context: runner.context)
    let overlaps = try comparison.table(of: compared, truth: truth, runner)
    let merges = try StoredMerges(of: project)
    let values = thresholds.values.filter { $0 <= merges.tree.maximumCost }
    if values.count < thresholds.values.count {
      runner.context.note(
        "the project's merges go up to \(shortText(merges.tree.maximumCost)); higher thresholds "
          + "are left out")
    }
    return ThresholdCurve(
      watershed: nil, overlaps: overlaps, thresholds: values, background: comparison.background
    ) { threshold in
      var segments = merges.tree.segmentTable(threshold: threshold)
      SegmentSizes.dropSegments(
        below: minimumVoxels, from: &segments, fragmentSizes: merges.fragmentSizes)
      return segments
    }
  }

  /// The curves of the labelled part, segmented anew for each pair of watershed thresholds.
  private func affinityCurves(_ runner: StageRunner) throws -> [ThresholdCurve] {
    let pairs = try watersheds()
    let affinities = try AffinityVolume.open(source)
    let labels = try comparison.labels(truth, context: runner.context)
    let part = try comparison.part(of: affinities.reader, with: labels)
    let bytes = part.extent.voxelCount * Self.bytesPerVoxel
    guard bytes <= runner.options.memory.bytes else {
      throw UsageError(
        "--region", "the labelled part does not fit the memory",
        found: "\(part.extent.text) voxels, \(ByteCount(bytes))",
        expected: "at most \(runner.options.memory)",
        remedy: "choose a smaller --region, raise --memory, or tune a project")
    }
    return affinities.reader.metadata.dataType == .uint8
      ? try curves(affinities, UInt8.self, part, labels, pairs, runner)
      : try curves(affinities, Float.self, part, labels, pairs, runner)
  }

  /// Affinities, links, fragments, links between small ones, labels, and what making and comparing
  /// them takes.
  private static let bytesPerVoxel = 3 * 8 + 24 + 40 + 8 + 8 + 16

  private func watersheds() throws -> [WatershedParameters] {
    for (name, values) in [("--low", lows), ("--high", highs)] {
      guard !values.isEmpty, values.allSatisfy({ (0...1).contains($0) }) else {
        throw UsageError(name, "is no affinity", expected: "numbers from 0 to 1")
      }
    }
    let pairs = lows.flatMap { low in
      highs.filter { low < $0 }.map { WatershedParameters(low: low, high: $0) }
    }
    guard !pairs.isEmpty else {
      throw UsageError("--low", "must be below --high")
    }
    return pairs
  }

  private func curves<Affinity: AffinityScalar>(
    _ volume: AffinityVolume, _ type: Affinity.Type, _ part: VoxelBox,
    _ truthLabels: any VolumeReader, _ watersheds: [WatershedParameters], _ runner: StageRunner
  ) throws -> [ThresholdCurve] {
    let nearest = VolumeView(volume.reader, channels: 0..<3)
    let affinities = try nearest.read(part, as: type).moved(to: .zero)
    let box = affinities.box
    let line = runner.context.progress("tune", total: watersheds.count, unit: .items("watersheds"))
    defer { _ = line.finish() }
    return try watersheds.map { parameters in
      try runner.context.checkCancellation()
      let basins = watershed(
        affinities: affinities, box: box, volume: box, parameters: parameters)
      let fragments =
        mergeSize > 1
        ? basins.absorbed(
          links: affinities, weakest: .largest(atMost: parameters.low),
          until: RegionGrowth(voxelCount: UInt64(mergeSize)), ownBox: box, volume: box
        ).fragments : basins
      let labels = fragments.labels.converted(to: UInt64.self)
      let graph = regionGraph(affinities: affinities, fragments: labels, box: box, volume: box)
      var sizes = [UInt64](repeating: 0, count: fragments.count + 1)
      for fragment in graph.fragments { sizes[Int(fragment.id)] += fragment.voxelCount }
      let tree = try agglomerate(
        blockCounts: VoxelExtent(cube: 1), fragmentCount: fragments.count,
        maximumCost: thresholds.values.last ?? 1, threads: runner.options.threads
      ) { _ in graph }
      let compared = try comparison.comparison(
        of: HeldVolume(labels.moved(to: part.origin), of: volume.reader), with: truthLabels,
        context: runner.context)
      let overlaps = try comparison.table(of: compared, truth: truth, runner)
      line.advance(by: 1)
      return ThresholdCurve(
        watershed: parameters, overlaps: overlaps, thresholds: thresholds.values,
        background: comparison.background
      ) { threshold in
        var segments = tree.segmentTable(threshold: threshold)
        SegmentSizes.dropSegments(below: minimumVoxels, from: &segments, fragmentSizes: sizes)
        return segments
      }
    }
  }

  private static func format(of path: String) throws(UsageError) -> PictureFormat {
    let name = path.lowercased()
    if name.hasSuffix(".svg") { return .svg }
    if name.hasSuffix(".png") { return .png }
    throw UsageError(
      "--plot", "the kind of picture is not known", found: path, expected: "a name in .svg or .png")
  }
}
