import Glibc
import Proofreading
import SQLite
import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct ReviewSimulationTests {
  /// Entropies of a table by their definition, from segments and objects of every voxel.
  private func entropies(_ labels: [(segment: UInt64, object: UInt64)]) -> (Double, Double) {
    var joint: [[UInt64]: Double] = [:]
    var segments: [UInt64: Double] = [:]
    var objects: [UInt64: Double] = [:]
    let share = 1 / Double(labels.count)
    for label in labels {
      joint[[label.segment, label.object], default: 0] += share
      segments[label.segment, default: 0] += share
      objects[label.object, default: 0] += share
    }
    var (split, merge) = (0.0, 0.0)
    for (pair, share) in joint {
      split -= share * log2(share / (objects[pair[1]] ?? 1))
      merge -= share * log2(share / (segments[pair[0]] ?? 1))
    }
    return (split, merge)
  }

  @Test func `scores after merges equal scores taken anew`() {
    var generator = SeededGenerator(seed: 3)
    var labels = (0..<3000).map { _ in
      (
        segment: UInt64.random(in: 0..<40, using: &generator),
        object: UInt64.random(in: 1..<12, using: &generator)
      )
    }
    var score = MergingScore(
      labels.map { MergingScore.Overlap(segment: $0.segment, object: $0.object, voxels: 1) }
        + [MergingScore.Overlap(segment: 3, object: 0, voxels: 500)])
    #expect(score.voxelCount == 3000)
    for _ in 0..<35 {
      let first = UInt64.random(in: 0..<40, using: &generator)
      let second = UInt64.random(in: 0..<40, using: &generator)
      let (one, other) = (score.root(of: first), score.root(of: second))
      #expect(score.join(first, second) == (one != other))
      let root = score.root(of: first)
      labels = labels.map {
        ([one, other].contains($0.segment) ? root : $0.segment, $0.object)
      }
      let expected = entropies(labels)
      #expect(abs(score.split - expected.0) < 1e-9)
      #expect(abs(score.merge - expected.1) < 1e-9)
    }
  }

  @Test func `the main object is the one with most voxels, of equals the smallest label`() {
    var score = MergingScore([
      .init(segment: 1, object: 5, voxels: 10), .init(segment: 1, object: 4, voxels: 10),
      .init(segment: 2, object: 5, voxels: 3), .init(segment: 3, object: 0, voxels: 3),
    ])
    #expect(score.mainObject(of: 1) == 4)
    #expect(score.mainObject(of: 3) == nil)
    score.join(1, 2)
    #expect(score.mainObject(of: 2) == 5)
  }

  /// Neurons cut into chains of segments of very different sizes, and as many false questions.
  private func generated(_ neurons: Int = 60) -> (ReviewSimulation, gain: Double, merges: Int) {
    var generator = SeededGenerator(seed: 11)
    var overlaps: [MergingScore.Overlap] = []
    var questions: [ReviewSimulation.Question] = []
    var parts: [[(segment: UInt64, size: Int)]] = []
    var next: UInt64 = 1
    for neuron in 1...neurons {
      let chain = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        defer { next += 1 }
        let size = Int(exp2(Double.random(in: 4...14, using: &generator)))
        overlaps.append(.init(segment: next, object: UInt64(neuron), voxels: size))
        return (segment: next, size: size)
      }
      parts.append(chain)
    }
    func ask(_ a: (segment: UInt64, size: Int), _ b: (segment: UInt64, size: Int), _ isOne: Bool) {
      var draft = TaskDraft(
        .mergeCandidate, segmentA: a.segment, segmentB: b.segment,
        point: VoxelPosition(z: questions.count, y: 0, x: 0))
      (draft.bodyA, draft.bodyB) = (a.segment, b.segment)
      (draft.weightA, draft.weightB) = (Double(a.size), Double(b.size))
      draft.score =
        isOne
        ? Double.random(in: 0.3...0.9, using: &generator)
        : Double.random(in: 0.1...0.7, using: &generator)
      questions.append(ReviewSimulation.Question(draft, isOne: isOne))
    }
    var merges = 0
    for (index, chain) in parts.enumerated() {
      for (a, b) in zip(chain, chain.dropFirst()) {
        ask(a, b, true)
        merges += 1
      }
      for _ in 0..<4 {
        let other = parts[(index + Int.random(in: 1..<neurons, using: &generator)) % neurons]
        if let a = chain.randomElement(using: &generator),
          let b = other.randomElement(using: &generator)
        {
          ask(a, b, false)
        }
      }
    }
    let score = MergingScore(overlaps)
    return (ReviewSimulation(questions, score), score.sum, merges)
  }

  private let perfect = SimulatedReviewer("perfect")

  @Test func `a perfect reviewer gains all there is, in any order`() throws {
    let (simulation, gain, merges) = generated()
    #expect(gain > 0.5)
    for order in [ReviewSimulation.Order.priority, .size, .random(seed: 5)] {
      let curve = try simulation.curve(perfect, order)
      #expect(curve.merges == merges)
      #expect(curve.wrongMerges == 0)
      let last = try #require(curve.points.last)
      #expect(abs(last.sum) < 1e-9)
      #expect(abs(curve.points[0].sum - gain) < 1e-9)
      #expect(curve.points.map(\.verdicts) == Array(0..<curve.points.count))
      // A right merge never costs anything.
      for (before, after) in zip(curve.points, curve.points.dropFirst()) {
        #expect(after.sum <= before.sum + 1e-9)
      }
    }
  }

  @Test func `the queue's order gains sooner than chance`() throws {
    let (simulation, gain, _) = generated()
    let ranked = try #require(
      try simulation.curve(perfect, .priority).verdicts(toGain: 0.9 * gain))
    let shuffled = try (1...5).map { seed in
      try #require(
        try simulation.curve(perfect, .random(seed: UInt64(seed))).verdicts(toGain: 0.9 * gain))
    }
    #expect(shuffled.allSatisfy { ranked < $0 }, "\(ranked), by chance \(shuffled)")
  }

  @Test func `errors cost, and two reviewers with an arbiter make fewer`() throws {
    let (simulation, _, _) = generated(150)
    let reviewers = (1...3).map {
      SimulatedReviewer("r\($0)", errorRate: 0.08, seed: UInt64($0))
    }
    let one = try simulation.curve(reviewers[0], .priority)
    let three = try simulation.curve((reviewers[0], reviewers[1]), arbiter: reviewers[2])
    let (alone, together) = (
      try #require(one.points.last), try #require(three.points.last)
    )
    #expect(one.wrongMerges > 0)
    #expect(three.wrongMerges < one.wrongMerges)
    #expect(together.sum < alone.sum)
    #expect(together.verdicts > alone.verdicts)
  }

  @Test func `a reviewer errs as often as said, in the same tasks each time`() {
    let noisy = SimulatedReviewer("n", errorRate: 0.05, seed: 9)
    let wrong = (0..<20_000).filter { noisy.verdict(on: $0, isOne: true) == .keepApart }
    #expect((900...1100).contains(wrong.count))
    #expect(wrong == (0..<20_000).filter { noisy.verdict(on: $0, isOne: false) == .merge })
    #expect(wrong.allSatisfy { perfect.verdict(on: $0, isOne: true) == .merge })
  }

  @Test func `run lengths are taken at checkpoints and at the end`() throws {
    let (simulation, _, _) = generated()
    let curve = try simulation.curve(perfect, .size, checkpoints: 10) { $0.sum }
    let taken = curve.points.filter { $0.runLength != nil }
    #expect((10...13).contains(taken.count))
    #expect(curve.points.last?.runLength == curve.points.last?.sum)
    #expect(taken.allSatisfy { $0.runLength == $0.sum })
  }

  @Test func `tasks come out of a queue as they went in`() throws {
    let queue = TaskQueue(try ProofreadingDatabase(path: ":memory:", mode: .create))
    var draft = TaskDraft(
      .vetoed, segmentA: 7, segmentB: .max, point: VoxelPosition(z: 1, y: 2, x: 3))
    (draft.bodyA, draft.bodyB, draft.weightA, draft.weightB) = (5, 6, 10, 20)
    (draft.score, draft.need, draft.evidence) = (0.25, 2, #"{"a":1}"#)
    try queue.add([draft])
    #expect(try queue.drafts() == [draft])
  }
}
