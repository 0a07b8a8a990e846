import Proofreading
import SQLite
import Segmentation
import TestSupport
import Testing
import VolumeStore

/// Random edits against a plain model: sets of links, and components found anew each time.
@Suite struct EditSequenceTests {
  /// The links that hold, and what each edit changed of them.
  private struct Model {
    var links: Set<FragmentPair>
    var edits: [Int64: (added: Set<FragmentPair>, removed: Set<FragmentPair>)] = [:]
    let count: Int

    init(_ base: BaseGraph) {
      count = base.roots.count - 1
      links = Set(
        base.contacts.map(\.edge.pair).filter {
          base.roots[Int($0.first)] == base.roots[Int($0.second)]
        })
    }

    mutating func change(_ added: Set<FragmentPair>, _ removed: Set<FragmentPair>) {
      links.formUnion(added)
      links.subtract(removed)
    }

    /// The smallest supervoxel that each is joined with, by passing it on until nothing changes.
    var roots: [UInt64] {
      var roots = (0...count).map { UInt64($0) }
      var isChanging = true
      while isChanging {
        isChanging = false
        for link in links {
          let least = min(roots[Int(link.first)], roots[Int(link.second)])
          for end in [link.first, link.second] where roots[Int(end)] != least {
            roots[Int(end)] = least
            isChanging = true
          }
        }
      }
      return roots
    }
  }

