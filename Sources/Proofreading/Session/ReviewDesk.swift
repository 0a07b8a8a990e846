import FoundationEssentials
import SQLite
public import VolumeStore

/// One reviewer's side of a queue: the task at hand, the verdicts given, and the way back.
public final class ReviewDesk {
  /// The queue.
  public let queue: TaskQueue
  /// The reviewer's name.
  public let reviewer: String
  /// As what the reviewer works.
  public let role: ReviewerRole
  private let sink: (any EditSink)?
  private let standing: (ProofreadingTask) throws(VolumeError) -> Standing
  private var decided: [Int64] = []

  /// The claimed task; nil where there is none.
  public private(set) var claim: TaskClaim?
  /// How many verdicts the reviewer has given since midnight.
  public private(set) var countToday = 0

  /// Sits down at a queue, with no task yet.
  ///
  /// - Parameters:
  ///   - queue: the queue.
  ///   - reviewer: the reviewer's name.
  ///   - role: as what the reviewer works.
  ///   - sink: does the edits that follow from verdicts; nil leaves them for later.
  ///   - standing: whether the question of a task still arises.
  /// - Throws: ``VolumeError`` where the database cannot be read.
  public init(
    _ queue: TaskQueue, reviewer: String, role: ReviewerRole = .reviewer,
    sink: (any EditSink)? = nil,
    standing: @escaping (ProofreadingTask) throws(VolumeError) -> Standing = { (_) in .open }
  ) throws(VolumeError) {
    precondition(!reviewer.isEmpty, "a reviewer has a name")
    self.queue = queue
    self.reviewer = reviewer
    self.role = role
    self.sink = sink
    self.standing = standing
    try count()
  }

  /// How many tasks are open, counted up to a limit.
  public func openCount(upTo limit: Int = 10_000) throws(VolumeError) -> Int {
    let state: ProofreadingTask.State = role == .arbiter ? .conflict : .open
    let row = try queue.database.sqlite.row(
      "SELECT count(*) FROM (SELECT 1 FROM task WHERE state = ? LIMIT ?)", .text(state.rawValue),
      .integer(Int64(limit)))
    return Int(row?.integer(0) ?? 0)
  }

  /// Takes the next task.
  ///
  /// - Returns: the task; nil where nothing is left to do.
  @discardableResult
  public func advance() throws(VolumeError) -> ProofreadingTask? {
    claim = try queue.claim(for: reviewer, as: role, standing: standing)
    return claim?.task
  }

  /// The task that would come next, for getting ready; it is not held.
  public func upcoming() throws(VolumeError) -> ProofreadingTask? {
    guard let claim,
      let next = try queue.claim(
        for: reviewer, as: role, besides: [claim.task.id], standing: standing)
    else { return nil }
    try queue.release(next)
    return next.task
  }

  /// Keeps the task at hand from going to others while the reviewer looks at it.
  ///
  /// - Returns: whether it is still the reviewer's.
  public func renew() throws(VolumeError) -> Bool {
    guard let claim else { return true }
    return try queue.renew(claim)
  }

  /// Takes down a verdict on the task at hand, and does the edit that follows from it.
  ///
  /// - Returns: nil where the verdict was taken; otherwise why not.
  public func decide(
    _ verdict: Verdict, seconds: Double, note: String
  ) throws(VolumeError) -> DecisionRefusal? {
    guard let claim else { return nil }
    let result = try queue.decide(claim, verdict, seconds: seconds, note: note)
    self.claim = nil
    if case .refused(let refusal) = result { return refusal }
    decided.append(claim.task.id)
    countToday += 1
    if let sink, case .accepted(let decision) = result, decision.task.state == .agreed {
      try queue.applyAgreed(through: sink)
    }
    return nil
  }

  /// Withdraws the last verdict of this sitting and takes its task again.
  ///
  /// - Returns: the task; nil where there is no verdict to withdraw.
  public func undo() throws(VolumeError) -> ProofreadingTask? {
    guard let last = decided.popLast() else { return nil }
    do {
      guard try queue.withdraw(task: last, by: reviewer, through: sink) != nil else { return nil }
    } catch {
      decided.append(last)
      throw error
    }
    if let claim { try queue.release(claim) }
    claim = try queue.claim(task: last, for: reviewer, as: role)
    try count()
    return claim?.task
  }

  /// Gives the task at hand back, undecided.
  public func leave() throws(VolumeError) {
    if let claim { try queue.release(claim) }
    claim = nil
  }

  private func count() throws(VolumeError) {
    let now = Date(timeIntervalSince1970: queue.clock.now.wall)
    let midnight = Calendar(identifier: .gregorian).startOfDay(for: now).timeIntervalSince1970
    let row = try queue.database.sqlite.row(
      "SELECT count(*) FROM vote WHERE reviewer = ? AND at >= ? AND \(TaskQueue.standing("vote"))",
      .text(reviewer), .real(midnight))
    countToday = Int(row?.integer(0) ?? 0)
  }
}
