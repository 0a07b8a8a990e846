import CommandLineInterface
import Connectomes
import Drawing
import GraphMeasures

/// The command `tracts plot degrees`.
struct PlotDegreesCommand: Command {
  /// What is counted.
  enum Quantity: String, CaseIterable, ArgumentValue {
    /// Connections of a node.
    case degree
    /// The sum of their weights.
    case strength
    /// The weights themselves.
    case weight
  }

  var matrix = ""
  var quantity = Quantity.degree
  var isLogarithmic = false
  var plot = PlotOptions()
  var input = MatrixOptions()

  static let manual = Manual<Self>(
    "plot degrees",
    summary: "Draw how many nodes have each number of connections.",
    arguments: [
      .positional("M", \.matrix, "The matrix: .csv, .tsv, .txt, .npy, .graphml or .edges."),
      .option(
        "--of", \.quantity,
        "Degrees of nodes, strengths of nodes, or weights of connections."),
      .flag("--log", \.isLogarithmic, "Equal factors of counts are equally high."),
      .flag("--directed", \.input.isDirected, "Rows are sources and columns targets."),
      .group("Picture", \.plot, PlotOptions.arguments),
      .group("Input", \.input, MatrixOptions.arguments),
    ],
    examples: [
      Example("tracts plot degrees M.csv --output degrees.svg", "The distribution of degrees.")
    ])

  func run(_ context: CommandContext) throws {
    let format = try plot.format()
    let stored = try input.read(matrix, context)
    let graph = try GraphFault.at(matrix) { () throws(GraphError) in
      try Graph(stored.matrix, isDirected: input.isDirected)
    }
    let values: [Double] =
      switch quantity {
      case .degree: graph.degrees.map { Double($0) }
      case .strength: graph.strengths
      case .weight: graph.edges.map(\.weight)
      }
    let picture = Histogram(
      title: plot.title ?? "", xLabel: quantity.rawValue,
      yLabel: quantity == .weight ? "connections" : "nodes", values: values,
      hasLogarithmicY: isLogarithmic)
    try plot.write { () throws(DrawingError) in
      try picture.drawn(as: format, width: plot.width, height: (plot.width * 0.6).rounded())
    }
  }
}
