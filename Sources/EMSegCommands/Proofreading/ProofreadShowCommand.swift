import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread show`.
struct ProofreadShowCommand: Command {
  var project = ProjectArgument()
  var task = 0
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread show",
    summary: "Show a task and the verdicts on it.",
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("TASK", \.task, accepting: .atLeast(1), "The task's number."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread show fib25.fascicle 12", "What became of task 12?")])

  func run(_ context: CommandContext) throws {
    let queue = TaskQueue(try project.database(.read))
    guard let found = try queue.task(Int64(task)) else {
      throw UsageError("TASK", "there is no such task", found: "\(task)")
    }
    var report = EvaluationReport()
    report.add(found)
    if let operation = try queue.operation(of: found.id) {
      report.add("operation", .integer(operation))
    }
    var votes: [(text: String, value: JSONValue)] = []
    try queue.forEachVote(on: found.id) { (vote) throws(VolumeError) in
      let verdict = vote.verdict?.rawValue ?? "withdrawn"
      let note = vote.note.isEmpty ? "" : ": \(vote.note)"
      votes.append(
        (
          "\(vote.reviewer)\(vote.isArbiter ? " (arbiter)" : ""): \(verdict)\(note)",
          .object(TaskExport.json(vote))
        ))
    }
    report.add("votes", each: "vote", votes)
    try report.print(asJSON: isJSON, context)
  }
}
