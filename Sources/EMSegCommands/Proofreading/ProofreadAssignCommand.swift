import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread assign`.
struct ProofreadAssignCommand: Command {
  var project = ProjectArgument()
  var names: [String] = []
  var count = 90
  var shared = 10
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread assign",
    summary: "Give tasks to reviewers, some of them to all.",
    discussion: """
      Each reviewer named gets --count tasks of the highest priority to themselves, and all of them \
      get the same --shared tasks, from which emseg proofread agreement tells how well they agree. \
      emseg proofread next gives assigned tasks first, and nobody else gets them. A task that needs \
      two reviewers goes to two of them.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .option("--to", \.names, .required, placeholder: "NAMES", "Reviewers, divided by commas."),
      .option(
        "--count", \.count, accepting: .from(0...1_000_000), "How many tasks each gets alone."),
      .option(
        "--shared", \.shared, accepting: .from(0...1_000_000), "How many tasks all of them get."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg proofread assign fib25.fascicle --to ada,bob --count 90 --shared 10",
        "A hundred tasks each, ten of them the same.")
    ])

  func run(_ context: CommandContext) throws {
    guard Set(names).count == names.count, names.count <= 100 else {
      throw UsageError(
        "--to", "the names are not of different reviewers", found: names.joined(separator: ","),
        expected: "at most 100 names, each once")
    }
    let queue = TaskQueue(try project.database(.update))
    var report = EvaluationReport()
    report.add("assigned", try queue.assign(to: names, count: count, shared: shared))
    try report.print(asJSON: isJSON, context)
  }
}
