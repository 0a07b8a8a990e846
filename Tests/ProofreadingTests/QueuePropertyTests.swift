import Proofreading
import TestSupport
import Testing
import VolumeStore

/// What the queue promises, kept by a few lists.
private struct QueueModel {
  struct Lease {
    var token: Int64
    var expires: Double
    var isArbiter: Bool
  }

  var need: [Int64: Int] = [:]
  var votes: [Int64: [String: (verdict: Verdict, isArbiter: Bool)]] = [:]
  var leases: [Int64: [String: Lease]] = [:]
  var now = 100.0

  func state(_ task: Int64) -> ProofreadingTask.State {
    let cast = votes[task, default: [:]].values
    if let word = arbitration[task] { return word == .keepApart ? .done : .agreed }
    let decisive = cast.filter { !$0.isArbiter && $0.verdict.isDecisive }.map(\.verdict)
    if decisive.count >= need[task] ?? 1 {
      if Set(decisive).count > 1 { return .conflict }
      return decisive[0] == .keepApart ? .done : .agreed
    }
    return cast.count { !$0.isArbiter && $0.verdict == .unsure } >= 2 ? .conflict : .open
  }

  /// The first decisive word of an arbiter, which settles a task.
  var arbitration: [Int64: Verdict] = [:]

  func decisiveCount(_ task: Int64) -> Int {
    votes[task, default: [:]].values.count { !$0.isArbiter && $0.verdict.isDecisive }
  }

  mutating func dropExpired() {
    for task in leases.keys { leases[task] = leases[task]?.filter { $0.value.expires > now } }
  }

  /// Whether a reviewer may get a task.
  func isFree(_ task: Int64, for reviewer: String, asArbiter: Bool) -> Bool {
    guard votes[task]?[reviewer] == nil, state(task) == (asArbiter ? .conflict : .open) else {
      return false
    }
    let held = leases[task, default: [:]]
    if let mine = held[reviewer] { return mine.isArbiter == asArbiter }
    if asArbiter { return held.isEmpty }
    return held.count + decisiveCount(task) < need[task] ?? 1
  }
}

@Suite struct QueuePropertyTests {
  private static let names = ["ada", "bob", "cyd", "dan", "eve"]

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
  func `whatever reviewers do, in whatever order, the rules hold`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let test = try TestQueue(leaseSeconds: 60)
    var model = QueueModel()
    try test.queue.add(
      (1...8).map { (number: UInt64) in
        contact(number, 100 + number, need: 1 + Int(number % 3))
      })
    for id in Int64(1)...8 { model.need[id] = 1 + Int(id % 3) }
    var claims: [TaskClaim] = []

    for step in 0..<400 {
      let hint: Comment = "seed \(seed), step \(step)"
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<4:
        let name = try #require(Self.names.randomElement(using: &generator))
        let isArbiter = Int.random(in: 0..<4, using: &generator) == 0
        model.dropExpired()
        let claim = try test.queue.claim(for: name, as: isArbiter ? .arbiter : .reviewer)
        let free = (Int64(1)...8).filter {
          model.isFree($0, for: name, asArbiter: isArbiter)
        }
        guard let claim else {
          #expect(free.isEmpty, hint)
          continue
        }
        #expect(free.contains(claim.task.id), hint)
        model.leases[claim.task.id, default: [:]][name] = QueueModel.Lease(
          token: claim.token, expires: model.now + 60, isArbiter: isArbiter)
        // Some processes are killed as soon as they have a task.
        if Int.random(in: 0..<5, using: &generator) > 0 { claims.append(claim) }
      case 4..<8:
        guard let claim = claims.randomElement(using: &generator) else { continue }
        let verdict = try #require(Verdict.allCases.randomElement(using: &generator))
        try decide(claim, verdict, test, &model, hint)
      case 8:
        let seconds = Double.random(in: 0...50, using: &generator)
        test.time.advance(by: seconds)
        test.time.step(by: Double.random(in: -1e5...1e5, using: &generator))
        model.now += seconds
      default:
        let name = try #require(Self.names.randomElement(using: &generator))
        let id = Int64.random(in: 1...8, using: &generator)
        // An arbiter's word stays in this model.
        guard model.arbitration[id] == nil, model.votes[id]?[name]?.isArbiter != true else {
          continue
        }
        let before = model.state(id)
        let had = model.votes[id]?.removeValue(forKey: name) != nil
        #expect(try (test.queue.withdraw(task: id, by: name) != nil) == had, hint)
        if model.state(id) != before { model.leases[id] = [:] }
      }
      for id in Int64(1)...8 {
        #expect(try test.queue.task(id)?.state == model.state(id), hint)
      }
    }
    #expect(try test.queue.faults() == [])
    #expect(try test.queue.database.damage() == [])
  }

  private func decide(
    _ claim: TaskClaim, _ verdict: Verdict, _ test: TestQueue, _ model: inout QueueModel,
    _ hint: Comment
  ) throws {
    let (id, name) = (claim.task.id, claim.reviewer)
    let before = model.state(id)
    let result = try test.queue.decide(claim, verdict)
    if let earlier = model.votes[id]?[name] {
      switch result {
      case .accepted(let decision):
        #expect(decision.isRepeated && earlier.verdict == verdict, hint)
      case .refused(let refusal):
        #expect(refusal == .decidedOtherwise(earlier.verdict), hint)
      }
      return
    }
    model.dropExpired()
    guard let lease = model.leases[id]?[name] else {
      #expect(result == .refused(.leaseExpired), hint)
      return
    }
    guard lease.token == claim.token else {
      #expect(result == .refused(.leaseSuperseded), hint)
      return
    }
    guard case .accepted(let decision) = result else {
      Issue.record("a good lease was refused: \(result), \(hint)")
      return
    }
    #expect(!decision.isRepeated, hint)
    model.votes[id, default: [:]][name] = (verdict, lease.isArbiter)
    if lease.isArbiter, verdict.isDecisive { model.arbitration[id] = verdict }
    model.leases[id]?[name] = nil
    if model.state(id) != before { model.leases[id] = [:] }
  }
}
