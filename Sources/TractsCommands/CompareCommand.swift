import Codecs
import CommandLineInterface
import Connectomes
import FoundationEssentials
import GraphMeasures
import VolumeStore

/// How many relabellings there are, as it is written on the command line.
struct PermutationsArgument: ArgumentValue {
  /// Nil for all.
  var count: Int?

  init(count: Int?) { self.count = count }

  init?(argument: String) {
    if argument == "all" {
      count = nil
    } else {
      guard let number = Int(argument), (1...100_000_000).contains(number) else { return nil }
      count = number
    }
  }

  var argumentText: String? { count.map(String.init) ?? "all" }
  static let expectation = "a whole number above 0, or all"
  static let placeholder = "N|all"
}

/// The command `tracts compare`.
struct CompareCommand: Command {
  var files: [String] = []
  var isAgainst = false
  var isPaired = false
  var threshold = 3.0
  var tail = GroupComparison.Tail.both
  var permutations = PermutationsArgument(count: 5000)
  var seed: UInt64 = 0
  var output = ""
  var isForced = false
  var input = MatrixOptions()
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "compare",
    summary: "Compare two groups of connectomes: network-based statistic and edge-wise tests.",
    discussion: """
      Each connection is tested by Student's t, with the variances of both groups pooled, or of \
      the differences of pairs with --paired. q is the false discovery rate of Benjamini and \
      Hochberg over all connections that vary. Connections beyond --t form components; the chance \
      of a component is the share of relabellings of the subjects that have one of as many \
      connections or more, the groups as they are counting as one more relabelling unless all are \
      gone through. t is above 0 where the first group has more.

      The files of the other group stand behind --against; a folder stands for the matrices in it.
      """,
    arguments: [
      .positionals("M", \.files, "The matrices, or a folder of them, of one group."),
      .flag("--against", \.isAgainst, "What follows are matrices of the other group."),
      .option(
        "--output", \.output, .required, placeholder: "FILE",
        "A .json with components and connections, or a .tsv of connections."),
      .flag("--force", \.isForced, "Replace an output that is there."),
      .flag("--paired", \.isPaired, "The matrices belong together, first with first and so on."),
      .option("--t", \.threshold, accepting: .above(0), "The t beyond which a connection counts."),
      .option(
        "--tail", \.tail,
        "In which direction a difference counts for components: greater where the first group has "
          + "more."),
      .option(
        "--permutations", \.permutations, "How often subjects are relabelled; all for each way."),
      .option("--seed", \.seed, "What random numbers begin with."),
      .group("Input", \.input, MatrixOptions.arguments),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example(
        "tracts compare patients/*.csv --against controls/*.csv --t 3.1 --output nbs.json",
        "Components of connections that differ between two groups.")
    ],
    references: [
      "Zalesky et al. 2010, doi:10.1016/j.neuroimage.2010.06.041",
      "Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x",
    ])

  func run(_ context: CommandContext) throws {
    let format = try MeasureFile.Format(path: output)
    try WholeFile.checkFree(output, replacing: isForced)
    let groups = try groups(context.arguments)
    let first = try groups.first.map { try input.read($0, context) }
    let second = try groups.second.map { try input.read($0, context) }
    let comparison = try GraphFault.at(groups.first[0]) { () throws(GraphError) in
      try GroupComparison(first.map(\.matrix), second.map(\.matrix), isPaired: isPaired)
    }
    let relabelling: NetworkBasedStatistic.Relabelling =
      permutations.count.map { .random(count: $0, seed: seed) } ?? .exhaustive
    let line = context.progress(
      "compare", total: permutations.count ?? 0, unit: .items("permutations"))
    let statistic = try GraphFault.at(groups.first[0]) { () throws(GraphError) in
      try NetworkBasedStatistic(
        comparison, threshold: threshold, tail: tail, relabelling: relabelling,
        threads: resources.threads
      ) { line.advance(by: $0) }
    }
    line.finish()
    try context.checkCancellation()
    let result = ComparisonResult(
      comparison: comparison, statistic: statistic, nodes: first[0].matrix.nodes.map(\.title))
    for (number, component) in statistic.components.prefix(10).enumerated() {
      try context.print(
        "component \(number + 1)\t\(component.edges.count) connections\t"
          + "\(component.nodes.count) nodes\tp \(component.chance)")
    }
    if statistic.components.isEmpty { try context.print("no connection lies beyond the threshold") }
    var head: JSONObject = [
      "tool": .string("\(context.tool) \(context.version)"),
      "first": .array(first.map { .string($0.path) }),
      "second": .array(second.map { .string($0.path) }),
      "paired": .bool(isPaired), "t_threshold": .number(threshold),
      "tail": .string(tail.rawValue), "seed": .unsigned(seed),
    ]
    head["permutations"] =
      permutations.count.map { .integer(Int64($0)) }
      ?? .string("all \(statistic.chanceSizes.count)")
    try WholeFile.write(
      format == .json ? try result.json(head) : result.table, to: output, replacing: isForced)
  }

  /// The files before `--against` and those behind it, folders replaced by what lies in them.
  private func groups(_ words: [String]) throws -> (first: [String], second: [String]) {
    guard isAgainst, let divider = words.firstIndex(of: "--against") else {
      throw UsageError(
        "--against", "there is only one group", remedy: "put --against before the other's matrices")
    }
    // Positional words keep their order: those of the first group all stand before the divider.
    var count = 0
    for word in words[..<divider] where count < files.count && word == files[count] { count += 1 }
    let groups = (
      first: try files[..<count].flatMap(Self.matrices),
      second: try files[count...].flatMap(Self.matrices)
    )
    guard !groups.first.isEmpty, !groups.second.isEmpty else {
      throw UsageError("M", "a group has no matrices")
    }
    return groups
  }

  private static func matrices(_ path: String) throws -> [String] {
    guard let status = try FileStatus(path), status.isFolder else { return [path] }
    let endings = [".csv", ".tsv", ".txt", ".npy", ".graphml", ".edges", ".edgelist"]
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    return names.filter { name in endings.contains { name.hasSuffix($0) } }.map { "\(path)/\($0)" }
  }
}

