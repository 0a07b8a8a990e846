import Blockwise
import CommandLineInterface
import ImageFilters
import VolumeStore
import Voxels

/// The command `emseg equalize`.
struct EqualizeCommand: Command {
  /// How contrast is evened out.
  enum Method: String, CaseIterable, ArgumentValue {
    case clahe, stretch, match
  }

  var source = ""
  var method = Method.clahe
  var tileSide = 128
  var clipLimit = 3.0
  var low = 0.5
  var high = 99.5
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "equalize",
    summary: "Even out the contrast of sections.",
    discussion: """
      Each section, a plane along y and x, is treated by itself. clahe spreads the grey values \
      around each pixel evenly, with a limit on how far (contrast-limited adaptive histogram \
      equalisation; voxel for voxel what OpenCV computes). stretch maps the values between two \
      percentiles of a section to the whole range. match gives every section the mean and the \
      standard deviation of the whole volume, against flicker from section to section.
      """,
    arguments: [
      .positional("SOURCE", \.source, "Grey values of 8 or 16 bits, one channel."),
      .option("--method", \.method, "How contrast is evened out."),
      .option(
        "--tile", \.tileSide, accepting: .atLeast(8),
        "clahe: the side of a tile in pixels, to the nearest that divides the section evenly."),
      .option(
        "--clip", \.clipLimit, accepting: .atLeast(0),
        "clahe: how steep the map of grey values may be, 0 for no limit."),
      .option("--low", \.low, "stretch: the percentile that becomes black."),
      .option("--high", \.high, "stretch: the percentile that becomes white."),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg equalize raw.zarr --output even.zarr",
        "Even out local contrast before prediction."),
      Example(
        "emseg equalize sections/ --voxel-size 40,4,4 --method match --output even.zarr",
        "Give all sections of a stack the same brightness and contrast."),
    ],
    references: [
      "K. Zuiderveld, Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV, 1994"
    ])

  func run(_ context: CommandContext) throws {
    if output.isReplacing { try ExistingOutput.checkApart(output.path, from: [source]) }
    guard (0..<100).contains(low), low < high, high <= 100 else {
      throw UsageError(
        "--high", "the percentiles are out of order", found: "\(low) to \(high)",
        expected: "0 ≤ low < high ≤ 100")
    }
    let input = try selection.open(source, context: context)
    let metadata = input.reader.metadata
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: source, "equalize takes one value per voxel",
        found: "\(metadata.channels) channels", remedy: "choose one with --channel")
    }
    guard metadata.dataType == .uint8 || metadata.dataType == .uint16 else {
      throw VolumeError(
        .dataTypeMismatch, path: source, "equalize takes grey values", expected: "uint8 or uint16",
        remedy: "convert it with emseg convert --output-type")
    }
    let source = GreySource(reader: input.reader)
    switch method {
    case .clahe:
      let extent = metadata.extent
      let equalization = AdaptiveEqualization(
        height: extent.y, width: extent.x, tileSide: tileSide, clipLimit: clipLimit)
      try run(
        AdaptiveFilter(source: source, equalization: equalization, tileSide: tileSide), input,
        context)
    case .stretch:
      try run(sectionFilter(.stretch(low: low, high: high), input), input, context)
    case .match:
      try run(sectionFilter(.match, input), input, context)
    }
  }

  private func sectionFilter(_ rule: SectionFilter.Rule, _ input: InputVolume) -> SectionFilter {
    SectionFilter(
      source: GreySource(reader: input.reader), identity: input.identity, rule: rule)
  }

  private func run(
    _ filter: some VolumeFilter, _ input: InputVolume, _ context: CommandContext
  ) throws {
    try FilterStep(filter: filter, input: input, output: output, command: "equalize")
      .run(context, options: blockwise)
  }
}

/// A volume whose values are known to be grey values of 8 or 16 bits.
struct GreySource: Sendable {
  let reader: any VolumeReader

  /// The type of the values.
  var scalarType: any GreyScalar.Type {
    guard let type = reader.metadata.dataType.scalarType as? any GreyScalar.Type else {
      preconditionFailure("the type was checked when the volume was opened")
    }
    return type
  }
}

/// Equalises sections tile by tile.
private struct AdaptiveFilter: VolumeFilter {
  let source: GreySource
  let equalization: AdaptiveEqualization
  let tileSide: Int

  let name = "equalize"
  let kind = VolumeKind.image
  var method: String {
    "clahe 1, tiles of \(tileSide), clip limit \(equalization.clipLimit)"
  }
  var metadata: VolumeMetadata { source.reader.metadata }
  var workingSet: WorkingSet {
    // The tiles around a block, a little larger than asked for.
    let halo = min(2 * tileSide, max(metadata.extent.y, metadata.extent.x))
    return WorkingSet(
      filtering: source.reader, resultBytes: metadata.dataType.byteCount,
      halo: VoxelExtent(z: 0, y: halo, x: halo))
  }

  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord] {
    func write<Scalar: GreyScalar>(_ type: Scalar.Type) throws -> [ChunkRecord] {
      let volume = try source.reader.read(equalization.source(of: box), as: type)
      return try target.write(equalization.equalized(volume, in: box))
    }
    return try write(source.scalarType)
  }
}