  @Test(arguments: 0..<8)
  func `after any edits, undone and redone, roots are those of the links`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let base = try randomGraph(count: 24, contactsEach: 4, using: &generator)
    let project = EditProject(base: base)
    var log = try project.log(snapshotInterval: 3)
    var model = Model(base)
    var history: [[UInt64]] = [model.roots]
    #expect(try log.state.roots == model.roots)
    var refusals: [EditRefusal.Reason: Int] = [:]
    for _ in 0..<60 {
      let any = (0..<4).map { _ in UInt64.random(in: 1...24, using: &generator) }
      do {
        let operation: EditOperation
        switch Int.random(in: 0..<6, using: &generator) {
        case 0, 1:
          operation = try log.merge([EditPoint(any[0]), EditPoint(any[1])], by: ada)
        case 2:
          operation = try log.split(
            points([any[0]], [any[1]]), isIsolationAllowed: true, by: ada)
        case 3:
          let members = try log.state.members(of: any[0])
          let seeds = members.shuffled(using: &generator).prefix(3)
          operation = try log.cleave(
            seeds.enumerated().map { EditPoint($1, side: $0) }, by: ada)
        case 4:
          let number = try Int64.random(in: 1...max(1, log.lastOperation), using: &generator)
          operation = try log.undo(number, by: ada)
        default:
          let number = try Int64.random(in: 1...max(1, log.lastOperation), using: &generator)
          operation = try log.redo(number, by: ada)
        }
        var original = operation
        while let target = original.inverseOf {
          original = try #require(try log.operation(target))
        }
        let effect = (
          added: Set(original.effect.added.map(\.pair)),
          removed: Set(original.effect.removed.map(\.pair))
        )
        if operation.kind == .undo {
          #expect(effect.added.isSubset(of: model.links))
          #expect(effect.removed.isDisjoint(with: model.links))
          model.change(effect.removed, effect.added)
        } else {
          #expect(effect.removed.isSubset(of: model.links))
          #expect(effect.added.isDisjoint(with: model.links))
          model.change(effect.added, effect.removed)
        }
        history.append(model.roots)
        // Lineage: exactly the roots that supervoxels went from and to.
        let (before, after) = (history[history.count - 2], history[history.count - 1])
        let moved = Set(
          (1...24).map { SegmentState.Descent(old: before[$0], new: after[$0]) })
        let changed = operation.lineage
        #expect(Set(changed).isSubset(of: moved))
        #expect(moved.filter { $0.old != $0.new }.isSubset(of: Set(changed)))
      } catch let refusal as EditRefusal {
        refusals[refusal.reason, default: 0] += 1
      }
      #expect(try log.state.roots == history[history.count - 1])
      // Now and then by a process that has only just opened the log.
      if Int.random(in: 0..<8, using: &generator) == 0 { log = try project.log() }
    }
    #expect(history.count > 15, "there were edits: \(refusals)")
    for (operation, roots) in history.enumerated() {
      #expect(try log.state(at: .operation(Int64(operation))).roots == roots)
    }
    #expect(try OperationLog.check(project.database(), base: base).findings == [])
  }

  /// A project with edits of every kind but the splitting of supervoxels.
  private func edited(seed: UInt64) throws -> EditProject {
    var generator = SeededGenerator(seed: seed)
    let project = EditProject(
      base: try randomGraph(count: 12, contactsEach: 5, using: &generator))
    var time: Int64 = 1_700_000_000_000
    let log = try project.log(snapshotInterval: 3) {
      time += 1
      return time
    }
    var edits = 0
    while edits < 7 {
      let any = (0..<2).map { _ in UInt64.random(in: 1...12, using: &generator) }
      do {
        let signature = OperationLog.Signature(user: "béa", note: edits == 2 ? "a \"note\"" : "")
        if Bool.random(using: &generator) {
          try log.merge([EditPoint(any[0]), EditPoint(any[1])], by: signature)
        } else {
          try log.split(points([any[0]], [any[1]]), isIsolationAllowed: true, by: signature)
        }
        edits += 1
      } catch is EditRefusal {}
    }
    try log.undo(7, by: ada)
    try log.redo(7, by: ada)
    try log.undo(7, by: ada)
    return project
  }

  private func lines(of project: EditProject) throws -> [String] {
    var lines: [String] = []
    try project.log().export { lines.append($0) }
    return lines
  }

  private func replay(_ lines: [String], into project: EditProject) throws {
    var rest = lines[...]
    try project.log().replay({ rest.popFirst() }, from: "edits.jsonl")
  }

  @Test(arguments: 0..<4)
  func `exported edits give the same segments and the same chain elsewhere`(seed: UInt64) throws {
    let project = try edited(seed: seed)
    let exported = try lines(of: project)
    #expect(exported.count == 20)
    let copy = EditProject(base: project.base)
    try replay(exported, into: copy)
    #expect(try copy.log().state.roots == project.log().state.roots)
    #expect(try copy.log().head == project.log().head)
    #expect(try lines(of: copy) == exported)
    #expect(try OperationLog.check(copy.database(), base: copy.base).findings == [])
    // Again, nothing is added; the rest of a longer log is.
    try replay(exported, into: copy)
    #expect(try lines(of: copy) == exported)
    let part = EditProject(base: project.base)
    try replay(Array(exported.prefix(6)), into: part)
    #expect(try part.log().lastOperation == 3)
    try replay(exported, into: part)
    #expect(try part.log().head == project.log().head)
  }

  @Test func `lines that were changed, left out or are of others are refused whole`() throws {
    let project = try edited(seed: 5)
    let exported = try lines(of: project)
    var variants: [[String]] = [
      Array(exported.dropFirst()), exported.enumerated().filter { $0.offset != 7 }.map(\.element),
      ["{}"] + exported, exported + ["no JSON"], exported + [exported[0]],
    ]
    for index in exported.indices {
      var lines = exported
      lines[index] = lines[index].replacing("béa", with: "eve")
        .replacing("\"user\":\"ada\"", with: "\"user\":\"eve\"")
      variants.append(lines)
    }
    for variant in variants {
      let copy = EditProject(base: project.base)
      #expect(throws: VolumeError.self) { try replay(variant, into: copy) }
      #expect(try copy.log().lastOperation == 0)
    }
    let other = try edited(seed: 6)
    #expect(throws: VolumeError.self) { try replay(exported, into: other) }
  }

  @Test func `whatever is changed in the log is found`() throws {
    let project = try edited(seed: 7)
    let database = try project.database()
    let sqlite = database.sqlite
    for name in ["kept", "unchanged", "behind"] {
      try sqlite.execute("DROP TRIGGER edit_entry_\(name)")
    }
    #expect(try OperationLog.check(database, base: project.base).findings == [])
    // One character of one field of every entry, put back afterwards.
    let columns = ["operation", "status", "kind", "user", "time", "payload", "previous", "hash"]
    for sequence in Int64(1)...20 {
      for column in columns {
        let key = SQLiteValue.integer(sequence)
        let select = "SELECT \(column) FROM edit_entry WHERE sequence = ?"
        let value = try #require(try sqlite.row(select, key)?.values[0])
        let changes: [SQLiteValue] =
          switch value {
          case .integer(let number): [.integer(number + 1)]
          case .text(let text):
            // A few places of long texts, each of short ones.
            stride(from: 0, to: text.count, by: max(1, text.count / 4)).map { place in
              var letters = Array(text)
              letters[place] = letters[place] == "1" ? "2" : "1"
              return .text(String(letters))
            }
          default: []
          }
        #expect(!changes.isEmpty)
        for change in changes {
          let update = "UPDATE edit_entry SET \(column) = ? WHERE sequence = ?"
          try sqlite.run(update, change, key)
          #expect(
            try !OperationLog.check(database, base: project.base).findings.isEmpty,
            "\(column) of entry \(sequence)")
          try sqlite.run(update, value, key)
        }
      }
    }
    #expect(try OperationLog.check(database, base: project.base).findings == [])
    try sqlite.execute("UPDATE edit_snapshot SET payload = replace(payload, '[', '[ ')")
    #expect(try OperationLog.check(database, base: project.base).findings.count == 3)
    try sqlite.execute("DELETE FROM edit_snapshot")
    try sqlite.execute("DELETE FROM edit_entry WHERE sequence = 5")
    #expect(try !OperationLog.check(database, base: project.base).findings.isEmpty)
    #expect(throws: VolumeError.self) { try project.log() }
  }

  @Test func `a log that was cut short has another head`() throws {
    let project = try edited(seed: 8)
    let database = try project.database()
    let whole = try OperationLog.check(database, base: project.base)
    #expect(whole.entryCount == 20)
    #expect(whole.operationCount == 10)
    try database.sqlite.execute(
      "DROP TRIGGER edit_entry_kept; DELETE FROM edit_entry WHERE sequence > 18")
    let short = try OperationLog.check(database, base: project.base)
    #expect(short.head != whole.head)
    #expect(short.operationCount == 9)
  }
}
