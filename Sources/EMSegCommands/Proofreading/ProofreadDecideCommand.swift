import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread decide`.
struct ProofreadDecideCommand: Command {
  var project = ProjectArgument()
  var task = 0
  var verdict = VerdictArgument.unsure
  var name = ""
  var token: Int?
  var seconds: Double?
  var note: String?
  var isEditLeftOut = false
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread decide",
    summary: "Give a verdict on a task that was taken.",
    discussion: """
      Once this ends with status 0, the verdict is on the disk and stays there, whatever happens to \
      the program or the machine. The same verdict given again changes nothing. When as many \
      reviewers as the task needs agree, the edit that follows is done: a merge of the two \
      supervoxels, or, where a joint was in question, the cheapest cut between them. When they \
      disagree, or two are unsure, an arbiter decides. *withdraw* takes one's own verdict back, and \
      with it the edit that followed.

      Ends with status 75 where the verdict is not taken: the lease has run out, the task was closed, \
      or was judged otherwise under the same name. A split that needs seeds stays to be done, with \
      state agreed.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("TASK", \.task, accepting: .atLeast(1), "The task's number."),
      .positional("VERDICT", \.verdict, "What the reviewer says."),
      .option("--as", \.name, .required, placeholder: "NAME", "The reviewer's name."),
      .option(
        "--token", \.token, placeholder: "N",
        "The token that emseg proofread next printed; not needed to withdraw."),
      .option(
        "--seconds", \.seconds, accepting: .ifGiven(.from(0...1e6)), "How long the look took."),
      .option("--note", \.note, placeholder: "TEXT", "A remark to keep."),
      .flag("--no-edit", \.isEditLeftOut, "Leave the edit that follows for later."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg proofread decide fib25.fascicle 12 merge --as ada --token 34",
        "The two segments of task 12 are one neuron.")
    ])

  func run(_ context: CommandContext) throws {
    let queue = TaskQueue(try project.database(.update))
    guard let verdict = verdict.verdict else {
      try withdraw(queue, context)
      return
    }
    guard let token else {
      throw UsageError(
        "--token", "a verdict needs the token of its lease",
        remedy: "take the task with emseg proofread next")
    }
    let result = try queue.decide(
      task: Int64(task), by: name, token: Int64(token), verdict, seconds: seconds,
      note: note ?? "")
    guard case .accepted(let decision) = result else {
      if case .refused(let refusal) = result {
        throw QueueRefusal.refused(refusal, task: Int64(task))
      }
      return
    }
    var report = EvaluationReport()
    report.add("repeated", decision.isRepeated ? "yes" : "no")
    if decision.task.state == .agreed, !isEditLeftOut {
      let sink = LoggedEdits(try EditedProject(project, .update, context).log)
      let applied = try queue.applyAgreed(through: sink)
      for waiting in applied.waiting where waiting.task == decision.task.id {
        context.note("task \(waiting.task) waits for an edit by hand: \(waiting.reason)")
      }
    }
    report.add(try queue.task(decision.task.id) ?? decision.task)
    if let operation = try queue.operation(of: decision.task.id) {
      report.add("operation", .integer(operation))
    }
    try report.print(asJSON: isJSON, context)
  }

  private func withdraw(_ queue: TaskQueue, _ context: CommandContext) throws {
    let id = Int64(task)
    let sink: LoggedEdits? =
      try queue.operation(of: id) == nil
      ? nil : LoggedEdits(try EditedProject(project, .update, context).log)
    guard let changed = try queue.withdraw(task: id, by: name, through: sink) else {
      throw UsageError(
        "TASK", "\(name) has no verdict on this task", found: "\(task)",
        remedy: "see emseg proofread show")
    }
    var report = EvaluationReport()
    report.add(changed)
    try report.print(asJSON: isJSON, context)
  }
}
