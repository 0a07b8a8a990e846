import Proofreading
import SQLite
import TerminalScreen
import Testing
import VolumeStore
import Voxels

/// A sitting with scripted keys at 80 × 24.
private struct Sitting {
  let volume = HalvesVolume(VoxelExtent(z: 40, y: 40, x: 64))
  let queue: TaskQueue
  let terminal: ScriptedTerminal
  let sink: JoiningSink
  let end: ReviewSession.End

  init(
    _ script: String, tasks: Int = 4, need: Int = 1, extent: ScreenExtent? = nil,
    queue given: TaskQueue? = nil, reviewer: String = "ada", cancelAfter: Int = .max
  ) throws {
    queue = try given ?? reviewQueue(tasks, need: need)
    sink = JoiningSink(volume)
    let encoder = PictureEncoder(environment: ["TERM": "xterm-256color"], form: .symbols)
    let size = TerminalSize(extent ?? ScreenExtent(rows: 24, columns: 80))
    terminal = ScriptedTerminal(
      keys: try Key.script(script), size: size, encoder: encoder)
    let desk = try ReviewDesk(queue, reviewer: reviewer, sink: sink)
    var time = Duration.zero
    var asked = 0
    end = try ReviewSession(
      desk, volume, on: terminal, encoder: encoder, project: "halves.fascicle",
      now: {
        time += .milliseconds(500)
        return time
      }
    ).run {
      asked += 1
      return asked > cancelAfter
    }
  }

  var lines: [String] { terminal.frame?.text.lines ?? [] }
  var screen: String { lines.joined(separator: "\n") }

  /// The verdicts in the database, with their notes.
  func verdicts() throws -> [String] {
    try queue.database.sqlite.rows("SELECT task, verdict, note FROM vote ORDER BY id").map {
      "\($0.integer(0) ?? 0) \($0.text(1) ?? "") \($0.text(2) ?? "")"
    }
  }

  /// How many leases are left.
  func leases() throws -> Int64? {
    try queue.database.sqlite.row("SELECT count(*) FROM lease")?.integer(0)
  }
}

