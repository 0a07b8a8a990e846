import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread import`.
struct ProofreadImportCommand: Command {
  var project = ProjectArgument()
  var file = ""
  var kind = ProofreadingTask.Kind.imported
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread import",
    summary: "Add tasks from a table or from Neu3.",
    discussion: """
      A file whose name ends in .json is a task list of Neu3, with tasks of the types "body merge" \
      and "body cleave". Any other is a table divided by commas with a heading: supervoxel_a, z, y, \
      x, and where wanted supervoxel_b, kind, score (0 to 1, high where an edit is likely), \
      weight_a, weight_b, need, truth (makes it a gold task), and any columns more, which are kept \
      as evidence. The candidates of emseg agglomerate and what emseg proofread export writes are \
      such tables. A task that is there already is passed over.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("FILE", \.file, "The table or task list."),
      .option("--kind", \.kind, "The kind of tasks whose row states none."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread import fib25.fascicle list.json", "Take tasks of Neu3.")])

  func run(_ context: CommandContext) throws {
    let drafts = try TaskFile.drafts(file, kind: kind)
    let queue = TaskQueue(try project.database(.create))
    var report = EvaluationReport()
    report.add("read", drafts.count)
    report.add("added", try queue.add(drafts))
    try report.print(asJSON: isJSON, context)
  }
}
