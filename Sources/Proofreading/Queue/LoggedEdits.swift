import SQLite
public import VolumeStore

/// Does the edits that reviewers agreed on, in the log of edits.
public struct LoggedEdits: EditSink {
  private let log: OperationLog

  /// Takes a log that edits are added to.
  public init(_ log: OperationLog) { self.log = log }

  /// Merges the two supervoxels of a task, or parts them by the cheapest cut.
  ///
  /// - Returns: the operation, or why a person has to see to it.
  /// - Throws: ``VolumeError``.
  public func apply(
    _ verdict: Verdict, to task: ProofreadingTask, by reviewers: [String]
  ) throws(VolumeError) -> EditOutcome {
    guard task.segmentB != 0 else { return .needsPerson("the task names one supervoxel only") }
    if let operation = try operation(of: task) { return .done(operation) }
    let signature = OperationLog.Signature(
      user: reviewers.joined(separator: ", "), note: Self.note(task))
    let points = [task.segmentA, task.segmentB].enumerated().map { side, supervoxel in
      EditPoint(supervoxel, side: side, voxel: task.point)
    }
    do {
      switch verdict {
      case .merge: return .done(try log.merge(points, by: signature).id)
      case .keepApart where task.kind == .suspiciousShape:
        return .done(
          try log.split(points, isIsolationAllowed: false, by: signature).id)
      case .keepApart, .split, .unsure, .skip:
        return .needsPerson("where to split is to be shown by seeds")
      }
    } catch let refusal as EditRefusal {
      // Another edit has come to the same before.
      return refusal.reason == .sameSegment && verdict == .merge
        ? .done(nil) : .needsPerson(refusal.description)
    } catch let error as VolumeError {
      throw error
    } catch {
      throw VolumeError(
        .inputOutput, path: log.database.sqlite.path, "the edit of task \(task.id) failed",
        cause: error)
    }
  }

  /// Undoes the operation of a task whose verdict was withdrawn.
  ///
  /// - Throws: ``VolumeError`` where later operations depend on it.
  public func withdraw(_ operation: Int64, by reviewer: String) throws(VolumeError) {
    do {
      guard try log.isStanding(operation) else { return }
      _ = try log.undo(operation, by: OperationLog.Signature(user: reviewer))
    } catch let refusal as EditRefusal {
      throw VolumeError(
        .unsupportedFeature, path: log.database.sqlite.path,
        "operation \(operation) cannot be undone: \(refusal.message)", found: refusal.found,
        remedy: refusal.remedy)
    } catch let error as VolumeError {
      throw error
    } catch {
      throw VolumeError(
        .inputOutput, path: log.database.sqlite.path, "operation \(operation) cannot be undone",
        cause: error)
    }
  }

  private static func note(_ task: ProofreadingTask) -> String { "task \(task.id)" }

  /// The edit of a task that was done before its process was killed.
  private func operation(of task: ProofreadingTask) throws(VolumeError) -> Int64? {
    // Edits of tasks follow at once, so that the one looked for is among the last.
    let last = try log.lastOperation
    for number in stride(from: last, to: max(0, last - 64), by: -1) {
      guard let operation = try log.operation(number), operation.note == Self.note(task),
        operation.status == .done, try log.isStanding(number)
      else { continue }
      return number
    }
    return nil
  }
}
