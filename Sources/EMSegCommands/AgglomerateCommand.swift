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

  var fragments = ""
  var affinities = ""
  var output = ""
  var threshold = Self.standardThreshold
  var minimumVoxels = Self.standardMinimumVoxels
  var graph: String?
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "agglomerate",
    summary: "Join supervoxels into neurons by mean affinity.",
    discussion: """
      The cheapest contact merges first, where cost is 1 − mean affinity over all links of the \
      contact; merging goes on while the cost is at most --threshold. Every merge and its cost is \
      kept in the graph folder, so another threshold needs no new region graph. The result does \
      not depend on blocks or threads.
      """,
    arguments: [
      .positional("FRAGMENTS", \.fragments, "OME-Zarr of supervoxels, from emseg watershed."),
      .option(
        "--affinities", \.affinities, .required, placeholder: "Z",
        "OME-Zarr of the affinities that the supervoxels were made from."),
      .option(
        "--output", \.output, .required, placeholder: "Z", "OME-Zarr of uint64 labels to create."),
      .option(
        "--threshold", \.threshold, accepting: .from(0...1), "Largest cost at which regions merge."),
      .option(
        "--minimum-voxels", \.minimumVoxels, accepting: .atLeast(0),
        "Make segments with fewer voxels in the whole volume background."),
      .option(
        "--graph", \.graph, placeholder: "FOLDER",
        "Where the region graph and the merges are kept; beside the output when left out."),
      .flag("--force", \.force, "Replace the output if it exists; the graph stays."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg agglomerate fragments.zarr --affinities affinities.zarr --threshold 0.5 "
          + "--output segmentation.zarr",
        "Join supervoxels up to a cost of 0.5.")
    ],
    references: ["Funke et al. 2018, IEEE TPAMI 41(7), doi:10.1109/TPAMI.2018.2835450"])

  func run(_ context: CommandContext) throws {
    if force { try ExistingOutput.checkApart(output, from: [fragments, affinities]) }
    let runner = StageRunner(context: context, options: blockwise)
    let fragments = try InputVolume.stored(self.fragments)
    let step = AgglomerateStep(
      fragments: fragments, fragmentCount: try fragmentCount(),
      affinities: try AffinityVolume.open(affinities),
      graph: graph ?? "\(output).graph", threshold: threshold,
      minimumVoxels: minimumVoxels, output: output)
    let sizes = try step.run(runner, policy: force ? .replace : .new)
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
