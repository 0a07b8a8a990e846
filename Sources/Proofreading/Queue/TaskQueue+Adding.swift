import SQLite
public import VolumeStore
import Voxels

extension TaskQueue {
  /// Adds tasks; one of the same kind, supervoxels and place as one that is there is passed over.
  ///
  /// - Parameters:
  ///   - drafts: the tasks.
  ///   - baseOperation: the last edit that they take into account.
  /// - Returns: how many are new.
  /// - Throws: ``VolumeError``; then none was added.
  @discardableResult
  public func add(
    _ drafts: some Sequence<TaskDraft>, baseOperation: Int64 = 0
  ) throws(VolumeError) -> Int {
    let now = clock.now.wall
    let model = try calibration()
    let outcome: Result<Int, VolumeError> = try database.sqlite.transaction {
      () throws(VolumeError) in
      var count = 0
      for draft in drafts {
        count += try insert(draft, baseOperation: baseOperation, now: now, model: model)
      }
      return .success(count)
    }
    return try outcome.get()
  }

  private func insert(
    _ draft: TaskDraft, baseOperation: Int64, now: Double, model: EditProbability
  ) throws(VolumeError) -> Int {
    precondition(
      draft.score.map { (0...1).contains($0) } ?? true && draft.weightA.isFinite
        && draft.weightB.isFinite && (1...100).contains(draft.need),
      "a draft's score is in 0...1, its weights are finite and its reviewers 1 to 100")
    for (body, weight) in [(draft.bodyA, draft.weightA), (draft.bodyB, draft.weightB)]
    where body != 0 {
      try database.sqlite.run(
        "INSERT OR IGNORE INTO body(id, own_weight, root, weight) VALUES(?1, ?2, ?1, ?2)",
        .identifier(body), .real(weight))
    }
    let weights = (
      try weight(of: draft.bodyA) ?? draft.weightA, try weight(of: draft.bodyB) ?? draft.weightB
    )
    let priority = TaskPriority.value(
      draft.kind, weights: weights, probability: model(draft.kind, score: draft.score))
    let (point, box) = (draft.point, draft.box)
    let places = [
      point.z, point.y, point.x, box.origin.z, box.origin.y, box.origin.x, box.extent.z,
      box.extent.y, box.extent.x,
    ]
    var arguments: [SQLiteValue] = [
      .text(draft.kind.rawValue), .identifier(draft.segmentA), .identifier(draft.segmentB),
      .identifier(draft.bodyA), .identifier(draft.bodyB),
    ]
    arguments += places.map { .integer(Int64($0)) }
    arguments += [
      .text(draft.evidence), .optional(draft.score), .real(draft.weightA), .real(draft.weightB),
      .real(priority), .integer(Int64(draft.need)), .integer(draft.truth == nil ? 1 : 0),
      .optional(draft.truth?.rawValue), .integer(baseOperation), .real(now),
    ]
    return try database.sqlite.run(
      """
      INSERT OR IGNORE INTO task(kind, segment_a, segment_b, body_a, body_b, z, y, x, box_z, box_y, \
      box_x, size_z, size_y, size_x, evidence, score, weight_a, weight_b, priority, need, is_pooled, \
      truth, base_operation, created) \
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, arguments: arguments)
  }

  /// Gives tasks to reviewers, who see them before others, and nobody else sees them.
  ///
  /// - Parameters:
  ///   - reviewers: their names, each once.
  ///   - count: how many tasks each gets beside those, fewer where a task wants several reviewers.
  ///   - shared: how many tasks all of them get, so that their agreement can be measured; each
  ///     then needs all of them.
  /// - Returns: how many tasks were given out, each shared one counted once.
  /// - Throws: ``VolumeError``.
  @discardableResult
  public func assign(
    to reviewers: [String], count: Int, shared: Int
  ) throws(VolumeError) -> Int {
    precondition(Set(reviewers).count == reviewers.count, "a reviewer is named once")
    guard !reviewers.isEmpty else { return 0 }
    return try database.sqlite.transaction { () throws(VolumeError) in
      let wanted = shared + count * reviewers.count
      let rows = try database.sqlite.rows(
        """
        SELECT id, need FROM task WHERE state = 'open' AND is_pooled = 1 \
        AND NOT EXISTS(SELECT 1 FROM lease WHERE lease.task = task.id) \
        AND NOT EXISTS(SELECT 1 FROM vote WHERE vote.task = task.id) \
        ORDER BY priority DESC, id LIMIT ?
        """, .integer(Int64(wanted)))
      var turn = 0
      for (index, row) in rows.enumerated() {
        let (task, need) = (row.values[0], Int(row.integer(1) ?? 1))
        let holders: [String]
        if index < shared {
          holders = reviewers
        } else {
          let places = min(need, reviewers.count)
          holders = (0..<places).map { reviewers[(turn + $0) % reviewers.count] }
          turn += places
        }
        for reviewer in holders {
          try database.sqlite.run(
            "INSERT INTO assignment(reviewer, task) VALUES(?, ?)", .text(reviewer), task)
        }
        // A task that wants more reviewers than are named stays open to others too.
        try database.sqlite.run(
          "UPDATE task SET is_pooled = ?, need = ? WHERE id = ?",
          .integer(holders.count < need ? 1 : 0), .integer(Int64(max(need, holders.count))), task)
      }
      return rows.count
    }
  }
}
