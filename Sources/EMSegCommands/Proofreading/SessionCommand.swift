import CommandLineInterface
import FoundationEssentials
import Proofreading
import SQLite
import TerminalScreen
import VolumeStore
import Voxels

/// The command `emseg proofread session`.
struct SessionCommand: Command {
  var target = ProjectArgument()
  var reviewer = ""
  var isArbiter = false
  var pictures: Pictures = .automatic
  var memory = ByteCount(512 << 20)
  var script: String?
  var size = ScreenSize(ScreenExtent(rows: 24, columns: 80))
  var pause = 0.0
  var showsTimes = false
  var record: String?

  /// How pictures are shown.
  enum Pictures: String, CaseIterable, ArgumentValue {
    case automatic = "auto"
    case sixels, kitty, symbols

    var form: PictureForm? { PictureForm(rawValue: rawValue) }
  }

  static let manual = Manual<Self>(
    "proofread session",
    summary: "Review task after task in the terminal.",
    discussion: """
      Shows three planes through the place of a task, with its two segments in orange and blue and \
      their contact marked, and takes verdicts by single keys; ? shows all keys. A verdict is in \
      the database as soon as its key is pressed; z takes the last one back. The task on the \
      screen is leased to the reviewer; it goes back to the queue when the session ends, however \
      it ends.

      Pictures are drawn as pixels where the terminal is known to show them (sixels, kitty), and \
      as coloured blocks elsewhere, which is enough over ssh and in tmux. NO_COLOR is respected. \
      60 columns and 16 lines are needed.

      With --script, the keys of a text are pressed in place of a person's, no terminal is needed, \
      and the last screen is printed: characters stand for themselves, other keys for their name \
      in angle brackets, such as <right>, <enter>, <pageup>, <space> or <ctrl-c>.
      """,
    arguments: [
      .group("", \.target, ProjectArgument.arguments),
      .option(
        "--as", \.reviewer, .required, placeholder: "NAME", "The reviewer's name."),
      .flag("--arbiter", \.isArbiter, "Settle tasks on which reviewers disagree."),
      .option("--pictures", \.pictures, "How pictures are drawn."),
      .option("--memory", \.memory, "How much of the volumes is kept in memory."),
      .option("--script", \.script, placeholder: "KEYS", "Press these keys."),
      .option(
        "--screen", \.size, "The size of a script's screen."),
      .option(
        "--pause", \.pause, placeholder: "S", accepting: .atLeast(0),
        "The seconds that a script looks at each screen."),
      .option(
        "--record", \.record, placeholder: "FILE",
        "Write what a script's terminal would have been sent; replaces a file that is there."),
      .flag(
        "--times", \.showsTimes,
        "After a script, print how long keys took until the next screen was drawn."),
    ],
    examples: [
      Example(
        "emseg proofread session fib25.fascicle --as ada", "Review until q is pressed."),
      Example(
        "emseg proofread session fib25.fascicle --as ada --script 'm]]kz' --screen 120x40",
        "Merge, look along the next contact, keep apart, take that back; print the screen."),
    ])

  func run(_ context: CommandContext) throws {
    let edited = try EditedProject(target, .update, context)
    let edits = try SessionEdits(edited.log)
    let volume = try ProjectReviewVolume(edited.project, edits: edits, bytes: memory.bytes)
    let desk = try ReviewDesk(
      TaskQueue(edited.database), reviewer: reviewer, role: isArbiter ? .arbiter : .reviewer,
      sink: LoggedEdits(edited.log),
      standing: edits.standing)
    let encoder = PictureEncoder(
      environment: ProcessInfo.processInfo.environment, form: pictures.form)
    guard let script else {
      let terminal = try ControllingTerminal(encoder: encoder)
      // Whatever is thrown is told on the screen of before.
      defer { terminal.close() }
      try session(desk, volume, terminal, encoder).run { context.isCancelled }
      terminal.close()
      try context.checkCancellation()
      return context.note("\(desk.countToday) verdicts today")
    }
    var sent: [UInt8] = []
    let terminal = ScriptedTerminal(
      keys: try Key.script(script), size: TerminalSize(size.extent), encoder: encoder,
      pause: .seconds(pause)
    ) { bytes in
      if record != nil { sent += bytes }
    }
    try session(desk, volume, terminal, encoder).run { context.isCancelled }
    try context.checkCancellation()
    if let record { try ReportFile.write(sent, to: record) }
    for line in terminal.frame?.text.lines ?? [] { try context.print(line) }
    if showsTimes { try report(terminal.responses, context) }
  }

  private func session(
    _ desk: ReviewDesk, _ volume: ProjectReviewVolume, _ terminal: any Terminal,
    _ encoder: PictureEncoder
  ) -> ReviewSession {
    let name = target.path.split(separator: "/").last.map(String.init) ?? target.path
    return ReviewSession(
      desk, volume, on: terminal, encoder: encoder, project: name,
      link: { task, place in
        // Neuroglancer takes x, y, z and the labels of the supervoxels as they are.
        "position \(place.x), \(place.y), \(place.z) (x, y, z); supervoxels \(task.segmentA), "
          + "\(task.segmentB)"
      }, now: monotonicTime)
  }

  /// Prints the median and the largest response, of keys that are verdicts and of others.
  private func report(
    _ responses: [(key: Key, time: Duration)], _ context: CommandContext
  ) throws {
    let verdicts: Set<Key> = ["m", "k", "s", "u", " "]
    for (name, times) in [
      ("verdict", responses.filter { verdicts.contains($0.key) }),
      ("other", responses.filter { !verdicts.contains($0.key) }),
    ] where !times.isEmpty {
      let sorted = times.map {
        Double($0.time.components.attoseconds) * 1e-15
          + Double($0.time.components.seconds) * 1e3
      }.sorted()
      try context.print("\(name)_keys\t\(sorted.count)")
      try context.print("\(name)_median_ms\t\(shortText(sorted[sorted.count / 2]))")
      try context.print("\(name)_largest_ms\t\(shortText(sorted[sorted.count - 1]))")
    }
  }
}

/// The size of a script's screen, such as `80x24`.
struct ScreenSize: ArgumentValue {
  let extent: ScreenExtent

  init(_ extent: ScreenExtent) { self.extent = extent }

  init?(argument: String) {
    let parts = argument.split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ (1...1000).contains($0) }) else { return nil }
    extent = ScreenExtent(rows: parts[1], columns: parts[0])
  }

  var argumentText: String? { "\(extent.columns)x\(extent.rows)" }
  static var expectation: String { "columns and lines, such as 80x24" }
  static var placeholder: String { "COLUMNSxROWS" }
}
