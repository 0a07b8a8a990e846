import Blockwise
import Codecs
import CommandLineInterface
import Labels
import VolumeStore
import Voxels

/// The command `emseg relabel`.
struct RelabelCommand: Command {
  /// What becomes of labels that a table does not list.
  enum Others: String, CaseIterable, ArgumentValue {
    case keep, drop

    fileprivate var rule: LabelMap.Others { self == .keep ? .keep : .drop }
  }

  var source = ""
  var table: String?
  var others = Others.keep
  var kept: [UInt64] = []
  var removed: [UInt64] = []
  var isSequential = false
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "relabel",
    summary: "Rename, merge, keep or remove labels by a table.",
    discussion: """
      The table has two whole numbers a line, a label and what it becomes, divided by a comma, a \
      tab or spaces; labels that become the same number are merged, and those that become 0 are \
      removed. Empty lines, lines that start with #, and a first line of names are passed over. \
      The output keeps the type of the source where that holds every label.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The labels: whole numbers without a sign, one channel."),
      .option("--table", \.table, placeholder: "FILE", "A table of labels and what they become."),
      .option("--others", \.others, "What becomes of labels that the table does not list."),
      .option("--keep", \.kept, placeholder: "N,N,…", "Labels to keep; all others are removed."),
      .option("--remove", \.removed, placeholder: "N,N,…", "Labels to remove."),
      .flag(
        "--sequential", \.isSequential,
        "Number the labels 1, 2, 3 … in their present order, without gaps."),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg relabel labels.zarr --table merges.csv --output merged.zarr",
        "Merge labels by a table of two columns."),
      Example(
        "emseg relabel labels.zarr --keep 12,47 --output two.zarr", "Keep two objects only."),
      Example(
        "emseg relabel labels.zarr --sequential --output dense.zarr",
        "Close the gaps in the numbers of the labels."),
    ])

  func run(_ context: CommandContext) throws {
    if output.isReplacing {
      try ExistingOutput.checkApart(output.path, from: [source] + (table.map { [$0] } ?? []))
    }
    let (map, identity) = try map()
    let input = try selection.open(source, context: context)
    let metadata = input.reader.metadata
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: source, "labels are one value per voxel",
        found: "\(metadata.channels) channels", remedy: "choose one with --channel")
    }
    guard metadata.dataType.isInteger, metadata.dataType.rawValue.hasPrefix("u") else {
      throw VolumeError(
        .dataTypeMismatch, path: source, "labels are whole numbers without a sign",
        found: metadata.dataType.rawValue, remedy: "convert it with emseg convert --output-type")
    }
    let filter = RelabelFilter(
      source: input.reader, map: map, identity: identity, isSequential: isSequential)
    try FilterStep(filter: filter, input: input, output: output, command: "relabel")
      .run(context, options: blockwise)
  }

  /// The map that the options describe, and a text that tells it from others.
  private func map() throws -> (LabelMap, String) {
    let given = [table != nil, !kept.isEmpty, !removed.isEmpty, isSequential].count { $0 }
    guard given == 1 else {
      throw UsageError(
        "--table", "it is not clear what becomes of the labels", found: "\(given) rules",
        expected: "one of --table, --keep, --remove and --sequential")
    }
    if isSequential { return (LabelMap([:], others: .keep), "sequential") }
    if let table {
      let entries = try LabelTableFile.read(table)
      return (
        LabelMap(entries, others: others.rule),
        "table \(try ContentIdentity.ofContent(at: table)), others \(others.rawValue)"
      )
    }
    let list = kept.isEmpty ? removed : kept
    let entries = Dictionary(list.map { ($0, kept.isEmpty ? 0 : $0) }) { first, _ in first }
    let text = list.sorted().map(String.init).joined(separator: ",")
    return kept.isEmpty
      ? (LabelMap(entries, others: .keep), "without \(text)")
      : (LabelMap(entries, others: .drop), "only \(text)")
  }
}

/// Renames labels.
private struct RelabelFilter: VolumeFilter {
  let source: any VolumeReader
  var map: LabelMap
  let identity: String
  /// Whether the map is made of the labels that the source turns out to have.
  let isSequential: Bool

  let name = "relabel"
  let kind = VolumeKind.labels
  var method: String { "relabel 1, \(identity)" }
  var metadata: VolumeMetadata {
    var metadata = source.metadata
    func holds<Scalar: VoxelScalar>(_ type: Scalar.Type) -> Bool {
      Scalar(nearest: map.largestResult).nearest(UInt64.self) == map.largestResult
    }
    if !holds(metadata.dataType.scalarType) { metadata.dataType = .uint64 }
    return metadata
  }
  var workingSet: WorkingSet {
    WorkingSet(filtering: source, resultBytes: metadata.dataType.byteCount + 8)
  }

  func prepared(for image: OutputImage, with runner: StageRunner) throws -> RelabelFilter {
    guard isSequential else { return self }
    let walk = VolumeWalk(reader: source, runner: runner, label: "labels", bytesPerVoxel: 8)
    let found = try walk.results { box in
      distinctLabels(of: try source.readConverting(box, to: UInt64.self))
    }
    var labels = Set<UInt64>()
    for block in found { labels.formUnion(block) }
    labels.remove(0)
    var filter = self
    filter.map = LabelMap(
      Dictionary(
        uniqueKeysWithValues: labels.sorted().enumerated().map { ($1, UInt64($0 + 1)) }),
      others: .drop)
    return filter
  }

  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord] {
    func write<Scalar: VoxelScalar & FixedWidthInteger>(
      _ type: Scalar.Type
    ) throws -> [ChunkRecord] {
      var volume = try source.readConverting(box, to: type)
      map.apply(to: &volume)
      return try target.write(volume)
    }
    switch metadata.dataType {
    case .uint8: return try write(UInt8.self)
    case .uint16: return try write(UInt16.self)
    case .uint32: return try write(UInt32.self)
    default: return try write(UInt64.self)
    }
  }
}
