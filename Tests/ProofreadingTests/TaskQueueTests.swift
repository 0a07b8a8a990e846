import Proofreading
import SQLite
import Testing
import VolumeStore
import Voxels

@Suite struct TaskQueueTests {
  @Test func `a task comes back as it was added`() throws {
    let test = try TestQueue()
    var draft = contact(.max, 2, score: 0.25, need: 2)
    draft.evidence = #"{"links":7}"#
    draft.box = VoxelBox(
      origin: VoxelPosition(z: 1, y: 2, x: 3), extent: VoxelExtent(z: 4, y: 5, x: 6))
    #expect(try test.queue.add([draft], baseOperation: 9) == 1)
    let task = try #require(try test.queue.task(1))
    #expect(task.kind == .mergeCandidate && task.segmentA == .max && task.segmentB == 2)
    #expect(task.point == VoxelPosition(z: 3, y: 4, x: 5) && task.box == draft.box)
    #expect(task.evidence == draft.evidence && task.need == 2 && task.baseOperation == 9)
    #expect(task.state == .open && task.outcome == nil && task.reason == nil)
    // Two equal halves gain a bit a voxel: 2000 bits, at a probability of a quarter.
    #expect(task.priority == 500)
  }

  @Test func `the same task is added once`() throws {
    let test = try TestQueue()
    #expect(try test.queue.add([contact(1, 2), contact(1, 2), contact(1, 2, at: 6)]) == 2)
    #expect(try test.queue.add([contact(1, 2)]) == 0)
  }

  @Test func `the task of the highest priority comes first`() throws {
    let test = try TestQueue()
    try test.queue.add([
      contact(1, 2, weights: (10, 10)), contact(3, 4, weights: (1000, 900)),
      contact(5, 6, weights: (1000, 900), score: 0.1),
    ])
    var order: [UInt64] = []
    while let claim = try test.queue.claim(for: "ada") {
      order.append(claim.task.segmentA)
      _ = try test.queue.decide(claim, .unsure)
    }
    #expect(order == [3, 5, 1])
  }

