import CommandLineInterface
import Synchronization
import Testing

/// A clock that stands still until it is told.
private final class ManualClock: Sendable {
  private let time = Mutex<Duration>(.zero)
  var now: @Sendable () -> Duration { { self.time.withLock { $0 } } }
  func advance(_ step: Duration) { time.withLock { $0 += step } }
}

@Suite struct ProgressLineTests {
  @Test func `a terminal shows one line that is drawn anew and then removed`() {
    let clock = ManualClock()
    let screen = CapturedText()
    let line = ProgressLine(
      "predict", total: 1_000_000, unit: .voxels, display: .automatic,
      stream: screen.stream(terminalWidth: 100), now: clock.now)
    clock.advance(.seconds(2))
    line.advance(by: 250_000)
    clock.advance(.seconds(1))
    #expect(line.finish() == .seconds(3))
    let empty = String(repeating: " ", count: 30)
    let quarter = String(repeating: "=", count: 7) + String(repeating: " ", count: 23)
    #expect(
      screen.text == "predict  [\(empty)]   0 %  0:00"
        + "\r\u{1B}[Kpredict  [\(quarter)]  25 %  125 kvoxel/s  0:02, 0:06 left"
        + "\r\u{1B}[Kpredict  [\(quarter)]  25 %  83.3 kvoxel/s  0:03, 0:09 left"
        + "\r\u{1B}[K")
  }

  @Test func `the line is drawn at most ten times a second`() {
    let clock = ManualClock()
    let screen = CapturedText()
    let line = ProgressLine(
      "x", total: 1000, unit: .items("blocks"), display: .automatic,
      stream: screen.stream(terminalWidth: 80), now: clock.now)
    for _ in 0..<1000 {
      clock.advance(.milliseconds(1))
      line.advance(by: 1)
    }
    #expect(screen.text.split(separator: "\r").count == 11)
  }

  @Test func `messages stand above the line`() throws {
    let clock = ManualClock()
    let screen = CapturedText()
    let stream = screen.stream(terminalWidth: 60)
    let line = ProgressLine(
      "x", total: 2, unit: .bytes, display: .automatic, stream: stream, now: clock.now)
    let shown = screen.text
    try stream.write("a message\n")
    #expect(screen.text == shown + "\r\u{1B}[Ka message\n" + shown)
    line.finish()
  }

  @Test func `a pipe stays empty`() {
    let text = CapturedText()
    let clock = ManualClock()
    let line = ProgressLine(
      "x", total: 2, unit: .voxels, display: .automatic, stream: text.stream(), now: clock.now)
    clock.advance(.seconds(60))
    line.update(completed: 2)
    line.finish()
    #expect(text.text.isEmpty)
  }

  @Test func `log lines come every ten seconds and can be parsed`() {
    let text = CapturedText()
    let clock = ManualClock()
    let line = ProgressLine(
      "components", total: 100, completed: 40, unit: .items("blocks"), display: .lines,
      stream: text.stream(), now: clock.now)
    for _ in 0..<4 {
      clock.advance(.seconds(5))
      line.advance(by: 10)
    }
    line.finish()
    #expect(
      text.text == """
        progress stage=components completed=40 total=100 unit=blocks elapsed_s=0.0 per_s=0.0
        progress stage=components completed=60 total=100 unit=blocks elapsed_s=10.0 per_s=2.0 left_s=20.0
        progress stage=components completed=80 total=100 unit=blocks elapsed_s=20.0 per_s=2.0 left_s=10.0
        progress stage=components completed=80 total=100 unit=blocks elapsed_s=20.0 per_s=2.0 left_s=10.0

        """)
  }

  @Test func `what an earlier run did does not count towards the rate`() {
    let text = CapturedText()
    let clock = ManualClock()
    let line = ProgressLine(
      "predict", total: 100, unit: .items("blocks"), display: .lines, stream: text.stream(),
      now: clock.now)
    clock.advance(.seconds(20))
    line.resume(completed: 60)
    clock.advance(.seconds(10))
    line.update(completed: 80)
    #expect(
      text.text.hasSuffix(
        "completed=80 total=100 unit=blocks elapsed_s=30.0 per_s=2.0 left_s=10.0\n"),
      "\(text.text)")
  }

  @Test func `a line fits a narrow terminal`() {
    for width in [1, 5, 20, 30, 40] {
      let screen = CapturedText()
      _ = ProgressLine(
        "a long label of a stage", total: 5, unit: .voxels, display: .automatic,
        stream: screen.stream(terminalWidth: width), now: ManualClock().now)
      #expect(screen.text.count < max(1, width), "\(width)")
    }
  }

  @Test func `counts from many threads are all counted`() async {
    let text = CapturedText()
    let line = ProgressLine(
      "x", total: 8000, unit: .voxels, display: .lines, stream: text.stream(),
      now: ManualClock().now)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<1000 { line.advance(by: 1) } }
      }
    }
    line.finish()
    #expect(text.text.contains("completed=8000 total=8000"))
  }
}

@Suite struct QuantityTests {
  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1024, "1.00 KiB"), (1_567_000_000, "1.46 GiB"),
    (1_048_064, "1.00 MiB"), (10 << 20, "10.0 MiB"), (999 << 10, "999 KiB"),
  ])
  func `sizes are shown with three digits`(bytes: Int, text: String) {
    #expect(ByteCount(bytes).description == text)
  }

  @Test(arguments: [
    (0.035, "35 ms", "0:00"), (0.9996, "1.0 s", "0:00"), (4.24, "4.2 s", "0:04"),
    (59.97, "1 min 00 s", "0:59"), (185, "3 min 05 s", "3:05"),
    (7380, "2 h 03 min", "2:03:00"), (3599.7, "1 h 00 min", "59:59"),
  ])
  func `durations are said and clocked`(seconds: Double, said: String, clocked: String) {
    #expect(Duration.seconds(seconds).readableText == said)
    #expect(Duration.seconds(seconds).clockText == clocked)
  }

  @Test(arguments: [
    (1.0, 0, "1"), (0.1234, 3, "0.123"), (-0.5, 2, "-0.50"), (-0.001, 2, "0.00"),
    (2.999, 2, "3.00"), (0.05, 4, "0.0500"), (1e12, 2, "1000000000000.0"),
    (.infinity, 2, "inf"), (.nan, 1, "nan"),
  ])
  func `numbers are written with fixed decimals`(value: Double, decimals: Int, text: String) {
    #expect(fixed(value, decimals: decimals) == text)
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1 000"), (-1_234_567, "-1 234 567")])
  func `digits are grouped by three`(value: Int, text: String) {
    #expect(grouped(value) == text)
  }
}
