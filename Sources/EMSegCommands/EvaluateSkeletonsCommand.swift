import Codecs
import CommandLineInterface
import Evaluation
import Skeletons
import VolumeStore
import Voxels

/// The command `emseg evaluate skeletons`.
struct EvaluateSkeletonsCommand: Command {
  var segmentation = ""
  var skeletons = ""
  var dataset: String?
  var voxelSize: VoxelSizeArgument?
  var unit = VoxelSizeArgument(VoxelSize(z: 1, y: 1, x: 1))
  var mergeTolerance = 0
  var forbidden: String?
  var forbiddenTolerance = 0
  var table: String?
  var isJSON = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "evaluate skeletons",
    summary: "Score a segmentation by true skeletons: expected run length, splits and merges.",
    discussion: """
      From a point drawn evenly from all cable, the run is the length of its skeleton's cable in \
      the same segment; erl_nm is the mean run, nerl the share of what a segmentation without \
      error has. Runs in a segment that merges skeletons are 0: one that more than \
      --merge-tolerance nodes of each of two skeletons lie in. Segment 0 never merges. Edges of \
      which one end lies in no segment are omitted, of which the ends lie in two are split, in a \
      merging one are merged. voi_split and voi_merge are those of the nodes. Cable outside the \
      volume does not count. Run lengths depend on the volume's size and on the tolerance: state \
      both with them.
      """,
    arguments: [
      .positional("SEG", \.segmentation, "A project folder or any label volume."),
      .positional("SKELETONS", \.skeletons, "A folder of SWC files, one for each neuron, or one."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset of SEG in an HDF5 file."),
      .option(
        "--voxel-size", \.voxelSize,
        "SEG's voxel size in nanometres, z,y,x; taken from the volume where it states it."),
      .option(
        "--unit", \.unit,
        "The nanometres of one unit in the SWC files, z,y,x: the voxel size where they count "
          + "voxels."),
      .option(
        "--merge-tolerance", \.mergeTolerance, accepting: .atLeast(0),
        "How many nodes of a skeleton a segment may hold without counting as on it."),
      .option(
        "--no-merge-mask", \.forbidden, placeholder: "MASK",
        "A volume that is not 0 where no skeleton runs but tissue is: segments there merge."),
      .option(
        "--mask-tolerance", \.forbiddenTolerance, accepting: .atLeast(0),
        "How many voxels of such tissue a segment may hold."),
      .option(
        "--table", \.table, placeholder: "FILE",
        "Write a CSV of every skeleton; replaces a file that is there."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg evaluate skeletons fib25.fascicle skeletons/ --table skeletons.csv",
        "Score a project by skeletons in nanometres."),
      Example(
        "emseg evaluate skeletons seg.zarr hemibrain/ --unit 8,8,8 --merge-tolerance 2",
        "Skeletons that count voxels of 8 nm; two nodes off the track are forgiven."),
    ],
    references: ["Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4"])

  func run(_ context: CommandContext) throws {
    let options = SourceOptions(dataset: dataset, voxelSize: voxelSize)
    let reader = try options.open(segmentation, context: context).reader
    let files = try SkeletonFiles.read(skeletons, unit: unit.size)
    let lookup = try SegmentLookup(reader, StageRunner(context: context, options: blockwise))
    let labels = try lookup.labels(at: files.flatMap { $0.skeleton.nodes.map(\.position) })
    var traced: [TracedSkeleton] = []
    var first = 0
    for (name, skeleton) in files {
      let end = first + skeleton.nodes.count
      traced.append(
        TracedSkeleton(name: name, skeleton: skeleton, segments: Array(labels[first..<end])))
      first = end
    }
    let mask = try forbidden.map { try SourceOptions().open($0, context: context).reader }
    let merging = try mask.map { try lookup.segments(under: $0, tolerance: forbiddenTolerance) }
    guard
      let score = ExpectedRunLength(
        of: traced, mergeTolerance: mergeTolerance, forbidden: merging ?? [])
    else {
      throw VolumeError(
        .unsupportedFeature, path: skeletons, "no cable of the skeletons lies within the volume",
        found: "\(labels.count) nodes, \(labels.count { $0 != nil }) of them within",
        expected: "edges of which both ends lie within",
        remedy: "correct --unit, or the offset of the volume")
    }
    if let table { try Self.table(of: score).write(to: table) }
    try report(score, traced).print(asJSON: isJSON, context)
  }

  private func report(_ score: ExpectedRunLength, _ traced: [TracedSkeleton]) -> EvaluationReport {
    var report = EvaluationReport()
    report.add("skeletons", score.skeletons.count { $0.length > 0 })
    report.add("length_nm", score.length)
    report.add("merge_tolerance", score.mergeTolerance)
    report.add("erl_nm", score.value)
    report.add("perfect_erl_nm", score.perfect)
    report.add("nerl", score.normalized)
    for (name, value) in score.edgeCounts { report.add(name, value) }
    report.add("merging_segments", score.merges.count)
    if let information = VariationOfInformation(ofNodes: traced) {
      report.add("voi_split", information.split)
      report.add("voi_merge", information.merge)
      report.add("voi_sum", information.sum)
    }
    report.add(
      "merges", each: "merge",
      score.merges.map { merge in
        let names = merge.skeletons.map { score.skeletons[$0].name }
        return (
          "segment \(merge.segment): \(names.joined(separator: " "))",
          .object([
            "segment": .string("\(merge.segment)"), "skeletons": .array(names.map { .string($0) }),
          ])
        )
      })
    return report
  }

  private static func table(of score: ExpectedRunLength) -> CommaSeparatedTable {
    var table = CommaSeparatedTable(columns: [
      "skeleton", "length_nm", "erl_nm", "correct_edges", "split_edges", "merged_edges",
      "omitted_edges", "outside_edges", "segments",
    ])
    for skeleton in score.skeletons {
      let counts = [
        skeleton.correct, skeleton.split, skeleton.merged, skeleton.omitted, skeleton.outside,
        skeleton.segmentCount,
      ]
      table.append(
        [skeleton.name, shortText(skeleton.length), shortText(skeleton.expectedRunLength)]
          + counts.map(String.init))
    }
    return table
  }
}

extension ExpectedRunLength {
  /// The numbers of edges by what happened to them.
  fileprivate var edgeCounts: [(name: String, count: Int)] {
    [
      ("correct_edges", skeletons.reduce(0) { $0 + $1.correct }),
      ("split_edges", skeletons.reduce(0) { $0 + $1.split }),
      ("merged_edges", skeletons.reduce(0) { $0 + $1.merged }),
      ("omitted_edges", skeletons.reduce(0) { $0 + $1.omitted }),
      ("outside_edges", skeletons.reduce(0) { $0 + $1.outside }),
    ]
  }
}
