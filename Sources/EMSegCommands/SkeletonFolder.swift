import CommandLineInterface
import FoundationEssentials
import Skeletons
import VolumeStore
import Voxels

/// How skeletons are stored.
enum SkeletonFormat: String, CaseIterable, ArgumentValue {
  case swc, precomputed
}

/// A folder of skeletons, made beside its place: a file for each label, and `skeletons.csv`.
enum SkeletonFolder {
  private static let tableName = "skeletons.csv"
  private static let supervoxelName = "supervoxels.csv"
  private static let infoName = "info"

  /// - Throws: ``VolumeError`` with `alreadyExists` where a folder holds anything but skeletons.
  static func checkReplaceable(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    guard isOwn(path) else {
      throw VolumeError(
        .alreadyExists, path: path, "what is not a folder of skeletons is not replaced",
        remedy: "choose another output, or remove it yourself")
    }
  }

  /// Writes skeletons, then gives the folder its name.
  ///
  /// - Parameters:
  ///   - skeletons: By label.
  ///   - supervoxels: The supervoxel of every node of every skeleton, in their order; nil for none.
  ///   - path: The folder.
  ///   - format: How they are stored.
  ///   - isReplacing: Whether a folder of skeletons may be there.
  /// - Throws: ``VolumeError`` with `inputOutput` or `alreadyExists`.
  static func write(
    _ skeletons: [LabelSkeleton], supervoxels: [UInt64]?, to path: String,
    as format: SkeletonFormat, isReplacing: Bool
  ) throws {
    let unfinished = OutputImage.unfinishedPath(of: FileStore(root: path).root)
    if ExistingOutput.exists(unfinished) {
      try checkReplaceable(unfinished)
      try FileStore.removeAtOnce(unfinished)
    }
    let store = FileStore(root: unfinished)
    var group = WriteGroup(to: store)
    var table = CommaSeparatedTable(columns: [
      "label", "voxels", "nodes", "cable_nm", "branch_points", "end_points", "trees",
    ])
    for entry in skeletons {
      let skeleton = entry.skeleton
      try group.write(
        contents(of: entry, as: format).rawSpan, to: name(of: entry.label, format))
      let counts = [
        skeleton.branchPointCount, skeleton.endPointCount,
        skeleton.nodes.count { $0.parent == nil },
      ]
      table.append(
        ["\(entry.label)", "\(entry.voxelCount)", "\(skeleton.nodes.count)"]
          + [shortText(skeleton.length)] + counts.map(String.init))
    }
    if format == .precomputed {
      try group.write(Array(PrecomputedSkeleton.info.utf8).rawSpan, to: infoName)
    }
    if let supervoxels {
      let text = text(of: supervoxels, skeletons)
      try group.write(Array(text.utf8).rawSpan, to: supervoxelName)
    }
    try group.write(Array(table.text.utf8).rawSpan, to: tableName)
    try group.finish()
    if isReplacing, ExistingOutput.exists(path) { try FileStore.removeAtOnce(path) }
    try store.move(to: path)
  }

  /// A line for each node: the label, the node as its file counts it, and the supervoxel.
  private static func text(of supervoxels: [UInt64], _ skeletons: [LabelSkeleton]) -> String {
    var text = "label,node,supervoxel\n"
    var next = 0
    for entry in skeletons {
      for node in entry.skeleton.nodes.indices {
        text += "\(entry.label),\(node),\(supervoxels[next])\n"
        next += 1
      }
    }
    return text
  }

  private static func contents(of entry: LabelSkeleton, as format: SkeletonFormat) -> [UInt8] {
    switch format {
    case .precomputed: return PrecomputedSkeleton.bytes(of: entry.skeleton)
    case .swc:
      let text = SWCFile.text(
        of: entry.skeleton,
        comments: ["label \(entry.label)", "id kind x y z radius parent, in nanometres"])
      return Array(text.utf8)
    }
  }

  private static func name(of label: UInt64, _ format: SkeletonFormat) -> String {
    format == .swc ? "\(label).swc" : "\(label)"
  }

  /// Whether a folder holds nothing but skeletons.
  private static func isOwn(_ path: String) -> Bool {
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    return names?.allSatisfy { name in
      let isFile = [tableName, supervoxelName, infoName].contains(name)
      let label = name.hasSuffix(".swc") ? name.dropLast(4) : name[...]
      return isFile || UInt64(label) != nil || name.hasSuffix(".partial")
    } ?? false
  }
}
