import SQLite
public import VolumeStore

/// What a verdict did to its task.
public struct Decision: Hashable, Sendable {
  /// The task as it is now.
  public var task: ProofreadingTask
  /// Whether the same verdict had been given before, so that nothing changed.
  public var isRepeated: Bool
}

/// Why a verdict was not taken.
public enum DecisionRefusal: Hashable, Sendable {
  /// There is no such task.
  case unknownTask
  /// The lease has run out, or was never given.
  case leaseExpired
  /// The task was taken again under the same name, and only the later lease counts.
  case leaseSuperseded
  /// The reviewer has judged the task otherwise before; that verdict can be withdrawn.
  case decidedOtherwise(Verdict)
  /// The task was closed meanwhile.
  case closed(String)
}

/// What came of a verdict.
public enum DecisionResult: Hashable, Sendable {
  /// It is kept.
  case accepted(Decision)
  /// It is not.
  case refused(DecisionRefusal)
}

extension TaskQueue {
  /// Takes down a reviewer's verdict on a claimed task.
  ///
  /// Once this returns, the verdict is on the disk. Giving the same verdict on the same task again changes nothing and is no error.
  ///
  /// - Parameters:
  ///   - task: the task's number.
  ///   - reviewer: whose verdict it is.
  ///   - token: the number of the lease, from ``TaskClaim/token``.
  ///   - verdict: the verdict.
  ///   - seconds: how long the reviewer looked, where that is known.
  ///   - note: a remark; empty for none.
  /// - Returns: what came of it.
  /// - Throws: ``VolumeError``; then nothing was taken down.
  public func decide(
    task: Int64, by reviewer: String, token: Int64, _ verdict: Verdict, seconds: Double? = nil,
    note: String = ""
  ) throws(VolumeError) -> DecisionResult {
    let now = clock.now
    let result: DecisionResult = try database.sqlite.transaction { () throws(VolumeError) in
      guard let found = try self.task(task) else { return .refused(.unknownTask) }
      if let earlier = try vote(on: task, by: reviewer) {
        return earlier == verdict
          ? .accepted(Decision(task: found, isRepeated: true))
          : .refused(.decidedOtherwise(earlier))
      }
      if let reason = found.reason { return .refused(.closed(reason)) }
      try dropExpiredLeases(at: now)
      let lease = try database.sqlite.row(
        "SELECT token, is_arbiter FROM lease WHERE task = ? AND reviewer = ?", .integer(task),
        .text(reviewer))
      guard let lease else { return .refused(.leaseExpired) }
      guard lease.integer(0) == token else { return .refused(.leaseSuperseded) }
      let isArbiter = lease.integer(1) == 1
      try insertVote(
        on: task, by: reviewer, verdict.rawValue, isArbiter: isArbiter, token: token,
        seconds: seconds, note: note, at: now)
      try database.sqlite.run("DELETE FROM lease WHERE token = ?", .integer(token))
      try update(found)
      return .accepted(Decision(task: try self.task(task) ?? found, isRepeated: false))
    }
    try recalibrateIfDue()
    return result
  }

  /// Takes down a reviewer's verdict on a claimed task.
  ///
  /// - Returns: what came of it.
  /// - Throws: ``VolumeError``; then nothing was taken down.
  public func decide(
    _ claim: TaskClaim, _ verdict: Verdict, seconds: Double? = nil, note: String = ""
  ) throws(VolumeError) -> DecisionResult {
    try decide(
      task: claim.task.id, by: claim.reviewer, token: claim.token, verdict, seconds: seconds,
      note: note)
  }

  /// Takes back a reviewer's verdict; the verdict stays on record as withdrawn, and the task is
  /// open again where the remaining verdicts do not settle it.
  ///
  /// - Parameters:
  ///   - task: the task's number.
  ///   - reviewer: whose verdict it is.
  ///   - sink: undoes the edit that followed, where one did.
  /// - Returns: the task as it is now; nil where the reviewer has no verdict on it.
  /// - Throws: ``VolumeError``, also where the edit cannot be undone; the verdict then stands.
  public func withdraw(
    task: Int64, by reviewer: String, through sink: (any EditSink)? = nil
  ) throws(VolumeError) -> ProofreadingTask? {
    guard let found = try self.task(task), try vote(on: task, by: reviewer) != nil else {
      return nil
    }
    if let operation = try operation(of: task), found.state == .done {
      guard let sink else {
        throw VolumeError(
          .unsupportedFeature, path: database.sqlite.path,
          "task \(task) has led to operation \(operation), which stands",
          remedy: "undo the operation first")
      }
      try sink.withdraw(operation, by: reviewer)
    }
    let now = clock.now
    try database.sqlite.transaction { () throws(VolumeError) in
      guard try vote(on: task, by: reviewer) != nil else { return }
      try insertVote(
        on: task, by: reviewer, "withdrawn", isArbiter: false, token: nil, seconds: nil, note: "",
        at: now)
      try update(found)
    }
    return try self.task(task)
  }

  /// Notes that the edit that follows from a task is done.
  ///
  /// - Parameters:
  ///   - task: the task's number.
  ///   - operation: the edit's number; nil where none was needed.
  /// - Returns: whether the task was waiting for it.
  /// - Throws: ``VolumeError``.
  @discardableResult
  public func finish(task: Int64, operation: Int64?) throws(VolumeError) -> Bool {
    try database.sqlite.run(
      "UPDATE task SET state = 'done', operation = ? WHERE id = ? AND state = 'agreed'",
      .optional(operation), .integer(task)) == 1
  }

