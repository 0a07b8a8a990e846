import CommandLineInterface
import Connectomes
import Drawing

/// The command `tracts plot circle`.
struct PlotCircleCommand: Command {
  var matrix = ""
  var isLogarithmic = false
  var edges = 300
  var label = ""
  var plot = PlotOptions()
  var input = MatrixOptions()

  static let manual = Manual<Self>(
    "plot circle",
    summary: "Draw a connectome as a circle of nodes with the strongest connections between them.",
    discussion: """
      Nodes whose names tell a side of the brain stand on that side, from the top in the matrix's \
      order, so that regions of both hemispheres face each other; others stand at the bottom. The \
      stronger a connection, the darker and wider it is, and the further in front.
      """,
    arguments: [
      .positional("M", \.matrix, "The matrix: .csv, .tsv, .txt, .npy, .graphml or .edges."),
      .option(
        "--edges", \.edges, accepting: .from(0...1_000_000),
        "How many connections are drawn, the strongest; of equally strong ones the first."),
      .flag("--log", \.isLogarithmic, "Equal factors have equally different colours."),
      .option("--value-label", \.label, placeholder: "TEXT", "What the weights are."),
      .group("Picture", \.plot, PlotOptions.arguments),
      .group("Input", \.input, MatrixOptions.arguments),
    ],
    examples: [
      Example(
        "tracts plot circle M.csv --labels fs_default.txt --edges 200 --log --output circle.svg",
        "The 200 strongest connections.")
    ])

  func run(_ context: CommandContext) throws {
    let format = try plot.format()
    let stored = try input.read(matrix, context).matrix
    let arrangement = NodeArrangement(stored.nodes)
    let sides: [Hemisphere: Connectogram.Side] = [.left: .left, .right: .right, .midline: .middle]
    var found: [Connectogram.Edge] = []
    for (source, row) in arrangement.order.enumerated() {
      for (target, column) in arrangement.order.enumerated().dropFirst(source + 1) {
        let weight = stored[row, column]
        if weight != 0 { found.append(Connectogram.Edge(source, target, weight: weight)) }
      }
    }
    let strongest = found.enumerated().sorted {
      (abs($1.element.weight), $0.offset) < (abs($0.element.weight), $1.offset)
    }.prefix(edges).map(\.element)
    if strongest.count < found.count {
      context.note("the strongest \(strongest.count) of \(found.count) connections are drawn")
    }
    let picture = Connectogram(
      title: plot.title ?? "", label: label,
      nodes: zip(arrangement.names, arrangement.sides).map {
        Connectogram.Node($0, side: sides[$1] ?? .middle)
      }, edges: Array(strongest), isLogarithmic: isLogarithmic)
    try plot.write { () throws(DrawingError) in
      try picture.drawn(as: format, width: plot.width)
    }
  }
}
