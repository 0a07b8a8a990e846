import CommandLineInterface
import Evaluation
import VolumeStore
import Voxels

/// The command `emseg evaluate objects`.
struct EvaluateObjectsCommand: Command {
  var found = ""
  var truth = ""
  var overlap = 0.1
  var region: RegionArgument?
  var foundDataset: String?
  var truthDataset: String?
  var isJSON = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "evaluate objects",
    summary: "Score found objects, such as clefts, by their overlap with true ones.",
    discussion: """
      Both are labels, such as those of emseg components. A found object is right where at least \
      --overlap of its voxels lie in true objects; a true one is found where as much of it lies in \
      found ones. One object may stand for several of the other kind.
      """,
    arguments: [
      .positional("FOUND", \.found, "Labels of the objects found."),
      .positional("TRUTH", \.truth, "Labels of the true objects, of the same voxel size."),
      .option(
        "--overlap", \.overlap, accepting: .from(1e-6...1),
        "The least part of an object that must overlap."),
      .option("--region", \.region, "What to compare, in FOUND's voxels; all when left out."),
      .option("--found-dataset", \.foundDataset, placeholder: "PATH", "The dataset of FOUND."),
      .option("--truth-dataset", \.truthDataset, placeholder: "PATH", "The dataset of TRUTH."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg evaluate objects synapses/objects.zarr clefts.zarr",
        "Precision and recall of detected clefts.")
    ])

  func run(_ context: CommandContext) throws {
    let found = try SourceOptions(dataset: foundDataset).open(self.found, context: context).reader
    let truth = try SourceOptions(dataset: truthDataset).open(self.truth, context: context).reader
    let comparison = try LabelComparison(
      of: found, with: truth, part: try region?.box(in: found.metadata.extent))
    let table = try comparison.table(StageRunner(context: context, options: blockwise))
    let score = ObjectDetectionScore(of: table, minimumOverlap: overlap)
    var report = EvaluationReport()
    report.add("found", score.foundCount)
    report.add("true", score.truthCount)
    report.add("minimum_overlap", score.minimumOverlap)
    report.add("right", score.rightCount)
    report.add("detected", score.detectedCount)
    report.add("precision", score.precision)
    report.add("recall", score.recall)
    report.add("f1", score.f1)
    try report.print(asJSON: isJSON, context)
  }
}
