import Codecs
import CommandLineInterface
import Connectomes
import GraphMeasures
import VolumeStore

/// The command `tracts measures`.
struct MeasuresCommand: Command {
  var matrices: [String] = []
  var isBinary = false
  var isWeighted = false
  var measures: [String] = []
  var threshold: ThresholdArgument?
  var output = ""
  var isForced = false
  var keepsWeights = false
  var method: CommunityDetection.Method?
  var choice = CommunityDetection.Choice.best
  var runs = 100
  var resolution = 1.0
  var partition: String?
  var nulls: Int?
  var swaps = 10
  var seed: UInt64 = 0
  var input = MatrixOptions()
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "measures",
    summary: "Measure connectomes as graphs: degrees, paths, clustering, communities and more.",
    discussion: """
      Definitions are those of the Brain Connectivity Toolbox. Matrices are read as .csv, .tsv, \
      .txt, .npy, .graphml or .edges; connections of nodes with themselves are left out. Binary \
      measures see only whether a connection is there; weighted ones take the weights, divided by \
      the largest where triangles and lengths are concerned (a length is one by a weight). Both \
      are taken unless --binary or --weighted says otherwise.

      Measures that compare with rewired graphs (rich_club_normalized, small_worldness, triad_z) \
      are taken where --nulls or --measures asks for them.

      \(AllMeasures.list.map { "\($0.name): \($0.summary)" }.joined(separator: "\n\n"))
      """,
    arguments: [
      .positionals("M", \.matrices, "The matrices; several are measured alike."),
      .option("--output", \.output, .required, placeholder: "FILE", "A file in .json or .tsv."),
      .flag("--force", \.isForced, "Replace an output that is there."),
      .option(
        "--measures", \.measures, placeholder: "NAME[,…]",
        "What to measure, all but comparisons with rewired graphs when left out."),
      .flag("--binary", \.isBinary, "Binary measures only."),
      .flag("--weighted", \.isWeighted, "Weighted measures only."),
      .flag("--directed", \.input.isDirected, "Rows are sources and columns targets."),
      .option(
        "--threshold", \.threshold,
        "Connections to keep: the strongest, as many as give a density; those of a weight and "
          + "above; or those that a share of the matrices has, half of them when left out."),
      .flag("--keep-weights", \.keepsWeights, "Do not divide weights by the largest."),
      .group(
        "Communities", \.self,
        [
          .option(
            "--method", \.method,
            "How communities are sought: leiden when left out, louvain with --directed."),
          .option(
            "--choice", \.choice,
            "Which partition is taken: that of the highest modularity, or that on which runs agree."
          ),
          .option(
            "--runs", \.runs, accepting: .from(1...100_000), "How many partitions are sought."),
          .option(
            "--resolution", \.resolution, accepting: .above(0),
            "Above 1 for more and smaller communities."),
          .option(
            "--partition", \.partition, placeholder: "FILE",
            "A whole number for each node, its community, instead of seeking them."),
        ]),
      .group(
        "Chance", \.self,
        [
          .option(
            "--nulls", \.nulls, accepting: .ifGiven(.from(1...1_000_000)),
            "How many rewired graphs to compare with; 100 where a measure needs them."),
          .option(
            "--swaps", \.swaps, accepting: .from(1...10_000),
            "How often each connection is drawn when a graph is rewired."),
          .option("--seed", \.seed, "What all random numbers begin with."),
        ]),
      .group("Input", \.input, MatrixOptions.arguments),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example(
        "tracts measures M.csv --labels fs_default.txt --output measures.json",
        "All measures of a connectome, with names."),
      Example(
        "tracts measures sub-*.csv --threshold density:0.1 --measures degree,global_efficiency "
          + "--output all.tsv",
        "Two measures of every subject at the same density, as one table."),
    ],
    references: [
      "Rubinov & Sporns 2010, doi:10.1016/j.neuroimage.2009.10.003",
      "Traag et al. 2019, doi:10.1038/s41598-019-41695-z",
    ])

  func run(_ context: CommandContext) throws {
    let format = try MeasureFile.Format(path: output)
    try WholeFile.checkFree(output, replacing: isForced)
    let weightings: [GraphAnalysis.Weighting] =
      isBinary == isWeighted ? [.binary, .weighted] : isBinary ? [.binary] : [.weighted]
    let chosen = try chosenMeasures(weightings)
    let stored = try matrices.map { try input.read($0, context) }
    guard
      Set(stored.map(\.matrix.count)).count == 1 || partition == nil && threshold?.isJoint != true
    else {
      throw VolumeError(
        .malformedMetadata, path: matrices[0], "the matrices are of different sizes",
        found: stored.map { "\($0.matrix.count)" }.joined(separator: ", "))
    }
    let kept = try GraphFault.at(matrices[0]) { () throws(GraphError) in
      try threshold?.threshold.applied(to: stored.map(\.matrix), isDirected: input.isDirected)
    }
    var report = MeasureReport(head: MeasureFile.head(context, settings: settings(weightings)))
    let given = try partition.map { try PartitionFile.read($0, count: stored[0].matrix.count) }
    let line = context.progress(
      "measures", total: stored.count * chosen.count, unit: .items("measures"))
    defer { line.finish() }
    for (place, source) in stored.enumerated() {
      let matrix = kept?[place] ?? source.matrix
      let graph = try GraphFault.at(source.path) { () throws(GraphError) in
        try Graph(matrix, isDirected: input.isDirected)
      }
      if graph.selfConnectionCount > 0 {
        context.note("\(source.path): \(graph.selfConnectionCount) self connections are left out")
      }
      report.begin(
        graph, name: source.name, nodes: source.matrix.nodes.map(\.title),
        facts: [
          "matrix": .string(source.path), "digest": .string(source.digest.description),
        ])
      do {
        for weighting in weightings {
          try report.add(
            chosen, of: graph, weighting, settings: analysisSettings(given),
            afterEach: {
              line.advance(by: 1)
              try context.checkCancellation()
            })
        }
      } catch let error as GraphError {
        throw GraphFault.error(error, at: source.path)
      }
    }
    let bytes = try format == .json ? report.json() : report.table()
    try WholeFile.write(bytes, to: output, replacing: isForced)
  }

  private func analysisSettings(_ given: Partition?) -> GraphAnalysis.Settings {
    GraphAnalysis.Settings(
      isNormalizing: !keepsWeights,
      communities: CommunityDetection(
        method: method, choice: choice, runs: runs, resolution: resolution, seed: seed),
      partition: given, nulls: nulls ?? 100, swaps: swaps, seed: seed, threads: resources.threads)
  }

  private func chosenMeasures(
    _ weightings: [GraphAnalysis.Weighting]
  ) throws(UsageError) -> [any GraphMeasure.Type] {
    do {
      return try AllMeasures.chosen(
        measures, for: weightings, isDirected: input.isDirected, withNulls: nulls != nil)
    } catch {
      throw UsageError(
        "--measures", error.message, found: error.found, expected: error.expected,
        remedy: error.expected == nil
          ? "leave it out, or change --directed, --binary or --weighted" : nil)
    }
  }

  private func settings(_ weightings: [GraphAnalysis.Weighting]) -> JSONObject {
    var settings: JSONObject = [
      "weightings": .array(weightings.map { .string($0.rawValue) }),
      "directed": .bool(input.isDirected), "weights_divided_by_largest": .bool(!keepsWeights),
      "runs": .integer(Int64(runs)), "resolution": .number(resolution),
      "community_choice": .string(choice.rawValue), "seed": .unsigned(seed),
      "nulls": .integer(Int64(nulls ?? 100)), "swaps": .integer(Int64(swaps)),
    ]
    settings["threshold"] = threshold?.argumentText.map { .string($0) } ?? .null
    settings["community_method"] = .string(
      (method ?? (input.isDirected ? .louvain : .leiden)).rawValue)
    return settings
  }
}

