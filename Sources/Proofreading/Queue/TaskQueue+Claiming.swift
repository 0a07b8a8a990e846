import SQLite
public import VolumeStore

/// A task that a reviewer may decide, until the lease runs out.
public struct TaskClaim: Hashable, Sendable {
  /// The task.
  public var task: ProofreadingTask
  /// Who may decide it.
  public var reviewer: String
  /// The number of the lease; a later lease has a larger one, and only the latest counts.
  public var token: Int64
  /// For how many seconds the lease was given.
  public var seconds: Double
}

/// As what a reviewer works.
public enum ReviewerRole: String, CaseIterable, Hashable, Sendable {
  /// Judges open tasks.
  case reviewer
  /// Settles tasks on which reviewers disagree.
  case arbiter
}

extension TaskQueue {
  /// Takes the next task for a reviewer.
  ///
  /// What the reviewer held already, in a process that was killed, comes first; then, every
  /// ``goldInterval`` tasks, a gold task; then what was assigned to the reviewer; then the task of
  /// the highest priority that still wants reviewers. Nobody gets a task twice after a verdict. A
  /// task whose question no longer arises is closed on the way, with the reason.
  ///
  /// - Parameters:
  ///   - reviewer: the reviewer's name.
  ///   - role: as what the reviewer works.
  ///   - held: tasks that this process holds already, such as one that was fetched ahead.
  ///   - standing: whether the question of a task still arises. It runs inside the transaction,
  ///     so it may read the database but not begin a transaction.
  /// - Returns: nil where nothing is left to do for this reviewer.
  /// - Throws: ``VolumeError``.
  public func claim(
    for reviewer: String, as role: ReviewerRole = .reviewer, besides held: Set<Int64> = [],
    standing: (ProofreadingTask) throws(VolumeError) -> Standing = { (_) in .open }
  ) throws(VolumeError) -> TaskClaim? {
    precondition(!reviewer.isEmpty, "a reviewer has a name")
    let now = clock.now
    let found: [TaskClaim] = try database.sqlite.transaction { () throws(VolumeError) in
      try dropExpiredLeases(at: now)
      while let task = try candidate(for: reviewer, as: role, besides: held) {
        if let reason = try standing(task).reason {
          try close(task.id, because: reason)
          continue
        }
        return [try lease(task, to: reviewer, as: role, at: now)]
      }
      return []
    }
    return found.first
  }

  /// Takes a certain task, such as one whose verdict was just withdrawn.
  ///
  /// - Returns: nil where the task is not open to the reviewer: settled, judged by the reviewer
  ///   already, or held by as many others as it wants.
  /// - Throws: ``VolumeError``.
  public func claim(
    task id: Int64, for reviewer: String, as role: ReviewerRole = .reviewer
  ) throws(VolumeError) -> TaskClaim? {
    precondition(!reviewer.isEmpty, "a reviewer has a name")
    let now = clock.now
    let found: [TaskClaim] = try database.sqlite.transaction { () throws(VolumeError) in
      try dropExpiredLeases(at: now)
      let state: ProofreadingTask.State = role == .arbiter ? .conflict : .open
      guard let task = try task(id), task.state == state, try vote(on: id, by: reviewer) == nil
      else { return [] }
      let others = try database.sqlite.row(
        """
        SELECT (SELECT count(*) FROM lease WHERE task = ?1 AND reviewer <> ?2), \
        (SELECT truth FROM task WHERE id = ?1)
        """, .integer(id), .text(reviewer))
      let isGold = others?.text(1) != nil
      let free = role == .arbiter ? 1 : task.need - (try tally(of: id).decisive.count)
      guard isGold || Int(others?.integer(0) ?? 0) < free else { return [] }
      return [try lease(task, to: reviewer, as: role, at: now)]
    }
    return found.first
  }

  /// Extends a lease by its full length from now on.
  ///
  /// - Returns: whether the lease was still good; one that has run out is not revived.
  /// - Throws: ``VolumeError``.
  public func renew(_ claim: TaskClaim) throws(VolumeError) -> Bool {
    let now = clock.now
    return try database.sqlite.transaction { () throws(VolumeError) in
      try dropExpiredLeases(at: now)
      return try database.sqlite.run(
        "UPDATE lease SET expires = ? WHERE token = ? AND task = ? AND reviewer = ?",
        .real(now.uptime + leaseSeconds), .integer(claim.token), .integer(claim.task.id),
        .text(claim.reviewer)) == 1
    }
  }

  /// Gives a task back undecided, so that others get it at once.
  public func release(_ claim: TaskClaim) throws(VolumeError) {
    try database.sqlite.run(
      "DELETE FROM lease WHERE token = ? AND reviewer = ?", .integer(claim.token),
      .text(claim.reviewer))
  }

