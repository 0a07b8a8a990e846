import CommandLineInterface
import Glibc
import TestSupport
import Testing

/// What only a real process shows: signals, closed pipes and files.
@Suite struct ProcessTests {
  @Test func `the first signal asks to stop and the second ends the process`() async {
    await #expect(processExitsWith: .exitCode(130)) {
      let console = Console.process()
      precondition(!console.cancellation.isCancelled, "nobody asked yet")
      kill(getpid(), SIGINT)
      precondition(becomesCancelled(console), "the signal sets the flag")
      kill(getpid(), SIGTERM)
      sleep(60)
      exit(0)
    }
  }

  @Test func `one signal alone does not end the process`() async {
    await #expect(processExitsWith: .exitCode(7)) {
      let console = Console.process()
      kill(getpid(), SIGTERM)
      exit(becomesCancelled(console) ? 7 : 0)
    }
  }

  @Test func `a pipe whose reader left ends the tool with 141`() async {
    await #expect(processExitsWith: .exitCode(141)) {
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      dup2(ends[1], 1)
      close(ends[0])
      exit(
        runTool(
          name: "emseg", version: "1", summary: "", commands: [], arguments: ["--version"]))
    }
  }

  @Test func `documentation holds a page for each command and a list of them`() {
    let folder = TemporaryFolder()
    let pages = folder("a/b")
    let names = [
      "emseg-evaluate-segmentation.md", "emseg-evaluate-skeletons.md", "emseg-segment.md",
      "emseg.md",
    ]
    for _ in 0..<2 {
      let outcome = emseg("documentation", pages)
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
      #expect(outcome.output.isEmpty)
    }
    #expect(filesBelow(pages) == names)
    #expect(contents(of: "\(pages)/emseg-segment.md") == Array(expectedSegmentMarkdown.utf8))
    let list = String(decoding: contents(of: "\(pages)/emseg.md"), as: UTF8.self)
    for name in names.dropLast() { #expect(list.contains("](\(name)) |")) }
  }

  @Test func `documentation that cannot be written is an error with the path`() {
    let outcome = emseg("documentation", "/dev/null/docs")
    #expect(outcome.status == 73)
    #expect(
      outcome.diagnostics == """
        emseg: error: /dev/null/docs: cannot be written
          cause:    Not a directory

        """)
  }
}

/// Waits until a signal, which any thread may receive, has set the flag.
private func becomesCancelled(_ console: Console) -> Bool {
  for _ in 0..<10_000 where !console.cancellation.isCancelled { usleep(1000) }
  return console.cancellation.isCancelled
}