  @Test func `a verdict is kept, and the task is settled`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2), contact(3, 4)])
    let first = try #require(try test.queue.claim(for: "ada"))
    let merged = try test.queue.decide(first, .merge, seconds: 2.5, note: "clear").task
    #expect(merged?.state == .agreed && merged?.outcome == .merge)
    let second = try #require(try test.queue.claim(for: "ada"))
    let apart = try test.queue.decide(second, .keepApart).task
    #expect(apart?.state == .done && apart?.outcome == .keepApart)
    #expect(try test.queue.claim(for: "bob") == nil)
    let again = try test.again()
    #expect(try again.vote(on: first.task.id, by: "ada") == .merge)
    #expect(try again.task(second.task.id) == apart)
  }

  @Test func `a lease that ran out decides nothing`() throws {
    let test = try TestQueue(leaseSeconds: 60)
    try test.queue.add([contact(1, 2)])
    let late = try #require(try test.queue.claim(for: "ada"))
    test.time.advance(by: 59)
    #expect(try test.queue.claim(for: "bob") == nil)
    test.time.advance(by: 1)
    let next = try #require(try test.queue.claim(for: "bob"))
    #expect(next.task.id == late.task.id && next.token > late.token)
    #expect(try test.queue.decide(late, .merge) == .refused(.leaseExpired))
    #expect(try test.queue.decide(next, .keepApart).task?.outcome == .keepApart)
    #expect(try test.queue.tally(of: late.task.id).decisive == [.keepApart])
  }

  @Test func `a lease can be renewed while it is good, and given back`() throws {
    let test = try TestQueue(leaseSeconds: 60)
    try test.queue.add([contact(1, 2)])
    let claim = try #require(try test.queue.claim(for: "ada"))
    test.time.advance(by: 40)
    #expect(try test.queue.renew(claim))
    test.time.advance(by: 40)
    #expect(try test.queue.claim(for: "bob") == nil)
    test.time.advance(by: 20)
    #expect(try !test.queue.renew(claim))
    let other = try #require(try test.queue.claim(for: "bob"))
    try test.queue.release(other)
    #expect(try test.queue.claim(for: "cyd")?.task.id == other.task.id)
  }

  @Test func `the same person in two processes: only the later lease counts`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2)])
    let killed = try #require(try test.queue.claim(for: "ada"))
    let resumed = try #require(try test.again().claim(for: "ada"))
    #expect(resumed.task.id == killed.task.id)
    #expect(try test.queue.decide(killed, .merge) == .refused(.leaseSuperseded))
    #expect(try test.queue.decide(resumed, .merge).task?.state == .agreed)
  }

  @Test func `a task fetched ahead is another one`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2), contact(3, 4)])
    let first = try #require(try test.queue.claim(for: "ada"))
    let ahead = try #require(try test.queue.claim(for: "ada", besides: [first.task.id]))
    #expect(ahead.task.id != first.task.id)
    #expect(try test.queue.claim(for: "ada", besides: [first.task.id, ahead.task.id]) == nil)
    #expect(try test.queue.decide(first, .merge).task?.state == .agreed)
    #expect(try test.queue.decide(ahead, .merge).task?.state == .agreed)
  }

  @Test(arguments: [-86_400.0, 86_400])
  func `setting the clock neither ends a lease nor keeps it`(seconds: Double) throws {
    let test = try TestQueue(leaseSeconds: 60)
    try test.queue.add([contact(1, 2)])
    let claim = try #require(try test.queue.claim(for: "ada"))
    test.time.step(by: seconds)
    #expect(try test.queue.claim(for: "bob") == nil)
    test.time.advance(by: 61)
    #expect(try test.queue.claim(for: "bob")?.task.id == claim.task.id)
  }

  @Test func `a lease of before the machine was started is over`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2)])
    let claim = try #require(try test.queue.claim(for: "ada"))
    test.time.restart()
    #expect(try test.queue.decide(claim, .merge) == .refused(.leaseExpired))
    #expect(try test.queue.claim(for: "bob") != nil)
  }

  @Test func `the same verdict twice is one; another one is refused`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2, need: 2)])
    let claim = try #require(try test.queue.claim(for: "ada"))
    let first = try test.queue.decide(claim, .merge)
    guard case .accepted(let again) = try test.queue.decide(claim, .merge) else {
      Issue.record("the same verdict was refused")
      return
    }
    #expect(again.isRepeated && again.task == first.task)
    #expect(try test.queue.decide(claim, .keepApart) == .refused(.decidedOtherwise(.merge)))
    #expect(try test.queue.tally(of: claim.task.id).decisive == [.merge])
    #expect(
      try test.queue.decide(task: 77, by: "ada", token: 1, .merge) == .refused(.unknownTask))
  }

  @Test func `different verdicts go to an arbiter, who has not judged before`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2, need: 2)])
    let ada = try #require(try test.queue.claim(for: "ada"))
    let bob = try #require(try test.queue.claim(for: "bob"))
    #expect(try test.queue.claim(for: "cyd") == nil)
    #expect(try test.queue.decide(ada, .merge).task?.state == .open)
    #expect(try test.queue.decide(bob, .keepApart).task?.state == .conflict)
    #expect(try test.queue.claim(for: "cyd") == nil)
    #expect(try test.queue.claim(for: "ada", as: .arbiter) == nil)
    let arbiter = try #require(try test.queue.claim(for: "dan", as: .arbiter))
    #expect(try test.queue.claim(for: "eve", as: .arbiter) == nil)
    #expect(try test.queue.decide(arbiter, .unsure).task?.state == .conflict)
    let second = try #require(try test.queue.claim(for: "eve", as: .arbiter))
    let settled = try test.queue.decide(second, .keepApart).task
    #expect(settled?.state == .done && settled?.outcome == .keepApart)
  }

  @Test func `verdicts that do not count leave the place free, and two of them call an arbiter`()
    throws
  {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2)])
    for name in ["ada", "bob"] {
      let claim = try #require(try test.queue.claim(for: name))
      #expect(try test.queue.decide(claim, .skip).task?.state == .open)
      #expect(try test.queue.claim(for: name) == nil)
    }
    let cyd = try #require(try test.queue.claim(for: "cyd"))
    #expect(try test.queue.decide(cyd, .unsure).task?.state == .open)
    let dan = try #require(try test.queue.claim(for: "dan"))
    #expect(try test.queue.decide(dan, .unsure).task?.state == .conflict)
  }

  @Test func `a question that no longer arises is closed with the reason`() throws {
    let test = try TestQueue()
    try test.queue.add([
      contact(1, 2, weights: (90, 90)), contact(3, 4, weights: (80, 80)),
      contact(5, 6, weights: (70, 70)),
    ])
    let claim = try test.queue.claim(for: "ada") { (task) throws(VolumeError) in
      switch task.segmentA {
      case 1: .alreadyMerged
      case 3: .endpointVanished(4)
      default: .open
      }
    }
    #expect(claim?.task.segmentA == 5)
    #expect(try test.queue.task(1)?.state == .void)
    #expect(try test.queue.task(1)?.reason == "already merged")
    #expect(try test.queue.task(2)?.reason == "supervoxel 4 is there no longer")
  }

  @Test func `a verdict can be withdrawn, and stays on record`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2)])
    let claim = try #require(try test.queue.claim(for: "ada"))
    _ = try test.queue.decide(claim, .merge)
    let reopened = try test.queue.withdraw(task: claim.task.id, by: "ada")
    #expect(reopened?.state == .open && reopened?.outcome == nil)
    #expect(try test.queue.withdraw(task: claim.task.id, by: "ada") == nil)
    let again = try #require(try test.queue.claim(task: claim.task.id, for: "ada"))
    #expect(try test.queue.decide(again, .keepApart).task?.outcome == .keepApart)
    let verdicts = try test.queue.database.sqlite.rows("SELECT verdict FROM vote ORDER BY id")
    #expect(verdicts.map { $0.text(0) } == ["merge", "withdrawn", "keep apart"])
  }

  @Test(arguments: ["UPDATE vote SET verdict = 'merge'", "DELETE FROM vote"])
  func `verdicts on record cannot be changed`(statement: String) throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2)])
    let claim = try #require(try test.queue.claim(for: "ada"))
    _ = try test.queue.decide(claim, .keepApart)
    #expect(throws: VolumeError.self) { try test.queue.database.sqlite.run(statement) }
    #expect(try test.queue.vote(on: 1, by: "ada") == .keepApart)
  }

  @Test func `assigned tasks go to whom they were assigned`() throws {
    let test = try TestQueue()
    try test.queue.add(
      (10...14).map { (number: UInt64) in
        contact(number, 99, weights: (Double(200 - number), 1000))
      })
    // One is shared, one is for each alone; two remain for everybody.
    #expect(try test.queue.assign(to: ["ada", "bob"], count: 1, shared: 1) == 3)
    func work(_ name: String) throws -> [UInt64] {
      var seen: [UInt64] = []
      while let claim = try test.queue.claim(for: name) {
        seen.append(claim.task.segmentA)
        _ = try test.queue.decide(claim, .keepApart)
      }
      return seen
    }
    #expect(try work("cyd") == [13, 14])
    #expect(try work("ada") == [10, 11])
    #expect(try work("bob") == [10, 12])
    #expect(try test.queue.task(1)?.state == .done)
  }

  @Test func `a gold task is asked of everybody, now and then, and stays open`() throws {
    let test = try TestQueue()
    try test.queue.add((1...30).map { (number: UInt64) in contact(number, 100 + number) })
    var gold = contact(1001, 1002)
    gold.kind = .gold
    gold.truth = .merge
    try test.queue.add([gold])
    for name in ["ada", "bob"] {
      var position: Int?
      for index in 0..<TaskQueue.goldInterval + 2 {
        guard let claim = try test.queue.claim(for: name) else { break }
        if claim.task.kind == .gold { position = index }
        _ = try test.queue.decide(claim, name == "ada" ? .unsure : .merge)
      }
      #expect(position == TaskQueue.goldInterval - 1)
    }
    #expect(try test.queue.task(31)?.state == .open)
  }
}
