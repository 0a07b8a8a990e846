import CommandLineInterface
import Evaluation
import Synapses
import VolumeStore
import Voxels

/// The command `emseg evaluate synapses`.
struct EvaluateSynapsesCommand: Command {
  var found = ""
  var truth = ""
  var maximumDistance = 400.0
  var ignoresNeurons = false
  var segmentation: String?
  var dataset: String?
  var unit = VoxelSizeArgument(VoxelSize(z: 1, y: 1, x: 1))
  var truthUnit: VoxelSizeArgument?
  var minimumScore: Double?
  var table: String?
  var isJSON = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "evaluate synapses",
    summary: "Score found synapses: precision, recall and F1.",
    discussion: """
      Tables are text divided by commas or tabs, with the columns' names in the first line: pre_z, \
      pre_y, pre_x, post_z, post_y, post_x in nanometres, and pre_id, post_id and score where they \
      are known; CAVE's pre_pt_position, pre_pt_root_id and the like are understood too. A found \
      synapse can be a true one where it connects the same neurons and both its sides lie within \
      --distance of the true one's. Of all ways to pair them one by one, the cheapest counts: a \
      pair costs the mean of the two distances, each missing pair twice --distance, as in CREMI's \
      evaluation. With --segmentation, neurons are the labels of a volume where the sides lie; \
      else they are those of the tables.
      """,
    arguments: [
      .positional("FOUND", \.found, "The table of synapses found."),
      .positional("TRUTH", \.truth, "The table of true synapses."),
      .option(
        "--distance", \.maximumDistance, placeholder: "NM", accepting: .above(0),
        "How far apart each side of a pair may lie, in nanometres."),
      .option(
        "--segmentation", \.segmentation, placeholder: "SEG",
        "Labels that say which neuron each side belongs to, in place of the tables' ids."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset of SEG in an HDF5 file."),
      .flag("--any-neurons", \.ignoresNeurons, "Pair synapses of different neurons too."),
      .option(
        "--unit", \.unit,
        "The nanometres of one unit in the tables, z,y,x: 40,4,4 for voxels of it."
      ),
      .option("--truth-unit", \.truthUnit, "The same for TRUTH; as --unit when left out."),
      .option(
        "--minimum-score", \.minimumScore,
        "Leave out found synapses of lower score; those without one stay."),
      .option(
        "--table", \.table, placeholder: "FILE",
        "Write a CSV of all pairs and of what is in none; replaces a file that is there."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg evaluate synapses found.csv truth.csv --segmentation neurons.h5",
        "Score as CREMI does, with the neurons of a label volume.")
    ],
    references: ["CREMI, cremi.org/metrics: synaptic partners"])

  func run(_ context: CommandContext) throws {
    var found = try SynapseFile(self.found, unit: unit.size).synapses
    var truth = try SynapseFile(self.truth, unit: (truthUnit ?? unit).size).synapses
    if let minimumScore {
      guard found.isEmpty || found.contains(where: { $0.score != nil }) else {
        throw UsageError(
          "--minimum-score", "the synapses found have no score", found: self.found,
          expected: "a column score")
      }
      found.removeAll { $0.score.map { $0 < minimumScore } ?? false }
    }
    if let segmentation {
      let reader = try SourceOptions(dataset: dataset).open(segmentation, context: context).reader
      let lookup = try SegmentLookup(reader, StageRunner(context: context, options: blockwise))
      found = try labelled(found, by: lookup)
      truth = try labelled(truth, by: lookup)
    }
    let hasNeurons = try hasNeurons(found, truth, context)
    let score = SynapseScore(
      of: found, with: truth, maximumDistance: maximumDistance, comparesNeurons: hasNeurons)
    if let table { try Self.table(of: score, found, truth).write(to: table) }
    var report = EvaluationReport()
    report.add("found", score.foundCount)
    report.add("true", score.truthCount)
    report.add("distance_nm", score.maximumDistance)
    report.add(
      "neurons",
      !hasNeurons ? "any" : segmentation == nil ? "those of the tables" : "labels of the volume")
    report.add("true_positives", score.matches.count)
    report.add("false_positives", score.falsePositives)
    report.add("false_negatives", score.falseNegatives)
    report.add("precision", score.precision)
    report.add("recall", score.recall)
    report.add("f1", score.f1)
    if let distance = score.meanDistance { report.add("mean_distance_nm", distance) }
    try report.print(asJSON: isJSON, context)
  }

  /// Whether synapses are compared by their neurons: where both tables say which they are.
  private func hasNeurons(
    _ found: [Synapse], _ truth: [Synapse], _ context: CommandContext
  ) throws -> Bool {
    guard !ignoresNeurons else { return false }
    func known(_ synapses: [Synapse]) -> Bool {
      synapses.contains { $0.preID != nil && $0.postID != nil }
    }
    guard !found.isEmpty, !truth.isEmpty else { return true }
    guard known(found) == known(truth) else {
      let lacking = known(found) ? self.truth : self.found
      throw VolumeError(
        .unsupportedFeature, path: lacking, "the synapses do not say which neurons they connect",
        expected: "columns pre_id and post_id, as in the other table",
        remedy: "give --segmentation, or --any-neurons to leave neurons aside")
    }
    if !known(found) {
      context.note("the tables do not name neurons: synapses are paired by place alone")
    }
    return known(found)
  }

  private func labelled(_ synapses: [Synapse], by lookup: SegmentLookup) throws -> [Synapse] {
    let labels = try lookup.labels(at: synapses.flatMap { [$0.pre, $0.post] })
    return synapses.enumerated().map { index, synapse in
      var synapse = synapse
      // Outside the volume is no neuron, as background is.
      synapse.preID = labels[2 * index] ?? 0
      synapse.postID = labels[2 * index + 1] ?? 0
      return synapse
    }
  }

  private static func table(
    of score: SynapseScore, _ found: [Synapse], _ truth: [Synapse]
  ) -> CommaSeparatedTable {
    var table = CommaSeparatedTable(columns: [
      "outcome", "found_row", "true_row", "distance_nm", "pre_z", "pre_y", "pre_x", "post_z",
      "post_y", "post_x",
    ])
    func places(_ synapse: Synapse) -> [String] {
      [synapse.pre, synapse.post].flatMap { [$0.z, $0.y, $0.x] }.map { shortText($0) }
    }
    var missed = Set(truth.indices)
    let pairs = Dictionary(uniqueKeysWithValues: score.matches.map { ($0.found, $0) })
    for index in found.indices {
      if let match = pairs[index] {
        missed.remove(match.truth)
        table.append(
          [
            "true_positive", "\(index + 1)", "\(match.truth + 1)",
            shortText(match.distance),
          ] + places(found[index]))
      } else {
        table.append(["false_positive", "\(index + 1)", "", ""] + places(found[index]))
      }
    }
    for index in missed.sorted() {
      table.append(["false_negative", "", "\(index + 1)", ""] + places(truth[index]))
    }
    return table
  }
}
