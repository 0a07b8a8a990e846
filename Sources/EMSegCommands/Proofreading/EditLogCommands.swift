import Codecs
import CommandLineInterface
import Proofreading
import SQLite
import Segmentation
import Voxels

/// The command `emseg proofread log`.
struct ProofreadLogCommand: Command {
  var project = ProjectArgument()
  var moment: MomentArgument?
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread log",
    summary: "List the edits of a project.",
    discussion: """
      One line an operation: when, by whom, what, which operation it takes back, and which segments \
      came of which. Last comes the hash that stands for the whole log: noted elsewhere, it shows \
      whether the log was cut short.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .option("--at", \.moment, "Only what was done up to an operation or a time."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg proofread log fib25.fascicle --at 2026-02-03T12:00Z", "List a morning's edits.")
    ])

  func run(_ context: CommandContext) throws {
    let edited = try EditedProject(project, .read, context)
    let log = edited.log
    var reports: [EditReport] = []
    for number in 1..<(try log.lastOperation + 1) {
      guard let operation = try log.operation(number) else { break }
      switch moment?.moment {
      case .operation(let last) where number > last: continue
      case .time(let last) where operation.time > last: continue
      default: reports.append(EditReport(operation: operation))
      }
    }
    if isJSON {
      return try context.print([
        "operations": .array(reports.map { .object($0.json) }), "head": .string(try log.head),
      ])
    }
    try context.print(EditReport.columns.joined(separator: "\t"))
    for report in reports { try context.print(report.row.joined(separator: "\t")) }
    context.note("head \(try log.head)")
  }
}

/// The command `emseg proofread why`.
struct ProofreadWhyCommand: Command {
  var project = ProjectArgument()
  var first = EditPlace.supervoxel(0)
  var second = EditPlace.supervoxel(0)
  var moment: MomentArgument?
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread why",
    summary: "Explain by which edits two supervoxels are one segment, or are not.",
    discussion: """
      Tells whether the two are one segment and by which operation they came together or apart; if \
      they are one, the shortest way between them over links that hold, by 1 / affinity, with the \
      operation that made each link. Links without one are of the agglomeration: emseg why tells \
      more of those.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("A", \.first, "A place: a supervoxel, or a voxel as z,y,x."),
      .positional("B", \.second, "Another."),
      .option("--at", \.moment, "As it was after an operation, or at a time."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example("emseg proofread why fib25.fascicle 4711 4800", "Tell who joined two supervoxels.")
    ])

  func run(_ context: CommandContext) throws {
    let edited = try EditedProject(project, .read, context)
    let points = try edited.points([[first], [second]])
    let explanation = try edited.log.explanation(
      of: points[0].supervoxel, and: points[1].supervoxel, at: moment?.moment ?? .latest)
    if isJSON { return try context.print(json(explanation, points)) }
    try context.print("a\t\(points[0].supervoxel)")
    try context.print("b\t\(points[1].supervoxel)")
    try context.print("joined\t\(explanation.areJoined ? "yes" : "no")")
    if let operation = explanation.operation { try context.print("operation\t\(operation)") }
    guard !explanation.steps.isEmpty else { return }
    try context.print("")
    try context.print("from\tto\taffinity\tarea\toperation")
    for step in explanation.steps {
      let affinity = step.edge.affinity
      try context.print(
        "\(step.from)\t\(step.to)\t\(shortText(affinity.mean))\t\(affinity.count)\t"
          + (step.operation.map { "\($0)" } ?? ""))
    }
  }

  private func json(_ explanation: LinkExplanation, _ points: [EditPoint]) -> JSONObject {
    var object: JSONObject = [
      "a": .unsigned(points[0].supervoxel), "b": .unsigned(points[1].supervoxel),
      "joined": .bool(explanation.areJoined),
      "steps": .array(
        explanation.steps.map { step in
          var facts = step.edge.facts
          facts["from"] = .unsigned(step.from)
          facts["to"] = .unsigned(step.to)
          if let operation = step.operation { facts["operation"] = .integer(operation) }
          return .object(facts)
        }),
    ]
    if let operation = explanation.operation { object["operation"] = .integer(operation) }
    return object
  }
}
