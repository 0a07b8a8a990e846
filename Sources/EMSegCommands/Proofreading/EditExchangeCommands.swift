import Codecs
import CommandLineInterface
import FoundationEssentials
import Proofreading
import SQLite
import VolumeStore

/// The command `emseg proofread export edits`.
struct ProofreadExportEditsCommand: Command {
  var project = ProjectArgument()
  var output = ""
  var isReplacing = false
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread export edits",
    summary: "Write the log of edits as lines of JSON.",
    discussion: """
      One entry of the log a line, in order, with its hash and the hash of the one before: all that \
      there is to know of the edits, the voxels of split supervoxels too. emseg proofread replay \
      makes the same log of it in another copy of the project.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .option("--output", \.output, .required, placeholder: "FILE", "The file to create."),
      .flag("--force", \.isReplacing, "Replace the output if it exists."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg proofread export edits fib25.fascicle --output edits.jsonl", "Write all edits.")
    ])

  func run(_ context: CommandContext) throws {
    if isReplacing { try ExistingOutput.checkApart(output, from: [project.path]) }
    guard isReplacing || !ExistingOutput.exists(output) else {
      throw ExistingOutput.error(output, "it is there already")
    }
    let log = try EditedProject(project, .read, context).log
    var bytes: [UInt8] = []
    var count = 0
    try log.export { line in
      bytes += Array(line.utf8) + [UInt8(ascii: "\n")]
      count += 1
    }
    try ExistingOutput.createFolder(of: output)
    let (folder, name) = FileStore.split(output)
    try FileStore(root: folder).write(bytes.rawSpan, to: name)
    let head = try log.head
    if isJSON {
      try context.print(["entries": .integer(Int64(count)), "head": .string(head)])
    } else {
      try context.print("entries\t\(count)")
      try context.print("head\t\(head)")
    }
  }
}

/// The command `emseg proofread replay`.
struct ProofreadReplayCommand: Command {
  var project = ProjectArgument()
  var edits = ""
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread replay",
    summary: "Do the edits of another copy of the project again.",
    discussion: """
      Takes what emseg proofread export edits wrote, all of it or nothing: every hash is checked, \
      and every edit done on the segments before it. The project must have the same supervoxels, \
      contacts and agglomeration, and either no edits or the first ones of the file. The log that \
      results is the same, byte for byte.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("EDITS", \.edits, "Lines of JSON, from emseg proofread export edits."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("emseg proofread replay copy.fascicle edits.jsonl", "Bring a copy up to date.")
    ])

  /// The largest file of edits that is read: some ten million of them.
  private static let limit = 1 << 34

  func run(_ context: CommandContext) throws {
    let (folder, name) = FileStore.split(edits)
    guard let text = try FileStore(root: folder).read(name, limit: Self.limit) else {
      throw VolumeError(.notFound, path: edits, "there is no such file", remedy: "check the path")
    }
    let log = try EditedProject(project, .create, context).log
    var lines = text.split(separator: UInt8(ascii: "\n"))[...]
    let added = try log.replay(
      { lines.popFirst().map { String(decoding: $0, as: UTF8.self) } }, from: edits)
    let (head, last) = (try log.head, try log.lastOperation)
    if isJSON {
      try context.print([
        "entries_added": .integer(Int64(added)), "operations": .integer(last),
        "head": .string(head),
      ])
    } else {
      try context.print("entries_added\t\(added)")
      try context.print("operations\t\(last)")
      try context.print("head\t\(head)")
    }
  }
}
