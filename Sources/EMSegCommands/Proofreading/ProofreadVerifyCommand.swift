import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread verify`.
struct ProofreadVerifyCommand: Command {
  var project = ProjectArgument()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread verify",
    summary: "Check a project's queue and its log of edits.",
    discussion: """
      Checks the database's pages and indices; that every task's state is what its verdicts say, no \
      reviewer decided a task twice, and verdicts are protected from changes; and that every entry \
      of the log of edits is in its place, has the hash it should have, and could be done. Ends with \
      status 65 where anything is wrong. log_head stands for the whole log: noted elsewhere, it \
      shows whether the log was cut short.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread verify fib25.fascicle", "Is everything in order?")])

  func run(_ context: CommandContext) throws {
    // For reading, so that nothing is mended on the way.
    let database = try project.database(.read)
    var findings = try database.damage()
    if findings.isEmpty { findings = try TaskQueue(database).faults() }
    let log = try OperationLog.check(
      database, base: try EditedProject.base(of: try project.project))
    findings += log.findings
    var report = EvaluationReport()
    report.add("edits", log.operationCount)
    report.add("log_head", log.head)
    report.add("faults", findings.count)
    report.add(
      "findings", each: "fault", findings.map { ($0, .string($0)) })
    try report.print(asJSON: isJSON, context)
    guard findings.isEmpty else {
      throw VolumeError(
        .malformedMetadata, path: project.databasePath, "the database is not in order",
        found: "\(findings.count) faults", remedy: "restore it from a backup")
    }
  }
}
