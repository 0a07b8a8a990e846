import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread next`.
struct ProofreadNextCommand: Command {
  var project = ProjectArgument()
  var name = ""
  var isArbiter = false
  var task: Int?
  var minutes = 15.0
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread next",
    summary: "Take the next task for a reviewer.",
    discussion: """
      Prints the task and the *token* that emseg proofread decide wants. The task is the reviewer's \
      for --minutes; then others get it. A task that was taken and not judged, for instance because \
      the program was killed, comes again first, with a new token. Nobody gets a task twice after a \
      verdict. Tasks whose question no longer arises, since other edits have answered it, are \
      closed on the way. Ends with status 69 when nothing is left.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .option("--as", \.name, .required, placeholder: "NAME", "The reviewer's name."),
      .flag("--arbiter", \.isArbiter, "Take a task on which reviewers disagree."),
      .option("--task", \.task, placeholder: "ID", "Take this task, where it is open."),
      .option(
        "--minutes", \.minutes, accepting: .from(0.01...1440), "How long the task is held."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread next fib25.fascicle --as ada --json", "Take a task.")])

  func run(_ context: CommandContext) throws {
    let queue = TaskQueue(try project.database(.update), leaseSeconds: minutes * 60)
    let role = isArbiter ? ReviewerRole.arbiter : .reviewer
    let claim: TaskClaim?
    if let task {
      claim = try queue.claim(task: Int64(task), for: name, as: role)
    } else {
      var edits = try EditedSupervoxels(project, queue.database, context)
      claim = try queue.claim(for: name, as: role) { (task) throws(VolumeError) in
        try edits.standing(of: task)
      }
    }
    guard let claim else { throw QueueRefusal.nothingLeft(for: name) }
    var report = EvaluationReport()
    report.add(claim.task)
    report.add("token", .integer(claim.token))
    report.add("seconds", claim.seconds)
    try report.print(asJSON: isJSON, context)
  }
}
