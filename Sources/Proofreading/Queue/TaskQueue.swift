import SQLite
public import VolumeStore
import Voxels

/// The tasks of a project, handed to reviewers one by one, and their verdicts.
///
/// Every method is one transaction: it is done as a whole or, where it throws, not at all. Several
/// processes may work on one queue.
public struct TaskQueue {
  /// Where the tasks are kept.
  public let database: ProofreadingDatabase
  /// What the time is.
  public let clock: ReviewClock
  /// How long a reviewer has for a verdict, in seconds, unless the lease is renewed.
  public let leaseSeconds: Double

  /// Every so many tasks that a reviewer judges, one is a gold task, as long as there are any.
  public static let goldInterval = 20

  /// Opens a queue.
  ///
  /// - Parameters:
  ///   - database: where the tasks are kept.
  ///   - clock: what the time is.
  ///   - leaseSeconds: how long a reviewer has for a verdict, in seconds.
  public init(
    _ database: ProofreadingDatabase, clock: ReviewClock = .system, leaseSeconds: Double = 900
  ) {
    precondition(leaseSeconds > 0, "a lease takes a while")
    self.database = database
    self.clock = clock
    self.leaseSeconds = leaseSeconds
  }

  /// The columns that ``ProofreadingTask/init(_:path:)`` reads, of a table named `task`.
  static let columns = """
    task.id, task.kind, task.segment_a, task.segment_b, task.z, task.y, task.x, task.box_z, \
    task.box_y, task.box_x, task.size_z, task.size_y, task.size_x, task.evidence, task.priority, \
    task.need, task.state, task.base_operation, task.outcome, task.reason
    """

  /// A verdict that stands: the last of a reviewer on a task, unless it was withdrawn.
  static func standing(_ vote: String) -> String {
    """
    \(vote).verdict <> 'withdrawn' AND NOT EXISTS(SELECT 1 FROM vote AS later \
    WHERE later.task = \(vote).task AND later.reviewer = \(vote).reviewer \
    AND later.round > \(vote).round)
    """
  }

  /// A task by its number; nil where there is none.
  public func task(_ id: Int64) throws(VolumeError) -> ProofreadingTask? {
    let row = try database.sqlite.row(
      "SELECT \(Self.columns) FROM task WHERE id = ?", .integer(id))
    guard let row else { return nil }
    return try ProofreadingTask(row, path: database.sqlite.path)
  }

  /// Calls a function with every task, by number.
  ///
  /// - Parameters:
  ///   - state: only tasks of this state; all where nil.
  ///   - body: what to do; it must not change tasks.
  /// - Throws: ``VolumeError``.
  public func forEachTask(
    in state: ProofreadingTask.State? = nil,
    _ body: (ProofreadingTask) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let path = database.sqlite.path
    try database.sqlite.forEachRow(
      "SELECT \(Self.columns) FROM task WHERE ?1 IS NULL OR state = ?1 ORDER BY id",
      arguments: [.optional(state?.rawValue)]
    ) { (row) throws(VolumeError) in try body(ProofreadingTask(row, path: path)) }
  }
}

extension ProofreadingTask {
  /// Reads a row of ``TaskQueue/columns``.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where it cannot be a task.
  init(_ row: SQLiteRow, path: String) throws(VolumeError) {
    let numbers = (4...12).map { row.integer($0).flatMap { Int(exactly: $0) } ?? -1 }
    guard let id = row.integer(0), let kind = row.text(1).flatMap(Kind.init(rawValue:)),
      let segmentA = row.identifier(2), let segmentB = row.identifier(3),
      numbers.allSatisfy({ $0 >= 0 }), let evidence = row.text(13), let priority = row.real(14),
      let need = row.integer(15), let state = row.text(16).flatMap(State.init(rawValue:)),
      let baseOperation = row.integer(17)
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "a task makes no sense",
        found: "row \(row.integer(0) ?? -1)", remedy: "restore the database from a backup")
    }
    self.init(
      id: id, kind: kind, segmentA: segmentA, segmentB: segmentB,
      point: VoxelPosition(z: numbers[0], y: numbers[1], x: numbers[2]),
      box: VoxelBox(
        origin: VoxelPosition(z: numbers[3], y: numbers[4], x: numbers[5]),
        extent: VoxelExtent(z: numbers[6], y: numbers[7], x: numbers[8])),
      evidence: evidence, priority: priority, need: Int(need), state: state,
      baseOperation: baseOperation, outcome: row.text(18).flatMap(Verdict.init(rawValue:)),
      reason: row.text(19))
  }
}
