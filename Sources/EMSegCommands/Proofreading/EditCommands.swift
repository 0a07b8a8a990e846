import Codecs
import CommandLineInterface
import Proofreading
import SQLite

/// The command `emseg proofread merge`.
struct ProofreadMergeCommand: Command {
  var project = ProjectArgument()
  var first = EditPlace.supervoxel(0)
  var second = EditPlace.supervoxel(0)
  var signature = EditSignature()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread merge",
    summary: "Join the segments of two supervoxels.",
    discussion: """
      Adds a link between the two supervoxels to the log of edits; no voxel is written. A place is \
      a supervoxel's number, or a voxel as z,y,x. Refused where the two are one segment already.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("A", \.first, "A place in one segment."),
      .positional("B", \.second, "A place in the other."),
      .group("Edit", \.signature, EditSignature.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg proofread merge fib25.fascicle 4711 120,300,85 --as ada",
        "Join the segment of a supervoxel with that at a voxel.")
    ])

  func run(_ context: CommandContext) throws {
    let edited = try EditedProject(project, .create, context)
    let operation = try edited.log.merge(
      try edited.points([[first], [second]]), by: signature.signature)
    try EditReport(operation: operation).print(context, asJSON: isJSON)
  }
}

/// The command `emseg proofread cleave`.
struct ProofreadCleaveCommand: Command {
  var project = ProjectArgument()
  var sides: [EditPlaces] = []
  var isPreview = false
  var signature = EditSignature()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread cleave",
    summary: "Part a segment between seeds of many sides.",
    discussion: """
      Supervoxels join over the strongest links first, and never such that seeds of two sides come \
      together; what is left between sides is cut. All seeds lie in one segment.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positionals("SIDE", \.sides, "The seeds of a side, divided by +; two sides or more."),
      .flag("--preview", \.isPreview, "Show what would remain, and change nothing."),
      .group("Edit", \.signature, EditSignature.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg proofread cleave fib25.fascicle 4711+4720 4800 5100 --as ada",
        "Part three neurons that were merged.")
    ],
    references: ["Cousty et al. 2009, IEEE TPAMI 31(8), doi:10.1109/TPAMI.2008.173"])

  func run(_ context: CommandContext) throws {
    let edited = try EditedProject(project, .create, context)
    let points = try edited.points(sides.map(\.places))
    if isPreview {
      let plan = try edited.log.state.cleavePlan(sides: points.sides)
      return try CutReport(plan: plan).print(context, asJSON: isJSON)
    }
    let operation = try edited.log.cleave(points, by: signature.signature)
    try EditReport(operation: operation).print(context, asJSON: isJSON)
  }
}

/// The command `emseg proofread undo`.
struct ProofreadUndoCommand: Command {
  var project = ProjectArgument()
  var operation = 0
  var signature = EditSignature()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread undo",
    summary: "Take back an edit.",
    discussion: """
      Adds an operation to the log that takes the edit back; nothing is deleted. Refused, with \
      their numbers, where later operations rest on the edit: take those back first.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("OPERATION", \.operation, accepting: .atLeast(1), "The edit's number."),
      .group("Edit", \.signature, EditSignature.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread undo fib25.fascicle 12 --as ada", "Take back edit 12.")])

  func run(_ context: CommandContext) throws {
    let edited = try EditedProject(project, .update, context)
    let taken = try edited.log.undo(Int64(operation), by: signature.signature)
    try EditReport(operation: taken).print(context, asJSON: isJSON)
  }
}

/// The command `emseg proofread redo`.
struct ProofreadRedoCommand: Command {
  var project = ProjectArgument()
  var operation = 0
  var signature = EditSignature()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread redo",
    summary: "Do an edit again that was taken back.",
    discussion: """
      Adds an operation to the log that does the edit again, with the very links it had. Refused, \
      with their numbers, where operations that came in between are in the way.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("OPERATION", \.operation, accepting: .atLeast(1), "The edit's number."),
      .group("Edit", \.signature, EditSignature.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg proofread redo fib25.fascicle 12 --as ada", "Do edit 12 again.")])

  func run(_ context: CommandContext) throws {
    let edited = try EditedProject(project, .update, context)
    let done = try edited.log.redo(Int64(operation), by: signature.signature)
    try EditReport(operation: done).print(context, asJSON: isJSON)
  }
}
