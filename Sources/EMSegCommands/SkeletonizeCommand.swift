import CommandLineInterface
import FoundationEssentials
import Skeletons
import Synchronization
import VolumeStore
import Voxels

/// The command `emseg skeletonize`.
struct SkeletonizeCommand: Command {
  var labels = ""
  var output = ""
  var isReplacing = false
  var wanted: [UInt64]?
  var dust = 1000
  var scale = 1.5
  var constant = 300.0
  var somaDetection = 750.0
  var somaAcceptance = 3500.0
  var format = SkeletonFormat.swc
  var supervoxels: String?
  var chunk: ExtentArgument?
  var twig = 0.0
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "skeletonize",
    summary: "Draw skeletons through the middle of labels, a file each.",
    discussion: """
      Every connected part of a label becomes a tree by TEASAR: from the root, the farthest voxel \
      that no path covers is joined to the tree through the middle of the object, until all are \
      covered. A path covers what a ball reaches that rolls along it, its radius --scale times \
      the radius there, plus --constant: small values give many short twigs. Where a radius is \
      above --soma-detection, holes are filled; where it is then above --soma-acceptance, the \
      root is the middle of the cell body. Coordinates and radii are in nanometres. \
      skeletons.csv has a row for each label.

      Without --chunk the whole region is held in memory. With it, chunks of so many voxels are \
      drawn on their own, their trees joined where they cross from one to the next, at one voxel \
      of each crossing, and rings that come of it cut open; --twig cuts what is left of twigs \
      there. Radii are then measured within a chunk, and cell bodies are found where one holds \
      them. precomputed is Neuroglancer's format, with radii.
      """,
    arguments: [
      .positional("LABELS", \.labels, "A project folder or any label volume."),
      .option(
        "--output", \.output, .required, placeholder: "FOLDER",
        "The folder to create, with a file for each label and skeletons.csv."),
      .flag("--force", \.isReplacing, "Replace the output if it exists."),
      .option("--format", \.format, "The format of the skeletons."),
      .option(
        "--supervoxels", \.supervoxels, placeholder: "FRAGMENTS",
        "Also write supervoxels.csv: the label of this volume at every node."),
      .option(
        "--chunk", \.chunk,
        "Draw chunks of this shape, z,y,x, and join them: memory no longer limits the volume."),
      .option(
        "--twig", \.twig, accepting: .from(0...1e12),
        "With --chunk, cut off twigs shorter than this, in nanometres."),
      .option(
        "--labels", \.wanted, placeholder: "N,N,…", "Only these labels; all when left out."),
      .option(
        "--dust", \.dust, accepting: .atLeast(0),
        "Connected parts of fewer voxels have no skeleton."),
      .option(
        "--scale", \.scale, accepting: .from(0...1e6),
        "How far a path covers what is around it, in radii."),
      .option(
        "--constant", \.constant, accepting: .from(0...1e12),
        "How far a path covers what is around it besides, in nanometres."),
      .option(
        "--soma-detection", \.somaDetection, accepting: .from(0...1e12),
        "The radius in nanometres above which there may be a cell body."),
      .option(
        "--soma-acceptance", \.somaAcceptance, accepting: .from(0...1e12),
        "The radius in nanometres, with holes filled, above which there is one."),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example(
        "emseg skeletonize neurons.fascicle --output skeletons",
        "Skeletons of all neurons of a project."),
      Example(
        "emseg skeletonize labels.zarr --region 0:256,0:512,0:512 --labels 12,57 --output two",
        "Two labels, within a region."),
    ],
    references: ["Sato et al. 2000, doi:10.1109/PCCGA.2000.883951"])

  func run(_ context: CommandContext) throws {
    if isReplacing {
      try ExistingOutput.checkApart(output, from: [labels])
      try SkeletonFolder.checkReplaceable(output)
    } else if ExistingOutput.exists(output) {
      throw ExistingOutput.error(output, "it is there already")
    }
    let input = try selection.open(labels, context: context)
    try LabelAlignment.checkLabels(input.reader)
    guard twig == 0 || chunk != nil else {
      throw UsageError("--twig", "only skeletons of chunks are cut", expected: "--chunk besides")
    }
    let found =
      try chunk.map { try drawn(input, chunk: $0.extent, context) }
      ?? drawn(input, context)
    if let wanted {
      let missing = Set(wanted).subtracting(found.map(\.label)).sorted()
      if let first = missing.first {
        context.warn(
          "\(missing.count) of the labels \(missing.count == 1 ? "has" : "have") no part of "
            + "\(dust) voxels: \(first)\(missing.count > 1 ? " and others" : "")")
      }
    }
    try SkeletonFolder.write(
      found, supervoxels: try supervoxels.map { try labels(of: found, in: $0, context) },
      to: output, as: format, isReplacing: isReplacing)
    try context.print("skeletons\t\(found.count)")
    try context.print("nodes\t\(found.reduce(0) { $0 + $1.skeleton.nodes.count })")
    try context.print("cable_nm\t\(shortText(found.reduce(0) { $0 + $1.skeleton.length }))")
  }

  /// How trees are drawn.
  private var skeletons: LabelSkeletons {
    var settings = TeasarSettings(scale: scale, constant: constant)
    settings.somaDetection = somaDetection
    settings.somaAcceptance = somaAcceptance
    return LabelSkeletons(
      settings: settings, leastVoxels: dust, wanted: wanted.map { Set($0) },
      threads: blockwise.threads)
  }

  /// Where the centre of the first voxel lies, in nanometres.
  private func first(of reader: any VolumeReader, _ size: VoxelSize) -> PhysicalPosition {
    let (offset, unit) = (reader.metadata.offset, size.unit.nanometers)
    return PhysicalPosition(z: offset.z * unit, y: offset.y * unit, x: offset.x * unit)
  }

  /// The skeletons of a volume that is held in memory.
  private func drawn(_ input: InputVolume, _ context: CommandContext) throws -> [LabelSkeleton] {
    try checkSize(input.reader)
    let size = input.voxelSize(context)
    let volume = try input.reader.readConverting(input.reader.metadata.box, to: UInt64.self)
    let line = context.progress("skeletonize", total: voxelCount(of: volume), unit: .voxels)
    let found = skeletons(
      volume, voxelSize: size, offset: first(of: input.reader, size),
      isStopped: { context.isCancelled }, didFinish: { line.advance(by: $0) })
    try context.checkCancellation()
    _ = line.finish()
    return found
  }

  /// The skeletons of a volume, drawn in chunks and joined.
  private func drawn(
    _ input: InputVolume, chunk: VoxelExtent, _ context: CommandContext
  ) throws -> [LabelSkeleton] {
    let (reader, size) = (input.reader, input.voxelSize(context))
    guard chunk.voxelCount < 1 << 31 else {
      throw UsageError(
        "--chunk", "a chunk is too large", found: chunk.text, expected: "fewer than 2^31 voxels")
    }
    var walk = VolumeWalk(
      reader: reader, runner: StageRunner(context: context, options: blockwise),
      label: "skeletonize", bytesPerVoxel: 8 + LabelSkeletons.bytesPerVoxel)
    walk.blockExtent = chunk
    var draw = skeletons
    // Chunks are drawn side by side, and each on its own.
    draw.threads = 1
    let (drawing, first) = (draw, first(of: reader, size))
    let volume = reader.metadata.box
    let pieces = try walk.results { box in
      let read = VoxelBox(origin: box.origin, extent: box.extent + VoxelExtent(cube: 1))
      return drawing.pieces(
        of: try reader.readConverting(read.intersection(volume), to: UInt64.self), chunk: box,
        volume: volume, voxelSize: size, offset: first, isStopped: { context.isCancelled })
    }
    try context.checkCancellation()
    return SkeletonJoining(leastVoxels: dust, shortestTwig: twig)(pieces.flatMap { $0 })
  }

  /// The label of another volume at every node of every skeleton.
  private func labels(
    of skeletons: [LabelSkeleton], in path: String, _ context: CommandContext
  ) throws -> [UInt64] {
    let input = try SourceOptions().open(path, context: context)
    let lookup = try SegmentLookup(
      input.reader, StageRunner(context: context, options: blockwise))
    let places = skeletons.flatMap { $0.skeleton.nodes.map { $0.position } }
    return try lookup.labels(at: places).enumerated().map { index, label in
      guard let label else {
        throw VolumeError(
          .malformedMetadata, path: path, "a node lies outside the supervoxels",
          found: places[index].text, expected: "a volume that covers the labels",
          remedy: "give the fragments that the labels were made of")
      }
      return label
    }
  }

  /// The voxels of wanted labels.
  private func voxelCount(of volume: Volume<UInt64>) -> Int {
    let wanted = wanted.map { Set($0) }
    var count = 0
    let values = volume.span
    for index in values.indices where values[index] != 0 {
      if wanted?.contains(values[index]) ?? true { count += 1 }
    }
    return count
  }

  /// Refuses what cannot be done within the memory.
  private func checkSize(_ reader: any VolumeReader) throws {
    let count = reader.metadata.extent.voxelCount
    // As stored and as 64-bit numbers while it is read, then what skeletons take.
    let bytes = count * (8 + LabelSkeletons.bytesPerVoxel) + (64 << 20)
    guard bytes <= blockwise.memory.bytes, count < 1 << 32 else {
      throw VolumeError(
        .limitExceeded, path: reader.path, "the volume is too large to be skeletonized in memory",
        found: "\(ByteCount(bytes)) needed", expected: "at most \(blockwise.memory)",
        remedy: "choose a part with --region, draw it in chunks with --chunk, or raise --memory")
    }
  }
}
