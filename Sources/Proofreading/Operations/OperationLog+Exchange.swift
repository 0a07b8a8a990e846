import Codecs
import SQLite
public import VolumeStore

extension OperationLog {
  /// Gives every entry of the log as a line of JSON, in order.
  ///
  /// The lines hold all that there is to know of the edits: the same log comes of them in an empty
  /// database over the same base.
  ///
  /// - Throws: ``VolumeError``; what `write` throws.
  public func export(_ write: (String) throws -> Void) throws {
    var last: Int64 = 0
    while true {
      let rows = try sqlite.rows(
        "SELECT \(EditEntry.columns) FROM edit_entry WHERE sequence > ? ORDER BY sequence "
          + "LIMIT 256", .integer(last))
      if rows.isEmpty { return }
      for row in rows {
        guard let entry = EditEntry(row), entry.digest == entry.hash else {
          throw EditEntry.changed(path, row.integer(0) ?? last + 1)
        }
        try write(entry.line(path: path))
        last = entry.sequence
      }
    }
  }

  /// Takes the exported entries of another log over the same base, all of them or none.
  ///
  /// What is there already must be how the lines begin.
  ///
  /// - Parameters:
  ///   - lines: Gives the next line; nil after the last.
  ///   - name: The file that the lines are of, for errors.
  /// - Returns: How many entries were added.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where a line was changed, or does not follow
  ///   from what is there; what `lines` throws.
  @discardableResult
  public func replay(
    _ lines: () throws(VolumeError) -> String?, from name: String
  ) throws(VolumeError) -> Int {
    let added = try transaction { () throws(VolumeError) -> Int in
      var history = EditHistory(base)
      let known = try self.history().sequence
      var added = 0
      while let line = try lines() {
        let number = history.sequence + 1
        guard let entry = EditEntry(line: line) else {
          throw VolumeError(
            .malformedMetadata, path: name, "a line is no entry of a log of edits",
            found: "line \(number)", expected: "what emseg proofread export wrote")
        }
        if number == 1, entry.previous != history.hash {
          throw VolumeError(
            .malformedMetadata, path: name, "the edits are of another segmentation",
            found: String(entry.previous.prefix(16)), expected: String(history.hash.prefix(16)),
            remedy: "replay them over the project whose segmentation was edited, or a copy")
        }
        if number <= known {
          let row = try sqlite.row(
            "SELECT hash FROM edit_entry WHERE sequence = ?", .integer(number))
          guard row?.text(0) == entry.hash else {
            throw VolumeError(
              .alreadyExists, path: path, "the log holds other edits", found: "entry \(number)",
              remedy: "replay into a project without edits, or with the first of these")
          }
        } else {
          try entry.append(to: sqlite)
          added += 1
        }
        try history.take(entry, path: name) { operation throws(VolumeError) in
          try self.payload(of: operation)
        }
      }
      return added
    }
    try settle()
    return added
  }
}

/// What checking a log of edits found.
public struct EditLogCheck: Hashable, Sendable {
  /// The number of entries.
  public var entryCount = 0
  /// The number of operations.
  public var operationCount = 0
  /// The hash of the last entry; where it is noted elsewhere, a log that was cut short shows too.
  public var head: String
  /// What is wrong, a line each.
  public var findings: [String] = []
}

extension OperationLog {
  /// Checks every entry of a database's log: its place, its hash, that the operation could be done
  /// on the segments that there were, that its lineage is what came of it, and every snapshot.
  ///
  /// Unlike opening the log, this goes on after what is wrong as far as it can.
  ///
  /// - Parameters:
  ///   - database: The project's database.
  ///   - base: The segmentation that the edits are of.
  /// - Returns: What was found.
  /// - Throws: ``VolumeError`` where the database cannot be read.
  public static func check(
    _ database: ProofreadingDatabase, base: BaseGraph
  ) throws(VolumeError) -> EditLogCheck {
    var check = EditLogCheck(head: base.identity.description)
    let sqlite = database.sqlite
    guard try sqlite.row("SELECT 1 FROM sqlite_master WHERE name = 'edit_entry'") != nil else {
      return check
    }
    var payloads: [Int64: EditPayload] = [:]
    // Nil once what was to be done is not known any more.
    var history: EditHistory? = EditHistory(base)
    var snapshots: [Int64: String] = [:]
    let stored = try sqlite.rows("SELECT operation, payload FROM edit_snapshot")
    for row in stored { snapshots[row.integer(0) ?? 0] = row.text(1) ?? "" }
    try sqlite.forEachRow(
      "SELECT \(EditEntry.columns) FROM edit_entry ORDER BY sequence"
    ) { row throws(VolumeError) in
      check.entryCount += 1
      let place = "entry \(check.entryCount)"
      guard let entry = EditEntry(row) else {
        check.findings.append("\(place): it is no entry")
        history = nil
        return
      }
      if entry.sequence != Int64(check.entryCount) {
        check.findings.append("\(place): entries before it are missing")
      }
      if entry.previous != check.head {
        check.findings.append("\(place): it does not follow the entry before")
      }
      if entry.digest != entry.hash || !entry.isOneLine {
        check.findings.append("\(place): it is not as it was written")
      }
      check.head = entry.hash
      if entry.status == .created { check.operationCount += 1 }
      guard history != nil else { return }
      do throws(VolumeError) {
        if entry.status == .created {
          payloads[entry.operation] = try entry.created(path: sqlite.path)
        }
        // Taken apart first, so that an error leaves nil.
        var following = history
        history = nil
        let descents = try following?.take(entry, path: sqlite.path) {
          operation throws(VolumeError) in
          guard let payload = payloads[operation] else {
            throw EditEntry.changed(sqlite.path, entry.sequence)
          }
          return payload
        }
        history = following
        guard entry.status == .done else { return }
        if let payload = payloads[entry.operation], payload.lineage != descents {
          check.findings.append("\(place): the segments that came of it are others")
        }
        guard let snapshot = snapshots.removeValue(forKey: entry.operation), let following,
          following.pending.isEmpty
        else { return }
        let expected = try EditSnapshot(following).json.line(path: sqlite.path)
        if snapshot != expected {
          check.findings.append("snapshot of operation \(entry.operation): it is not as computed")
        }
      } catch {
        if check.findings.isEmpty {
          check.findings.append("\(place): it cannot be done on the segments before it")
        }
      }
    }
    if history != nil {
      for operation in snapshots.keys.sorted() {
        check.findings.append("snapshot of operation \(operation): there is no such operation")
      }
    }
    return check
  }
}