@Suite struct ReviewSessionTests {
  @Test func `the first screen tells the task, the segments, the place and the keys`() throws {
    let sitting = try Sitting("x")
    let lines = sitting.lines
    #expect(lines.count == 24)
    #expect(lines[0].hasPrefix(" task 1: merge candidate · ada · halves.fascicle"))
    #expect(lines[0].contains("0 today · 4 open · 0:0"))
    #expect(lines[1].contains("▶xy  z = 10"))
    #expect(lines[1].contains("xz  y = 20"))
    #expect(lines[1].contains("zy  x = 32"))
    #expect(sitting.screen.contains("■ orange  segment 1 (supervoxel 1), 1,234,567 voxels"))
    #expect(sitting.screen.contains("■ blue  segment 2 (supervoxel 2)"))
    #expect(sitting.screen.contains("at 10,20,32 (z,y,x) = 100,200,320 nm"))
    #expect(sitting.screen.contains("affinity 0.4321 · links 17"))
    #expect(lines[22].contains("no command has the key x"))
    #expect(
      lines[23].contains(
        "m merge  k keep apart  s split  u unsure  space skip  n note  z undo  ? help"))
    let pictures = try #require(sitting.terminal.frame?.pictures)
    #expect(pictures.count == 3)
    for placed in pictures {
      #expect(placed.area.row + placed.area.rows <= 16)
      #expect(placed.area.column + placed.area.columns <= 80)
    }
    #expect(sitting.end == .ended)
    #expect(try sitting.leases() == 0)
  }

  @Test func `each verdict has its key and is in the database at once`() throws {
    let sitting = try Sitting("mksu q", tasks: 6)
    #expect(
      try sitting.verdicts() == [
        "1 merge ", "2 keep apart ", "3 split at 12,20,32", "4 unsure ",
      ])
    #expect(sitting.end == .left)
    #expect(sitting.lines[0].contains("task 5"))
    #expect(sitting.lines[0].contains("4 today"))
    #expect(sitting.sink.applied == [1])
    #expect(try sitting.queue.task(1)?.state == .done)
    #expect(try sitting.leases() == 0)
  }

  @Test func `the space bar skips, and a skipped task does not come again`() throws {
    let first = try Sitting("<space><space>q")
    #expect(try first.verdicts() == ["1 skip ", "2 skip "])
    let again = try Sitting("q", queue: first.queue)
    #expect(again.lines[0].contains("task 3"))
  }

  @Test func `a note is written, corrected and kept with the verdict`() throws {
    let sitting = try Sitting("nglix<backspace>a<space>né<enter>m")
    #expect(try sitting.verdicts() == ["1 merge glia né"])
    let dropped = try Sitting("nglia<esc>k")
    #expect(try dropped.verdicts() == ["1 keep apart "])
    let writing = try Sitting("nmk?q")
    #expect(try writing.verdicts() == [])
    #expect(writing.lines[22].contains("note: mk?q"))
    #expect(writing.lines[23].contains("enter keeps the note"))
    // A long note shows its end.
    let long = try Sitting("n" + String(repeating: "abcdefghij", count: 12) + "Z")
    #expect(long.lines[22].contains("ijZ"))
    let kept = try Sitting("nglia<enter>x")
    #expect(kept.screen.contains("note: glia"))
  }

  @Test func `undo takes verdicts back, one after the other`() throws {
    let once = try Sitting("mkz")
    #expect(try once.verdicts() == ["1 merge ", "2 keep apart ", "2 withdrawn "])
    #expect(once.lines[0].contains("task 2"))
    #expect(once.lines[0].contains("1 today"))
    #expect(once.lines[22].contains("the verdict on task 2 is taken back"))
    let twice = try Sitting("mkzzk")
    #expect(twice.sink.withdrawn == [1])
    #expect(
      try twice.verdicts() == [
        "1 merge ", "2 keep apart ", "2 withdrawn ", "1 withdrawn ", "1 keep apart ",
      ])
    let none = try Sitting("z")
    #expect(none.lines[22].contains("there is no verdict of this sitting"))
  }

  @Test func `keys move, scroll, zoom and go back`() throws {
    let moved = try Sitting("<right><down>")
    // An eighth of 26 × 4 pixels and of 13 × 8.
    #expect(moved.screen.contains("at 10,33,45 (z,y,x)"))
    #expect(moved.lines[1].contains("xz  y = 33"))
    let scrolled = try Sitting(">.,,")
    #expect(scrolled.lines[1].contains("z = 19"))
    let ends = try Sitting("<lt><lt>")
    #expect(ends.lines[1].contains("z = 0"))
    let other = try Sitting("<tab>..")
    #expect(other.lines[1].contains("▶xz  y = 22"))
    let back = try Sitting("<right>>0")
    #expect(back.screen.contains("at 10,20,32"))
    let near = try Sitting("++")
    #expect(near.screen.contains("5 nm a pixel"))
    let far = try Sitting("--")
    #expect(far.screen.contains("20 nm a pixel"))
  }

  @Test func `overlays and neighbours change the pictures only`() throws {
    func pictures(_ script: String) throws -> [ScreenFrame.Placed] {
      try #require(try Sitting(script).terminal.frame?.pictures)
    }
    let plain = try pictures("")
    #expect(try pictures("o") != plain)
    #expect(try pictures("oo") != pictures("o"))
    #expect(try pictures("ooo") == plain)
    #expect(try pictures("b") != plain)
    #expect(try pictures("bb") == plain)
  }

  @Test func `brackets go along the contact and around`() throws {
    let one = try Sitting("]")
    #expect(one.screen.contains("contact 1/9"))
    let last = try Sitting("[")
    #expect(last.screen.contains("contact 9/9"))
    let round = try Sitting("]]]]]]]]]]")
    #expect(round.screen.contains("contact 1/9"))
    #expect(try Sitting("]]").screen != one.screen)
  }

  @Test func `help shows every command and any key leaves it`() throws {
    let sitting = try Sitting("?")
    for text in ["keep apart", "undo the last verdict", "along the contact", "colour the neigh"] {
      #expect(sitting.screen.contains(text))
    }
    #expect(sitting.terminal.frame?.pictures.isEmpty == true)
    #expect(!sitting.lines[22].contains("no command"))
    let left = try Sitting("?m")
    #expect(try left.verdicts() == [])
    #expect(left.screen.contains("orange"))
  }

  @Test func `an empty queue says so, and the last verdict can be taken back there`() throws {
    let sitting = try Sitting("mm", tasks: 2)
    #expect(sitting.screen.contains("nothing is left to do"))
    #expect(sitting.terminal.frame?.pictures.isEmpty == true)
    let undone = try Sitting("mmz", tasks: 2)
    #expect(undone.lines[0].contains("task 2"))
    let none = try Sitting("mku]nq", tasks: 0)
    #expect(none.screen.contains("nothing is left to do"))
    #expect(none.end == .left)
  }

  @Test func `two reviewers see the same task where two are needed`() throws {
    let queue = try reviewQueue(2, need: 2)
    let ada = try Sitting("mm", queue: queue)
    #expect(ada.screen.contains("nothing is left to do"))
    #expect(ada.sink.applied == [])
    let bob = try Sitting("mk", queue: queue, reviewer: "bob")
    #expect(bob.sink.applied == [1])
    #expect(try queue.task(2)?.state == .conflict)
  }

  @Test func `a merge shows in the next task's pictures`() throws {
    // Both tasks are about supervoxel 1; the second about 3 besides.
    let sitting = try Sitting("m")
    #expect(sitting.screen.contains("segment 1 (supervoxel 1)"))
    #expect(sitting.volume.segment(of: 2) == 1)
    let pictures = try #require(sitting.terminal.frame?.pictures)
    let keptApart = try #require(try Sitting("k").terminal.frame?.pictures)
    #expect(pictures != keptApart)
  }

  @Test(arguments: [(24, 80), (50, 200), (16, 60), (10, 30), (1, 1), (2, 100), (100, 20)])
  func `every size of screen works`(_ rows: Int, _ columns: Int) throws {
    let extent = ScreenExtent(rows: rows, columns: columns)
    let sitting = try Sitting("m>?xnhello<enter>k", extent: extent)
    #expect(try sitting.verdicts() == ["1 merge ", "2 keep apart hello"])
    if rows < 16 && rows > 1 && columns > 70 {
      #expect(sitting.screen.contains("the window is too small"))
    }
  }

  @Test func `a signal ends the sitting and gives the task back`() throws {
    let sitting = try Sitting("mmm", cancelAfter: 2)
    #expect(try sitting.verdicts() == ["1 merge ", "2 merge "])
    #expect(sitting.end == .ended)
    #expect(try sitting.leases() == 0)
  }
}
