import Codecs
public import VolumeStore
import Voxels

/// Reads the task lists of Neu3, the proofreading program of FlyEM.
///
/// "body merge" tasks ask whether two supervoxels belong together, "body cleave" tasks whether a
/// body is to be split. Points are x, y, z.
///
/// Source: janelia-flyem/NeuTu, `neurolabi/gui/protocols`, and janelia-flyem/neuclease,
/// `neuclease/focused`.
public enum Neu3Assignment {
  private static let fileType = "Neu3 task list"

  /// Reads tasks.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: its path, for messages.
  /// - Returns: the tasks, in the order of the list.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the file is none of them,
  ///   `unsupportedFeature` where it is of another version or has tasks of another type.
  public static func drafts(_ bytes: [UInt8], path: String) throws(VolumeError) -> [TaskDraft] {
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw VolumeError(.malformedMetadata, path: path, "not JSON", cause: error)
    }
    guard let object = json.object, object["file type"]?.string == fileType,
      let list = object["task list"]?.array
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "not a task list of Neu3",
        found: json.object?["file type"]?.string, expected: fileType)
    }
    guard object["file version"]?.int == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the task list is of another version", expected: "1")
    }
    var drafts: [TaskDraft] = []
    for (index, value) in list.enumerated() {
      drafts.append(try draft(value.object ?? [:], number: index + 1, path: path))
    }
    return drafts
  }

  private static func draft(
    _ task: JSONObject, number: Int, path: String
  ) throws(VolumeError) -> TaskDraft {
    func fault(_ name: String) -> VolumeError {
      VolumeError(
        .malformedMetadata, path: path, "task \(number) has no sound \"\(name)\"",
        found: task[name].map { "\($0)" })
    }
    func identifier(_ name: String) throws(VolumeError) -> UInt64 {
      switch task[name] {
      case .integer(let value) where value > 0: return UInt64(value)
      case .unsigned(let value): return value
      default: throw fault(name)
      }
    }
    func point(_ name: String) throws(VolumeError) -> VoxelPosition {
      let values = task[name]?.array?.compactMap(\.int) ?? []
      guard values.count == 3, values.allSatisfy({ (0...1 << 40).contains($0) }) else {
        throw fault(name)
      }
      return VoxelPosition(z: values[2], y: values[1], x: values[0])
    }
    var draft: TaskDraft
    switch task["task type"]?.string {
    case "body merge":
      let (start, end) = (try point("supervoxel point 1"), try point("supervoxel point 2"))
      draft = TaskDraft(
        .imported, segmentA: try identifier("supervoxel ID 1"),
        segmentB: try identifier("supervoxel ID 2"),
        point: VoxelPosition(
          z: (start.z + end.z) / 2, y: (start.y + end.y) / 2, x: (start.x + end.x) / 2))
    case "body cleave":
      let place = task["body point"] == nil ? .zero : try point("body point")
      draft = TaskDraft(.suspiciousShape, segmentA: try identifier("body ID"), point: place)
    case let type:
      throw VolumeError(
        .unsupportedFeature, path: path, "task \(number) is of a type that is not read",
        found: type ?? "none", expected: "body merge or body cleave")
    }
    draft.evidence = String(
      decoding: (try? JSONValue.object(task).encoded()) ?? Array("{}".utf8), as: UTF8.self)
    return draft
  }
}
