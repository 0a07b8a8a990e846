import SQLite
public import VolumeStore

/// What proofreading would gain: reviewers who know the truth work through a queue, and the scores
/// of the segmentation are taken after every verdict.
public struct ReviewSimulation: Sendable {
  /// A question whose answer is known.
  public struct Question: Hashable, Sendable {
    /// The task.
    public var draft: TaskDraft
    /// Whether the two segments are one neuron where they meet.
    public var isOne: Bool

    /// Creates a question.
    ///
    /// - Precondition: it is about two segments.
    public init(_ draft: TaskDraft, isOne: Bool) {
      precondition(
        draft.kind.isAboutPair && draft.bodyA != 0 && draft.bodyB != 0,
        "a question is about two segments")
      self.draft = draft
      self.isOne = isOne
    }
  }

  /// The order in which tasks are worked off.
  public enum Order: Hashable, Sendable {
    /// That of the queue: by priority, ranked anew after every verdict.
    case priority
    /// By the size of the smaller segment, the largest first.
    case size
    /// Shuffled.
    case random(seed: UInt64)
  }

  /// A score of the segmentation after some verdicts.
  public struct Point: Hashable, Sendable {
    /// How many verdicts were given.
    public var verdicts: Int
    /// What false splits and false merges cost, in bits.
    public var split: Double, merge: Double
    /// The expected run length; nil where it was not taken.
    public var runLength: Double?

    /// Both costs.
    public var sum: Double { split + merge }
  }

  /// What one way of working came to.
  public struct Curve: Hashable, Sendable {
    /// The scores, from before the first verdict to after the last.
    public var points: [Point]
    /// How many merges were made, and how many of them were wrong.
    public var merges = 0, wrongMerges = 0

    /// The first count of verdicts after which a share of a gain is made; nil where never.
    public func verdicts(toGain gain: Double) -> Int? {
      guard let first = points.first else { return nil }
      return points.first { first.sum - $0.sum >= gain - 1e-12 }?.verdicts
    }
  }

  private let questions: [Question]
  private let score: MergingScore

  /// Creates a simulation.
  ///
  /// - Parameters:
  ///   - questions: the tasks with their answers.
  ///   - score: the overlaps of segments, by ``TaskDraft/bodyA``, with the truth.
  public init(_ questions: [Question], _ score: MergingScore) {
    self.questions = questions
    self.score = score
  }

  /// Lets one reviewer work through all tasks.
  ///
  /// A task whose segments are one by then is passed over in every order, and is no verdict.
  ///
  /// - Parameters:
  ///   - reviewer: the reviewer.
  ///   - order: the order.
  ///   - checkpoints: how often the run length is taken, evenly over the tasks.
  ///   - runLength: the expected run length once segments have become what the score says.
  /// - Returns: the scores.
  /// - Throws: ``VolumeError`` where the queue cannot be kept in memory.
  public func curve(
    _ reviewer: SimulatedReviewer, _ order: Order, checkpoints: Int = 0,
    runLength: @escaping (MergingScore) -> Double? = { _ in nil }
  ) throws(VolumeError) -> Curve {
    var work = Progress(score, checkpoints: checkpoints, of: questions.count, runLength)
    guard let sequence = sequence(order) else {
      try workThroughQueue([reviewer], arbiter: nil, &work)
      return work.finished()
    }
    for index in sequence {
      let question = questions[index]
      guard !work.areOne(question) else { continue }
      let verdict = reviewer.verdict(on: index, isOne: question.isOne)
      if verdict == .merge { work.join(question) }
      work.count()
    }
    return work.finished()
  }

  /// Lets two reviewers judge every task of the queue, and an arbiter those on which they disagree.
  ///
  /// - Returns: the scores; every verdict of anyone counts.
  public func curve(
    _ reviewers: (SimulatedReviewer, SimulatedReviewer), arbiter: SimulatedReviewer
  ) throws(VolumeError) -> Curve {
    var work = Progress(score, checkpoints: 0, of: 3 * questions.count) { _ in nil }
    try workThroughQueue([reviewers.0, reviewers.1], arbiter: arbiter, &work)
    return work.finished()
  }

  /// The order of tasks; nil where the queue gives it.
  private func sequence(_ order: Order) -> [Int]? {
    switch order {
    case .priority: return nil
    case .size:
      func size(_ index: Int) -> Double {
        min(questions[index].draft.weightA, questions[index].draft.weightB)
      }
      return questions.indices.sorted { (-size($0), $0) < (-size($1), $1) }
    case .random(let seed):
      var generator = SplitMix(state: seed)
      return questions.indices.shuffled(using: &generator)
    }
  }

