import Codecs
import CommandLineInterface
import TestSupport
import Testing
import TractsCommands

@Suite struct GraphCommandTests {
  /// What a command line gave.
  private struct Outcome {
    var status: Int32
    var output: String
    var diagnostics: String
  }

  private func tracts(_ words: String...) -> Outcome {
    let (output, diagnostics) = (CapturedText(), CapturedText())
    let status = runTool(
      name: "tracts", version: "test", summary: "", commands: AllCommands.list, arguments: words,
      console: Console(output: output.stream(), diagnostics: diagnostics.stream()))
    return Outcome(status: status, output: output.text, diagnostics: diagnostics.text)
  }

  private let folder = TemporaryFolder()

  /// Writes a text and gives its path.
  private func file(_ name: String, _ text: String) -> String {
    overwrite(folder(name), with: Array(text.utf8))
    return folder(name)
  }

  private var square: String { file("square.csv", "9,1,0,2\n0,0,4,0\n0,0,0,1\n0,0,0,0\n") }

  private func json(_ path: String) throws -> JSONObject {
    try #require(try JSONValue(parsing: contents(of: path)).object)
  }

  @Test func `measures are written as JSON, by weighting`() throws {
    let names = file("names.txt", "a\nb\nc\nd\n")
    let output = folder("m.json")
    let outcome = tracts("measures", square, "--labels", names, "--output", output)
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains("one triangle"))
    #expect(outcome.diagnostics.contains("1 self connections are left out"))
    let graph = try #require(try json(output)["graphs"]?.array?.first?.object)
    #expect(graph["nodes"]?.array?.compactMap(\.string) == ["a", "b", "c", "d"])
    #expect(graph["edge_count"]?.int == 4)
    let binary = try #require(graph["binary"]?.object)
    #expect(binary["degree"]?.array?.compactMap(\.double) == [2, 2, 2, 2])
    #expect(binary["path_length"]?.double == 4.0 / 3)
    #expect(binary["strength"] == nil && binary["small_worldness"] == nil)
    let weighted = try #require(graph["weighted"]?.object)
    #expect(weighted["strength"]?.array?.compactMap(\.double) == [3, 5, 5, 3])
    #expect(weighted["degree"] == nil)
  }

  @Test func `measures are written as a table with a line for each number`() throws {
    let output = folder("m.tsv")
    let outcome = tracts(
      "measures", square, square, "--binary", "--measures", "degree,rich_club,small_worldness",
      "--nulls", "3", "--output", output)
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    let lines = String(decoding: contents(of: output), as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "matrix\tweighting\tmeasure\tof\tvalue")
    #expect(lines[1] == "square.csv\tbinary\tdegree\t1\t2")
    #expect(lines.contains("square.csv\tbinary\trich_club\t2\tn/a"))
    #expect(lines.count == 1 + 2 * (4 + 2 + 5))
  }

  @Test func `thresholds and directions change what is measured`() throws {
    let output = folder("m.json")
    func edges(_ words: String...) throws -> [Int] {
      let (captured, diagnostics) = (CapturedText(), CapturedText())
      let status = runTool(
        name: "tracts", version: "test", summary: "", commands: AllCommands.list,
        arguments: ["measures"] + words + [
          "--measures", "density", "--output", output, "--force",
        ], console: Console(output: captured.stream(), diagnostics: diagnostics.stream()))
      #expect(status == 0, "\(diagnostics.text)")
      return (try json(output)["graphs"]?.array ?? []).compactMap {
        $0.object?["edge_count"]?.int
      }
    }
    #expect(try edges(square, "--threshold", "weight:2") == [2])
    #expect(try edges(square, "--threshold", "density:0.5") == [3])
    let other = file("other.csv", "0,1,0,0\n0,0,0,0\n0,0,0,1\n0,0,0,0\n")
    #expect(try edges(square, other, "--threshold", "consensus:1") == [2, 2])
    let oneWay = file("directed.csv", "0,1,0\n1,0,1\n1,0,0\n")
    #expect(try edges(oneWay, "--directed") == [4])
    #expect(try edges(oneWay, "--symmetrize", "max") == [3])
  }

  @Test(
    arguments: [
      ("0,1\n", 65, "not as long"), ("0,nan\nnan,0\n", 65, "finite"),
      ("0,-1\n-1,0\n", 65, "negative"), ("0,1\n2,0\n", 65, "not symmetric"), ("", 65, "no numbers"),
    ])
  func `bad matrices are refused`(text: String, status: Int32, reason: String) {
    let outcome = tracts("measures", file("bad.csv", text), "--output", folder("m.json"))
    #expect(outcome.status == status)
    #expect(outcome.diagnostics.contains(reason), "\(outcome.diagnostics)")
    #expect(folderContents(folder.path) == ["bad.csv"])
  }

  @Test func `command lines that do not fit are refused`() {
    let output = folder("m.json")
    let names = file("three.txt", "a\nb\nc\n")
    let table = file("table.txt", "1 a 1 2 3 0\n2 b 1 2 3 0\n9 c 1 2 3 0\n")
    for words in [
      [square, "--output", folder("m.xml")], [square, "--measures", "degre", "--output", output],
      [square, "--measures", "reciprocity", "--output", output],
      [square, "--threshold", "density:2", "--output", output],
    ] {
      let outcome = run("measures", words)
      #expect(outcome.status == 64, "\(words) \(outcome.diagnostics)")
    }
    for words in [
      [square, "--labels", names, "--output", output],
      [square, "--labels", table, "--output", output],
      [square, "--partition", names, "--output", output],
      [square, "--threshold", "consensus", "--output", output],
    ] {
      let outcome = run("measures", words)
      #expect(outcome.status == 65, "\(words) \(outcome.diagnostics)")
    }
    #expect(run("measures", [folder("absent.csv"), "--output", output]).status == 66)
    let used = file("used.json", "")
    #expect(run("measures", [square, "--output", used]).status == 73)
    #expect(run("measures", [square, "--output", used, "--force"]).status == 0)
  }

  private func run(_ command: String, _ words: [String]) -> Outcome {
    let (output, diagnostics) = (CapturedText(), CapturedText())
    let status = runTool(
      name: "tracts", version: "test", summary: "", commands: AllCommands.list,
      arguments: command.split(separator: " ").map(String.init) + words,
      console: Console(output: output.stream(), diagnostics: diagnostics.stream()))
    return Outcome(status: status, output: output.text, diagnostics: diagnostics.text)
  }

  @Test(arguments: ["table", "graph"])
  func `two groups are compared`(kind: String) throws {
    var files: [[String]] = [[], []]
    var generator = SeededGenerator(seed: 3)
    for group in 0..<2 {
      for subject in 0..<5 {
        var rows: [String] = []
        for row in 0..<5 {
          rows.append(
            (0..<5).map { column in
              let effect = group == 0 && row < 3 && column < 3 ? 3.0 : 0
              return row < column
                ? "\(Double.random(in: 4..<5, using: &generator) + effect)" : "0"
            }.joined(separator: ","))
        }
        files[group].append(
          file("g\(group)s\(subject).csv", rows.joined(separator: "\n")))
      }
    }
    let output = folder(kind == "table" ? "c.tsv" : "c.json")
    let outcome = run(
      "compare",
      files[0] + ["--t", "4", "--against"] + files[1]
        + ["--permutations", kind == "table" ? "200" : "all", "--output", output])
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.output.hasPrefix("component 1\t3 connections\t3 nodes\tp "))
    if kind == "table" {
      let lines = String(decoding: contents(of: output), as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 11 && lines[1].hasSuffix("\t1"))
    } else {
      let result = try json(output)
      let component = try #require(result["components"]?.array?.first?.object)
      #expect(component["nodes"]?.array?.compactMap(\.string) == ["1", "2", "3"])
      // 252 relabellings; this one and its mirror image are as extreme.
      #expect(component["p"]?.double == 2 / 252.0)
    }
    #expect(run("compare", files[0] + ["--output", folder("d.json")]).status == 64)
    #expect(
      run("compare", [files[0][0], "--against"] + files[1] + ["--output", folder("d.json")]).status
        == 65)
  }

  @Test(arguments: ["matrix", "circle", "degrees"])
  func `pictures are drawn`(kind: String) {
    let names = file("names.txt", "ctx-lh-a\nctx-lh-b\nctx-rh-a\nBrain-Stem\n")
    for ending in ["svg", "png", "pdf"] {
      let output = folder("p.\(ending)")
      let outcome = run(
        "plot \(kind)", [square, "--labels", names, "--log", "--title", "T", "--output", output])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
      #expect(contents(of: output).count > 500)
      #expect(run("plot \(kind)", [square, "--output", output]).status == 73)
    }
    #expect(run("plot \(kind)", [square, "--output", folder("p.jpg")]).status == 64)
  }
}
