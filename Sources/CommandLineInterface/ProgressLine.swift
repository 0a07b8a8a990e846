import Synchronization

/// How progress is shown.
public enum ProgressDisplay: String, CaseIterable, Hashable, Sendable, ArgumentValue {
  /// One line that is drawn anew on a terminal; nothing elsewhere.
  case automatic = "auto"
  /// One `key=value` line every ten seconds, for the log files of batch systems.
  case lines
  /// Nothing.
  case none
}

/// What progress counts.
public enum ProgressUnit: Hashable, Sendable {
  /// Voxels, shown with decimal prefixes.
  case voxels
  /// Bytes, shown with binary prefixes.
  case bytes
  /// Things, named in the plural, such as `blocks`.
  case items(String)

  /// The unit's name.
  package var name: String {
    switch self {
    case .voxels: "voxels"
    case .bytes: "bytes"
    case .items(let name): name
    }
  }

  package func rateText(_ perSecond: Double) -> String {
    switch self {
    case .voxels: "\(decimalPrefixed(perSecond))voxel/s"
    case .bytes: "\(ByteCount(clamping: perSecond))/s"
    case .items(let name):
      perSecond >= 1 || perSecond == 0
        ? "\(fixed(perSecond, decimals: 1)) \(name)/s"
        : "\(fixed(perSecond * 60, decimals: 1)) \(name)/min"
    }
  }
}

/// One line that shows how far the work is, its rate and how long it will take.
///
/// On a terminal the line is redrawn at most ten times a second and gives way to messages.
/// Counts may be reported from several threads at once.
public final class ProgressLine: Sendable {
  private struct Drawing {
    var last: Duration?
    /// When the work began that the rate counts.
    var start: Duration
    /// How much was done then.
    var initial: Int
    var isFinished = false
    /// What is shown besides, such as `loss` and `0.31`.
    var measures: [(name: String, value: String)] = []
  }

  private let label: String
  private let total: Int
  private let unit: ProgressUnit
  private let display: ProgressDisplay
  private let stream: TextStream
  private let now: @Sendable () -> Duration
  private let start: Duration
  private let completed: Atomic<Int>
  private let drawing: Mutex<Drawing>

  /// Creates a line and shows it.
  ///
  /// - Parameters:
  ///   - label: What is being done.
  ///   - total: How much there is to do, in `unit`.
  ///   - completed: How much of it was done before; it does not count towards the rate.
  ///   - unit: What is counted.
  ///   - display: How progress is shown.
  ///   - stream: Where it is shown.
  ///   - now: The time since some moment; only differences matter.
  public init(
    _ label: String, total: Int, completed: Int = 0, unit: ProgressUnit,
    display: ProgressDisplay, stream: TextStream,
    now: @escaping @Sendable () -> Duration = monotonicTime
  ) {
    self.label = label
    self.total = max(0, total)
    self.completed = Atomic(completed)
    self.unit = unit
    self.display = display
    self.stream = stream
    self.now = now
    start = now()
    drawing = Mutex(Drawing(start: start, initial: completed))
    draw(force: false)
  }

  /// Reports that more is done.
  public func advance(by count: Int) {
    completed.wrappingAdd(count, ordering: .relaxed)
    draw(force: false)
  }

  /// Reports how much is done in all.
  public func update(completed count: Int) {
    completed.store(count, ordering: .relaxed)
    draw(force: false)
  }

  /// Shows what was measured last, such as a loss, behind how much is done.
  public func show(measures: [(name: String, value: String)]) {
    drawing.withLock { $0.measures = measures }
  }

  /// Reports how much an earlier run did, once that is known; the rate counts from here.
  public func resume(completed count: Int) {
    completed.store(count, ordering: .relaxed)
    drawing.withLock { drawing in
      drawing.start = now()
      drawing.initial = count
    }
    draw(force: false)
  }

  /// Removes the line; in the form of log lines, writes the last one.
  ///
  /// - Returns: The time since the line was created.
  @discardableResult
  public func finish() -> Duration {
    draw(force: true)
    drawing.withLock { $0.isFinished = true }
    stream.show(status: nil)
    return now() - start
  }

  private var interval: Duration { display == .lines ? .seconds(10) : .milliseconds(100) }

  private func draw(force: Bool) {
    guard display == .lines || display == .automatic && stream.isTerminal else { return }
    drawing.withLock { drawing in
      let time = now()
      guard !drawing.isFinished else { return }
      if !force, let last = drawing.last, time - last < interval { return }
      drawing.last = time
      let state = State(
        completed: completed.load(ordering: .relaxed), total: total, initial: drawing.initial,
        elapsed: time - start, working: time - drawing.start, measures: drawing.measures)
      if display == .lines {
        try? stream.write(logLine(state) + "\n")
      } else {
        stream.show(status: terminalLine(state, width: stream.terminalWidth ?? 80))
      }
    }
  }

  /// What one drawing shows.
  private struct State {
    var completed: Int
    var total: Int
    var initial: Int
    /// Since the line was created.
    var elapsed: Duration
    /// Since the work began that the rate counts.
    var working: Duration
    var measures: [(name: String, value: String)]

    var rate: Double {
      let seconds = working.inSeconds
      return seconds > 0 && completed > initial ? Double(completed - initial) / seconds : 0
    }

    var timeLeft: Duration? {
      guard rate > 0 else { return nil }
      let left = Double(max(0, total - completed)) / rate
      return left < 1e9 ? .seconds(left) : nil
    }
  }

  private func terminalLine(_ state: State, width: Int) -> String {
    let done = min(total, max(0, state.completed))
    let fraction = total == 0 ? 1 : Double(done) / Double(total)
    let percent = Int((fraction * 100).rounded(.down))
    var tail = " \(leftPadded("\(percent)", to: 3)) %"
    if state.rate > 0 { tail += "  \(unit.rateText(state.rate))" }
    tail += "  \(state.elapsed.clockText)"
    if let left = state.timeLeft, done < total { tail += ", \(left.clockText) left" }
    for measure in state.measures { tail += "  \(measure.name) \(measure.value)" }
    let cells = min(30, width - 1 - label.count - tail.count - 4)
    guard cells >= 5 else { return label + tail }
    let filled = Int((fraction * Double(cells)).rounded(.down))
    let bar =
      String(repeating: "=", count: filled) + String(repeating: " ", count: cells - filled)
    return "\(label)  [\(bar)]\(tail)"
  }

  private func logLine(_ state: State) -> String {
    var line =
      "progress stage=\(label) completed=\(state.completed) total=\(total) unit=\(unit.name)"
      + " elapsed_s=\(fixed(state.elapsed.inSeconds, decimals: 1))"
      + " per_s=\(fixed(state.rate, decimals: 1))"
    if let left = state.timeLeft { line += " left_s=\(fixed(left.inSeconds, decimals: 1))" }
    for measure in state.measures { line += " \(measure.name)=\(measure.value)" }
    return line
  }
}

/// The time since the process first asked, by a clock that never goes back.
public func monotonicTime() -> Duration { ContinuousClock.now - firstInstant }

private let firstInstant = ContinuousClock.now
