import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread backup`.
struct ProofreadBackupCommand: Command {
  var project = ProjectArgument()
  var file = ""
  var force = false

  static let manual = Manual<Self>(
    "proofread backup",
    summary: "Copy a project's queue and edits, while others work.",
    discussion: """
      The copy is of one moment, and gets its name only once it is whole and on the disk. To restore \
      it, put it in the place of proofreading.sqlite while nobody works, and remove the files beside \
      it that end in -wal and -shm.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("FILE", \.file, "The copy."),
      .flag("--force", \.force, "Replace the file if it exists."),
    ],
    examples: [Example("emseg proofread backup fib25.fascicle monday.sqlite", "Keep a copy.")])

  func run(_ context: CommandContext) throws {
    try project.database(.update).backUp(to: file, replacing: force)
  }
}
