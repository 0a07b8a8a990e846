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
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "skeletonize",
    summary: "Draw skeletons through the middle of labels, one SWC file each.",
    discussion: """
      Every connected part of a label becomes a tree by TEASAR: from the root, the farthest voxel \
      that no path covers is joined to the tree through the middle of the object, until all are \
      covered. A path covers what a ball reaches that rolls along it, its radius --scale times \
      the radius there, plus --constant: small values give many short twigs. Where a radius is \
      above --soma-detection, holes are filled; where it is then above --soma-acceptance, the \
      root is the middle of the cell body. Coordinates and radii are in nanometres. \
      skeletons.csv has a row for each label. The whole region is held in memory.
      """,
    arguments: [
      .positional("LABELS", \.labels, "A project folder or any label volume."),
      .option(
        "--output", \.output, .required, placeholder: "FOLDER",
        "The folder to create, with LABEL.swc for each label and skeletons.csv."),
      .flag("--force", \.isReplacing, "Replace the output if it exists."),
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
    try checkSize(input.reader)
    let size = input.voxelSize(context)
    let volume = try input.reader.readConverting(input.reader.metadata.box, to: UInt64.self)
    var settings = TeasarSettings(scale: scale, constant: constant)
    settings.somaDetection = somaDetection
    settings.somaAcceptance = somaAcceptance
    let skeletons = LabelSkeletons(
      settings: settings, leastVoxels: dust, wanted: wanted.map { Set($0) },
      threads: blockwise.threads)
    let line = context.progress("skeletonize", total: voxelCount(of: volume), unit: .voxels)
    let unit = size.unit.nanometers
    let offset = input.reader.metadata.offset
    let found = skeletons(
      volume, voxelSize: size,
      offset: PhysicalPosition(z: offset.z * unit, y: offset.y * unit, x: offset.x * unit),
      isStopped: { context.isCancelled }, didFinish: { line.advance(by: $0) })
    try context.checkCancellation()
    _ = line.finish()
    if let wanted {
      let missing = Set(wanted).subtracting(found.map(\.label)).sorted()
      if let first = missing.first {
        context.warn(
          "\(missing.count) of the labels \(missing.count == 1 ? "has" : "have") no part of "
            + "\(dust) voxels: \(first)\(missing.count > 1 ? " and others" : "")")
      }
    }
    try SkeletonFolder.write(found, to: output, isReplacing: isReplacing)
    try context.print("skeletons\t\(found.count)")
    try context.print("nodes\t\(found.reduce(0) { $0 + $1.skeleton.nodes.count })")
    try context.print("cable_nm\t\(shortText(found.reduce(0) { $0 + $1.skeleton.length }))")
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
        remedy: "choose a part with --region, or raise --memory")
    }
  }
}
