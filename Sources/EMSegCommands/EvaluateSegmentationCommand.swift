import Codecs
import CommandLineInterface
import Evaluation
import VolumeStore
import Voxels

/// The command `emseg evaluate segmentation`.
struct EvaluateSegmentationCommand: Command {
  /// Which voxels of the background count, by the challenge that says so.
  enum Convention: String, CaseIterable, ArgumentValue {
    case cremi, snemi

    var background: BackgroundConvention {
      switch self {
      case .cremi: .cremi
      case .snemi: .snemi
      }
    }
  }

  var segmentation = ""
  var truth = ""
  var dataset: String?
  var truthDataset: String?
  var convention = Convention.cremi
  var isJSON = false

  static let manual = Manual<Self>(
    "evaluate segmentation",
    summary: "Score a segmentation: variation of information and adapted Rand error.",
    discussion: """
      voi_split is H(segmentation | truth) and grows with false splits, voi_merge is \
      H(truth | segmentation) and grows with false merges, both in bits. arand is 1 − the \
      harmonic mean of Rand precision and recall. Voxels whose truth is 0 are not counted; \
      segmentation 0 is one segment (cremi) or each of its voxels is its own (snemi). Where LABELS \
      cover a part of the volume only, that part is compared: both start at the same voxel \
      unless their offsets say otherwise.
      """,
    arguments: [
      .positional("SEG", \.segmentation, "A project folder or any label volume."),
      .positional("LABELS", \.truth, "The true labels."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset of SEG in an HDF5 file."),
      .option(
        "--truth-dataset", \.truthDataset, placeholder: "PATH",
        "The dataset of LABELS in an HDF5 file."),
      .option("--convention", \.convention, "How background voxels count."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [
      Example(
        "emseg evaluate segmentation fib25.fascicle labels.h5", "Score a project's labels.")
    ],
    references: [
      "Meilă 2007, doi:10.1016/j.jmva.2006.11.013",
      "Arganda-Carreras et al. 2015, doi:10.3389/fnana.2015.00142",
    ])

  func run(_ context: CommandContext) throws {
    let found = try SourceOptions(dataset: dataset).open(segmentation, context: context).reader
    let expected = try SourceOptions(dataset: truthDataset).open(truth, context: context).reader
    for reader in [expected, found] { try LabelAlignment.checkLabels(reader) }
    let shift = try LabelAlignment.shift(of: expected, within: found)
    let region = VoxelBox(origin: .zero + shift, extent: expected.metadata.extent)
      .intersection(found.metadata.box)
    guard !region.isEmpty else {
      throw VolumeError(
        .unsupportedFeature, path: truth, "the volumes do not overlap",
        found: "an offset of \(shift.text) voxels", remedy: "correct the offset of one of them")
    }
    let table = try contingency(found, expected, region: region, shift: shift, context)
    guard let information = VariationOfInformation(of: table, convention: convention.background),
      let rand = AdaptedRandError(of: table, convention: convention.background)
    else {
      throw VolumeError(
        .unsupportedFeature, path: truth, "nothing can be scored: every true label is 0")
    }
    let origin = VoxelExtent(z: region.origin.z, y: region.origin.y, x: region.origin.x)
    let facts: [(String, JSONValue)] = [
      ("region", .string("\(origin.text) + \(region.extent.text)")),
      ("convention", .string("\(convention.rawValue): \(information.convention)")),
      ("voxels", .integer(Int64(information.voxelCount))),
      ("voi_split", .number(information.split)), ("voi_merge", .number(information.merge)),
      ("voi_sum", .number(information.sum)), ("arand", .number(rand.error)),
      ("rand_precision", .number(rand.precision)), ("rand_recall", .number(rand.recall)),
    ]
    if isJSON {
      let object = JSONValue.object(Dictionary(uniqueKeysWithValues: facts))
      try context.print(String(decoding: try object.encoded(pretty: true), as: UTF8.self))
    } else {
      for (name, value) in facts {
        let number = value.string == nil ? value.double : nil
        try context.print("\(name)\t\(number.map { shortText($0) } ?? value.string ?? "")")
      }
    }
  }

  private func contingency(
    _ segmentation: any VolumeReader, _ truth: any VolumeReader, region: VoxelBox,
    shift: VoxelExtent, _ context: CommandContext
  ) throws -> ContingencyTable {
    var table = ContingencyTable()
    let unit = VoxelExtent(z: 32, y: 512, x: 512)
    let line = context.progress("evaluate", total: region.extent.voxelCount, unit: .voxels)
    defer { _ = line.finish() }
    for z in stride(from: region.origin.z, to: region.end.z, by: unit.z) {
      for y in stride(from: region.origin.y, to: region.end.y, by: unit.y) {
        for x in stride(from: region.origin.x, to: region.end.x, by: unit.x) {
          try context.checkCancellation()
          let box = VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: unit)
            .intersection(region)
          let labels = try truth.readConverting(
            VoxelBox(origin: box.origin - shift, extent: box.extent), to: UInt64.self)
          table.add(
            segmentation: try segmentation.readConverting(box, to: UInt64.self),
            truth: labels.moved(to: box.origin))
          line.advance(by: box.extent.voxelCount)
        }
      }
    }
    return table
  }
}
