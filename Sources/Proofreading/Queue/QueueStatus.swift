import SQLite
public import VolumeStore

/// How far the work on a queue has come.
public struct QueueStatus: Hashable, Sendable {
  /// A reviewer's share.
  public struct Reviewer: Hashable, Sendable {
    /// The reviewer's name.
    public var name: String
    /// How many verdicts of the reviewer stand.
    public var verdicts: Int
    /// How many of them were given since the moment that was asked for.
    public var recent: Int
    /// How many tasks the reviewer holds now.
    public var held: Int
    /// How many seconds a verdict took on average; nil where that was not measured.
    public var meanSeconds: Double?
  }

  /// How many tasks of each kind are in each state; none is left out.
  public var counts: [ProofreadingTask.Kind: [ProofreadingTask.State: Int]]
  /// Everybody who gave a verdict or holds a task, by name.
  public var reviewers: [Reviewer]
  /// How many settled tasks the probabilities were last fitted to.
  public var fittedVerdicts: Int
  /// How many tasks are settled by reviewers.
  public var settledTasks: Int

  /// How many tasks are in a state.
  public func count(_ state: ProofreadingTask.State) -> Int {
    counts.values.reduce(0) { $0 + ($1[state] ?? 0) }
  }
}

extension TaskQueue {
  /// How far the work has come.
  ///
  /// - Parameter moment: since when verdicts count as recent, in seconds since 1970.
  /// - Returns: the numbers.
  /// - Throws: ``VolumeError``.
  /// - Complexity: O(*n*) in the tasks.
  public func status(since moment: Double = .infinity) throws(VolumeError) -> QueueStatus {
    var counts: [ProofreadingTask.Kind: [ProofreadingTask.State: Int]] = [:]
    try database.sqlite.forEachRow(
      "SELECT kind, state, count(*) FROM task GROUP BY kind, state"
    ) { (row) throws(VolumeError) in
      guard let kind = row.text(0).flatMap(ProofreadingTask.Kind.init(rawValue:)),
        let state = row.text(1).flatMap(ProofreadingTask.State.init(rawValue:)),
        let count = row.integer(2)
      else { return }
      counts[kind, default: [:]][state] = Int(count)
    }
    var reviewers: [String: QueueStatus.Reviewer] = [:]
    func reviewer(_ name: String) -> QueueStatus.Reviewer {
      reviewers[name]
        ?? QueueStatus.Reviewer(name: name, verdicts: 0, recent: 0, held: 0, meanSeconds: nil)
    }
    try database.sqlite.forEachRow(
      """
      SELECT reviewer, count(*), sum(at >= ?), avg(seconds) FROM vote \
      WHERE \(Self.standing("vote")) GROUP BY reviewer
      """, arguments: [.real(moment)]
    ) { (row) throws(VolumeError) in
      guard let name = row.text(0) else { return }
      var entry = reviewer(name)
      entry.verdicts = Int(row.integer(1) ?? 0)
      entry.recent = Int(row.integer(2) ?? 0)
      entry.meanSeconds = row.real(3)
      reviewers[name] = entry
    }
    let now = clock.now
    try database.sqlite.forEachRow(
      "SELECT reviewer, count(*) FROM lease WHERE boot = ? AND expires > ? GROUP BY reviewer",
      arguments: [.text(now.boot), .real(now.uptime)]
    ) { (row) throws(VolumeError) in
      guard let name = row.text(0) else { return }
      var entry = reviewer(name)
      entry.held = Int(row.integer(1) ?? 0)
      reviewers[name] = entry
    }
    let age = try calibrationAge()
    return QueueStatus(
      counts: counts, reviewers: reviewers.values.sorted { $0.name < $1.name },
      fittedVerdicts: age.fitted, settledTasks: age.settled)
  }

  /// How far reviewers agree, over the verdicts that stand; those that skip a task do not count.
  ///
  /// - Throws: ``VolumeError``.
  /// - Complexity: O(*n*) in the verdicts, times the reviewers of a task.
  public func agreement() throws(VolumeError) -> ReviewerAgreement {
    var ratings: [ReviewerPair: [(Verdict, Verdict)]] = [:]
    var gold: [String: ReviewerAgreement.Accuracy] = [:]
    var (task, votes): (Int64, [(reviewer: String, verdict: Verdict)]) = (0, [])
    func count() {
      for (index, one) in votes.enumerated() {
        for other in votes[(index + 1)...] {
          let pair = ReviewerPair(first: one.reviewer, second: other.reviewer)
          ratings[pair, default: []].append((one.verdict, other.verdict))
        }
      }
      votes = []
    }
    try database.sqlite.forEachRow(
      """
      SELECT vote.task, vote.reviewer, vote.verdict, task.truth FROM vote \
      JOIN task ON task.id = vote.task WHERE vote.verdict <> 'skip' AND \(Self.standing("vote")) \
      ORDER BY vote.task, vote.reviewer
      """
    ) { (row) throws(VolumeError) in
      guard let id = row.integer(0), let reviewer = row.text(1),
        let verdict = row.text(2).flatMap(Verdict.init(rawValue:))
      else { return }
      if id != task {
        count()
        task = id
      }
      votes.append((reviewer, verdict))
      guard let truth = row.text(3).flatMap(Verdict.init(rawValue:)) else { return }
      var entry =
        gold[reviewer]
        ?? ReviewerAgreement.Accuracy(reviewer: reviewer, count: 0, correct: 0)
      entry.count += 1
      if verdict == truth { entry.correct += 1 }
      gold[reviewer] = entry
    }
    count()
    let pairs = ratings.compactMap { pair, ratings in
      CohensKappa(ratings).map {
        ReviewerAgreement.Pair(first: pair.first, second: pair.second, kappa: $0)
      }
    }
    return ReviewerAgreement(
      pairs: pairs.sorted { ($0.first, $0.second) < ($1.first, $1.second) },
      gold: gold.values.sorted { $0.reviewer < $1.reviewer })
  }
}

/// Two names in order.
private struct ReviewerPair: Hashable {
  var first: String
  var second: String
}
