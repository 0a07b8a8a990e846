import Codecs
public import CommandLineInterface
public import Connectomes
import GraphMeasures
import VolumeStore
import Voxels

extension SegmentGraph.Weight: ArgumentValue {}

/// The command `emseg connectome`.
struct ConnectomeCommand: Command {
  var synapses = ""
  var segmentation: String?
  var dataset: String?
  var segments: String?
  var regions: String?
  var voxelSize: VoxelSizeArgument?
  var unit = VoxelSizeArgument(VoxelSize(z: 1, y: 1, x: 1))
  var ignoresOutside = false
  var minimumScore: Double?
  var mergeDistance = 0.0
  var keepsAutapses = false
  var weight = SegmentGraph.Weight.count
  var minimumWeight = 0.0
  var output = ""
  var isReplacing = false
  var drawsPictures = false
  var measures: [String] = []
  var nulls: Int?
  var seed: UInt64 = 0
  var isJSON = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "connectome",
    summary: "Join synapses to the directed graph of neurons.",
    discussion: """
      Tables are those of evaluate synapses: positions pre_z, pre_y, pre_x, post_z, post_y, post_x \
      or CAVE's pre_pt_position and the like, in nanometres unless --unit says otherwise, with \
      ids, supervoxel ids, size (or area) and score where they are known; or any table of emseg \
      synapses. With --segmentation, a side's neuron is the label where it lies; else that of the \
      table's ids, or of its supervoxel ids. A side on label 0 has no neuron: its synapse is counted and left out.

      Written are edges.csv and edges.tsv (pre, post, count, size, mean_score, weight and, with \
      --regions, region), connectome.graphml, adjacency.npy with labels.csv, and connectome.json \
      with the origin of it all; measures.json with --measures, adjacency.svg and degrees.svg with \
      --plot. Measures are those of tracts measures for directed graphs.
      """,
    arguments: [
      .positional("SYNAPSES", \.synapses, "The table of synapses, divided by commas or tabs."),
      .group(
        "Neurons", \.self,
        [
          .option(
            "--segmentation", \.segmentation, placeholder: "SEG",
            "A project folder or any label volume, in place of the table's ids."),
          .option(
            "--dataset", \.dataset, placeholder: "PATH", "The dataset of SEG in an HDF5 file."),
          .option(
            "--voxel-size", \.voxelSize,
            "SEG's voxel size in nanometres, z,y,x; taken from the volume where it states it."),
          .option(
            "--segments", \.segments, placeholder: "FILE",
            "A table of two columns, supervoxels and the segments that they belong to."),
          .option(
            "--regions", \.regions, placeholder: "LABELS",
            "Labels of regions; a synapse is of the one that its receiving side lies in."),
        ]),
      .group(
        "Synapses", \.self,
        [
          .option(
            "--unit", \.unit,
            "The nanometres of one unit in the table, z,y,x: 40,4,4 for voxels of it."),
          .flag(
            "--ignore-outside", \.ignoresOutside,
            "Leave out synapses of which a side lies outside SEG."),
          .option(
            "--minimum-score", \.minimumScore,
            "Leave out synapses of lower score; those without one stay."),
          .option(
            "--merge-distance", \.mergeDistance, placeholder: "NM", accepting: .atLeast(0),
            "Of synapses that join the same neurons with both sides within so many nanometres, "
              + "keep that of the highest score; 0 keeps all."),
          .flag("--keep-autapses", \.keepsAutapses, "Keep synapses of neurons with themselves."),
        ]),
      .group(
        "Connections", \.self,
        [
          .option("--weight", \.weight, "The number of synapses, or the sum of sizes or scores."),
          .option(
            "--minimum-weight", \.minimumWeight, placeholder: "N", accepting: .atLeast(0),
            "Leave out connections of lower weight."),
        ]),
      .group(
        "Output", \.self,
        [
          .option("--output", \.output, .required, placeholder: "FOLDER", "The folder to create."),
          .flag("--force", \.isReplacing, "Replace a connectome that is there."),
          .flag("--plot", \.drawsPictures, "Draw the matrix, by communities, and the degrees."),
          .option(
            "--measures", \.measures, placeholder: "all|NAME[,…]", "Measure the graph."),
          .option(
            "--nulls", \.nulls, accepting: .ifGiven(.from(1...1_000_000)),
            "How many rewired graphs to compare with; 100 where a measure needs them."),
          .option("--seed", \.seed, "What all random numbers begin with."),
          .flag("--json", \.isJSON, "Print JSON."),
        ]),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg connectome synapses.csv --segmentation brain.fascicle --minimum-weight 3 --plot "
          + "--output connectome",
        "The connections of at least three synapses, with pictures."),
      Example(
        "emseg connectome cave.csv --unit 40,4,4 --measures triad_census,triad_z --nulls 1000 "
          + "--output connectome",
        "Neurons by CAVE's ids; motifs against 1,000 rewired graphs."),
    ],
    references: ["Milo et al. 2002, doi:10.1126/science.298.5594.824"])

  func run(_ context: CommandContext) throws {
    let chosen = try chosenMeasures()
    let folder = ConnectomeFolder(path: output)
    try ExistingOutput.checkApart(
      output, from: [synapses] + [segmentation, segments, regions].compactMap { $0 })
    try folder.checkFree(replacing: isReplacing)
    var source = ConnectomeSource(command: self, context: context)
    let contacts = try source.contacts()
    let graph = SegmentGraph(joining: contacts, weight: weight, minimumWeight: minimumWeight)
    guard !graph.edges.isEmpty else {
      throw VolumeError(
        .unsupportedFeature, path: synapses, "no connection is left", found: source.summary,
        expected: "synapses between two neurons",
        remedy: contacts.isEmpty
          ? "check --unit and the segmentation, or see --keep-autapses" : "lower --minimum-weight")
    }
    let facts = facts(source, graph, context)
    var contents = ConnectomeContents(graph: graph, facts: facts)
    if drawsPictures || !chosen.isEmpty {
      contents.measured = try Graph(graph)
    }
    if drawsPictures {
      try contents.findCommunities(seed: seed, threads: blockwise.threads, context)
    }
    if !chosen.isEmpty { try contents.measure(chosen, settings: settings, origin: facts, context) }
    try folder.write(contents, replacing: isReplacing, drawsPictures: drawsPictures, context)
    try report(source, graph).print(asJSON: isJSON, context)
  }

  private func chosenMeasures() throws(UsageError) -> [any GraphMeasure.Type] {
    guard !measures.isEmpty else {
      guard nulls == nil else {
        throw UsageError("--nulls", "no measure is asked for", expected: "--measures")
      }
      return []
    }
    do {
      return try AllMeasures.chosen(
        measures == ["all"] ? [] : measures, for: GraphAnalysis.Weighting.allCases,
        isDirected: true, withNulls: nulls != nil)
    } catch {
      throw UsageError(
        "--measures", error.message, found: error.found, expected: error.expected)
    }
  }

  private var settings: GraphAnalysis.Settings {
    GraphAnalysis.Settings(
      communities: CommunityDetection(seed: seed), nulls: nulls ?? 100, seed: seed,
      threads: blockwise.threads)
  }

  private func facts(
    _ source: ConnectomeSource, _ graph: SegmentGraph, _ context: CommandContext
  ) -> JSONObject {
    var facts: JSONObject = [
      "tool": .string("\(context.tool) \(context.version)"),
      "command": .string(([context.tool] + context.arguments).joined(separator: " ")),
      "inputs": .object(source.inputs), "neurons": .string(source.neurons),
      "synapses": .object(source.counts.mapValues { .integer(Int64($0)) }),
      "weight": .string(weight.rawValue), "minimum_weight": .number(minimumWeight),
      "merge_distance_nm": .number(mergeDistance), "keeps_autapses": .bool(keepsAutapses),
      "segment_count": .integer(Int64(graph.segments.count)),
      "connection_count": .integer(Int64(graph.edges.count)),
    ]
    facts["minimum_score"] = minimumScore.map { .number($0) }
    facts["segmentation"] = source.segmentationFacts.map { .object($0) }
    facts["regions"] = source.regionFacts.map { .object($0) }
    return facts
  }

  private func report(_ source: ConnectomeSource, _ graph: SegmentGraph) -> EvaluationReport {
    var report = EvaluationReport()
    for (name, count) in source.orderedCounts { report.add(name, count) }
    report.add("segments", graph.segments.count)
    report.add("connections", graph.edges.count)
    report.add("synapses_in_connections", graph.synapseCount)
    return report
  }
}
