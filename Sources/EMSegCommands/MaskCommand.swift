import Blockwise
import CommandLineInterface
import Labels
import VolumeFormats
import VolumeStore
import Voxels

/// The command `emseg mask`.
struct MaskCommand: Command {
  var source = ""
  var mask = ""
  var isInverted = false
  var value = 0.0
  var kind: VolumeKind?
  var selection = SourceOptions()
  var output = OutputOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "mask",
    summary: "Set the voxels outside a mask to background.",
    discussion: """
      Voxels where the mask is not 0 stay as they are. The mask has the size of the source, or is \
      coarser by a whole number along each axis, such as a mask drawn on a pyramid level.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The volume to mask."),
      .option(
        "--mask", \.mask, .required, placeholder: "MASK",
        "A volume of whole numbers with one channel, 0 outside."),
      .flag("--invert", \.isInverted, "Keep the voxels where the mask is 0 instead."),
      .option("--value", \.value, "What the voxels outside become."),
      .option(
        "--kind", \.kind,
        "Whether voxels are measurements or object numbers; 32 and 64-bit integers count as labels."
      ),
      .group("Output", \.output, OutputOptions.arguments),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments),
    ],
    examples: [
      Example(
        "emseg mask labels.zarr --mask tissue.zarr --output inside.zarr",
        "Drop the labels outside the tissue.")
    ])

  func run(_ context: CommandContext) throws {
    if output.isReplacing { try ExistingOutput.checkApart(output.path, from: [source, mask]) }
    var input = try selection.open(source, context: context)
    let marks = try SourceOptions().open(mask, context: context)
    try check(valueType: input.reader.metadata.dataType)
    let maskVolume = try MaskVolume(marks.reader, over: input.reader.metadata.extent)
    input = InputVolume(
      reader: input.reader, formatName: input.formatName, isLossy: input.isLossy,
      identity: "\(input.identity); mask \(marks.identity)",
      notes: input.notes + marks.notes)
    let filter = MaskFilter(
      source: input.reader, mask: maskVolume, isInverted: isInverted,
      value: value, kind: kind ?? .assumed(for: input.reader.metadata.dataType))
    try FilterStep(filter: filter, input: input, output: output, command: "mask")
      .run(context, options: blockwise)
  }

  private func check(valueType: DataType) throws {
    func holds<Scalar: VoxelScalar>(_ type: Scalar.Type) -> Bool {
      let stored = Scalar(nearest: value).doubleValue
      return Scalar.dataType.isInteger ? stored == value : abs(stored - value) <= 1e-6 * abs(value)
    }
    guard holds(valueType.scalarType) else {
      throw UsageError(
        "--value", "the volume cannot hold the value", found: shortText(value),
        expected: "a value that \(valueType.rawValue) holds")
    }
  }
}

/// Sets the voxels outside a mask to a value.
private struct MaskFilter: VolumeFilter {
  let source: any VolumeReader
  let mask: MaskVolume
  let isInverted: Bool
  let value: Double
  let kind: VolumeKind

  let name = "mask"
  var method: String { "mask 1, \(isInverted ? "outside" : "inside"), otherwise \(value)" }
  var metadata: VolumeMetadata { source.metadata }
  var workingSet: WorkingSet {
    let memory = mask.reader.readingMemory
    var set = WorkingSet(
      filtering: source, resultBytes: metadata.channels * metadata.dataType.byteCount)
    // The mask read, and its marks.
    set.bytesPerReadVoxel += memory.perVoxel + 1
    set.bytesPerWorker += memory.perRead
    set.sharedBytes += memory.held
    return set
  }

  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord] {
    func write<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> [ChunkRecord] {
      var volume = try source.read(box, as: type)
      clear(
        &volume, outside: try marks(over: box), factors: mask.factors, to: Scalar(nearest: value))
      return try target.write(volume)
    }
    return try write(source.metadata.dataType.scalarType)
  }

  /// The mask over a box of the source, 1 where voxels stay.
  private func marks(over box: VoxelBox) throws -> Volume<UInt8> {
    var marks = try mask.marks(over: box)
    guard isInverted else { return marks }
    var values = marks.mutableSpan
    for index in 0..<values.count { values[index] = 1 - values[index] }
    return marks
  }
}
