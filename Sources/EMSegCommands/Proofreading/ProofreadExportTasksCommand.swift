import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread export tasks`.
struct ProofreadExportTasksCommand: Command {
  var project = ProjectArgument()
  var file = ""
  var force = false

  static let manual = Manual<Self>(
    "proofread export tasks",
    summary: "Write every task as a table or as JSON lines.",
    discussion: """
      A file whose name ends in .jsonl gets one JSON object a line; any other a table divided by \
      commas, which emseg proofread import reads. Identifiers in JSON are texts, since many programs \
      round large numbers.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("FILE", \.file, "The file to write."),
      .flag("--force", \.force, "Replace the file if it exists."),
    ],
    examples: [Example("emseg proofread export tasks fib25.fascicle tasks.csv", "For pandas.")])

  func run(_ context: CommandContext) throws {
    let queue = TaskQueue(try project.database(.read))
    var lines = ExportedLines(path: file, columns: TaskExport.taskColumns)
    try queue.forEachTask { (task) throws(VolumeError) in
      lines.append(TaskExport.row(task), TaskExport.json(task))
    }
    try lines.write(replacing: force)
  }
}
