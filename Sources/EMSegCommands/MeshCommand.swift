import CommandLineInterface
import FoundationEssentials
import Meshes
import VolumeStore
import Voxels

/// The formats that `emseg mesh` writes.
enum MeshFormat: String, CaseIterable, ArgumentValue {
  case ply, obj, precomputed
}

/// The command `emseg mesh`.
struct MeshCommand: Command {
  var labels = ""
  var output = ""
  var isReplacing = false
  var wanted: [UInt64]?
  var format = MeshFormat.ply
  var error = 40.0
  var fragment = ExtentArgument(VoxelExtent(cube: 128))
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "mesh",
    summary: "Draw the surfaces of labels as triangle meshes.",
    discussion: """
      Surfaces run through the middle between the voxels of a label and others, and are closed \
      where the volume ends. They are drawn in blocks of --fragment voxels, all labels of a block \
      at once, and simplified there: edges are contracted while the root mean square distance to \
      the triangles that were is at most --error nanometres. Vertices on the seam of two blocks \
      keep their places, so that the pieces fit without gaps.

      ply and obj have a file for each label, its pieces joined to one closed surface. precomputed \
      is Neuroglancer's legacy format, a list of pieces for each label, which takes no more memory \
      however large the labels are; name the folder "mesh" in the info file of the labels to see \
      them together. Coordinates are in nanometres. meshes.csv has a row for each label.
      """,
    arguments: [
      .positional("LABELS", \.labels, "A project folder or any label volume."),
      .option(
        "--output", \.output, .required, placeholder: "FOLDER",
        "The folder to create, with meshes.csv and the meshes."),
      .flag("--force", \.isReplacing, "Replace the output if it exists."),
      .option("--format", \.format, "The format of the meshes."),
      .option(
        "--ids", \.wanted, placeholder: "N,N,…", "Only these labels; all when left out."),
      .option(
        "--error", \.error, accepting: .from(0...1e9),
        "How far a simplified surface may lie from the first, in nanometres; 0 keeps it all."),
      .option(
        "--fragment", \.fragment,
        "The voxels of a block, z,y,x. Simplified meshes depend on it, and --memory must hold it."),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example("emseg mesh neurons.fascicle --output meshes", "All neurons of a project, as PLY."),
      Example(
        "emseg mesh labels.zarr --output mesh --format precomputed --error 60",
        "Meshes for Neuroglancer."),
    ],
    references: [
      "Lorensen & Cline 1987, doi:10.1145/37402.37422",
      "Garland & Heckbert 1997, doi:10.1145/258734.258849",
    ])

  func run(_ context: CommandContext) throws {
    let folder = MeshFolder(path: output)
    if isReplacing { try ExistingOutput.checkApart(output, from: [labels]) }
    try folder.checkFree(replacing: isReplacing)
    let input = try selection.open(labels, context: context)
    try LabelAlignment.checkLabels(input.reader)
    let store = try folder.begin()
    do {
      try draw(input, into: store, folder, context)
    } catch {
      try? FileStore.removeAtOnce(store.root)
      throw error
    }
  }

  /// Draws the meshes into an unfinished folder, and gives it its name.
  private func draw(
    _ input: InputVolume, into store: FileStore, _ folder: MeshFolder, _ context: CommandContext
  ) throws {
    let runner = StageRunner(context: context, options: blockwise)
    let pieceStore = format == .precomputed ? store : FileStore(root: store.path(of: "pieces"))
    let pieces = try MeshBlocks(
      reader: input.reader, runner: runner, block: fragment.extent,
      voxelSize: input.voxelSize(context), error: error, wanted: wanted.map { Set($0) },
      areApart: format == .precomputed
    ).draw(into: pieceStore)
    let members = Dictionary(grouping: pieces, by: \.label).sorted { $0.key < $1.key }
      .map(\.value)
    warnOfMissing(members, context)
    let assembly = MeshAssembly(runner: runner, pieces: pieceStore, output: store)
    let table: CommaSeparatedTable
    switch format {
    case .precomputed: table = try assembly.listPieces(members)
    case .ply: table = try assembly.joinLabels(members, as: .ply)
    case .obj: table = try assembly.joinLabels(members, as: .obj)
    }
    if format != .precomputed { try FileStore.removeAtOnce(pieceStore.root) }
    try folder.finish(store, table: table, replacing: isReplacing)
    try context.print("meshes\t\(members.count)")
    try context.print("triangles\t\(pieces.reduce(0) { $0 + $1.triangleCount })")
    try context.print("area_nm2\t\(shortText(pieces.reduce(0) { $0 + $1.area }))")
  }

  private func warnOfMissing(_ members: [[MeshPiece]], _ context: CommandContext) {
    let missing = Set(wanted ?? []).subtracting(members.map { $0[0].label }).sorted()
    if let first = missing.first {
      context.warn(
        "\(missing.count) of the labels \(missing.count == 1 ? "is" : "are") not in the volume: "
          + "\(first)\(missing.count > 1 ? " and others" : "")")
    }
  }
}

/// A folder of meshes, made beside its place and marked by its table.
private struct MeshFolder {
  private static let tableName = "meshes.csv"
  let path: String

  private var unfinished: String { OutputImage.unfinishedPath(of: FileStore(root: path).root) }

  /// - Throws: ``VolumeError`` with `alreadyExists`.
  func checkFree(replacing: Bool) throws {
    guard ExistingOutput.exists(path) else { return }
    guard replacing else { throw ExistingOutput.error(path, "it is there already") }
    guard try FileStore(root: path).exists(Self.tableName) else {
      throw VolumeError(
        .alreadyExists, path: path, "something else than a folder of meshes is not replaced",
        remedy: "choose another output, or remove it yourself")
    }
  }

  /// Creates the folder that is to take the place; what an earlier run left there goes.
  func begin() throws -> FileStore {
    let store = FileStore(root: unfinished)
    if ExistingOutput.exists(unfinished) {
      guard try store.exists("\(Self.tableName).unfinished") else {
        throw VolumeError(
          .alreadyExists, path: unfinished, "is not what an interrupted run of this command left",
          remedy: "choose another output, or remove it yourself")
      }
      try FileStore.removeAtOnce(unfinished)
    }
    try store.write([UInt8]().rawSpan, to: "\(Self.tableName).unfinished")
    return store
  }

  /// Gives the finished folder its name.
  func finish(_ store: FileStore, table: CommaSeparatedTable, replacing: Bool) throws {
    try store.write(Array(table.text.utf8).rawSpan, to: Self.tableName)
    try store.remove("\(Self.tableName).unfinished")
    if replacing, ExistingOutput.exists(path) { try FileStore.removeAtOnce(path) }
    try store.move(to: path)
  }
}