  /// Does every edit that was agreed on and not done, such as after a process was killed.
  ///
  /// - Parameter sink: does the edits.
  /// - Returns: the tasks that were finished, and those that wait for a person, with the reason.
  /// - Throws: ``VolumeError`` of the first edit that fails; those before it are done.
  @discardableResult
  public func applyAgreed(
    through sink: some EditSink
  ) throws(VolumeError) -> (finished: [Int64], waiting: [(task: Int64, reason: String)]) {
    var agreed: [ProofreadingTask] = []
    try forEachTask(in: .agreed) { (task) throws(VolumeError) in agreed.append(task) }
    var finished: [Int64] = []
    var waiting: [(task: Int64, reason: String)] = []
    for task in agreed {
      guard let verdict = task.outcome else { continue }
      switch try sink.apply(verdict, to: task, by: try supporters(of: task)) {
      case .done(let operation):
        try finish(task: task.id, operation: operation)
        finished.append(task.id)
      case .needsPerson(let reason): waiting.append((task.id, reason))
      }
    }
    return (finished, waiting)
  }

  /// The edit that a task led to; nil where none did.
  public func operation(of task: Int64) throws(VolumeError) -> Int64? {
    try database.sqlite.row("SELECT operation FROM task WHERE id = ?", .integer(task))?.integer(0)
  }

  /// A reviewer's verdict on a task that stands.
  public func vote(on task: Int64, by reviewer: String) throws(VolumeError) -> Verdict? {
    try database.sqlite.row(
      "SELECT verdict FROM vote WHERE task = ? AND reviewer = ? AND \(Self.standing("vote"))",
      .integer(task), .text(reviewer))?.text(0).flatMap(Verdict.init(rawValue:))
  }

  /// The verdicts on a task that stand.
  public func tally(of task: Int64) throws(VolumeError) -> VoteTally {
    var tally = VoteTally()
    try database.sqlite.forEachRow(
      "SELECT verdict, is_arbiter FROM vote WHERE task = ? AND \(Self.standing("vote")) ORDER BY id",
      arguments: [.integer(task)]
    ) { (row) throws(VolumeError) in
      guard let verdict = row.text(0).flatMap(Verdict.init(rawValue:)) else { return }
      tally.add(verdict, byArbiter: row.integer(1) == 1)
    }
    return tally
  }

  /// The reviewers whose verdict is the one that settled a task.
  private func supporters(of task: ProofreadingTask) throws(VolumeError) -> [String] {
    try database.sqlite.rows(
      """
      SELECT reviewer FROM vote WHERE task = ? AND verdict = ? AND \(Self.standing("vote")) \
      ORDER BY reviewer
      """, .integer(task.id), .optional(task.outcome?.rawValue)
    ).compactMap { $0.text(0) }
  }

  private func insertVote(
    on task: Int64, by reviewer: String, _ verdict: String, isArbiter: Bool, token: Int64?,
    seconds: Double?, note: String, at now: ReviewClock.Moment
  ) throws(VolumeError) {
    try database.sqlite.run(
      """
      INSERT INTO vote(task, reviewer, round, verdict, is_arbiter, token, seconds, note, at) \
      VALUES(?1, ?2, (SELECT 1 + coalesce(max(round), 0) FROM vote WHERE task = ?1 \
      AND reviewer = ?2), ?3, ?4, ?5, ?6, ?7, ?8)
      """, .integer(task), .text(reviewer), .text(verdict), .integer(isArbiter ? 1 : 0),
      .optional(token), .optional(seconds), note.isEmpty ? nil : .text(note), .real(now.wall))
  }

  /// Brings a task's state into line with its verdicts, and what depends on it.
  private func update(_ task: ProofreadingTask) throws(VolumeError) {
    let isGold =
      try database.sqlite.row(
        "SELECT 1 FROM task WHERE id = ? AND truth IS NOT NULL", .integer(task.id)) != nil
    // Everybody is to answer a gold task; it stays open.
    if isGold { return }
    let result = try tally(of: task.id).result(need: task.need)
    let (state, outcome): (ProofreadingTask.State, Verdict?) =
      switch result {
      case .open: (.open, nil)
      case .conflict: (.conflict, nil)
      case .agreed(let verdict): (task.kind.needsEdit(after: verdict) ? .agreed : .done, verdict)
      }
    try database.sqlite.run(
      "UPDATE task SET state = ?, outcome = ?, operation = NULL WHERE id = ?",
      .text(state.rawValue), .optional(outcome?.rawValue), .integer(task.id))
    // Leases of a state that is over have nothing left to decide.
    if state != task.state {
      try database.sqlite.run("DELETE FROM lease WHERE task = ?", .integer(task.id))
    }
    if outcome != task.outcome {
      try outcomeChanged(of: task.id, from: task.outcome, to: outcome)
    }
  }
}

extension ProofreadingTask.Kind {
  /// Whether a verdict asks for a change of the segmentation.
  public func needsEdit(after verdict: Verdict) -> Bool {
    switch (self, verdict) {
    case (.weakSynapse, _), (_, .unsure), (_, .skip): false
    // What is in question is joined: a merge confirms it.
    case (.suspiciousShape, _): verdict != .merge
    default: verdict != .keepApart
    }
  }
}
