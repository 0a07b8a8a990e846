import CommandLineInterface
import SynapseFormats
import Synapses
import VolumeStore
import Voxels

/// The command `emseg synapses import`.
struct SynapsesImportCommand: Command {
  var table = ""
  var output = ""
  var segmentation: String?
  var dataset: String?
  var voxelSize: VoxelSizeArgument?
  var unit = VoxelSizeArgument(VoxelSize(z: 1, y: 1, x: 1))
  var method: String?
  var ignoresOutside = false
  var force = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "synapses import",
    summary: "Import synapses of other programs, or by hand, into a table.",
    discussion: """
      Read are text (CAVE's and others' columns, see evaluate synapses), CREMI's annotations in \
      HDF5, Neuroglancer's precomputed annotations (lines), and tables of emseg. With \
      --segmentation, the supervoxels at the points are kept; ids of supervoxels that the table \
      states must be those. Ids of neurons are not kept.
      """,
    arguments: [
      .positional("TABLE", \.table, "The synapses."),
      .option(
        "--output", \.output, .required, placeholder: "FILE",
        "The table to create, or a project folder, for synapses.sqlite in it."),
      .option(
        "--segmentation", \.segmentation, placeholder: "SV",
        "Labels of the supervoxels; a project's own when left out."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset of SV in an HDF5 file."),
      .option(
        "--voxel-size", \.voxelSize,
        "SV's voxel size in nanometres, z,y,x; taken from the volume where it states it."),
      .option(
        "--unit", \.unit, "The nanometres of one unit in text, z,y,x: 40,4,4 for voxels of it."),
      .option(
        "--method", \.method, placeholder: "WORD",
        "How they were found, where the table does not say: human, for example."),
      .flag("--ignore-outside", \.ignoresOutside, "Leave out synapses with a side outside SV."),
      .flag("--force", \.force, "Replace a table that is there."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg synapses import cave.csv --unit 40,4,4 --output brain.fascicle",
        "CAVE's synapses, with the supervoxels of a project.")
    ])

  func run(_ context: CommandContext) throws {
    let project = ProjectFolder.found(at: output)
    let target = project.map { "\($0.path)/\(SynapseDatabase.fileName)" } ?? output
    guard force || !ExistingOutput.exists(target) else {
      throw ExistingOutput.error(target, "it is there already")
    }
    let file = try SynapseFile(table, unit: unit.size)
    guard !file.synapses.isEmpty else {
      throw VolumeError(
        .malformedMetadata, path: file.path, "there are no synapses in the table",
        expected: "at least one")
    }
    var synapses = file.synapses
    var facts = file.facts
    if let labels = segmentation ?? project?.fragments {
      let volume = try SourceOptions(dataset: dataset, voxelSize: voxelSize).open(
        labels, context: context)
      synapses = try withSupervoxels(synapses, of: volume.reader, file.path, context)
      facts["supervoxels"] = "\(volume.reader.path) \(volume.identity)"
    }
    let outside = file.synapses.count - synapses.count
    for place in synapses.indices {
      (synapses[place].preID, synapses[place].postID) = (nil, nil)
      if synapses[place].method == nil { synapses[place].method = method }
    }
    if file.synapses.contains(where: { $0.preID != nil || $0.postID != nil }) {
      context.note("ids of neurons are not kept: they change as neurons are corrected")
    }
    facts["imported"] = "\(file.path) xxh3-128:\(file.digest)"
    try ExistingOutput.createFolder(of: target)
    try SynapseDatabase.write(synapses, facts: facts, to: target, replacing: force)
    try context.print("synapses\t\(synapses.count)")
    if ignoresOutside { try context.print("outside\t\(outside)") }
  }

  private func withSupervoxels(
    _ synapses: [Synapse], of reader: any VolumeReader, _ path: String, _ context: CommandContext
  ) throws -> [Synapse] {
    let places = synapses.flatMap { [$0.pre, $0.post] }
    let runner = StageRunner(context: context, options: blockwise)
    let labels = try SegmentLookup(reader, runner).labels(at: places)
    let frame = VolumeFrame(reader)
    var kept: [Synapse] = []
    for (row, synapse) in synapses.enumerated() {
      var synapse = synapse
      var isInside = true
      for (side, name) in ["presynaptic", "postsynaptic"].enumerated() {
        guard let label = labels[2 * row + side] else {
          guard ignoresOutside else {
            throw frame.outside(
              places[2 * row + side], in: places, of: path, "row \(row + 1): the \(name) side",
              unit: unit.size)
          }
          isInside = false
          continue
        }
        let stated = side == 0 ? synapse.preSupervoxelID : synapse.postSupervoxelID
        guard stated == nil || stated == label else {
          throw VolumeError(
            .malformedMetadata, path: path,
            "row \(row + 1): the \(name) supervoxel is not the one at its point",
            found: "\(stated ?? 0)", expected: "\(label), in \(reader.path)",
            remedy: "give the supervoxels that the table was made for, or leave its ids out")
        }
        if side == 0 { synapse.preSupervoxelID = label } else { synapse.postSupervoxelID = label }
      }
      if isInside { kept.append(synapse) }
    }
    if let remark = frame.suspicion(of: places) { context.warn("\(path): \(remark)") }
    return kept
  }
}
