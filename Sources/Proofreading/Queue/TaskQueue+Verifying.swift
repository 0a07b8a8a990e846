import SQLite
public import VolumeStore

extension ProofreadingDatabase {
  /// Copies the database to a file, as it is at this moment, while others work with it.
  ///
  /// The copy gets its name only once it is whole and on the disk.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - replacing: whether one that is there may be replaced.
  /// - Throws: ``VolumeError`` with `alreadyExists` where it may not; `inputOutput`.
  public func backUp(to path: String, replacing: Bool) throws(VolumeError) {
    var file = try PendingFile(path: path, replacing: replacing)
    try sqlite.run("VACUUM INTO ?", .text(file.partialPath))
    try file.commit()
  }

  /// What SQLite finds wrong with the file: damaged pages, wrong indices, rows that name nothing.
  ///
  /// - Returns: a sentence for each fault; none where the file is sound.
  /// - Throws: ``VolumeError`` where it cannot be read at all.
  public func damage() throws(VolumeError) -> [String] {
    let found = try sqlite.rows("PRAGMA integrity_check").compactMap { $0.text(0) }
    let orphans = try sqlite.rows("PRAGMA foreign_key_check").map {
      "row \($0.integer(1) ?? 0) of \($0.text(0) ?? "?") names a \($0.text(2) ?? "?") that is "
        + "not there"
    }
    return found.filter { $0 != "ok" } + orphans
  }
}

extension TaskQueue {
  /// What contradicts the rules of the queue.
  ///
  /// Every task's state must be what its verdicts say; no reviewer may have decided it twice, no
  /// lease have been used for two verdicts; and verdicts must be protected from changes.
  ///
  /// - Returns: a sentence for each fault, tasks in order; none where all is well.
  /// - Throws: ``VolumeError``.
  /// - Complexity: O(*n*) in the tasks and verdicts.
  public func faults() throws(VolumeError) -> [String] {
    var faults = try sqliteFaults()
    try database.sqlite.forEachRow(
      """
      SELECT id, need, state, outcome, reason, truth IS NOT NULL, kind FROM task \
      WHERE state <> 'open' OR EXISTS(SELECT 1 FROM vote WHERE vote.task = task.id) ORDER BY id
      """
    ) { (row) throws(VolumeError) in
      guard let id = row.integer(0), let state = row.text(2) else { return }
      if state == "void" {
        if row.text(4) == nil { faults.append("task \(id) is void without a reason") }
        return
      }
      let result = try tally(of: id).result(need: Int(row.integer(1) ?? 1))
      let kind = row.text(6).flatMap(ProofreadingTask.Kind.init(rawValue:)) ?? .imported
      let expected: [String] =
        switch result {
        case _ where row.integer(5) == 1: ["open"]
        case .open: ["open"]
        case .conflict: ["conflict"]
        case .agreed(let verdict): kind.needsEdit(after: verdict) ? ["agreed", "done"] : ["done"]
        }
      if !expected.contains(state) {
        faults.append(
          "task \(id) is \(state), but its verdicts say "
            + expected.joined(separator: " or "))
      }
      if case .agreed(let verdict) = result, row.integer(5) == 0, row.text(3) != verdict.rawValue {
        faults.append(
          "task \(id) was settled as \(row.text(3) ?? "nothing"), but its verdicts say "
            + verdict.rawValue)
      }
    }
    return faults
  }

  /// Faults that one query each finds.
  private func sqliteFaults() throws(VolumeError) -> [String] {
    let checks: [(query: String, sentence: String)] = [
      (
        "SELECT task, reviewer FROM vote WHERE \(Self.standing("vote")) "
          + "GROUP BY task, reviewer HAVING count(*) > 1 ORDER BY 1, 2",
        "has two verdicts of"
      ),
      (
        "SELECT task, reviewer FROM vote WHERE token IS NOT NULL AND token IN "
          + "(SELECT token FROM vote WHERE token IS NOT NULL GROUP BY token HAVING count(*) > 1) "
          + "ORDER BY 1, 2",
        "has a verdict by a lease that was used twice, of"
      ),
      (
        "SELECT lease.task, lease.reviewer FROM lease JOIN task ON task.id = lease.task "
          + "WHERE task.state IN ('agreed', 'done', 'void') ORDER BY 1, 2",
        "is settled but held by"
      ),
    ]
    var faults: [String] = []
    for name in ["vote_stays", "vote_remains"] {
      let found = try database.sqlite.row(
        "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ?", .text(name))
      if found == nil { faults.append("verdicts are not protected: the rule \(name) is missing") }
    }
    for check in checks {
      for row in try database.sqlite.rows(check.query) {
        faults.append(
          "task \(row.integer(0) ?? 0) \(check.sentence) \(row.text(1) ?? "nobody")")
      }
    }
    return faults
  }
}
