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
    try check(marks.reader.metadata, valueType: input.reader.metadata.dataType)
    let factors = try factors(from: input.reader.metadata.extent, to: marks.reader.metadata.extent)
    input = InputVolume(
      reader: input.reader, formatName: input.formatName, isLossy: input.isLossy,
      identity: "\(input.identity); mask \(marks.identity)",
      notes: input.notes + marks.notes)
    let filter = MaskFilter(
      source: input.reader, mask: marks.reader, factors: factors, isInverted: isInverted,
      value: value, kind: kind ?? .assumed(for: input.reader.metadata.dataType))
    try FilterStep(filter: filter, input: input, output: output, command: "mask")
      .run(context, options: blockwise)
  }

  private func check(_ metadata: VolumeMetadata, valueType: DataType) throws {
    guard metadata.channels == 1, metadata.dataType.isInteger else {
      throw UsageError(
        "--mask", "a mask is one whole number for each voxel",
        found: "\(metadata.channels) of \(metadata.dataType.rawValue)",
        remedy: "make one with emseg threshold")
    }
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

  /// The voxels that one of the mask covers along each axis.
  private func factors(from extent: VoxelExtent, to mask: VoxelExtent) throws -> VoxelExtent {
    func factor(_ length: Int, _ coarse: Int) -> Int? {
      guard coarse <= length else { return nil }
      let factor = (length + coarse - 1) / coarse
      return (length + factor - 1) / factor == coarse ? factor : nil
    }
    guard let z = factor(extent.z, mask.z), let y = factor(extent.y, mask.y),
      let x = factor(extent.x, mask.x)
    else {
      throw UsageError(
        "--mask", "the mask does not cover the volume", found: "\(mask.text) voxels",
        expected: "\(extent.text), or fewer by a whole number along each axis")
    }
    return VoxelExtent(z: z, y: y, x: x)
  }
}

/// Sets the voxels outside a mask to a value.
private struct MaskFilter: VolumeFilter {
  let source: any VolumeReader
  let mask: any VolumeReader
  let factors: VoxelExtent
  let isInverted: Bool
  let value: Double
  let kind: VolumeKind

  let name = "mask"
  var method: String { "mask 1, \(isInverted ? "outside" : "inside"), otherwise \(value)" }
  var metadata: VolumeMetadata { source.metadata }
  var workingSet: WorkingSet {
    let memory = mask.readingMemory
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
        &volume, outside: try marks(over: box), factors: factors, to: Scalar(nearest: value))
      return try target.write(volume)
    }
    return try write(source.metadata.dataType.scalarType)
  }

  /// The mask over a box of the source, 1 where voxels stay.
  private func marks(over box: VoxelBox) throws -> Volume<UInt8> {
    func marks<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> Volume<UInt8> {
      let volume = try mask.read(covering(box), as: type)
      var marks = Volume<UInt8>(box: volume.box)
      let values = volume.span
      var inside = marks.mutableSpan
      for index in values.indices { inside[index] = (values[index] != .zero) != isInverted ? 1 : 0 }
      return marks
    }
    return try marks(mask.metadata.dataType.scalarType)
  }

  /// The voxels of the mask that cover a box of the source.
  private func covering(_ box: VoxelBox) -> VoxelBox {
    VoxelBox(
      from: VoxelPosition(
        z: box.origin.z / factors.z, y: box.origin.y / factors.y, x: box.origin.x / factors.x),
      to: VoxelPosition(
        z: (box.end.z - 1) / factors.z + 1, y: (box.end.y - 1) / factors.y + 1,
        x: (box.end.x - 1) / factors.x + 1))
  }
}
