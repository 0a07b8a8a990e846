import Codecs
import CommandLineInterface
import Proofreading
import SQLite

/// The command `emseg proofread split`.
struct ProofreadSplitCommand: Command {
  var project = ProjectArgument()
  var first = EditPlaces([])
  var second = EditPlaces([])
  var isPreview = false
  var isIsolationAllowed = false
  var isOfSupervoxel = false
  var signature = EditSignature()
  var isJSON = false

  static let manual = Manual<Self>(
    "proofread split",
    summary: "Part a segment between seeds of two sides.",
    discussion: """
      Cuts the cheapest set of links that parts the seeds, where a link costs mean affinity × area. \
      The seeds of each side are joined by shortest ways first, so that the cut does not part \
      them. A cut that would only peel off the supervoxel of one seed is refused unless --isolate \
      allows it. Where seeds of both sides lie in one supervoxel, --supervoxel first splits that by \
      a watershed of the affinities from these seeds, which must be voxels; the parts are new \
      supervoxels, kept in the log of edits.
      """,
    arguments: [
      .group("Project", \.project, ProjectArgument.arguments),
      .positional("SIDE", \.first, "The seeds of one side, divided by +."),
      .positional("OTHER", \.second, "The seeds of the other."),
      .flag("--preview", \.isPreview, "Show what would remain, and change nothing."),
      .flag("--isolate", \.isIsolationAllowed, "Allow to peel off a single supervoxel."),
      .flag(
        "--supervoxel", \.isOfSupervoxel, "Split the supervoxel in which all seeds lie, too."),
      .group("Edit", \.signature, EditSignature.arguments),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg proofread split fib25.fascicle 4711+4720 120,300,85 --as ada --preview",
        "Show how a segment would be parted."),
      Example(
        "emseg proofread split fib25.fascicle 40,20,30 40,28,30 --supervoxel --as ada",
        "Split a supervoxel that two neurons share."),
    ],
    references: [
      "Dorkenwald et al. 2022, Nat. Methods 19, doi:10.1038/s41592-021-01330-0"
    ])

  func run(_ context: CommandContext) throws {
    guard !(isPreview && isOfSupervoxel) else {
      throw UsageError(
        "--supervoxel", "a split of a supervoxel has no preview", found: "--preview",
        expected: "one of them", remedy: "split it, look, and undo it")
    }
    let edited = try EditedProject(project, .create, context)
    var points = try edited.points([first.places, second.places])
    if isPreview {
      let plan = try edited.log.state.splitPlan(
        sides: points.sides, isIsolationAllowed: isIsolationAllowed)
      return try CutReport(plan: plan).print(context, asJSON: isJSON)
    }
    var operations: [EditOperation] = []
    if isOfSupervoxel {
      let parted = try edited.log.splitSupervoxel(
        points, by: signature.signature, partition: edited.partition)
      operations.append(parted)
      points = try edited.points([first.places, second.places])
      let roots = Set(try points.map { try edited.log.state.root(of: $0.supervoxel) })
      // Apart already where nothing else joins the parts.
      guard roots.count == 1 else { return try report(operations, context) }
    }
    operations.append(
      try edited.log.split(
        points, isIsolationAllowed: isIsolationAllowed || isOfSupervoxel,
        by: signature.signature))
    try report(operations, context)
  }

  private func report(_ operations: [EditOperation], _ context: CommandContext) throws {
    let reports = operations.map { EditReport(operation: $0) }
    if isJSON {
      try context.print(["operations": .array(reports.map { .object($0.json) })])
    } else {
      for report in reports { try report.print(context, asJSON: false) }
    }
  }
}

/// What a cut would leave.
struct CutReport {
  let plan: CutPlan

  /// Prints it as lines of names and values and a table, or as JSON.
  func print(_ context: CommandContext, asJSON: Bool) throws {
    if asJSON {
      return try context.print([
        "affinity": .number((plan.affinity * 1e6).rounded() / 1e6), "area": .unsigned(plan.area),
        "links_cut": .array(plan.removed.map { .object($0.facts) }),
        "components": .array(
          plan.components.map { component in
            .object([
              "root": .unsigned(component.root),
              "supervoxels": .integer(Int64(component.supervoxelCount)),
              "voxels": .unsigned(component.voxelCount),
              "sides": .array(component.sides.map { .integer(Int64($0 + 1)) }),
            ])
          }),
      ])
    }
    try context.print("links_cut\t\(plan.removed.count)")
    try context.print("area\t\(plan.area)")
    try context.print("affinity\t\(shortText(plan.affinity))")
    try context.print("components\t\(plan.components.count)")
    try context.print("")
    try context.print("root\tsupervoxels\tvoxels\tside")
    for component in plan.components {
      let sides = component.sides.map { "\($0 + 1)" }.joined(separator: ",")
      try context.print(
        "\(component.root)\t\(component.supervoxelCount)\t\(component.voxelCount)\t\(sides)")
    }
  }
}
