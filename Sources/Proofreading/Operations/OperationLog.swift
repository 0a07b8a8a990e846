import Codecs
import SQLite
public import VolumeStore

/// The edits of a segmentation: a log that is only added to, each entry sealed by the hash of the
/// one before, and the segments that follow from it.
///
/// An edit is logged with all that it is to do (*created*), then made to count (*done*); a process
/// that is killed in between leaves an operation that the next one to open the log finishes.
/// Several processes may edit one project: each call sees all that others have done.
///
/// Source: Dorkenwald et al. 2022, "FlyWire", Nat. Methods 19 (operation logs of the
/// PyChunkedGraph).
public final class OperationLog {
  /// The database.
  public let database: ProofreadingDatabase
  /// The segmentation before all operations.
  public let base: BaseGraph
  let version: String
  private let now: () -> Int64
  private let snapshotInterval: Int64
  private let isReadOnly: Bool
  /// Nil where it has to be read anew.
  private var current: EditHistory?

  /// Opens the log of a database, and finishes what another process left unfinished.
  ///
  /// - Parameters:
  ///   - database: The project's database.
  ///   - base: The segmentation that the edits are of.
  ///   - isReadOnly: Whether the log is only read; what is unfinished then stays so.
  ///   - version: The version of the program, for the log.
  ///   - snapshotInterval: How many operations lie between snapshots.
  ///   - now: The time in milliseconds since 1970 (UTC).
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the log is of another segmentation, or
  ///   was changed; `inputOutput`.
  public init(
    _ database: ProofreadingDatabase, base: BaseGraph, isReadOnly: Bool = false, version: String,
    snapshotInterval: Int = 256, now: @escaping () -> Int64
  ) throws(VolumeError) {
    precondition(snapshotInterval > 0, "snapshots lie some operations apart")
    self.database = database
    self.base = base
    self.version = version
    self.snapshotInterval = Int64(snapshotInterval)
    self.isReadOnly = isReadOnly
    self.now = now
    let first = try sqlite.row("SELECT previous FROM edit_entry WHERE sequence = 1")?.text(0)
    if let first, first != base.identity.description {
      throw VolumeError(
        .malformedMetadata, path: path, "the edits are of another segmentation",
        found: String(first.prefix(16)), expected: String(base.identity.description.prefix(16)),
        remedy: "restore the graph that was edited, or replay the edits in another project")
    }
    if isReadOnly { _ = try history() } else { try settle() }
  }

  var sqlite: SQLiteDatabase { database.sqlite }
  var path: String { sqlite.path }

  /// The segments after all operations that are done.
  public var state: SegmentState {
    get throws(VolumeError) { try history().state }
  }

  /// The hash of the last entry, which stands for all before it; that of the base for an empty log.
  public var head: String {
    get throws(VolumeError) { try history().hash }
  }

  /// The number of the last operation; 0 where there is none.
  public var lastOperation: Int64 {
    get throws(VolumeError) { try history().lastOperation }
  }

  /// The history up to now.
  func history() throws(VolumeError) -> EditHistory {
    var history: EditHistory
    if let current { history = current } else { history = try start(before: .max) }
    // An error leaves nothing half read.
    current = nil
    try follow(&history, upTo: .latest)
    current = history
    return history
  }

  /// The history from the last snapshot that covers no operation from one on.
  private func start(before operation: Int64) throws(VolumeError) -> EditHistory {
    guard
      let row = try sqlite.row(
        "SELECT payload FROM edit_snapshot WHERE operation < ? ORDER BY operation DESC LIMIT 1",
        .integer(operation))
    else { return EditHistory(base) }
    guard let snapshot = row.text(0).flatMap({ EditSnapshot($0) }) else {
      throw EditEntry.changed(path, 0)
    }
    return try history(at: snapshot)
  }

  /// The history at a snapshot.
  func history(at snapshot: EditSnapshot) throws(VolumeError) -> EditHistory {
    var records: [EditHistory.Record] = []
    let path = path
    try sqlite.forEachRow(
      "SELECT sequence, operation, status, kind, target FROM edit_entry WHERE sequence <= ? "
        + "ORDER BY sequence", arguments: [.integer(snapshot.sequence)]
    ) { row throws(VolumeError) in
      guard let sequence = row.integer(0), let operation = row.integer(1),
        let status = row.text(2).flatMap({ EditOperation.Status(rawValue: $0) }),
        let kind = row.text(3).flatMap({ EditOperation.Kind(rawValue: $0) })
      else { throw EditEntry.changed(path, row.integer(0) ?? 0) }
      if status == .created, operation == Int64(records.count + 1) {
        records.append(
          EditHistory.Record(kind: kind, target: row.integer(4), status: .created))
      } else if status != .created, (1...Int64(records.count)) ~= operation {
        records[Int(operation - 1)].status = status
      } else {
        throw EditEntry.changed(path, sequence)
      }
    }
    var partitions: [SupervoxelPartition] = []
    for operation in snapshot.partitions {
      guard let partition = try payload(of: operation).effect.partition else {
        throw EditEntry.changed(path, snapshot.sequence)
      }
      partitions.append(partition)
    }
    let links = EditedLinks(
      removed: Set(snapshot.removed), added: snapshot.added, partitions: partitions)
    return EditHistory(snapshot, records: records, base: base, links: links)
  }

