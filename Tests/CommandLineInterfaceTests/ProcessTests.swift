import CommandLineInterface
import Glibc
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

  @Test func `documentation holds a page for each command and a list of them`() throws {
    var template = Array("/var/tmp/documentation-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let names = [
      "emseg.md", "emseg-segment.md", "emseg-evaluate-segmentation.md",
      "emseg-evaluate-skeletons.md",
    ]
    defer {
      for name in names { unlink("\(folder)/a/b/\(name)") }
      rmdir("\(folder)/a/b")
      rmdir("\(folder)/a")
      rmdir(folder)
    }
    for _ in 0..<2 {
      let outcome = emseg("documentation", "\(folder)/a/b")
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
      #expect(outcome.output.isEmpty)
    }
    #expect(try contents("\(folder)/a/b/emseg-segment.md") == expectedSegmentMarkdown)
    let list = try contents("\(folder)/a/b/emseg.md")
    for name in names.dropFirst() { #expect(list.contains("](\(name)) |")) }
    #expect(access("\(folder)/a/b/emseg.md.partial", F_OK) != 0)
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

  private func contents(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }
}

/// Waits until a signal, which any thread may receive, has set the flag.
private func becomesCancelled(_ console: Console) -> Bool {
  for _ in 0..<10_000 where !console.cancellation.isCancelled { usleep(1000) }
  return console.cancellation.isCancelled
}
