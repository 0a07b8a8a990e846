import Codecs
import CommandLineInterface
import Evaluation
import VolumeStore
import Voxels

/// The command `emseg evaluate segmentation`.
struct EvaluateSegmentationCommand: Command {
  var segmentation = ""
  var truth = ""
  var dataset: String?
  var showsEveryConvention = false
  var worst = 5
  var table: String?
  var isJSON = false
  var comparison = ComparisonOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "evaluate segmentation",
    summary: "Score a segmentation: variation of information, adapted Rand error, CREMI score.",
    discussion: """
      voi_split is H(segmentation | truth) and grows with false splits, voi_merge is \
      H(truth | segmentation) and grows with false merges, both in bits. arand is 1 − the \
      harmonic mean of Rand precision and recall; cremi_score is the root of voi_sum times arand. \
      What background counts for changes every one of these numbers: compare scores of the same \
      convention only. Then come the objects whose splits, and the segments whose merges, cost \
      most, with a voxel of each of their two largest parts. One pass over volumes of any size. \
      Where LABELS cover a part of the volume only, that part is compared: both start at the same \
      voxel unless their offsets say otherwise.
      """,
    arguments: [
      .positional("SEG", \.segmentation, "A project folder or any label volume."),
      .positional("LABELS", \.truth, "The true labels."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset of SEG in an HDF5 file."),
      .flag(
        "--every-convention", \.showsEveryConvention,
        "Print the scores under every named convention too."),
      .option("--worst", \.worst, accepting: .atLeast(0), "How many of the worst errors to print."),
      .option(
        "--table", \.table, placeholder: "FILE",
        "Write a CSV of every object, and of every segment that merges objects; replaces a file "
          + "that is there."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("What counts", \.comparison, ComparisonOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg evaluate segmentation fib25.fascicle labels.h5", "Score a project's labels."),
      Example(
        "emseg evaluate segmentation seg.zarr labels.h5 --every-convention --table errors.csv",
        "Score under every convention and list what each object lost."),
    ],
    references: [
      "Meilă 2007, doi:10.1016/j.jmva.2006.11.013",
      "Arganda-Carreras et al. 2015, doi:10.3389/fnana.2015.00142",
    ])

  func run(_ context: CommandContext) throws {
    let found = try SourceOptions(dataset: dataset).open(segmentation, context: context).reader
    let labels = try comparison.labels(truth, context: context)
    let compared = try comparison.comparison(of: found, with: labels, context: context)
    if compared.isPartial {
      context.note("only a part that both volumes cover is compared: \(compared.region.rangesText)")
    }
    let runner = StageRunner(context: context, options: blockwise)
    let overlaps = try comparison.table(of: compared, truth: truth, runner)
    let background = comparison.background
    let errors = SegmentationErrors(of: overlaps, convention: background)
    var report = EvaluationReport()
    let origin = compared.region.origin
    report.add(
      "region", "\(origin.z),\(origin.y),\(origin.x) + \(compared.region.extent.text)")
    report.add("convention", comparison.backgroundText)
    if let scores = SegmentationScores(of: overlaps, convention: background) {
      report.add("voxels", scores.information.voxelCount)
      report.add("objects", errors.splits.count)
      report.add("segments", errors.merges.count { $0.label != 0 })
      for (name, value) in scores.values { report.add(name, value) }
    }
    if showsEveryConvention { addConventions(overlaps, to: &report) }
    let places = ErrorPlaces(comparison: compared)
    report.add(
      "worst_splits", each: "worst_split",
      errors.splits.prefix(worst).filter { $0.bits > 0 }.map {
        places.entry("object", $0, parts: "segments")
      })
    report.add(
      "worst_merges", each: "worst_merge",
      errors.merges.prefix(worst).filter { $0.bits > 0 }.map {
        places.entry("segment", $0, parts: "objects")
      })
    if let table { try places.table(of: errors).write(to: table) }
    try report.print(asJSON: isJSON, context)
  }

  private func addConventions(_ overlaps: ContingencyTable, to report: inout EvaluationReport) {
    report.add(
      "conventions", each: "convention",
      BackgroundConvention.named.compactMap { name, convention in
        guard let scores = SegmentationScores(of: overlaps, convention: convention) else {
          return nil
        }
        let values = scores.values + [("voxels", Double(scores.information.voxelCount))]
        let text = values.map { "\($0)=\(shortText($1))" }.joined(separator: " ")
        var object = Dictionary(uniqueKeysWithValues: values.map { ($0, JSONValue.number($1)) })
        object["name"] = .string(name)
        return ("\(name) \(text)", .object(object))
      })
  }
}

extension SegmentationScores {
  /// The scores by the names that commands print.
  var values: [(name: String, value: Double)] {
    [
      ("voi_split", information.split), ("voi_merge", information.merge),
      ("voi_sum", information.sum), ("arand", rand.error), ("rand_precision", rand.precision),
      ("rand_recall", rand.recall), ("cremi_score", cremiScore),
    ]
  }
}

/// Errors of a segmentation with the places where they can be seen.
private struct ErrorPlaces {
  let comparison: LabelComparison

  /// An error as a line and as JSON.
  func entry(
    _ kind: String, _ error: LabelErrors, parts: String
  ) -> (text: String, value: JSONValue) {
    let list = error.largest.map { part in
      "\(part.label) (\(part.voxelCount) at \(text(part.first)))"
    }
    return (
      "\(kind) \(error.label): \(shortText(error.bits)) bits, \(error.voxelCount) voxels in "
        + "\(error.partCount) \(parts), the largest \(list.joined(separator: " and "))",
      .object([
        // Labels beyond 2⁵³ are not the same number to every reader of JSON.
        kind: .string("\(error.label)"), "bits": .number(error.bits),
        "voxels": .integer(Int64(error.voxelCount)), parts: .integer(Int64(error.partCount)),
        "largest": .array(error.largest.map(value)),
      ])
    )
  }

  private func value(_ part: LabelErrors.Part) -> JSONValue {
    var object: JSONObject = [
      "label": .string("\(part.label)"), "voxels": .integer(Int64(part.voxelCount)),
      "voxel": .array([part.first.z, part.first.y, part.first.x].map { .integer(Int64($0)) }),
    ]
    if let place = comparison.place(of: part.first) {
      object["nm"] = .array([place.z, place.y, place.x].map { .number($0) })
    }
    return .object(object)
  }

  private func text(_ voxel: VoxelPosition) -> String { "\(voxel.z),\(voxel.y),\(voxel.x)" }

  /// Every object, and every segment that merges several.
  func table(of errors: SegmentationErrors) -> CommaSeparatedTable {
    let part = ["label", "voxels", "z", "y", "x", "z_nm", "y_nm", "x_nm"]
    var table = CommaSeparatedTable(
      columns: ["error", "label", "bits", "voxels", "parts"]
        + ["first", "second"].flatMap { name in part.map { "\(name)_\($0)" } })
    let merges = errors.merges.filter { $0.partCount > 1 }
    for (kind, list) in [("split", errors.splits), ("merge", merges)] {
      for error in list {
        var row = [
          kind, "\(error.label)", "\(error.bits)", "\(error.voxelCount)", "\(error.partCount)",
        ]
        for index in 0..<2 {
          guard index < error.largest.count else {
            row += part.map { _ in "" }
            continue
          }
          row += fields(error.largest[index])
        }
        table.append(row)
      }
    }
    return table
  }

  private func fields(_ part: LabelErrors.Part) -> [String] {
    let place = comparison.place(of: part.first).map { [$0.z, $0.y, $0.x] }
    return ["\(part.label)", "\(part.voxelCount)"]
      + [part.first.z, part.first.y, part.first.x].map(String.init)
      + (place.map { $0.map { shortText($0) } } ?? ["", "", ""])
  }
}
