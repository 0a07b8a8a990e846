import CommandLineInterface
import ScannerImages
import StreamlineFormats
import VolumeStore

/// The command `tracts convert`.
struct ConvertCommand: Command {
  var source = ""
  var output = ""
  var reference: String?
  var positionType = PositionArgument.float32
  var replacing = false

  /// How positions of TRX are stored.
  enum PositionArgument: String, CaseIterable, ArgumentValue {
    case float16
    case float32
  }

  static let manual = Manual<Self>(
    "convert",
    summary: "Convert streamlines between TCK, TRK and TRX, and out of VTK.",
    discussion: """
      Streamlines are read and written some at a time. Values for streamlines and points go along \
      where the format has them; TCK has none, and then their names are told. TRX also keeps groups. \
      TrackVis files state an image space: that of the source, or of --reference. Positions are in \
      scanner mm in all formats; a TrackVis file without vox_to_ras is taken to lie in the space of \
      the identity. An output that ends in .trx/ is a folder.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The streamlines: .tck, .trk, .trx (a folder too) or .vtk."),
      .positional("OUTPUT", \.output, "The file to write: .tck, .trk or .trx."),
      .option(
        "--reference", \.reference, placeholder: "IMAGE",
        "The image whose space a TRK or TRX file is to state."),
      .option(
        "--positions", \.positionType,
        "How TRX stores positions: float16 halves the file, and moves points by 0.03 mm at most "
          + "within 64 mm of the origin, 0.06 mm within 128 mm."),
      .flag("--force", \.replacing, "Replace an output that is there."),
    ],
    examples: [
      Example("tracts convert tracks.tck tracks.trx", "Pack streamlines as TRX."),
      Example(
        "tracts convert tracks.tck tracks.trk --reference FA.nii.gz",
        "Write a TrackVis file in the space of an image."),
    ])

  func run(_ context: CommandContext) throws {
    let reader = try TractogramFiles.open(source)
    for note in reader.header.notes { context.note("\(source): \(note)") }
    var header = reader.header
    if let reference {
      let image = try ScannerImage(reference)
      header.space = TractogramSpace(transform: image.transform, extent: image.extent)
    }
    let keepsData = TractogramFiles.format(of: output) != .tck
    let left =
      (header.perStreamline + header.perPoint).map { $0.name } + header.groups.keys.sorted()
    if !keepsData, !left.isEmpty {
      context.warn("TCK has no room for \(left.joined(separator: ", ")): left out")
    }
    let writer = try TractogramFiles.create(
      output, replacing: replacing, header: header,
      positionType: positionType == .float16 ? .float16 : .float32)
    let progress = context.progress(
      "convert", total: header.streamlineCount ?? 0, unit: .items("streamlines"))
    var batch = StreamlineBatch()
    while try reader.read(into: &batch) {
      try context.checkCancellation()
      try writer.write(batch)
      progress.advance(by: batch.count)
    }
    try writer.finish()
    progress.finish()
    for finding in reader.findings { context.warn("\(source): \(finding)") }
  }
}
