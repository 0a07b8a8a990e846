import CommandLineInterface
import Connectomes
import Drawing
import VolumeStore

/// The options of every picture of a connectome.
struct PlotOptions {
  var output = ""
  var isForced = false
  var title: String?
  var width = 760.0

  static let arguments: [Argument<PlotOptions>] = [
    .option(
      "--output", \.output, .required, placeholder: "P.svg", "The picture: .svg, .png or .pdf."),
    .flag("--force", \.isForced, "Replace a picture that is there."),
    .option("--title", \.title, placeholder: "TEXT", "What stands above."),
    .option(
      "--width", \.width, placeholder: "PT", accepting: .from(300...5000),
      "The picture's width in points; a PNG has two pixels to the point."),
  ]

  /// The picture's format; checks that it can be created.
  func format() throws -> PictureFormat {
    guard let format = PictureFormat(fileName: output) else {
      throw UsageError(
        "--output", "the kind of picture is not known", found: output,
        expected: "a name in .svg, .png or .pdf")
    }
    try WholeFile.checkFree(output, replacing: isForced)
    return format
  }

  /// Draws and writes the picture.
  func write(_ draw: () throws(DrawingError) -> [UInt8]) throws {
    let bytes: [UInt8]
    do {
      bytes = try draw()
    } catch {
      throw VolumeError(.inputOutput, path: output, error.message)
    }
    try WholeFile.write(bytes, to: output, replacing: isForced)
  }
}

/// The nodes of a matrix by sides of the brain: the left ones in the order of the matrix, the right
/// ones in the same order of names where they have the same.
struct NodeArrangement {
  /// The nodes, as places in the matrix: left, right, then those of no side.
  var order: [Int]
  /// The side of each node of ``order``, and its name without it.
  var sides: [Hemisphere]
  var names: [String]

  /// Arranges nodes.
  init(_ nodes: [ConnectomeNode]) {
    let sided = nodes.map(\.sided)
    func places(_ side: Hemisphere) -> [Int] {
      nodes.indices.filter { sided[$0].hemisphere == side }
    }
    let left = places(.left)
    let ranks = Dictionary(left.enumerated().map { (sided[$1].name, $0) }) { first, _ in first }
    let right = places(.right).sorted {
      (ranks[sided[$0].name] ?? left.count, $0) < (ranks[sided[$1].name] ?? left.count, $1)
    }
    order = left + right + places(.midline)
    sides = order.map { sided[$0].hemisphere }
    // Nodes without names keep their numbers.
    names = order.map { sided[$0].name.isEmpty ? nodes[$0].title : sided[$0].name }
  }

  /// Whether names tell sides.
  var hasSides: Bool { sides.contains { $0 != .midline } }
}
