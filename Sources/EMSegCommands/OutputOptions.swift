import Codecs
import CommandLineInterface
import PrecomputedStore
import VolumeStore
import ZarrStore
import Voxels

/// How the chunks of a precomputed volume are stored.
enum ChunkEncoding: String, CaseIterable, ArgumentValue {
  case raw, jpeg
  case compressedSegmentation = "compressed_segmentation"
}

/// The options of every command that writes a multiscale volume.
struct OutputOptions {
  var path = ""
  var chunk: ExtentArgument?
  var shard: ExtentArgument?
  var levelLimit: Int?
  var encoding: ChunkEncoding?
  var quality: Int?
  var isReplacing = false

  /// The options, with their place on the command line.
  static let arguments: [Argument<OutputOptions>] =
    [.option("--output", \.path, .required, placeholder: "OUT", "The volume to create.")]
    + layoutArguments

  /// How a chunked volume is laid out, and whether it may replace one.
  static let layoutArguments: [Argument<OutputOptions>] = [
    .option("--chunk", \.chunk, "Chunk shape; about 64³ voxels when left out."),
    .option("--shard", \.shard, "Shard shape, whole chunks; one file per chunk when left out."),
    .option(
      "--levels", \.levelLimit, accepting: .ifGiven(.atLeast(1)),
      "The most pyramid levels, 1 for none; down to a single chunk when left out."),
    .option(
      "--encoding", \.encoding,
      "How a precomputed volume's chunks are stored; raw for images, compressed_segmentation for "
        + "labels when left out."),
    .option(
      "--quality", \.quality, accepting: .ifGiven(.from(1...100)),
      "The quality of jpeg, 85 when left out."),
    .flag("--force", \.isReplacing, "Replace the output if it exists."),
  ]

  /// What the options allow where something is there already.
  var policy: OutputImage.Policy { isReplacing ? .replace : .new }

  /// How the chunks of a precomputed volume are stored; nil takes the kind's usual way.
  var precomputedEncoding: PrecomputedEncoding? {
    get throws(UsageError) {
      guard quality == nil || encoding == .jpeg else {
        throw UsageError("--quality", "only jpeg has a quality", expected: "--encoding jpeg")
      }
      return switch encoding {
      case nil: nil
      case .raw: .raw
      case .jpeg: .jpeg(quality: quality ?? 85)
      case .compressedSegmentation: .labels
      }
    }
  }

  /// Creates the image, or goes on with the one an earlier run of the same line began.
  ///
  /// - Parameters:
  ///   - name: What the image is, such as `labels`.
  ///   - kind: What its voxels mean.
  ///   - metadata: Its size, axes, type, voxel size and offset.
  ///   - format: The chunked format.
  ///   - input: What it is made of, for the provenance.
  ///   - command: The command that makes it.
  ///   - method: Everything else the result depends on, one `name=value` a line.
  ///   - policy: What is allowed where something is there; nil takes the options'.
  ///   - runner: Says which blocks are asked for.
  /// - Returns: The image, perhaps one that an earlier run finished.
  /// - Throws: `UsageError` where a shard is no whole number of chunks; ``VolumeError`` with
  ///   `alreadyExists`.
  func prepare(
    name: String, kind: VolumeKind, metadata: VolumeMetadata, as format: ImageFormat = .omeZarr,
    from input: InputVolume, command: String, method: String, policy: OutputImage.Policy? = nil,
    runner: StageRunner
  ) throws -> OutputImage {
    let size = metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    guard shard == nil || format.hasShards else {
      throw UsageError(
        "--shard", "the format has no shards", found: format.text,
        expected: "OME-Zarr 0.5 or precomputed")
    }
    let layout = try layout(for: size, block: runner.options.block?.extent)
    let specification = ImageSpecification(
      name: name, kind: kind.specified, shape: VolumeShape(metadata),
      dataType: metadata.dataType, voxelSize: size, offset: metadata.offset, layout: layout,
      levelLimit: levelLimit)
    let fingerprint =
      "method=\(method)\nformat=\(format.text)\nkind=\(kind.rawValue)\nvoxel size=\(size.text) nm\n"
      + "offset=\(metadata.offset.text)\nchunk=\(layout.chunk.text)\n"
      + "shard=\(shard?.extent.text ?? "none")\nlevels=\(levelLimit.map(String.init) ?? "all")\n"
      + "source=\(input.identity)"
    return try OutputImage.prepare(
      specification, as: format, at: path, fingerprint: fingerprint,
      provenance: input.provenance(
        command: command,
        adding: [
          "kind": .string(kind.rawValue), "voxel_size_nm": .string(size.text),
          "method": .string(method),
        ]), policy: policy ?? self.policy, runner: runner)
  }

  private func layout(for size: VoxelSize, block: VoxelExtent?) throws -> ChunkLayout {
    let chunk = ChunkShape.chunk(for: size, block: block, preferred: chunk?.extent)
    if let shard = shard?.extent, !shard.isMultiple(of: chunk) {
      throw UsageError(
        "--shard", "a shard is a whole number of chunks", found: shard.text,
        expected: "a multiple of \(chunk.text)")
    }
    return ChunkLayout(chunk: chunk, shard: shard?.extent)
  }
}

extension VoxelExtent {
  /// Whether every length is a multiple of another extent's.
  func isMultiple(of unit: VoxelExtent) -> Bool {
    z % unit.z == 0 && y % unit.y == 0 && x % unit.x == 0
  }
}

extension VolumeKind {
  /// The kind in an image's specification.
  fileprivate var specified: ImageSpecification.Kind { self == .labels ? .labels : .image }
}
