import CommandLineInterface
import FoundationEssentials
import SynapseFormats
import Synapses
import VolumeStore
import Voxels

/// The command `emseg synapses export`.
struct SynapsesExportCommand: Command {
  /// What is written.
  enum Form: String, CaseIterable, ArgumentValue {
    case csv, annotations, cremi, sqlite

    /// The form that a name's ending asks for; annotations are a folder, without one.
    init(for path: String) {
      let name = path.lowercased()
      self =
        name.hasSuffix(".csv")
        ? .csv
        : [".h5", ".hdf", ".hdf5"].contains(where: { name.hasSuffix($0) })
          ? .cremi : name.hasSuffix(".sqlite") ? .sqlite : .annotations
    }
  }

  var table = ""
  var output = ""
  var form: Form?
  var unit = VoxelSizeArgument(VoxelSize(z: 1, y: 1, x: 1))
  var minimumScore: Double?
  var force = false

  static let manual = Manual<Self>(
    "synapses export",
    summary: "Export synapses to the forms of other programs.",
    discussion: """
      The name of the output decides the form unless --form does: .csv for CAVE's columns, .h5 or \
      .hdf for CREMI's annotations, any other for a folder of Neuroglancer's precomputed \
      annotations: lines from the sending to the receiving side, with an index by place, by number \
      and by supervoxel. Positions are nanometres, unless --unit makes them voxels of a CSV.
      """,
    arguments: [
      .positional("TABLE", \.table, "The synapses, in any form that can be imported."),
      .option("--output", \.output, .required, placeholder: "OUT", "The file or folder to create."),
      .option("--form", \.form, "What to write."),
      .option(
        "--unit", \.unit,
        "The nanometres of one unit in a CSV, z,y,x: 40,4,4 for voxels of it."),
      .option("--minimum-score", \.minimumScore, "Leave out synapses of lower score."),
      .flag("--force", \.force, "Replace the output if it exists."),
    ],
    examples: [
      Example(
        "emseg synapses export brain.fascicle --output annotations",
        "Lines to be shown beside a segmentation in Neuroglancer."),
      Example(
        "emseg synapses export brain.fascicle --unit 40,4,4 --output synapses.csv",
        "A table in voxels, with CAVE's columns."),
    ],
    references: [
      "Neuroglancer precomputed annotation format", "CREMI file format, https://cremi.org/data",
    ])

  func run(_ context: CommandContext) throws {
    try ExistingOutput.checkApart(output, from: [table])
    let form = form ?? Form(for: output)
    guard form == .csv || unit.size.isClose(to: VoxelSize(z: 1, y: 1, x: 1)) else {
      throw UsageError(
        "--unit", "this form is in nanometres", found: unit.size.text, expected: "a CSV")
    }
    if ExistingOutput.exists(output), !force {
      throw ExistingOutput.error(output, "it is there already")
    }
    let file = try SynapseFile(table, unit: VoxelSize(z: 1, y: 1, x: 1))
    var synapses = file.synapses
    if let minimumScore { synapses.removeAll { ($0.score ?? .infinity) < minimumScore } }
    try ExistingOutput.createFolder(of: output)
    switch form {
    case .csv: try ReportFile.write(SynapseTable.text(of: synapses, unit: unit.size), to: output)
    case .cremi: try CREMIAnnotations.write(synapses, to: output, replacing: force)
    case .sqlite:
      try SynapseDatabase.write(synapses, facts: file.facts, to: output, replacing: force)
    case .annotations: try writeAnnotations(synapses)
    }
    try context.print("synapses\t\(synapses.count)")
  }

  /// Writes the folder beside its place, then gives it its name.
  private func writeAnnotations(_ synapses: [Synapse]) throws {
    let path = FileStore(root: output).root
    let unfinished = OutputImage.unfinishedPath(of: path)
    for place in [unfinished, path] where ExistingOutput.exists(place) {
      guard try PrecomputedAnnotations.areIn(FileStore(root: place)) || place == unfinished else {
        throw VolumeError(
          .alreadyExists, path: place, "something else than annotations is not replaced",
          remedy: "choose another output, or remove it yourself")
      }
    }
    if ExistingOutput.exists(unfinished) { try FileStore.removeAtOnce(unfinished) }
    let store = FileStore(root: unfinished)
    try PrecomputedAnnotations.write(synapses, to: store)
    if ExistingOutput.exists(path) { try FileStore.removeAtOnce(path) }
    try store.move(to: path)
  }
}
