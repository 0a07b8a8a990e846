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
  /// - Returns: what came of it.
  /// - Throws: ``VolumeError`` where the edit cannot be done; then nothing was changed.
  func apply(
    _ verdict: Verdict, to task: ProofreadingTask, by reviewers: [String]
  ) throws(VolumeError) -> EditOutcome

  /// Undoes an operation whose verdict was withdrawn.
  func withdraw(_ operation: Int64, by reviewer: String) throws(VolumeError)
}

/// What came of an edit that reviewers agreed on.
public enum EditOutcome: Hashable, Sendable {
  /// It is done; the number is that of the operation, nil where the segmentation was so already.
  case done(Int64?)
  /// The verdict alone does not say what to edit, as with a split, which needs seeds; or the edit
  /// was refused, for the reason given.
  case needsPerson(String)
}

/// Whether the question of a task still arises.
///
/// ``ProofreadingTask/standing(root:)`` tells it from a mapping of supervoxels to segments.
public enum Standing: Hashable, Sendable {
  /// It does.
  case open
  /// Both supervoxels are in one segment by now.
  case alreadyMerged
  /// The two supervoxels whose joint is in question are in two segments by now.
  case alreadyApart
  /// A supervoxel is there no longer.
  case endpointVanished(UInt64)

  /// Why the question no longer arises; nil where it does.
  public var reason: String? {
    switch self {
    case .open: nil
    case .alreadyMerged: "already merged"
    case .alreadyApart: "already apart"
    case .endpointVanished(let supervoxel): "supervoxel \(supervoxel) is there no longer"
    }
  }
}

extension ProofreadingTask {
  /// Whether the question still arises under a mapping of supervoxels to segments.
  ///
  /// - Parameter root: the segment of a supervoxel; nil or 0 where the supervoxel is in none.
  /// - Returns: the standing. Imported tasks about two supervoxels count as questions of a merge.
  /// - Throws: what `root` throws.
  public func standing(
    root: (UInt64) throws(VolumeError) -> UInt64?
  ) throws(VolumeError) -> Standing {
    // The ends of a synapse are neurons, in whatever segments they are.
    guard kind != .weakSynapse, kind != .gold else { return .open }
    guard let first = try root(segmentA), first != 0 else { return .endpointVanished(segmentA) }
    guard segmentB != 0 else { return .open }
    guard let second = try root(segmentB), second != 0 else {
      return .endpointVanished(segmentB)
    }
    if kind == .suspiciousShape { return first == second ? .open : .alreadyApart }
    return first == second ? .alreadyMerged : .open
  }
}