  /// Closes a task because its question no longer arises.
  func close(_ id: Int64, because reason: String) throws(VolumeError) {
    try database.sqlite.run("DELETE FROM lease WHERE task = ?", .integer(id))
    try database.sqlite.run(
      "UPDATE task SET state = 'void', reason = ? WHERE id = ?", .text(reason), .integer(id))
  }

  func dropExpiredLeases(at now: ReviewClock.Moment) throws(VolumeError) {
    try database.sqlite.run(
      "DELETE FROM lease WHERE boot <> ? OR expires <= ?", .text(now.boot), .real(now.uptime))
  }

  private func lease(
    _ task: ProofreadingTask, to reviewer: String, as role: ReviewerRole,
    at now: ReviewClock.Moment
  ) throws(VolumeError) -> TaskClaim {
    // A lease of the same reviewer in another process ends here: its token is not the latest.
    try database.sqlite.run(
      "DELETE FROM lease WHERE task = ? AND reviewer = ?", .integer(task.id), .text(reviewer))
    try database.sqlite.run(
      "INSERT INTO lease(task, reviewer, is_arbiter, expires, boot) VALUES(?, ?, ?, ?, ?)",
      .integer(task.id), .text(reviewer), .integer(role == .arbiter ? 1 : 0),
      .real(now.uptime + leaseSeconds), .text(now.boot))
    return TaskClaim(
      task: task, reviewer: reviewer, token: database.sqlite.lastInsertedKey,
      seconds: leaseSeconds)
  }

  private func candidate(
    for reviewer: String, as role: ReviewerRole, besides held: Set<Int64>
  ) throws(VolumeError) -> ProofreadingTask? {
    let mine = try database.sqlite.rows(
      """
      SELECT \(Self.columns) FROM lease JOIN task ON task.id = lease.task \
      WHERE lease.reviewer = ? AND lease.is_arbiter = ? AND task.state = ? ORDER BY lease.token
      """, .text(reviewer), .integer(role == .arbiter ? 1 : 0),
      .text(role == .arbiter ? "conflict" : "open"))
    for row in mine {
      let task = try ProofreadingTask(row, path: database.sqlite.path)
      if !held.contains(task.id) { return task }
    }
    let queries = role == .arbiter ? [Self.conflicts] : try openQueries(for: reviewer)
    for query in queries {
      if let row = try database.sqlite.row(query, .text(reviewer)) {
        return try ProofreadingTask(row, path: database.sqlite.path)
      }
    }
    return nil
  }

  private func openQueries(for reviewer: String) throws(VolumeError) -> [String] {
    let judged = try database.sqlite.row(
      "SELECT count(*) FROM vote WHERE reviewer = ?", .text(reviewer))
    let isGoldTurn = Int(judged?.integer(0) ?? 0) % Self.goldInterval == Self.goldInterval - 1
    return (isGoldTurn ? [Self.gold] : []) + [Self.assigned, Self.pooled]
  }

  /// What holds for every task that a reviewer, `?1`, may get.
  private static let isNew = """
    NOT EXISTS(SELECT 1 FROM vote WHERE vote.task = task.id AND vote.reviewer = ?1 \
    AND \(standing("vote"))) \
    AND NOT EXISTS(SELECT 1 FROM lease WHERE lease.task = task.id AND lease.reviewer = ?1)
    """

  /// Leases and verdicts that count must leave a place.
  private static let hasPlace = """
    task.need > (SELECT count(*) FROM lease WHERE lease.task = task.id) + \
    (SELECT count(*) FROM vote WHERE vote.task = task.id AND \(standing("vote")) \
    AND vote.verdict NOT IN ('unsure', 'skip'))
    """

  private static let pooled = """
    SELECT \(columns) FROM task WHERE state = 'open' AND is_pooled = 1 AND \(isNew) AND \(hasPlace) \
    ORDER BY priority DESC, id LIMIT 1
    """

  private static let assigned = """
    SELECT \(columns) FROM assignment JOIN task ON task.id = assignment.task \
    WHERE assignment.reviewer = ?1 AND task.state = 'open' AND \(isNew) AND \(hasPlace) \
    ORDER BY task.priority DESC, task.id LIMIT 1
    """

  private static let gold = """
    SELECT \(columns) FROM task WHERE truth IS NOT NULL AND state = 'open' AND \(isNew) \
    ORDER BY id LIMIT 1
    """

  private static let conflicts = """
    SELECT \(columns) FROM task WHERE state = 'conflict' AND \(isNew) \
    AND NOT EXISTS(SELECT 1 FROM lease WHERE lease.task = task.id) \
    ORDER BY priority DESC, id LIMIT 1
    """
}
