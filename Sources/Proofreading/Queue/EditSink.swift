public import VolumeStore

/// Does the edits that reviewers agreed on.
public protocol EditSink {
  /// Does the edit that follows from a verdict.
  ///
  /// Asked again for the same task, it gives the operation that is there instead of a second one:
  /// a process may have been killed between the edit and the note that it was done.
  ///
  /// - Parameters:
  ///   - verdict: what was agreed on.
  ///   - task: the task.
  ///   - reviewers: whose agreement it is.
  /// - Returns: the operation's number; nil where the verdict alone does not say what to edit, as
  ///   with a split, which needs seeds.
  /// - Throws: ``VolumeError`` where the edit cannot be done; then nothing was changed.
  func apply(
    _ verdict: Verdict, to task: ProofreadingTask, by reviewers: [String]
  ) throws(VolumeError) -> Int64?

  /// Undoes an operation whose verdict was withdrawn.
  func withdraw(_ operation: Int64, by reviewer: String) throws(VolumeError)
}

/// Whether the question of a task still arises.
public enum Standing: Hashable, Sendable {
  /// It does.
  case open
  /// Both supervoxels are in one segment by now.
  case alreadyMerged
  /// A supervoxel is there no longer.
  case endpointVanished(UInt64)

  /// Why the question no longer arises; nil where it does.
  public var reason: String? {
    switch self {
    case .open: nil
    case .alreadyMerged: "already merged"
    case .endpointVanished(let supervoxel): "supervoxel \(supervoxel) is there no longer"
    }
  }
}
