import Blockwise
import Codecs
import CommandLineInterface
import FoundationEssentials
import Labels
import Networks
import SynapseFormats
import Synapses
import VolumeFormats
import VolumeStore
import Voxels

/// The command `emseg synapses detect`.
struct SynapsesDetectCommand: Command {
  var source = ""
  var model: String?
  var segmentation: String?
  var supervoxels: String?
  var channels: [String] = []
  var output: String?
  var force = false
  var synapses = SynapseOptions()
  var prediction = PredictionOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "synapses detect",
    summary: "Find synapses, and the neurons that they join.",
    discussion: """
      A network predicts where clefts or sites are, on the level of the image whose voxels it was \
      trained on; voxels at or above --threshold that hang together are objects, the same for any \
      blocks. Each object is then looked at by itself, with the labels around it. Stored are points \
      in nanometres, scores, how each synapse was found, and the supervoxels at the points; never \
      the neurons' ids, which change as neurons are corrected.

      Without --model, SOURCE is a prediction: of emseg, or any volume with channels named by \
      --channels. Of a project, its image, supervoxels and labels are taken, and the table lies in \
      the project's folder. Volumes that are made on the way stay, and are not made again.
      """,
    arguments: [
      .positional("SOURCE", \.source, "An image, a project folder or a prediction."),
      .option(
        "--model", \.model, placeholder: "MODEL",
        "The network: an ONNX file, or the name of a model that comes with the program."),
      .option(
        "--segmentation", \.segmentation, placeholder: "SEG",
        "Labels of the neurons; a project's own when left out. Voxels may be of another size."),
      .option(
        "--supervoxels", \.supervoxels, placeholder: "SV",
        "Labels of the pieces whose ids are stored; a project's own, or else SEG."),
      .option(
        "--channels", \.channels, placeholder: "NAME,…",
        "What a prediction's channels are, of cleft, presynaptic, postsynaptic and direction_z, "
          + "direction_y, direction_x in nanometres; other names mean nothing."),
      .option(
        "--output", \.output, placeholder: "FOLDER",
        "The folder to create, or to go on in; PROJECT/synapses when left out."),
      .flag("--force", \.force, "Replace what an earlier run left there."),
      .group("Synapses", \.synapses, SynapseOptions.arguments),
      .group("Network", \.prediction, PredictionOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg synapses detect brain.fascicle --model synapse-cleft",
        "The synapses of a project, as brain.fascicle/synapses.sqlite."),
      Example(
        "emseg synapses detect synful.zarr --partners directions --channels "
          + "postsynaptic,direction_z,direction_y,direction_x --segmentation neurons.h5 --output syn",
        "Partners from another network's sites and directions."),
    ],
    references: [
      "Heinrich et al. 2018, arXiv:1805.02718",
      "Buhmann et al. 2021, doi:10.1038/s41592-021-01183-7",
    ])

  func run(_ context: CommandContext) throws {
    let project = ProjectFolder.found(at: source)
    guard let folder = output ?? project.map({ "\($0.path)/synapses" }) else {
      throw UsageError(
        "--output", "must be given", expected: "a folder, where SOURCE is no project")
    }
    let table =
      project != nil && output == nil
      ? "\(source)/\(SynapseDatabase.fileName)" : "\(folder)/\(SynapseDatabase.fileName)"
    try checkOutput(folder, table: table)
    let runner = StageRunner(context: context, options: blockwise)
    let neurons = try labels(segmentation, project?.segmentation, "--segmentation", context)
    let pieces = try pieces(project, context)
    let predicted = try predicted(project, folder, runner)
    let assignment = try synapses.assignment(for: predicted)
    let objects = try objects(predicted, folder, runner)
    let step = SynapseStep(
      prediction: predicted, objects: objects.reader,
      segments: try AlignedLabels(neurons.reader, along: predicted.reader),
      supervoxels: try pieces.map { try AlignedLabels($0.reader, along: predicted.reader) },
      assignment: assignment)
    let found = try step.synapses(runner)
    let selected = synapses.selection.applied(to: found.synapses)
    let stored = selected.synapses.enumerated().map { index, synapse in
      var synapse = synapse
      synapse.id = UInt64(index + 1)
      (synapse.preID, synapse.postID) = (nil, nil)
      synapse.model = predicted.model
      return synapse
    }
    try SynapseDatabase.write(
      stored, facts: facts(predicted, neurons, pieces, context), to: table, replacing: force)
    try report(found.objectCount, found.synapses.count, selected, table).print(
      asJSON: false, context)
  }

  private func checkOutput(_ folder: String, table: String) throws {
    let inputs = [source, model, segmentation, supervoxels].compactMap { $0 }
    if output != nil { try ExistingOutput.checkApart(folder, from: inputs) }
    guard force || !ExistingOutput.exists(table) else {
      throw ExistingOutput.error(table, "it is there already")
    }
    try ExistingOutput.createFolder(of: "\(folder)/\(SynapseDatabase.fileName)")
  }

  private func labels(
    _ stated: String?, _ projects: String?, _ option: String, _ context: CommandContext
  ) throws -> InputVolume {
    guard let path = stated ?? projects else {
      throw UsageError(
        option, "must be given", expected: "labels of the neurons, where SOURCE is no project")
    }
    return try SourceOptions().open(path, context: context)
  }

  /// The supervoxels; nil where they are the labels of the neurons.
  private func pieces(
    _ project: ProjectFolder?, _ context: CommandContext
  ) throws -> InputVolume? {
    let own = segmentation == nil ? project?.fragments : nil
    return try (supervoxels ?? own).map { try SourceOptions().open($0, context: context) }
  }

  /// The prediction that is there, or that the network makes.
  private func predicted(
    _ project: ProjectFolder?, _ folder: String, _ runner: StageRunner
  ) throws -> SynapsePrediction {
    guard let model else {
      guard project == nil else {
        throw UsageError(
          "--model", "must be given", expected: "a network, where SOURCE is a project")
      }
      return try SynapsePrediction(source, names: channels, context: runner.context)
    }
    guard channels.isEmpty else {
      throw UsageError(
        "--channels", "the model names its channels", found: channels.joined(separator: ","))
    }
    let loaded = try LoadedModel(model)
    let path = "\(folder)/prediction.zarr"
    let step = PredictStep(
      image: try image(project?.raw ?? source, for: loaded, runner.context), model: loaded,
      output: path, options: prediction, mask: try prediction.openMask(runner.context),
      content: .named)
    try step.run(runner, policy: force ? .replace : .reuse)
    return try SynapsePrediction(path, names: [], context: runner.context)
  }

  /// The image at the level of the voxels that the network was trained on.
  private func image(
    _ path: String, for model: LoadedModel, _ context: CommandContext
  ) throws -> InputVolume {
    let levels = try openVolume(path, dataset: nil, stated: .none).levels
    let fitting = levels.firstIndex { level in
      level.metadata.voxelSize.map { model.description.fits($0) } ?? false
    }
    if let fitting, fitting > 0 {
      context.note("\(path): level \(fitting) has the voxels that the model was trained on")
    }
    return try SourceOptions(level: fitting ?? 0).open(path, context: context)
  }

  private func objects(
    _ predicted: SynapsePrediction, _ folder: String, _ runner: StageRunner
  ) throws -> InputVolume {
    let metadata = predicted.reader.metadata
    guard let size = metadata.voxelSize else {
      throw VolumeError(
        .malformedMetadata, path: predicted.reader.path, "the prediction states no voxel size",
        expected: "one, to measure in nanometres", remedy: "import it with --voxel-size")
    }
    let length = size.converted(to: .nanometer)
    let channel = try predicted.needed(
      synapses.partners.objectChannel, for: synapses.partners.rawValue)
    let voxels = (synapses.minimumVolume / (length.z * length.y * length.x)).rounded(.up)
    guard voxels < 0x1p62 else {
      throw UsageError(
        "--minimum-volume", "no object is so large", found: shortText(synapses.minimumVolume))
    }
    let labelling = ObjectLabelling(
      source: metadata.channels == 1
        ? predicted.reader : VolumeView(predicted.reader, channels: channel..<channel + 1),
      sourceIdentity: "\(predicted.identity) channel=\(channel)", threshold: synapses.threshold,
      closing: Int((synapses.closing / 2 / max(length.y, length.x)).rounded()))
    let step = LabellingStep(
      labelling: labelling, name: "objects", output: "\(folder)/objects.zarr", voxelSize: size,
      offset: metadata.offset, filter: ComponentFilter(minimumVoxelCount: max(1, Int(voxels))))
    _ = try step.run(runner, policy: force ? .replace : .reuse)
    return try InputVolume.stored("\(folder)/objects.zarr")
  }

  private func facts(
    _ predicted: SynapsePrediction, _ neurons: InputVolume, _ pieces: InputVolume?,
    _ context: CommandContext
  ) -> [String: String] {
    var facts = [
      "tool": "\(context.tool) \(context.version)",
      "command": ([context.tool] + context.arguments).joined(separator: " "),
      "partners": synapses.partners.rawValue, "prediction": predicted.identity,
      "segmentation": "\(neurons.reader.path) \(neurons.identity)",
      "supervoxels": "\((pieces ?? neurons).reader.path) \((pieces ?? neurons).identity)",
      "threshold": shortText(synapses.threshold),
    ]
    facts["model"] = predicted.model
    return facts
  }

  private func report(
    _ objects: Int, _ found: Int, _ selected: SynapseSelection.Selected, _ table: String
  ) -> EvaluationReport {
    var report = EvaluationReport()
    report.add("objects", objects)
    report.add("found", found)
    report.add("autapses", selected.autapses)
    report.add("below_minimum_score", selected.unlikely)
    report.add("duplicates", selected.duplicates)
    report.add("synapses", selected.synapses.count)
    report.add("table", table)
    return report
  }
}
