public import Codecs
import SQLite
public import VolumeStore
import Voxels

/// A verdict as it is on record.
public struct RecordedVote: Hashable, Sendable {
  /// The number of the record.
  public var id: Int64
  /// The task's number.
  public var task: Int64
  /// Whose verdict it is.
  public var reviewer: String
  /// The verdict; nil where the record withdraws an earlier one.
  public var verdict: Verdict?
  /// Whether it was given as an arbiter.
  public var isArbiter: Bool
  /// How long the reviewer looked, in seconds, where that is known.
  public var seconds: Double?
  /// A remark; empty for none.
  public var note: String
  /// When, in seconds since 1970.
  public var time: Double
}

/// Tasks and verdicts as text for other programs.
public enum TaskExport {
  /// The columns of ``row(_:)``.
  public static let taskColumns = [
    "id", "kind", "supervoxel_a", "supervoxel_b", "z", "y", "x", "box_z", "box_y", "box_x",
    "size_z", "size_y", "size_x", "priority", "need", "state", "outcome", "reason",
    "base_operation", "evidence",
  ]

  /// A task as a row of a table, fields as they are.
  public static func row(_ task: ProofreadingTask) -> [String] {
    let (point, box) = (task.point, task.box)
    let places = [
      point.z, point.y, point.x, box.origin.z, box.origin.y, box.origin.x, box.extent.z,
      box.extent.y, box.extent.x,
    ]
    return ["\(task.id)", task.kind.rawValue, "\(task.segmentA)", "\(task.segmentB)"]
      + places.map { "\($0)" } + [
        "\(task.priority)", "\(task.need)", task.state.rawValue, task.outcome?.rawValue ?? "",
        task.reason ?? "", "\(task.baseOperation)", task.evidence,
      ]
  }

  /// A task as JSON; identifiers are decimal text, since many programs round large numbers.
  public static func json(_ task: ProofreadingTask) -> JSONObject {
    let (point, box) = (task.point, task.box)
    func list(_ values: [Int]) -> JSONValue { .array(values.map { .integer(Int64($0)) }) }
    return [
      "id": .integer(task.id), "kind": .string(task.kind.rawValue),
      "supervoxel_a": .string("\(task.segmentA)"), "supervoxel_b": .string("\(task.segmentB)"),
      "point": list([point.z, point.y, point.x]),
      "box": .object([
        "origin": list([box.origin.z, box.origin.y, box.origin.x]),
        "extent": list([box.extent.z, box.extent.y, box.extent.x]),
      ]),
      "priority": .number(task.priority), "need": .integer(Int64(task.need)),
      "state": .string(task.state.rawValue),
      "outcome": task.outcome.map { .string($0.rawValue) } ?? .null,
      "reason": task.reason.map { .string($0) } ?? .null,
      "base_operation": .integer(task.baseOperation),
      "evidence": (try? JSONValue(parsing: Array(task.evidence.utf8))) ?? .null,
    ]
  }

  /// The columns of ``row(_:)-(RecordedVote)``.
  public static let voteColumns = [
    "id", "task", "reviewer", "verdict", "is_arbiter", "seconds", "note", "time",
  ]

  /// A verdict as a row of a table, fields as they are.
  public static func row(_ vote: RecordedVote) -> [String] {
    [
      "\(vote.id)", "\(vote.task)", vote.reviewer, vote.verdict?.rawValue ?? "withdrawn",
      vote.isArbiter ? "1" : "0", vote.seconds.map { "\($0)" } ?? "", vote.note, "\(vote.time)",
    ]
  }

  /// A verdict as JSON.
  public static func json(_ vote: RecordedVote) -> JSONObject {
    [
      "id": .integer(vote.id), "task": .integer(vote.task), "reviewer": .string(vote.reviewer),
      "verdict": .string(vote.verdict?.rawValue ?? "withdrawn"),
      "is_arbiter": .bool(vote.isArbiter),
      "seconds": vote.seconds.map { .number($0) } ?? .null, "note": .string(vote.note),
      "time": .number(vote.time),
    ]
  }
}

extension TaskQueue {
  /// Calls a function with every verdict on record, in the order they were given.
  ///
  /// - Parameters:
  ///   - task: only those on this task; all where nil.
  ///   - body: what to do.
  /// - Throws: ``VolumeError``.
  public func forEachVote(
    on task: Int64? = nil, _ body: (RecordedVote) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let condition = task == nil ? "" : "WHERE task = ? "
    try database.sqlite.forEachRow(
      "SELECT id, task, reviewer, verdict, is_arbiter, seconds, note, at FROM vote "
        + condition + "ORDER BY id", arguments: task.map { [.integer($0)] } ?? []
    ) { (row) throws(VolumeError) in
      try body(
        RecordedVote(
          id: row.integer(0) ?? 0, task: row.integer(1) ?? 0, reviewer: row.text(2) ?? "",
          verdict: row.text(3).flatMap(Verdict.init(rawValue:)), isArbiter: row.integer(4) == 1,
          seconds: row.real(5), note: row.text(6) ?? "", time: row.real(7) ?? 0))
    }
  }
}
