import CommandLineInterface
import Drawing
import Evaluation
import Proofreading
import SQLite
import VolumeStore
import Voxels

/// The command `emseg proofread simulate`.
struct SimulateReviewCommand: Command {
  var target = ProjectArgument()
  var truth = ""
  var errorRate = 0.05
  var shuffles = 5
  var skeletons: String?
  var unit = VoxelSizeArgument(VoxelSize(z: 1, y: 1, x: 1))
  var table: String?
  var figure: String?
  var isJSON = false
  var truthDataset: String?
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "proofread simulate",
    summary: "Tell what proofreading would gain, by reviewers who know the truth.",
    discussion: """
      Reviewers who know the true labels work through the project's tasks about two segments, in \
      a copy of the queue: in the queue's own order, which ranks tasks anew after every verdict; \
      by the size of the smaller segment; and in random order. After every verdict the variation \
      of information is taken, in bits, as evaluate segmentation does: truth 0 does not count, \
      segmentation 0 is one segment. The right answer is merge where both supervoxels at the \
      contact lie mostly in one true object, and keep apart elsewhere; tasks of which a supervoxel \
      lies in no true object are left out. A reviewer who errs gives the other answer at random.

      The reachable gain is what the perfect reviewer gains from all tasks. Printed for each order \
      are the verdicts after which 90 % of it are made, and their share of what random order \
      needs. Two reviewers who err, with an arbiter who errs as often, are compared with one. \
      The project is not changed.
      """,
    arguments: [
      .group("", \.target, ProjectArgument.arguments),
      .option(
        "--truth", \.truth, .required, placeholder: "LABELS", "The true labels: any volume."),
      .option(
        "--truth-dataset", \.truthDataset, placeholder: "PATH",
        "The dataset of LABELS in an HDF5 file."),
      .option(
        "--error-rate", \.errorRate, accepting: .from(0...1),
        "How often a reviewer who errs does."),
      .option(
        "--shuffles", \.shuffles, accepting: .from(1...1000),
        "How many random orders are taken the mean of."),
      .option(
        "--skeletons", \.skeletons, placeholder: "SWC",
        "True skeletons, a folder of SWC files: expected run lengths are taken too."),
      .option(
        "--unit", \.unit, "The nanometres of one unit in the SWC files, z,y,x."),
      .option(
        "--table", \.table, placeholder: "FILE",
        "Write every score as CSV; replaces a file that is there."),
      .option(
        "--figure", \.figure, placeholder: "FILE",
        "Draw the curves: FILE.svg, .png or .pdf; replaces a file that is there."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg proofread simulate fib25.fascicle --truth labels.h5 --figure gain.svg",
        "Draw how soon proofreading would pay.")
    ],
    references: ["Plaza et al. 2012, doi:10.1371/journal.pone.0044448"])

  func run(_ context: CommandContext) throws {
    let project = try target.project
    let format = try figure.map(Self.format)
    let drafts = try TaskQueue(try target.database(.read)).drafts()
    let known = try KnownAnswers(
      project, truth: truth, dataset: truthDataset,
      runner: StageRunner(context: context, options: blockwise))
    let questions = known.questions(drafts)
    guard !questions.isEmpty else {
      throw VolumeError(
        .unsupportedFeature, path: target.databasePath, "no task has a known answer",
        found: "\(drafts.count) tasks",
        expected: "some about two segments whose supervoxels lie in true objects",
        remedy: "run emseg proofread build, or name other labels")
    }
    let runLength = try skeletons.map { path in
      try known.runLength(of: SkeletonFiles.read(path, unit: unit.size), path)
    }
    let comparison = try ReviewComparison(
      ReviewSimulation(questions, known.score), errorRate: errorRate, shuffles: shuffles,
      runLength: runLength)
    if let table { try comparison.table.write(to: table) }
    if let figure, let format {
      try ReportFile.write(try comparison.figure.drawn(as: format), to: figure)
    }
    var report = EvaluationReport()
    report.add("tasks", drafts.count)
    report.add("questions", questions.count)
    report.add("true_merges", questions.count { $0.isOne })
    report.add("voxels", known.score.voxelCount)
    comparison.add(to: &report)
    try report.print(asJSON: isJSON, context)
  }

  private static func format(_ path: String) throws -> PictureFormat {
    guard let format = PictureFormat(fileName: path) else {
      throw UsageError(
        "--figure", "the file's name does not say what to draw", found: path,
        expected: "a name that ends in .svg, .png or .pdf")
    }
    return format
  }
}