extension ThresholdArgument {
  /// Whether matrices are looked at together.
  var isJoint: Bool { if case .consensus = threshold { true } else { false } }
}

/// What is wrong with a graph, told with its file.
enum GraphFault {
  /// Runs a body whose errors concern a file.
  static func at<Value>(
    _ path: String, _ body: () throws(GraphError) -> Value
  ) throws(VolumeError) -> Value {
    do {
      return try body()
    } catch {
      throw Self.error(error, at: path)
    }
  }

  /// What is wrong with the graph of a file.
  static func error(_ error: GraphError, at path: String) -> VolumeError {
    VolumeError(
      error.code == .tooLarge ? .limitExceeded : .unsupportedFeature, path: path, error.message,
      found: error.found, remedy: error.remedy)
  }
}

/// A file of communities.
enum PartitionFile {
  /// Reads whole numbers divided by blanks, commas or line ends, one for each node.
  ///
  /// - Throws: ``VolumeError`` where there are not as many.
  static func read(_ path: String, count: Int) throws(VolumeError) -> Partition {
    let status = try FileStatus.ofFile(path)
    let text = String(
      decoding: try bytes(ofFile: path, count: min(status.byteCount, 16 << 20)), as: UTF8.self)
    let words = text.split { $0.isWhitespace || $0 == "," }
    let numbers = words.compactMap { Int($0) }
    guard numbers.count == words.count, numbers.count == count else {
      throw VolumeError(
        .malformedMetadata, path: path, "the communities do not match the matrix",
        found: "\(numbers.count) whole numbers among \(words.count) words",
        expected: "\(count), one for each node")
    }
    return Partition(numbers)
  }
}
