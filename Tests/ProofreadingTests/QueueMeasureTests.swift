import Proofreading
import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct QueueMeasureTests {
  /// Cohen 1960, doi:10.1177/001316446002000104: 200 cases, two judges, three categories.
  @Test func `kappa is that of Cohen's example`() throws {
    let table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    var ratings: [(Int, Int)] = []
    for (first, row) in table.enumerated() {
      for (second, count) in row.enumerated() {
        ratings += Array(repeating: (first, second), count: count)
      }
    }
    let kappa = try #require(CohensKappa(ratings))
    #expect(kappa.count == 200)
    #expect(abs(kappa.observed - 0.70) < 1e-12)
    #expect(abs(kappa.expected - 0.41) < 1e-12)
    #expect(abs(try #require(kappa.value) - 0.29 / 0.59) < 1e-12)
  }

  @Test func `kappa is 1 for raters who agree, 0 for chance, and nothing without choice`() throws {
    #expect(CohensKappa([(1, 1), (2, 2), (1, 1)])?.value == 1)
    #expect(CohensKappa([(1, 1), (1, 2), (2, 1), (2, 2)])?.value == 0)
    #expect(CohensKappa([(1, 2), (2, 1)])?.value == -1)
    let same = try #require(CohensKappa([(1, 1), (1, 1)]))
    #expect(same.value == nil && same.observed == 1)
    #expect(CohensKappa([(Int, Int)]()) == nil)
  }

  @Test func `agreement counts what two reviewers judged, and answers to gold tasks`() throws {
    let test = try TestQueue()
    try test.queue.add((1...6).map { (number: UInt64) in contact(number, 100 + number, need: 3) })
    var gold = contact(7, 107)
    gold.truth = .merge
    try test.queue.add([gold])
    let verdicts: [String: [Verdict]] = [
      "ada": [.merge, .merge, .keepApart, .keepApart, .merge, .skip],
      "bob": [.merge, .merge, .keepApart, .merge, .unsure, .merge],
    ]
    for (name, list) in verdicts {
      for (index, verdict) in list.enumerated() {
        let claim = try #require(try test.queue.claim(task: Int64(index + 1), for: name))
        _ = try test.queue.decide(claim, verdict)
      }
    }
    for (name, verdict) in [("ada", Verdict.merge), ("bob", .split)] {
      let claim = try #require(try test.queue.claim(task: 7, for: name))
      _ = try test.queue.decide(claim, verdict)
    }
    let agreement = try test.queue.agreement()
    #expect(agreement.pairs.map { [$0.first, $0.second] } == [["ada", "bob"]])
    // Tasks 1 to 5 and the gold one: 3 of 6 alike.
    let kappa = try #require(agreement.pairs.first?.kappa)
    #expect(kappa.count == 6 && kappa.observed == 0.5)
    // ada: 4 merges, 2 apart; bob: 3 merges, 1 apart, 1 unsure, 1 split.
    #expect(kappa.expected == 14.0 / 36)
    #expect(agreement.rawAgreement == 0.5)
    #expect(agreement.gold.map(\.reviewer) == ["ada", "bob"])
    #expect(agreement.gold.map(\.correct) == [1, 0] && agreement.gold.map(\.count) == [1, 1])
  }

  @Test func `before there are verdicts, the score is the probability`() {
    let model = EditProbability()
    #expect(model(.mergeCandidate, score: 0.3) == 0.3)
    #expect(model(.mergeCandidate, score: nil) == 0.5)
    #expect(model(.mergeCandidate, score: 0) == 0.01 && model(.mergeCandidate, score: 1) == 0.99)
  }

  @Test(arguments: [UInt64(3), 4, 5])
  func `the fit approaches the true probabilities and never falls`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    // Scores promise far too much: the truth is their square.
    let observations = (0..<4000).map { _ in
      let score = Double.random(in: 0...1, using: &generator)
      let isEdit = Double.random(in: 0..<1, using: &generator) < score * score
      return EditProbability.Observation(.mergeCandidate, score: score, isEdit: isEdit)
    }
    let model = EditProbability(fitting: observations)
    let scores = (0...100).map { Double($0) / 100 }
    let values = scores.map { model(.mergeCandidate, score: $0) }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 }, "seed \(seed)")
    for (score, value) in zip(scores, values) {
      // Three standard errors of a pool of a few hundred, and the prior's pull.
      #expect(abs(value - score * score) < 0.12, "seed \(seed), score \(score)")
    }
    // Another kind keeps its prior.
    #expect(model(.orphan, score: 0.3) == 0.3)
    #expect(EditProbability(fitting: observations.reversed()) == model)
  }

  @Test func `the fit of few observations, by hand`() {
    // 0.1 was an edit, 0.9 was not, 100 times: everything is pooled.
    let contrary = (0..<100).flatMap { _ in
      [
        EditProbability.Observation(.vetoed, score: 0.1, isEdit: true),
        EditProbability.Observation(.vetoed, score: 0.9, isEdit: false),
      ]
    }
    let model = EditProbability(fitting: contrary)
    #expect(model(.vetoed, score: 0.15) == model(.vetoed, score: 0.85))
    #expect(abs(model(.vetoed, score: 0.5) - 0.5) < 0.02)
  }

  @Test func `impact is the fall of the variation of information`() {
    #expect(TaskPriority.impact(8, 8) == 16)
    #expect(TaskPriority.impact(1, 3) == TaskPriority.impact(3, 1))
    #expect(abs(TaskPriority.impact(1, 3) - (2 + 3 * 0.415037499278844)) < 1e-12)
    #expect(TaskPriority.impact(0, 5) == 0)
    #expect(
      TaskPriority.value(.orphan, weights: (8, 8), probability: 0.3)
        < TaskPriority.value(.mergeCandidate, weights: (8, 8), probability: 0.3))
  }

  @Test func `a merge raises what its segments touch and closes what it answers`() throws {
    let test = try TestQueue()
    try test.queue.add([
      contact(1, 2, weights: (100, 80), score: 0.9), contact(2, 3, weights: (80, 50)),
      contact(1, 3, weights: (100, 50)), contact(7, 8, weights: (10, 10)),
      contact(1, 2, weights: (100, 80), at: 9),
    ])
    let before = try #require(try test.queue.task(2)).priority
    let far = try #require(try test.queue.task(4))
    let first = try #require(try test.queue.claim(task: 1, for: "ada"))
    _ = try test.queue.decide(first, .merge)
    let after = try #require(try test.queue.task(2)).priority
    #expect(before == 0.5 * TaskPriority.impact(80, 50))
    #expect(after == 0.5 * TaskPriority.impact(180, 50))
    #expect(try test.queue.task(3)?.priority == after)
    #expect(try test.queue.task(4) == far)
    #expect(try test.queue.task(5)?.reason == "already merged")

    // Merging through 3 closes the parallel question.
    let second = try #require(try test.queue.claim(task: 2, for: "ada"))
    _ = try test.queue.decide(second, .merge)
    #expect(try test.queue.task(3)?.state == .void)

    // Withdrawn, the questions and their weights are as they were.
    _ = try test.queue.withdraw(task: 2, by: "ada")
    #expect(try test.queue.task(3)?.state == .open)
    #expect(try test.queue.task(3)?.priority == after)
    #expect(try test.queue.task(5)?.state == .void)
    _ = try test.queue.withdraw(task: 1, by: "ada")
    #expect(try test.queue.task(2)?.priority == before)
    #expect(try test.queue.task(5)?.state == .open)
    #expect(try test.queue.faults() == [])
  }

  @Test func `verdicts teach which scores to trust`() throws {
    let test = try TestQueue()
    // High scores turn out wrong, and they are many.
    try test.queue.add(
      (1...60).map { (number: UInt64) in
        contact(number, 1000 + number, score: number <= 30 ? 0.8 : 0.6)
      })
    for id in Int64(1)...25 {
      let claim = try #require(try test.queue.claim(task: id, for: "ada"))
      _ = try test.queue.decide(claim, .keepApart)
    }
    let age = try test.queue.calibrationAge()
    #expect(age.settled == 25 && age.fitted == 16)
    let doubted = try #require(try test.queue.task(28)).priority
    #expect(doubted < 0.5 * 0.8 * TaskPriority.impact(1000, 1000))
    // The last verdicts count from the next fit on.
    #expect(try test.queue.recalibrate() > 0)
    #expect(try #require(try test.queue.task(28)).priority < doubted)
    #expect(try test.queue.recalibrate() == 0)
  }
}
