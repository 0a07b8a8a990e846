public import TerminalScreen
import VolumeStore
public import Voxels

/// A reviewer's sitting at a terminal: shows task after task and takes verdicts down.
public final class ReviewSession {
  private let desk: ReviewDesk
  private let volume: any ReviewVolume
  private let terminal: any Terminal
  private let encoder: PictureEncoder
  private let link: (ProofreadingTask, VoxelPosition) -> String
  private let now: () -> Duration

  private var content: ReviewScreen.Content
  private var start: Duration
  private var renewed: Duration
  private var contact: ContactPlaces?
  private var contactPlace = 0
  private var painted: [PictureKey: [ScreenFrame.Placed]] = [:]
  private var isReady = false

  /// What pictures depend on.
  private struct PictureKey: Hashable {
    var first: UInt64, second: UInt64
    var view: ReviewView
    var size: TerminalSize
    var edition: Int
  }

  /// Prepares a sitting.
  ///
  /// - Parameters:
  ///   - desk: where tasks come from and verdicts go.
  ///   - volume: what is shown.
  ///   - terminal: where.
  ///   - encoder: how pictures are shown there.
  ///   - project: the project's name.
  ///   - link: what leads to a place in another program.
  ///   - now: the time since some moment.
  public init(
    _ desk: ReviewDesk, _ volume: any ReviewVolume, on terminal: any Terminal,
    encoder: PictureEncoder, project: String,
    link: @escaping (ProofreadingTask, VoxelPosition) -> String = { _, place in
      "\(place.z),\(place.y),\(place.x)"
    },
    now: @escaping () -> Duration
  ) {
    self.desk = desk
    self.volume = volume
    self.terminal = terminal
    self.encoder = encoder
    self.link = link
    self.now = now
    content = ReviewScreen.Content(project: project, reviewer: desk.reviewer)
    content.voxelSize = volume.voxelSize
    start = now()
    renewed = start
  }

  /// How a sitting ended.
  public enum End: Hashable, Sendable {
    /// The reviewer left.
    case left
    /// The terminal is gone, a script has ended, or a signal came.
    case ended
  }

  /// Works until the reviewer leaves.
  ///
  /// The task at hand goes back to the queue, whatever ends the sitting.
  ///
  /// - Parameter isCancelled: whether to stop soon.
  /// - Returns: how it ended.
  /// - Throws: ``VolumeError`` of the stores and the database, ``TerminalError``.
  @discardableResult
  public func run(isCancelled: () -> Bool = { false }) throws -> End {
    defer { try? desk.leave() }
    content.open = try desk.openCount()
    try advance()
    while !isCancelled() {
      try draw()
      if !isReady, !terminal.hasKey { try prepare() }
      switch try terminal.nextEvent(within: .seconds(1)) {
      case .key(let key): if try !take(key) { return .left }
      case .resized: painted = [:]
      case .idle: try keepClaim()
      case .ended: return .ended
      }
    }
    return .ended
  }

  // MARK: Keys

  /// Does what a key asks for.
  ///
  /// - Returns: whether the sitting goes on.
  private func take(_ key: Key) throws -> Bool {
    content.message = ""
    if content.isWriting {
      write(key)
      return true
    }
    if content.showsHelp {
      content.showsHelp = false
      return key != .control("c")
    }
    guard let command = ReviewCommand(key) else {
      content.message = "no command has the key \(key); ? shows all"
      return true
    }
    switch command {
    case .quit: return false
    case .help: content.showsHelp = true
    case .redraw: painted = [:]
    case .undo: try undo()
    default: if content.task != nil { try take(command) }
    }
    return true
  }

  private func take(_ command: ReviewCommand) throws {
    let size = volume.voxelSize
    switch command {
    case .verdict(let verdict): try decide(verdict)
    case .note: content.isWriting = true
    case .move(let right, let down):
      let pixels = pixelCount
      content.view.move(
        right: Double(right * pixels.width) / 8, down: Double(down * pixels.height) / 8, through: 0,
        size, in: volume.box)
    case .scroll(let count):
      content.view.move(right: 0, down: 0, through: count, size, in: volume.box)
    case .plane(let step):
      let count = ReviewPlane.allCases.count
      let next = (content.view.plane.rawValue + step + count) % count
      content.view.plane = ReviewPlane.allCases[next]
    case .zoom(let step): content.view.zoom += step
    case .home: if let task = content.task { content.view.place(at: task.point, in: volume.box) }
    case .overlay:
      let count = ReviewOverlay.allCases.count
      content.view.overlay =
        ReviewOverlay.allCases[(content.view.overlay.rawValue + 1) % count]
    case .neighbours: content.view.showsNeighbours.toggle()
    case .contact(let step): try goAlongContact(step)
    case .link: if let task = content.task { content.message = link(task, content.view.focus) }
    case .undo, .help, .redraw, .quit: break
    }
  }

  private func write(_ key: Key) {
    switch key {
    case .enter:
      content.isWriting = false
      if content.note?.isEmpty == true { content.note = nil }
    case .escape, .control("c"):
      content.isWriting = false
      content.note = nil
    case .backspace: if content.note?.isEmpty == false { content.note?.removeLast() }
    default:
      if let character = key.writtenCharacter, (content.note?.count ?? 0) < 500 {
        content.note = (content.note ?? "") + String(character)
      }
    }
  }

  // MARK: Tasks

