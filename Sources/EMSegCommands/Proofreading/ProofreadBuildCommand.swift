import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore
import Voxels

/// The command `emseg proofread build`.
struct ProofreadBuildCommand: Command {
  var project = ProjectArgument()
  var band = 0.15
  var orphanVoxels = 100_000
  var jointVoxels = 10_000
  var sizeDeviations = 3.5
  var twoReviewersAbove = 1_000_000
  var disagreements: String?
  var weakSynapses: String?
  var isJSON = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "proofread build",
    summary: "Make tasks of what a segmentation left in doubt, and rank them.",
    discussion: """
      The tasks are: contacts that cost up to --band more than the threshold (*merge candidate*), \
      contacts that a veto kept apart (*vetoed*), segments of fewer than --orphan-voxels that end \
      inside the volume and have no such contact (*orphan*), joints that cost up to --band less than \
      the threshold between two parts of --joint-voxels, and segments far larger than others (both \
      *suspicious shape*). Tables give disagreements with a flood-filling run and weak synapses; \
      their columns are those of emseg proofread import.

      Tasks are ranked by the bits that the variation of information is expected to fall by, times \
      the voxels: how much an edit would gain, times the probability that it is needed. The \
      probability is the score of the agglomeration at first, and is learned from verdicts. Run \
      again, this adds what is new, and fits and ranks anew.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .option(
        "--band", \.band, accepting: .from(0...1),
        "How far from the threshold costs are in doubt."),
      .option(
        "--orphan-voxels", \.orphanVoxels, accepting: .atLeast(0),
        "Segments with fewer voxels are orphans where they end inside the volume."),
      .option(
        "--joint-voxels", \.jointVoxels, accepting: .atLeast(1),
        "Joints count where both sides have so many voxels."),
      .option(
        "--size-deviations", \.sizeDeviations, accepting: .from(1...100),
        "How many deviations above the median, of logarithms, a size is suspicious."),
      .option(
        "--two-reviewers-above", \.twoReviewersAbove, accepting: .atLeast(1),
        "Two reviewers must agree where the smaller side has so many voxels."),
      .option(
        "--disagreements", \.disagreements, placeholder: "CSV",
        "A table of disagreements with another segmentation."),
      .option(
        "--weak-synapses", \.weakSynapses, placeholder: "CSV", "A table of synapses in doubt."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [Example("emseg proofread build fib25.fascicle", "Make a project's queue.")],
    references: ["Plaza, Scheffer & Saunders 2012, doi:10.1371/journal.pone.0044448"])

  func run(_ context: CommandContext) throws {
    let folder = try project.project
    let runner = StageRunner(context: context, options: blockwise)
    let found = try AgglomerationTasks(folder, band: band, runner)
    let sources = TaskSources(
      volume: found.volume, twoReviewersAbove: UInt64(twoReviewersAbove),
      orphanVoxels: UInt64(orphanVoxels), sizeDeviations: sizeDeviations,
      jointVoxels: UInt64(jointVoxels))
    var drafts = try found.candidates(sources)
    let asked = Set(drafts.flatMap { [$0.bodyA, $0.bodyB] })
    let segments = try found.summaries()
    drafts += try found.joints(sources)
    drafts += sources.orphans(segments, besides: asked)
    drafts += sources.outliers(segments)
    if let disagreements {
      drafts += try TaskFile.drafts(disagreements, kind: .floodDisagreement)
    }
    if let weakSynapses { drafts += try TaskFile.drafts(weakSynapses, kind: .weakSynapse) }

    let queue = TaskQueue(try project.database(.create))
    let last = try queue.database.sqlite.row("SELECT max(operation) FROM edit_entry")?.integer(0)
    var report = EvaluationReport()
    report.add("found", drafts.count)
    report.add("added", try queue.add(drafts, baseOperation: last ?? 0))
    report.add("ranked_anew", try queue.recalibrate())
    let status = try queue.status()
    for kind in ProofreadingTask.Kind.allCases {
      if let counts = status.counts[kind] {
        report.add(
          kind.rawValue.replacing(" ", with: "_"), counts.values.reduce(0, +))
      }
    }
    report.add("open", status.count(.open))
    try report.print(asJSON: isJSON, context)
  }
}
