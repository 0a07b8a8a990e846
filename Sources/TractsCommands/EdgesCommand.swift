public import CommandLineInterface
public import Connectomes
import FoundationEssentials
import StreamlineFormats
import Synchronization
import VolumeStore

/// The command `tracts edges`.
struct EdgesCommand: Command {
  /// A format of the files.
  enum Format: String, CaseIterable, ArgumentValue {
    case tck, trk, trx
  }

  var source = ""
  var assignments = ""
  var output = ""
  var grouping = EdgeSelection.Grouping.edge
  var nodes: NodeList?
  var isExclusive = false
  var keepsSelf = false
  var keepsUnassigned = false
  var weights: String?
  var format = Format.tck
  var writing = StreamlineOutputOptions()

  static let manual = Manual<Self>(
    "edges",
    summary: "Take the streamlines of a connectome's edges or nodes out of a tractogram.",
    discussion: """
      ASSIGNMENTS says which regions each streamline connects, a line each: the file that \
      'tracts connectome --assignments', or tck2connectome -out_assignments, writes. So streamlines \
      are assigned once, and taken out as often as a matrix raises questions.

      With --files edge a folder is made with a file for each pair of regions that a streamline \
      connects, such as 3-17.tck; with --files node one for each region, 3.tck, whose streamlines \
      are in two files each; with --files single one file. Files are those of MRtrix3's \
      connectome2tck, but for those that would be empty and the second one of each edge, 17-3.tck. \
      With --weights the weights of each file's streamlines stand beside it, 3-17.csv.

      Streamlines are read and written some at a time, several times over where there are more \
      files than can be open at once.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The streamlines: .tck, .trk, .trx (a folder too) or .vtk."),
      .positional("ASSIGNMENTS", \.assignments, "The regions of each streamline, a line each."),
      .positional("OUTPUT", \.output, "The folder, or with --files single the file, to write."),
      .option("--files", \.grouping, "What streamlines are put together by."),
      .option("--nodes", \.nodes, "Only streamlines that reach one of these regions."),
      .flag("--exclusive", \.isExclusive, "Only streamlines that reach no others."),
      .flag("--keep-self", \.keepsSelf, "Streamlines with both ends in one region too."),
      .flag("--keep-unassigned", \.keepsUnassigned, "Streamlines that reach no region too, as 0."),
      .option(
        "--weights", \.weights, placeholder: "F",
        "A text file with a weight for each streamline, which is divided in the same way."),
      .option("--format", \.format, "The format of the files in a folder."),
      .group("Output", \.writing, StreamlineOutputOptions.arguments),
    ],
    examples: [
      Example(
        "tracts edges tracks.tck assignments.txt edges", "A file for each edge of the connectome."),
      Example(
        "tracts edges tracks.tck assignments.txt thalamus.tck --files single --nodes 10,49",
        "All streamlines that end in one of two regions."),
    ],
    references: ["Smith et al. 2015, doi:10.1016/j.neuroimage.2014.10.004"])

  func run(_ context: CommandContext) throws {
    guard !isExclusive || nodes != nil else {
      throw UsageError(
        "--exclusive", "there are no regions to keep to", expected: "--nodes with their numbers")
    }
    try EdgesRun(self, context).run()
  }

  /// Which streamlines are taken out.
  var selection: EdgeSelection {
    var selection = EdgeSelection(grouping: grouping)
    selection.nodes = nodes?.nodes
    selection.isExclusive = isExclusive
    selection.keepsSelf = keepsSelf
    selection.keepsUnassigned = keepsUnassigned
    return selection
  }
}

extension EdgeSelection.Grouping: ArgumentValue {}

/// Numbers of nodes such as `1,4-9`.
struct NodeList: ArgumentValue {
  private let text: String
  let nodes: Set<UInt32>

  /// The most nodes a list names.
  private static let most: UInt32 = 1 << 20

  init?(argument: String) {
    var nodes: Set<UInt32> = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let bounds = part.split(separator: "-", omittingEmptySubsequences: false)
        .map { UInt32(String($0)) }
      guard bounds.count <= 2, let first = bounds[0], let last = bounds[bounds.count - 1],
        first <= last, last - first < Self.most
      else { return nil }
      nodes.formUnion(first...last)
    }
    text = argument
    self.nodes = nodes
  }

  var argumentText: String? { text }
  static let expectation = "numbers with commas between them, or ranges such as 4-9"
  static let placeholder = "1,4-9"
}
