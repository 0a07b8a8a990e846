import CommandLineInterface
import Synchronization
import Testing

/// Swift Testing has a type of the same name.
private typealias ExitStatus = CommandLineInterface.ExitStatus

private struct Refusal: DiagnosedError {
  var exitStatus: ExitStatus
  var diagnosis: Diagnosis {
    Diagnosis(
      "s/0003.tif: the section is smaller", found: "10 × 10", expected: "20 × 20",
      cause: "short read", remedy: "scan it again")
  }
}

private struct Surprise: Error {}

@Suite struct RunToolTests {
  private func running(
    _ cancellation: CancellationFlag = CancellationFlag(), more: [String] = [],
    _ body: @escaping @Sendable (CommandContext) throws -> Void
  ) -> Outcome {
    Recording.withBody(body) {
      let output = CapturedText()
      let diagnostics = CapturedText()
      let status = runTool(
        name: "emseg", version: "1.2.3", summary: "", commands: [SegmentCommand.self],
        arguments: ["segment"] + required + more,
        console: Console(
          output: output.stream(), diagnostics: diagnostics.stream(), cancellation: cancellation))
      return Outcome(status: status, output: output.text, diagnostics: diagnostics.text)
    }
  }

  @Test func `a command that does its work ends with zero`() {
    let outcome = running { try $0.print("3 segments") }
    #expect(outcome.status == 0)
    #expect(outcome.output == "3 segments\n")
    #expect(outcome.diagnostics.isEmpty)
  }

  @Test(arguments: [
    ExitStatus.badData, .missingInput, .internalFault, .cannotCreate, .inputOutput,
  ])
  fileprivate func `a diagnosed error chooses the status and is told part by part`(
    status: ExitStatus
  ) {
    let outcome = running { _ in throw Refusal(exitStatus: status) }
    #expect(outcome.status == status.code)
    #expect(outcome.output.isEmpty)
    #expect(
      outcome.diagnostics == """
        emseg segment: error: s/0003.tif: the section is smaller
          found:    10 × 10
          expected: 20 × 20
          cause:    short read
          remedy:   scan it again

        """)
  }

  @Test func `any other error is a fault of the program`() {
    let outcome = running { _ in throw Surprise() }
    #expect(outcome.status == 70)
    #expect(outcome.diagnostics.hasPrefix("emseg segment: error: a fault of the program: Surprise"))
  }

  @Test func `a usage error names the page that helps`() {
    let outcome = emseg("segment", "--voxelsize", "1,1,1")
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(
      outcome.diagnostics == """
        emseg segment: error: --voxelsize: no such option
          remedy:   did you mean --voxel-size?
          see 'emseg segment --help'

        """)
  }

  @Test func `an interrupted command ends with 130 whatever it threw`() {
    let flag = CancellationFlag()
    flag.cancel()
    let checked = running(flag) { try $0.checkCancellation() }
    #expect(checked.status == 130)
    #expect(checked.diagnostics == "emseg segment: error: interrupted\n")
    #expect(running(flag) { _ in throw Surprise() }.status == 130)
  }

  @Test func `a reader who leaves ends the command without a word`() {
    let diagnostics = CapturedText()
    let closed = TextStream { _ throws(OutputError) in throw .closed }
    let full = TextStream { _ throws(OutputError) in throw .failed(28) }
    for (stream, status) in [(closed, 141 as Int32), (full, 74)] {
      let console = Console(output: stream, diagnostics: diagnostics.stream())
      #expect(
        runTool(
          name: "emseg", version: "1", summary: "", commands: [], arguments: ["--version"],
          console: console) == status)
    }
    #expect(
      diagnostics.text == """
        emseg: error: standard output: cannot be written
          cause:    No space left on device

        """)
  }

  @Test func `diagnostics that cannot be written do not change the status`() {
    let gone = TextStream { _ throws(OutputError) in throw .closed }
    let console = Console(output: CapturedText().stream(), diagnostics: gone)
    #expect(
      runTool(
        name: "emseg", version: "1", summary: "", commands: [], arguments: ["x"],
        console: console) == 64)
  }

  @Test func `what a command says depends on how much it is to say`() {
    let body: @Sendable (CommandContext) -> Void = { context in
      context.warn("w")
      context.note("n")
      context.detail("d")
    }
    #expect(
      running(more: [], body).diagnostics == "emseg segment: warning: w\nemseg segment: n\n")
    #expect(running(more: ["-q"], body).diagnostics == "emseg segment: warning: w\n")
    #expect(running(more: ["--verbose"], body).diagnostics.hasSuffix("emseg segment: d\n"))
  }

  @Test func `a context tells which command line it runs`() {
    let seen = Mutex<[String]>([])
    _ = running { context in
      seen.withLock { $0 = [context.tool, context.version, context.command] + context.arguments }
    }
    #expect(seen.withLock { $0 } == ["emseg", "1.2.3", "segment", "segment"] + required)
  }

  @Test(arguments: [
    (["segmnt"], "segmnt: no such command", "did you mean 'emseg segment'?"),
    (["evaluate", "segmentatio"], "evaluate: no such command", "'emseg evaluate segmentation'?"),
    (["evalute"], "evalute: no such command", "did you mean 'emseg evaluate'?"),
    (["--force", "segment"], "--force: no such option", "options stand behind the command"),
    (["quux"], "quux: no such command", "see 'emseg --help'"),
    (["help", "segmnt"], "segmnt: no such command", "did you mean 'emseg segment'?"),
    (["completions", "tcsh"], "completions SHELL: one shell is to be named", "bash, zsh, fish"),
    (["documentation"], "documentation FOLDER: one folder is to be named", "nothing"),
  ])
  func `words that name no command get a suggestion`(
    words: [String], message: String, remedy: String
  ) {
    let diagnostics = CapturedText()
    let status = runTool(
      name: "emseg", version: "1", summary: "",
      commands: [SegmentCommand.self, EvaluateCommand.self],
      arguments: words,
      console: Console(output: CapturedText().stream(), diagnostics: diagnostics.stream()))
    #expect(status == 64)
    #expect(diagnostics.text.hasPrefix("emseg: error: \(message)\n"))
    #expect(diagnostics.text.contains(remedy), "\(diagnostics.text)")
  }

  @Test func `a noun lists its commands`() {
    let outcome = emseg("evaluate")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("  evaluate segmentation  Compare a segmentation"))
    #expect(outcome.output.contains("  evaluate skeletons     Compare skeletons."))
    #expect(!outcome.output.contains("Segment an EM stack"))
  }

  @Test func `help and version are answered wherever they stand`() {
    let page = emseg("help", "segment").output
    #expect(page.hasPrefix("emseg segment: Segment an EM stack"))
    #expect(emseg("segment", "--modle", "--help").output == page)
    #expect(emseg("segment", "a", "-h").output == page)
    #expect(emseg("segment", "--", "-h").status == 64)
    #expect(emseg("segment", "--version").output == "emseg 1.2.3\n")
    #expect(emseg("--version").output == "emseg 1.2.3\n")
    #expect(emseg().output == emseg("--help").output)
    #expect(emseg().output == emseg("help").output)
  }

  @Test func `a status beyond a byte traps`() async {
    await #expect(processExitsWith: .failure) { _ = ExitStatus(code: 256) }
  }

  @Test func `an option declared without dashes traps`() async {
    await #expect(processExitsWith: .failure) {
      _ = Argument<SegmentCommand>.flag("force", \.force, "Replaces.")
    }
  }
}
