import CommandLineInterface
import Connectomes
import Drawing

/// The command `tracts plot matrix`.
struct PlotMatrixCommand: Command {
  var matrix = ""
  var isLogarithmic = false
  var keepsOrder = false
  var hasDiagonal = false
  var label = ""
  var plot = PlotOptions()
  var input = MatrixOptions()

  static let manual = Manual<Self>(
    "plot matrix",
    summary: "Draw a connectome as a matrix of colours.",
    discussion: """
      Nodes whose names tell a side of the brain (ctx-lh-, Left-, _L and the like) are drawn by \
      hemispheres. The darker, the more; 0 is white. Matrices with values below 0 are drawn from \
      blue over white to red.
      """,
    arguments: [
      .positional("M", \.matrix, "The matrix: .csv, .tsv, .txt, .npy, .graphml or .edges."),
      .flag("--log", \.isLogarithmic, "Equal factors have equally different colours."),
      .flag("--keep-order", \.keepsOrder, "Draw nodes in the matrix's order."),
      .flag("--diagonal", \.hasDiagonal, "Draw connections of nodes with themselves too."),
      .flag("--directed", \.input.isDirected, "Draw both triangles as they are."),
      .option("--value-label", \.label, placeholder: "TEXT", "What the values are."),
      .group("Picture", \.plot, PlotOptions.arguments),
      .group("Input", \.input, MatrixOptions.arguments),
    ],
    examples: [
      Example(
        "tracts plot matrix M.csv --labels fs_default.txt --log --value-label streamlines "
          + "--output M.pdf",
        "A matrix with names, by hemispheres.")
    ])

  func run(_ context: CommandContext) throws {
    let format = try plot.format()
    let stored = try input.read(matrix, context).matrix
    let arrangement = NodeArrangement(stored.nodes)
    let isArranged = arrangement.hasSides && !keepsOrder
    let order = isArranged ? arrangement.order : Array(stored.nodes.indices)
    var values: [Double] = []
    for row in order {
      for column in order {
        values.append(row == column && !hasDiagonal ? 0 : stored[row, column])
      }
    }
    let groups = Hemisphere.allCases.compactMap { side -> HeatMap.Group? in
      let count = arrangement.sides.count { $0 == side }
      let names: [Hemisphere: String] = [.left: "Left", .right: "Right", .midline: "Other"]
      return isArranged && count > 0 ? HeatMap.Group(names[side] ?? "", count: count) : nil
    }
    let picture = HeatMap(
      title: plot.title ?? "", label: label, values: values,
      names: isArranged ? arrangement.names : stored.nodes.map(\.title), groups: groups,
      isLogarithmic: isLogarithmic)
    try plot.write { () throws(DrawingError) in
      try picture.drawn(as: format, width: plot.width)
    }
  }
}
