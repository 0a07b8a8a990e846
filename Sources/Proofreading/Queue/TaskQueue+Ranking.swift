import Codecs
import SQLite
public import VolumeStore

extension TaskQueue {
  /// How many open tasks are ranked anew without being asked, when there are enough new verdicts.
  private static let automaticLimit = 20_000

  /// How many tasks are held at once when all are ranked.
  private static let pageLength = 4096

  /// What the last fit has learned; the prior where there was none.
  public func calibration() throws(VolumeError) -> EditProbability {
    guard let text = try database.value("calibration"),
      let json = try? JSONValue(parsing: Array(text.utf8)), let model = EditProbability(json)
    else { return EditProbability() }
    return model
  }

  /// Fits the probability of edits to all verdicts so far, and ranks every open task by it.
  ///
  /// - Returns: how many tasks have another priority now.
  /// - Throws: ``VolumeError``.
  /// - Complexity: O(*n*) in the tasks.
  @discardableResult
  public func recalibrate() throws(VolumeError) -> Int {
    try database.sqlite.transaction { () throws(VolumeError) in
      let observations = try self.observations()
      let model = EditProbability(fitting: observations)
      let text = (try? model.json.encoded()) ?? []
      try database.set("calibration", to: String(decoding: text, as: UTF8.self))
      try database.set("calibrated_verdicts", to: "\(observations.count)")
      var (changed, last): (Int, Int64) = (0, 0)
      while true {
        let page = try database.sqlite.rows(
          Self.ranked + " WHERE task.id > ? AND task.state IN ('open', 'conflict') "
            + "ORDER BY task.id LIMIT \(Self.pageLength)", .integer(last))
        guard let end = page.last?.integer(0) else { return changed }
        changed += try rank(page, by: model)
        last = end
      }
    }
  }

  /// How many settled tasks there were at the last fit, and how many there are now.
  public func calibrationAge() throws(VolumeError) -> (fitted: Int, settled: Int) {
    let fitted = try database.value("calibrated_verdicts").flatMap { Int($0) } ?? 0
    let settled = try database.value("settled").flatMap { Int($0) } ?? 0
    return (fitted, settled)
  }

  /// Fits anew whenever there are twice as many verdicts as at the last time, where that is quick.
  func recalibrateIfDue() throws(VolumeError) {
    let age = try calibrationAge()
    guard age.settled >= max(16, 2 * age.fitted) else { return }
    let open = try database.sqlite.row(
      """
      SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'open' AND is_pooled = 1 LIMIT ?)
      """, .integer(Int64(Self.automaticLimit + 1)))
    guard Int(open?.integer(0) ?? 0) <= Self.automaticLimit else { return }
    try recalibrate()
  }

  private func observations() throws(VolumeError) -> [EditProbability.Observation] {
    var found: [EditProbability.Observation] = []
    try database.sqlite.forEachRow(
      "SELECT kind, score, outcome FROM task WHERE outcome IS NOT NULL AND score IS NOT NULL"
    ) { (row) throws(VolumeError) in
      guard let kind = row.text(0).flatMap(ProofreadingTask.Kind.init(rawValue:)),
        let score = row.real(1), let outcome = row.text(2).flatMap(Verdict.init(rawValue:))
      else { return }
      found.append(
        EditProbability.Observation(kind, score: score, isEdit: kind.isEdit(outcome)))
    }
    return found
  }

  // MARK: Bodies

  /// What a body weighs with everything joined to it; nil where it is not known.
  func weight(of body: UInt64) throws(VolumeError) -> Double? {
    guard body != 0 else { return nil }
    return try database.sqlite.row(
      "SELECT weight FROM body WHERE id = (SELECT root FROM body WHERE id = ?)",
      .identifier(body))?.real(0)
  }

  private func root(of body: SQLiteValue) throws(VolumeError) -> SQLiteValue? {
    try database.sqlite.row("SELECT root FROM body WHERE id = ?", body)?.values[0]
  }

  private func members(of root: SQLiteValue) throws(VolumeError) -> [SQLiteValue] {
    [root]
      + (try database.sqlite.rows("SELECT id FROM body WHERE root = ? AND root <> id", root)).map {
        $0.values[0]
      }
  }

  /// Follows a change of what was agreed on.
  func outcomeChanged(
    of task: Int64, from old: Verdict?, to new: Verdict?
  ) throws(VolumeError) {
    let settled = try calibrationAge().settled + (new == nil ? -1 : old == nil ? 1 : 0)
    try database.set("settled", to: "\(max(0, settled))")
    guard old == .merge || new == .merge,
      let row = try database.sqlite.row(
        "SELECT body_a, body_b FROM task WHERE id = ?", .integer(task)),
      let first = row.identifier(0), let second = row.identifier(1), first != 0, second != 0
    else { return }
    if new == .merge {
      try join(first, second, except: task)
    } else {
      try part(first, except: task)
    }
  }

