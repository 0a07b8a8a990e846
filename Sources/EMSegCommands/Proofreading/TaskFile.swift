public import CommandLineInterface
public import Proofreading
import VolumeStore

/// A file of tasks from another program.
enum TaskFile {
  /// Tables of tasks are read whole.
  private static let largestFile = 1 << 31

  /// Reads tasks: a task list of Neu3 where the name ends in `.json`, a table otherwise.
  ///
  /// - Throws: ``VolumeError``.
  static func drafts(
    _ path: String, kind: ProofreadingTask.Kind
  ) throws -> [TaskDraft] {
    guard let bytes = try FileStore(root: path).read("", limit: largestFile) else {
      throw VolumeError(.notFound, path: path, "there is no such file", remedy: "check the path")
    }
    return path.hasSuffix(".json")
      ? try Neu3Assignment.drafts(bytes, path: path)
      : try TaskTable.drafts(bytes, path: path, kind: kind)
  }
}

extension ProofreadingTask.Kind: ArgumentValue {}