/// What a comparison has found, as it is written.
private struct ComparisonResult {
  var comparison: GroupComparison
  var statistic: NetworkBasedStatistic
  var nodes: [String]

  func json(_ head: JSONObject) throws -> [UInt8] {
    func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    var object = head
    object["nodes"] = .array(nodes.map { .string($0) })
    object["components"] = .array(
      statistic.components.map { component in
        .object([
          "size": .integer(Int64(component.edges.count)), "p": .number(component.chance),
          "nodes": .array(component.nodes.map { .string(nodes[$0]) }),
          "connections": .array(
            component.edges.map {
              .array([
                .string(nodes[comparison.rows[$0]]), .string(nodes[comparison.columns[$0]]),
              ])
            }),
        ])
      })
    object["connections"] = .array(
      lines.map { line in
        .object([
          "source": .string(line.source), "target": .string(line.target),
          "mean_first": number(line.numbers[0]), "mean_second": number(line.numbers[1]),
          "t": number(line.numbers[2]), "p": number(line.numbers[3]),
          "q": number(line.numbers[4]),
          "component": line.component.map { .integer(Int64($0)) } ?? .null,
        ])
      })
    return try JSONValue.object(object).encoded(pretty: true) + Array("\n".utf8)
  }

  var table: [UInt8] {
    var text = "source\ttarget\tmean_first\tmean_second\tt\tp\tq\tcomponent\n"
    for line in lines {
      text += "\(line.source)\t\(line.target)\t"
      text += line.numbers.map { $0.isFinite ? "\($0)" : "n/a" }.joined(separator: "\t")
      text += "\t\(line.component.map(String.init) ?? "n/a")\n"
    }
    return Array(text.utf8)
  }

  private struct Line {
    var source: String, target: String
    var numbers: [Double]
    var component: Int?
  }

  private var lines: [Line] {
    let (t, p) = (comparison.statistics, comparison.chances)
    let q = FalseDiscoveryRate.adjusted(p)
    return t.indices.map { place in
      Line(
        source: nodes[comparison.rows[place]], target: nodes[comparison.columns[place]],
        numbers: [
          comparison.firstMeans[place], comparison.secondMeans[place], t[place], p[place], q[place],
        ], component: statistic.membership[place].map { $0 + 1 })
    }
  }
}
