import FoundationEssentials
import Skeletons
import VolumeStore
import Voxels

/// A folder of skeletons: `LABEL.swc` for each label, and `skeletons.csv`, which is written last.
enum SkeletonFolder {
  private static let tableName = "skeletons.csv"

  /// - Throws: ``VolumeError`` with `alreadyExists` where a folder holds anything but skeletons.
  static func checkReplaceable(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard let names, names.allSatisfy({ $0 == tableName || isSkeleton($0) }) else {
      throw VolumeError(
        .alreadyExists, path: path, "what is not a folder of skeletons is not replaced",
        remedy: "choose another output, or remove it yourself")
    }
  }

  /// Writes skeletons.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  static func write(_ skeletons: [LabelSkeleton], to path: String, isReplacing: Bool) throws {
    if isReplacing, ExistingOutput.exists(path) { try FileStore.removeAtOnce(path) }
    let store = FileStore(root: path)
    var table = CommaSeparatedTable(columns: [
      "label", "voxels", "nodes", "cable_nm", "branch_points", "end_points", "trees",
    ])
    for entry in skeletons {
      let skeleton = entry.skeleton
      let text = SWCFile.text(
        of: skeleton,
        comments: ["label \(entry.label)", "id kind x y z radius parent, in nanometres"])
      try store.write(Array(text.utf8).rawSpan, to: "\(entry.label).swc")
      let counts = [
        skeleton.branchPointCount, skeleton.endPointCount,
        skeleton.nodes.count { $0.parent == nil },
      ]
      table.append(
        ["\(entry.label)", "\(entry.voxelCount)", "\(skeleton.nodes.count)"]
          + [shortText(skeleton.length)] + counts.map(String.init))
    }
    try table.write(to: "\(path)/\(tableName)")
  }

  private static func isSkeleton(_ name: String) -> Bool {
    name.hasSuffix(".swc") && UInt64(name.dropLast(4)) != nil
  }
}