  /// Goes on with a history as far as the log and a moment go, and gives it after every entry.
  func follow(
    _ history: inout EditHistory, upTo moment: EditMoment,
    _ body: (EditEntry, EditHistory) throws(VolumeError) -> Void = { (_, _) throws(VolumeError) in }
  ) throws(VolumeError) {
    let first = history.sequence
    // In portions, so that payloads can be looked up between them.
    while true {
      let rows = try sqlite.rows(
        "SELECT \(EditEntry.columns) FROM edit_entry WHERE sequence > ? ORDER BY sequence "
          + "LIMIT 256", .integer(history.sequence))
      for row in rows {
        guard let entry = EditEntry(row) else {
          throw EditEntry.changed(path, row.integer(0) ?? history.sequence + 1)
        }
        switch moment {
        case .latest: break
        case .operation(let last): if entry.operation > last { return }
        case .time(let last): if entry.time > last { return }
        }
        try history.take(entry, path: path) { operation throws(VolumeError) in
          try self.payload(of: operation)
        }
        try body(entry, history)
      }
      if rows.isEmpty { break }
    }
    guard history.sequence > first || first == 0 else {
      // Nothing new: the last entry must still be the one that is known.
      let row = try sqlite.row(
        "SELECT hash FROM edit_entry WHERE sequence = ?", .integer(first))
      guard row?.text(0) == history.hash else { throw EditEntry.changed(path, first) }
      return
    }
  }

  /// The segments at a moment.
  ///
  /// - Throws: ``EditRefusal`` where there is no such operation; ``VolumeError``.
  /// - Complexity: That of the operations since the last snapshot before it.
  public func state(at moment: EditMoment) throws -> SegmentState {
    switch moment {
    case .latest: return try state
    case .operation(let operation):
      let last = try lastOperation
      guard (0...last) ~= operation else {
        throw EditRefusal(
          .unknownOperation, "there is no such operation", found: "\(operation)",
          expected: "0 to \(last)")
      }
      return try state(upTo: moment, before: operation + 1)
    case .time(let time):
      let row = try sqlite.row(
        "SELECT MIN(operation) FROM edit_entry WHERE time > ?", .integer(time))
      return try state(upTo: moment, before: row?.integer(0) ?? .max)
    }
  }

  private func state(
    upTo moment: EditMoment, before operation: Int64
  ) throws(VolumeError) -> SegmentState {
    var history = try start(before: operation)
    try follow(&history, upTo: moment)
    return history.state
  }

  /// The payload of the entry that created an operation.
  func payload(of operation: Int64) throws(VolumeError) -> EditPayload {
    try created(operation).created(path: path)
  }

  /// The entry that created an operation, whose hash is as it says.
  private func created(_ operation: Int64) throws(VolumeError) -> EditEntry {
    let row = try sqlite.row(
      "SELECT \(EditEntry.columns) FROM edit_entry WHERE operation = ? AND status = 'created'",
      .integer(operation))
    guard let entry = row.flatMap({ EditEntry($0) }), entry.digest == entry.hash else {
      throw EditEntry.changed(path, row?.integer(0) ?? 0)
    }
    return entry
  }

  /// An operation; nil where there is none of this number.
  ///
  /// - Throws: ``VolumeError``.
  public func operation(_ number: Int64) throws(VolumeError) -> EditOperation? {
    guard let record = try history().record(of: number) else { return nil }
    let entry = try created(number)
    let payload = try entry.created(path: path)
    return EditOperation(
      id: number, kind: entry.kind, status: record.status, inverseOf: entry.target,
      user: entry.user, time: entry.time, version: payload.version, note: payload.note,
      points: payload.points, effect: payload.effect, lineage: payload.lineage)
  }

  /// Whether an operation is an edit that holds: done, and not taken back, or done again.
  ///
  /// - Throws: ``VolumeError``.
  public func isStanding(_ operation: Int64) throws(VolumeError) -> Bool {
    try history().standings[operation]?.isStanding ?? false
  }

  /// Runs a function as one transaction, and forgets what was read where it fails.
  func transaction<Result>(
    _ body: () throws(VolumeError) -> Result
  ) throws(VolumeError) -> Result {
    precondition(!isReadOnly, "a log that is only read is not added to")
    do throws(VolumeError) {
      return try sqlite.transaction(body)
    } catch {
      current = nil
      throw error
    }
  }

  /// Adds an entry behind all others; only within a transaction.
  func append(
    _ operation: Int64, _ record: EditHistory.Record, user: String, payload: String,
    to history: EditHistory
  ) throws(VolumeError) {
    // A clock that was set back does not bring disorder into the log.
    let entry = EditEntry(
      sequence: history.sequence + 1, operation: operation, status: record.status,
      kind: record.kind, target: record.target, user: user, time: max(now(), history.time),
      payload: payload, previous: history.hash)
    try entry.append(to: sqlite)
  }

  /// Finishes every operation that has not ended.
  func settle() throws(VolumeError) {
    guard try !history().pending.isEmpty else { return }
    try transaction { () throws(VolumeError) in try settlePending() }
  }

  /// Finishes every operation that has not ended; only within a transaction.
  func settlePending() throws(VolumeError) {
    while true {
      let history = try history()
      guard let operation = history.pending.first, var record = history.record(of: operation)
      else { return }
      let change = try history.change(of: operation) { operation throws(VolumeError) in
        try self.payload(of: operation)
      }
      let isPossible =
        record.kind == .tag
        || change.map { history.accepts($0, of: operation) } ?? false
      record.status = isPossible ? .done : .failed
      let user = try created(operation).user
      try append(operation, record, user: user, payload: "{}", to: history)
      guard operation % snapshotInterval == 0 else { continue }
      let settled = try self.history()
      guard settled.pending.isEmpty else { continue }
      let snapshot = try EditSnapshot(settled).json.line(path: path)
      try sqlite.run(
        "INSERT OR REPLACE INTO edit_snapshot(operation, payload) VALUES(?, ?)",
        .integer(operation), .text(snapshot))
    }
  }
}
