import Codecs
import CommandLineInterface
import VolumeStore
import ZarrStore
import Voxels

/// The command `emseg agglomerate`.
struct AgglomerateCommand: Command {
  /// The cost that served best with the affinities of a class-balanced network; see
  /// docs/segmentation.md.
  static let standardThreshold = 0.65

  /// Segments below this size are noise at any resolution that neurons are segmented at.
  static let standardMinimumVoxels = 100

  /// What is written of the segments.
  enum Labels: String, CaseIterable, ArgumentValue {
    case materialise, none
  }

  var fragments = ""
  var affinities: String?
  var output = ""
  var threshold = Self.standardThreshold
  var minimumVoxels = Self.standardMinimumVoxels
  var graph: String?
  var labels = Labels.materialise
  var candidates: String?
  var band = 0.1
  var fragmentAddress: String?
  var force = false
  var agglomeration = AgglomerationOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "agglomerate",
    summary: "Join supervoxels into neurons, best contact first.",
    discussion: """
      The best contact merges first, by the mean (or a quantile, or the maximum) of its affinities; \
      merging goes on while the cost, 1 − that affinity, is at most --threshold. Every merge is \
      kept in the graph folder with its cost, what decided it and where, so that another threshold \
      up to 0.8 is a look-up: name the same folder with --graph, and the affinities are not needed \
      any more. The result does not depend on blocks or threads. emseg why tells which merges join \
      two supervoxels.
      """,
    arguments: [
      .positional("FRAGMENTS", \.fragments, "OME-Zarr of supervoxels, from emseg watershed."),
      .option(
        "--affinities", \.affinities, placeholder: "Z",
        "OME-Zarr of the affinities that the supervoxels were made from; needed unless --graph "
          + "holds their merges."),
      .option(
        "--output", \.output, .required, placeholder: "Z",
        "OME-Zarr of uint64 labels to create; a folder with the segment table for --labels none."),
      .option(
        "--threshold", \.threshold, accepting: .from(0...1), "Largest cost at which regions merge."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .atLeast(0),
        "Make segments with fewer voxels in the whole volume background."),
      .option(
        "--graph", \.graph, placeholder: "FOLDER",
        "Where the region graph and the merges are kept; beside the output when left out."),
      .option(
        "--labels", \.labels,
        "Whether to write every voxel's segment, or only which supervoxels each segment has."),
      .option(
        "--candidates", \.candidates, placeholder: "FILE",
        "Write a CSV of contacts to proofread: those a little above the threshold, and vetoed ones."
      ),
      .option(
        "--band", \.band, accepting: .from(0...1),
        "How far above the threshold the costs of candidates may lie."),
      .option(
        "--fragments-url", \.fragmentAddress, placeholder: "URL",
        "Where Neuroglancer finds the supervoxels, for the view stored with the segment table."),
      .flag("--force", \.force, "Replace the output if it exists; the graph stays."),
      .group("Agglomeration", \.agglomeration, AgglomerationOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg agglomerate fragments.zarr --affinities affinities.zarr --threshold 0.5 "
          + "--output segmentation.zarr",
        "Join supervoxels up to a cost of 0.5."),
      Example(
        "emseg agglomerate fragments.zarr --graph segmentation.zarr.graph --threshold 0.4 "
          + "--output finer.zarr",
        "Cut the same merges at another cost."),
    ],
    references: [
      "Funke et al. 2018, IEEE TPAMI 41(7), doi:10.1109/TPAMI.2018.2835450",
      "Lu, Zlateski & Seung 2021, arXiv:2106.10795",
    ])

  func run(_ context: CommandContext) throws {
    if force {
      try ExistingOutput.checkApart(
        output,
        from: [fragments, affinities, graph, agglomeration.classes].compactMap { $0 })
    }
    let runner = StageRunner(context: context, options: blockwise)
    let file = candidates.map { CandidateFile(path: $0, band: band, isReplacing: force) }
    try file?.check()
    let step = AgglomerateStep(
      fragments: try InputVolume.stored(self.fragments), fragmentCount: try fragmentCount(),
      affinities: try affinities.map { try AffinityVolume.open($0) },
      graph: graph ?? "\(output).graph", threshold: threshold,
      minimumVoxels: minimumVoxels, output: output, options: agglomeration,
      classes: try agglomeration.classes.map {
        try SourceOptions().open($0, context: context)
      },
      candidates: file, fragmentAddress: fragmentAddress)
    let policy = force ? OutputImage.Policy.replace : .new
    let sizes =
      try labels == .none
      ? step.runWithoutLabels(runner, policy: policy) : step.run(runner, policy: policy)
    for (name, value) in sizes.facts { try context.print("\(name)\t\(value)") }
  }

  private func fragmentCount() throws -> Int {
    guard let count = try OMEZarrImage.open(at: fragments).attributes["labels"]?.int else {
      throw VolumeError(
        .malformedMetadata, path: fragments, "the number of supervoxels is not stated",
        expected: "a volume that emseg watershed or emseg components made")
    }
    return count
  }
}
