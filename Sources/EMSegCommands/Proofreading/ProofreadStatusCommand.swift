import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread status`.
struct ProofreadStatusCommand: Command {
  var project = ProjectArgument()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread status",
    summary: "Tell how far the proofreading of a project has come.",
    discussion: """
      Counts tasks by state and kind, and the verdicts of every reviewer; *recent* are those of the \
      last 24 hours, *held* the tasks taken and not yet judged. refit_due tells that there are \
      twice as many settled tasks as when probabilities were last fitted: emseg proofread build \
      fits them anew.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread status fib25.fascicle", "How far are we?")])

  func run(_ context: CommandContext) throws {
    let queue = TaskQueue(try project.database(.read))
    let status = try queue.status(since: queue.clock.now.wall - 86_400)
    var report = EvaluationReport()
    for state in ProofreadingTask.State.allCases {
      report.add(state.rawValue, status.count(state))
    }
    report.add("settled", status.settledTasks)
    report.add("fitted", status.fittedVerdicts)
    let isDue = status.settledTasks >= max(16, 2 * status.fittedVerdicts)
    report.add("refit_due", isDue ? "yes" : "no")
    let kinds = ProofreadingTask.Kind.allCases.filter { status.counts[$0] != nil }
    report.add(
      "kinds", each: "kind",
      kinds.map { kind in
        let counts = status.counts[kind] ?? [:]
        let states = ProofreadingTask.State.allCases.filter { counts[$0] != nil }
        return (
          "\(kind.rawValue): "
            + states.map { "\($0.rawValue) \(counts[$0] ?? 0)" }.joined(separator: ", "),
          .object(
            ["kind": .string(kind.rawValue)].merging(
              states.map { ($0.rawValue, .integer(Int64(counts[$0] ?? 0))) }
            ) { $1 })
        )
      })
    report.add(
      "reviewers", each: "reviewer",
      status.reviewers.map { reviewer in
        (
          "\(reviewer.name): \(reviewer.verdicts) verdicts, \(reviewer.recent) recent, "
            + "\(reviewer.held) held",
          .object([
            "name": .string(reviewer.name), "verdicts": .integer(Int64(reviewer.verdicts)),
            "recent": .integer(Int64(reviewer.recent)), "held": .integer(Int64(reviewer.held)),
            "mean_seconds": reviewer.meanSeconds.map { .number($0) } ?? .null,
          ])
        )
      })
    try report.print(asJSON: isJSON, context)
  }
}