  private func join(
    _ first: UInt64, _ second: UInt64, except task: Int64
  ) throws(VolumeError) {
    guard let one = try root(of: .identifier(first)), let other = try root(of: .identifier(second)),
      one != other, let weightOne = try weight(of: first),
      let weightOther = try weight(of: second)
    else { return }
    let (kept, joined) = weightOne >= weightOther ? (one, other) : (other, one)
    let (larger, smaller) = (max(weightOne, weightOther), min(weightOne, weightOther))
    let newcomers = try members(of: joined)
    let residents = smaller > larger / 10 ? try members(of: kept) : []
    for member in newcomers {
      try database.sqlite.run("UPDATE body SET root = ? WHERE id = ?", kept, member)
    }
    try database.sqlite.run(
      "UPDATE body SET weight = ? WHERE id = ?", .real(larger + smaller), kept)
    // Where the larger side hardly grew, its tasks are worth what they were.
    try rank(touching: newcomers + residents, except: task)
  }

  /// Takes a body apart, and joins its members again as the merges that stand say.
  private func part(_ body: UInt64, except task: Int64) throws(VolumeError) {
    guard let root = try root(of: .identifier(body)) else { return }
    let all = try members(of: root)
    for member in all {
      try database.sqlite.run(
        "UPDATE body SET root = id, weight = own_weight WHERE id = ?", member)
    }
    for member in all {
      // Questions that the body had answered arise again, unless another merge answers them.
      try database.sqlite.run(
        "UPDATE task SET state = 'open', reason = NULL "
          + "WHERE state = 'void' AND body_a = ? AND reason = ?", member,
        .text(Standing.alreadyMerged.reason ?? ""))
    }
    for member in all {
      let merges = try database.sqlite.rows(
        "SELECT body_a, body_b FROM task WHERE body_a = ? AND body_b <> 0 AND outcome = 'merge'",
        member)
      for merge in merges {
        guard let first = merge.identifier(0), let second = merge.identifier(1) else { continue }
        try join(first, second, except: task)
      }
    }
    try rank(touching: all, except: task)
  }

  // MARK: Priorities

  /// The columns that ``rank(_:by:)`` reads.
  private static let ranked = """
    SELECT task.id, task.kind, task.score, task.priority, task.weight_a, task.weight_b, \
    root_a.id, root_a.weight, root_b.id, root_b.weight FROM task \
    LEFT JOIN body AS own_a ON own_a.id = task.body_a \
    LEFT JOIN body AS root_a ON root_a.id = own_a.root \
    LEFT JOIN body AS own_b ON own_b.id = task.body_b \
    LEFT JOIN body AS root_b ON root_b.id = own_b.root
    """

  private func rank(
    touching bodies: [SQLiteValue], except task: Int64
  ) throws(VolumeError) {
    var found: [Int64: SQLiteRow] = [:]
    for body in bodies {
      for column in ["body_a", "body_b"] {
        // Each column has an index of its own, of open tasks.
        let guardClause = column == "body_b" ? " AND task.body_b <> 0" : ""
        let rows = try database.sqlite.rows(
          Self.ranked + " WHERE task.state = 'open' AND task.\(column) = ?" + guardClause, body)
        for row in rows { if let id = row.integer(0), id != task { found[id] = row } }
      }
    }
    try rank(found.values.sorted { $0.integer(0) ?? 0 < $1.integer(0) ?? 0 }, by: calibration())
  }

  /// Gives tasks the priority that their bodies have now, and closes those within one body.
  @discardableResult
  private func rank(
    _ rows: [SQLiteRow], by model: EditProbability
  ) throws(VolumeError) -> Int {
    var changed = 0
    for row in rows {
      guard let id = row.integer(0),
        let kind = row.text(1).flatMap(ProofreadingTask.Kind.init(rawValue:)),
        let old = row.real(3), let weightA = row.real(7) ?? row.real(4),
        let weightB = row.real(9) ?? row.real(5)
      else { continue }
      if kind.isAboutPair, let first = row.integer(6), first == row.integer(8) {
        try close(id, because: Standing.alreadyMerged.reason ?? "")
        changed += 1
        continue
      }
      let priority = TaskPriority.value(
        kind, weights: (weightA, weightB), probability: model(kind, score: row.real(2)))
      guard priority != old else { continue }
      try database.sqlite.run(
        "UPDATE task SET priority = ? WHERE id = ?", .real(priority), .integer(id))
      changed += 1
    }
    return changed
  }
}

extension ProofreadingTask.Kind {
  /// Whether a verdict says that the segmentation, or the list of synapses, is wrong as it stands.
  func isEdit(_ outcome: Verdict) -> Bool {
    switch self {
    case .mergeCandidate, .vetoed, .floodDisagreement, .orphan, .imported, .gold:
      outcome != .keepApart
    case .suspiciousShape, .weakSynapse: outcome != .merge
    }
  }
}