  private func decide(_ verdict: Verdict) throws {
    guard let task = content.task else { return }
    if verdict == .merge, !task.kind.isAboutPair, task.segmentB == 0 {
      content.message = "the task names no second segment to merge with"
      return
    }
    var note = content.note ?? ""
    if verdict == .split {
      let focus = content.view.focus
      note = "at \(focus.z),\(focus.y),\(focus.x)" + (note.isEmpty ? "" : ": \(note)")
    }
    let refusal = try desk.decide(verdict, seconds: (now() - start).inSeconds, note: note)
    content.message =
      refusal.map { "the verdict was not taken: \($0.text)" }
      ?? "task \(task.id): \(verdict.rawValue)"
    content.open = max(0, content.open - 1)
    try advance()
  }

  private func undo() throws {
    do {
      guard let task = try desk.undo() else {
        content.message = "there is no verdict of this sitting to take back"
        return
      }
      try show(task)
      content.open = try desk.openCount()
      content.message = "the verdict on task \(task.id) is taken back"
    } catch {
      content.message = "cannot be taken back: \(error.message)"
    }
  }

  private func advance() throws {
    try show(try desk.advance())
  }

  private func show(_ task: ProofreadingTask?) throws(VolumeError) {
    content.task = task
    content.today = desk.countToday
    content.note = nil
    content.contact = nil
    contact = nil
    isReady = false
    try volume.refresh()
    start = now()
    renewed = start
    guard let task else { return }
    content.view = view(of: task)
    content.segments = segments(of: task)
  }

  /// How a task is seen first: as the one before, at its own place.
  private func view(of task: ProofreadingTask) -> ReviewView {
    var view = content.view
    view.place(at: task.point, in: volume.box)
    return view
  }

  private func segments(of task: ProofreadingTask) -> [(id: UInt64, voxels: UInt64?)] {
    [task.segmentA, task.segmentB].filter { $0 != 0 }.map {
      let segment = volume.segment(of: $0)
      return (segment, volume.voxelCount(of: segment))
    }
  }

  private func keepClaim() throws {
    guard content.task != nil, now() - renewed > .seconds(desk.queue.leaseSeconds / 4) else {
      return
    }
    renewed = now()
    if try !desk.renew() {
      content.message = "the task went to somebody else meanwhile"
      try advance()
    }
  }

  private func goAlongContact(_ step: Int) throws {
    guard let task = content.task else { return }
    let ends = content.segments
    guard ends.count == 2, ends[0].id != ends[1].id else {
      content.message = "there is no second segment to touch"
      return
    }
    let places =
      try contact
      ?? ContactPlaces(of: (ends[0].id, ends[1].id), in: task.box, from: task.point, volume)
    if contact == nil { contactPlace = step > 0 ? -1 : 0 }
    contact = places
    guard !places.places.isEmpty else {
      content.message = "the two do not touch near here"
      return
    }
    let count = places.places.count
    contactPlace = (contactPlace + step + count) % count
    content.contact = (contactPlace, count)
    content.view.place(at: places.places[contactPlace], in: volume.box)
  }

  // MARK: Drawing

  private func draw() throws {
    let size = terminal.size
    content.seconds = Int((now() - start).inSeconds)
    content.today = desk.countToday
    let areas = ReviewScreen.areas(size.extent, cell: size.cell)
    let text = ReviewScreen.text(content, size.extent, areas: areas)
    var pictures: [ScreenFrame.Placed] = []
    if let task = content.task, !content.showsHelp {
      pictures = try self.pictures(of: task, content.view, size)
    }
    try terminal.show(ScreenFrame(text, pictures: pictures))
  }

  private var pixelCount: (width: Int, height: Int) {
    let size = terminal.size
    guard let area = ReviewScreen.areas(size.extent, cell: size.cell).first?.area else {
      return (8, 8)
    }
    let cell = encoder.pixels(ofCell: size.cell)
    return (area.columns * cell.width, area.rows * cell.height)
  }

  private func pictures(
    of task: ProofreadingTask, _ view: ReviewView, _ size: TerminalSize
  ) throws -> [ScreenFrame.Placed] {
    let first = volume.segment(of: task.segmentA)
    let second = task.segmentB == 0 ? 0 : volume.segment(of: task.segmentB)
    let key = PictureKey(
      first: first, second: second, view: view, size: size, edition: volume.edition)
    if let known = painted[key] { return known }
    let painter = SlicePainter(volume, segments: (first, second))
    let cell = encoder.pixels(ofCell: size.cell)
    let placed = try ReviewScreen.areas(size.extent, cell: size.cell).map { plane, area in
      ScreenFrame.Placed(
        try painter.picture(
          plane, view, width: area.columns * cell.width, height: area.rows * cell.height),
        in: area)
    }
    if painted.count >= 8 { painted = [:] }
    painted[key] = placed
    return placed
  }

  /// Paints what comes next while the reviewer looks.
  private func prepare() throws {
    isReady = true
    guard content.task != nil, let next = try desk.upcoming() else { return }
    _ = try pictures(of: next, view(of: next), terminal.size)
  }
}

extension Duration {
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

extension DecisionRefusal {
  /// Why a verdict was not taken, in a few words.
  fileprivate var text: String {
    switch self {
    case .unknownTask: "there is no such task"
    case .leaseExpired: "the time for it had run out"
    case .leaseSuperseded: "you took the task again elsewhere"
    case .decidedOtherwise(let verdict): "you have said \(verdict.rawValue) before"
    case .closed(let reason): "the task was closed, \(reason)"
    }
  }
}
