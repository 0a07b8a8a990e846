import CommandLineInterface
import Testing

@Suite struct HelpTests {
  @Test func `a command's page shows what was declared`() {
    let output = emseg("segment", "--help").output
    #expect(output == expectedSegmentHelp, "\(output)")
  }

  @Test func `the overview lists the commands`() {
    let output = emseg("--help").output
    #expect(output == expectedOverview, "\(output)")
  }

  @Test(arguments: [40, 60, 72, 100, 240])
  func `no line is wider than the terminal`(width: Int) {
    let lines = emseg("segment", "-h", terminalWidth: width).output.split(separator: "\n")
    for line in lines where !line.contains("emseg segment") && !line.contains("\u{1B}") {
      #expect(line.count <= min(100, width), "\(line)")
    }
  }

  @Test func `the Markdown page shows what was declared`() {
    let text = MarkdownManual().text(of: CommandPage(SegmentCommand.self, tool: "emseg"))
    #expect(text == expectedSegmentMarkdown, "\(text)")
  }

  @Test func `a Markdown page is named after the whole call`() {
    let page = CommandPage(EvaluateCommand.self, tool: "emseg")
    #expect(MarkdownManual().fileName(of: page) == "emseg-evaluate-segmentation.md")
    #expect(page.synopsis == "emseg evaluate segmentation SEGMENTATION... LABELS [options]")
  }

  @Test func `two arguments of one name trap`() async {
    await #expect(processExitsWith: .failure) {
      struct Twice: Command {
        var first = false
        static let manual = Manual<Self>(
          "twice", summary: "Declares a name twice.",
          arguments: [.flag("--a", \.first, "A."), .flag("--a", \.first, "B.")])
        func run(_ context: CommandContext) {}
      }
      _ = CommandPage(Twice.self, tool: "emseg")
    }
  }
}

@Suite struct TextLayoutTests {
  @Test func `words that fit share a line and paragraphs stay apart`() {
    #expect(wrapped("one two three", width: 9) == ["one two", "three"])
    #expect(wrapped("one two\n\nthree", width: 20, indent: 2) == ["  one two", "", "  three"])
    #expect(wrapped("a\n  code  stays\nb c", width: 5) == ["a", "  code  stays", "b c"])
    #expect(wrapped("immovable", width: 4) == ["immovable"])
    #expect(wrapped("", width: 4) == [""])
    #expect(
      wrapped("aa bb cc dd", width: 7, indent: 1, hanging: 2) == [" aa bb", "   cc", "   dd"])
  }

  @Test func `a table's columns line up`() {
    var table = TextTable([("stage", .left), ("time", .right), ("", .left)])
    table.append(["predict", "1 s", "x"])
    table.append(["é", "100 s", ""])
    #expect(
      table.text == """
        stage     time
        predict    1 s  x
        é        100 s

        """)
    var bare = TextTable([("", .left), ("", .right)])
    bare.append(["a", "1"])
    #expect(bare.text == "a  1\n")
  }
}
