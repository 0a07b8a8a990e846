import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread export votes`.
struct ProofreadExportVotesCommand: Command {
  var project = ProjectArgument()
  var file = ""
  var force = false

  static let manual = Manual<Self>(
    "proofread export votes",
    summary: "Write every verdict on record as a table or as JSON lines.",
    discussion: """
      A file whose name ends in .jsonl gets one JSON object a line; any other a table divided by \
      commas. Withdrawn verdicts are there, with what withdrew them; times are seconds since 1970.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("FILE", \.file, "The file to write."),
      .flag("--force", \.force, "Replace the file if it exists."),
    ],
    examples: [Example("emseg proofread export votes fib25.fascicle votes.csv", "For pandas.")])

  func run(_ context: CommandContext) throws {
    let queue = TaskQueue(try project.database(.read))
    var lines = ExportedLines(path: file, columns: TaskExport.voteColumns)
    try queue.forEachVote { (vote) throws(VolumeError) in
      lines.append(TaskExport.row(vote), TaskExport.json(vote))
    }
    try lines.write(replacing: force)
  }
}
