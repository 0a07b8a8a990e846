import Proofreading
import SQLite
import Segmentation
import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct OperationLogTests {
  /// Two chains, 1 - 2 - 3 and 4 - 5 - 6, with a weak contact between 3 and 4.
  private func chains() throws -> EditProject {
    EditProject(
      base: try graph(
        segments: [7, 7, 7, 9, 9, 9],
        links: [
          (1, 2, 0.9, 5), (2, 3, 0.8, 5), (3, 4, 0.2, 2), (4, 5, 0.8, 5), (5, 6, 0.9, 5),
        ]))
  }

  private func reason(_ body: () throws -> Void) -> EditRefusal? {
    #expect(throws: EditRefusal.self) { try body() }
  }

  @Test func `a merge joins two segments under the smallest supervoxel`() throws {
    let log = try chains().log()
    let operation = try log.merge([EditPoint(3), EditPoint(4)], by: ada)
    #expect(operation.status == .done)
    #expect(operation.effect.added == [SupervoxelEdge(3, 4, affinity(0.2, area: 2))])
    #expect(
      operation.lineage == [
        SegmentState.Descent(old: 1, new: 1), SegmentState.Descent(old: 4, new: 1),
      ])
    #expect(try log.state.roots == [0, 1, 1, 1, 1, 1, 1])
    #expect(try log.state(at: .operation(0)).roots == [0, 1, 1, 1, 4, 4, 4])
  }

  @Test func `a merge of what does not touch has a link of its own`() throws {
    let log = try chains().log()
    let operation = try log.merge([EditPoint(6), EditPoint(1)], by: ada)
    #expect(operation.effect.added == [SupervoxelEdge(1, 6, affinity(1))])
    #expect(try log.state.root(of: 6) == 1)
  }

  @Test func `a split cuts what a merge joined, and both can be taken back`() throws {
    let log = try chains().log()
    try log.merge([EditPoint(3), EditPoint(4)], by: ada)
    let split = try log.split(points([1], [6]), by: ada)
    #expect(split.effect.removed.map(\.pair) == [FragmentPair(first: 3, second: 4)])
    #expect(try log.state.roots == [0, 1, 1, 1, 4, 4, 4])

    // The merge cannot be taken back before the split of its link.
    let refusal = reason { try log.undo(1, by: ada) }
    #expect(refusal?.reason == .dependency)
    #expect(refusal?.operations == [2])

    #expect(try log.undo(2, by: ada).inverseOf == 2)
    #expect(try log.state.root(of: 6) == 1)
    try log.undo(1, by: ada)
    #expect(try log.state.roots == [0, 1, 1, 1, 4, 4, 4])
    #expect(reason { try log.undo(1, by: ada) }?.reason == .alreadyUndone)

    // The split rests on the merge.
    #expect(reason { try log.redo(2, by: ada) }?.reason == .dependency)
    #expect(try log.redo(1, by: ada).inverseOf == 4)
    try log.redo(2, by: ada)
    #expect(try log.state.roots == [0, 1, 1, 1, 4, 4, 4])
    #expect(reason { try log.redo(2, by: ada) }?.reason == .notUndone)
    #expect(try log.lastOperation == 6)
    #expect(try log.isStanding(2))
    #expect(try !log.isStanding(3))
  }

  @Test func `edits that cannot be are refused, and leave nothing in the log`() throws {
    let log = try chains().log()
    let head = try log.head
    #expect(
      reason { try log.merge([EditPoint(1), EditPoint(2)], by: ada) }?.reason == .sameSegment)
    #expect(
      reason { try log.merge([EditPoint(1), EditPoint(70)], by: ada) }?.reason
        == .unknownSupervoxel)
    #expect(reason { try log.merge([EditPoint(1), EditPoint(0)], by: ada) }?.reason == .background)
    #expect(reason { try log.merge([EditPoint(1)], by: ada) }?.reason == .tooFewSeeds)
    #expect(reason { try log.split(points([1], [1]), by: ada) }?.reason == .sameSupervoxel)
    #expect(reason { try log.split(points([1], [4]), by: ada) }?.reason == .differentSegments)
    #expect(reason { try log.undo(1, by: ada) }?.reason == .unknownOperation)
    #expect(reason { try log.undo(-1, by: ada) }?.reason == .unknownOperation)
    for name in ["", "a\nb"] {
      let signature = OperationLog.Signature(user: name)
      #expect(reason { try log.undo(1, by: signature) } != nil)
      #expect(
        reason { try log.merge([EditPoint(3), EditPoint(4)], by: signature) }?.reason
          == .unsuitableText)
    }
    #expect(try log.head == head)
    #expect(try log.lastOperation == 0)
  }

  @Test func `what was done is read at any operation and any time`() throws {
    var time: Int64 = 0
    let project = try chains()
    let log = try project.log(snapshotInterval: 2) {
      time += 10
      return time
    }
    try log.merge([EditPoint(3), EditPoint(4)], by: ada)
    try log.split(points([1, 2], [3, 5]), by: ada)
    try log.tag([EditPoint(3)], by: OperationLog.Signature(user: "ada", note: "a spine"))
    let roots: [[UInt64]] = [
      [0, 1, 1, 1, 4, 4, 4], [0, 1, 1, 1, 1, 1, 1], [0, 1, 1, 3, 3, 3, 3], [0, 1, 1, 3, 3, 3, 3],
    ]
    // Created at 10, done at 20; 30 and 40; 50 and 60.
    for (operation, times) in [(0, 0...19), (1, 20...39), (2, 40...59), (3, 60...99)] {
      #expect(try log.state(at: .operation(Int64(operation))).roots == roots[operation])
      for time in [times.lowerBound, times.upperBound] {
        #expect(try log.state(at: .time(Int64(time))).roots == roots[operation])
      }
    }
    #expect(reason { _ = try log.state(at: .operation(4)) }?.reason == .unknownOperation)
    #expect(try log.operation(3)?.note == "a spine")
  }

  @Test func `a clock that is set back leaves the log in order`() throws {
    var times: [Int64] = [50, 40, 30, 20]
    let project = try chains()
    let log = try project.log { times.removeFirst() }
    try log.merge([EditPoint(3), EditPoint(4)], by: ada)
    try log.undo(1, by: ada)
    #expect(try log.operation(2)?.time == 50)
    #expect(try OperationLog.check(project.database(), base: project.base).findings == [])
  }

  @Test func `two that edit one project see each other's edits`() throws {
    let project = try chains()
    let (first, second) = (try project.log(), try project.log())
    try first.merge([EditPoint(3), EditPoint(4)], by: ada)
    #expect(try second.state.root(of: 4) == 1)
    #expect(
      reason { try second.merge([EditPoint(1), EditPoint(6)], by: ada) }?.reason == .sameSegment)
    try second.undo(1, by: ada)
    #expect(try first.state.root(of: 4) == 4)
  }

  @Test func `what was created and not done is finished by whoever opens the log next`() throws {
    let project = try chains()
    do {
      let log = try project.log()
      try log.merge([EditPoint(3), EditPoint(4)], by: ada)
    }
    // As a process leaves it that is killed just before the second transaction.
    let database = try project.database()
    try database.sqlite.execute(
      "DROP TRIGGER edit_entry_kept; DELETE FROM edit_entry WHERE sequence = 2")
    let reader = try OperationLog(
      database, base: project.base, isReadOnly: true, version: "test", now: { 0 })
    #expect(try reader.state.root(of: 4) == 4)
    #expect(try reader.operation(1)?.status == .created)
    let next = try project.log()
    #expect(try next.operation(1)?.status == .done)
    #expect(try next.state.root(of: 4) == 1)
    #expect(try OperationLog.check(project.database(), base: project.base).findings == [])
  }

  @Test func `a log of another segmentation is refused`() throws {
    let project = try chains()
    try project.log().merge([EditPoint(3), EditPoint(4)], by: ada)
    let other = try graph(segments: [1, 1], links: [(1, 2, 0.5, 1)])
    let error = #expect(throws: VolumeError.self) {
      try OperationLog(project.database(), base: other, version: "test", now: { 0 })
    }
    #expect(error?.code == .malformedMetadata)
  }

  @Test func `the log can only be added to`() throws {
    let project = try chains()
    try project.log().merge([EditPoint(3), EditPoint(4)], by: ada)
    let sqlite = try project.database().sqlite
    for statement in [
      "UPDATE edit_entry SET user = 'eve'", "DELETE FROM edit_entry",
      "INSERT INTO edit_entry SELECT 9, operation, status, kind, target, user, time, payload, "
        + "previous, 'x' FROM edit_entry WHERE sequence = 1",
    ] {
      #expect(throws: VolumeError.self) { try sqlite.execute(statement) }
    }
  }

  @Test func `a base whose segments do not hang together is refused`() throws {
    #expect(
      reason { _ = try graph(segments: [1, 1, 1], links: [(1, 2, 0.5, 1)]) }?.reason
        == .notConnected)
    #expect(
      reason { _ = try graph(segments: [1, 1], links: [(1, 3, 0.5, 1)]) }?.reason
        == .unknownSupervoxel)
  }
}