  /// Works through a queue in memory, the same that people work through.
  private func workThroughQueue(
    _ reviewers: [SimulatedReviewer], arbiter: SimulatedReviewer?, _ work: inout Progress
  ) throws(VolumeError) {
    let queue = TaskQueue(try ProofreadingDatabase(path: ":memory:", mode: .create))
    var indices: [Int64: Int] = [:]
    for (index, question) in questions.enumerated() {
      var draft = question.draft
      draft.need = reviewers.count
      draft.truth = nil
      if try queue.add([draft]) == 1 { indices[queue.database.sqlite.lastInsertedKey] = index }
    }
    func judge(
      _ reviewer: SimulatedReviewer, _ role: ReviewerRole, _ work: inout Progress
    ) throws(VolumeError) -> Bool {
      guard let claim = try queue.claim(for: reviewer.name, as: role),
        let index = indices[claim.task.id]
      else { return false }
      let question = questions[index]
      let verdict = reviewer.verdict(on: index, isOne: question.isOne)
      if case .accepted(let decision) = try queue.decide(claim, verdict),
        decision.task.outcome == .merge
      {
        work.join(question)
      }
      work.count()
      return true
    }
    while true {
      var isAtWork = false
      for reviewer in reviewers {
        let didJudge = try judge(reviewer, .reviewer, &work)
        isAtWork = didJudge || isAtWork
      }
      if let arbiter {
        while try judge(arbiter, .arbiter, &work) { isAtWork = true }
      }
      guard isAtWork else { return }
    }
  }
}

/// A segmentation in the making, and its scores so far.
private struct Progress {
  private var score: MergingScore
  private var curve: ReviewSimulation.Curve
  private let interval: Int
  private let runLength: (MergingScore) -> Double?

  init(
    _ score: MergingScore, checkpoints: Int, of count: Int,
    _ runLength: @escaping (MergingScore) -> Double?
  ) {
    self.score = score
    self.runLength = runLength
    interval = checkpoints > 0 ? max(1, count / checkpoints) : 0
    curve = ReviewSimulation.Curve(points: [])
    curve.points = [point(0)]
  }

  private func point(_ verdicts: Int, isLast: Bool = false) -> ReviewSimulation.Point {
    let isChecked = interval > 0 && (verdicts % interval == 0 || isLast)
    return ReviewSimulation.Point(
      verdicts: verdicts, split: score.split, merge: score.merge,
      runLength: isChecked ? runLength(score) : nil)
  }

  func areOne(_ question: ReviewSimulation.Question) -> Bool {
    score.root(of: question.draft.bodyA) == score.root(of: question.draft.bodyB)
  }

  mutating func join(_ question: ReviewSimulation.Question) {
    guard score.join(question.draft.bodyA, question.draft.bodyB) else { return }
    curve.merges += 1
    if !question.isOne { curve.wrongMerges += 1 }
  }

  mutating func count() { curve.points.append(point(curve.points.count)) }

  func finished() -> ReviewSimulation.Curve {
    var curve = curve
    let last = curve.points.count - 1
    curve.points[last] = point(last, isLast: true)
    return curve
  }
}

extension TaskQueue {
  /// Every task as it was when it came into the queue, gold tasks left out.
  public func drafts() throws(VolumeError) -> [TaskDraft] {
    var drafts: [TaskDraft] = []
    try database.sqlite.forEachRow(
      "SELECT \(Self.columns), task.body_a, task.body_b, task.weight_a, task.weight_b, task.score "
        + "FROM task WHERE truth IS NULL ORDER BY task.id"
    ) { (row) throws(VolumeError) in
      let task = try ProofreadingTask(row, path: database.sqlite.path)
      let first = row.values.count - 5
      var draft = TaskDraft(
        task.kind, segmentA: task.segmentA, segmentB: task.segmentB, point: task.point,
        box: task.box)
      draft.bodyA = row.identifier(first) ?? 0
      draft.bodyB = row.identifier(first + 1) ?? 0
      draft.weightA = row.real(first + 2) ?? 1
      draft.weightB = row.real(first + 3) ?? 1
      draft.score = row.real(first + 4)
      draft.evidence = task.evidence
      draft.need = task.need
      drafts.append(draft)
    }
    return drafts
  }
}
