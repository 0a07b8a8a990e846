import CommandLineInterface
import Testing

@Suite struct ArgumentParserTests {
  @Test func `arguments reach their properties and the rest keeps its default`() throws {
    let command = try segment(required)
    var expected = SegmentCommand()
    expected.stack = "gray"
    expected.model = "m.onnx"
    expected.voxelSize = Triple(z: 40, y: 4, x: 4.5)
    expected.output = "p"
    #expect(command == expected)
  }

  @Test func `every kind of option is read`() throws {
    let command = try segment(
      required + [
        "--memory=512MiB", "--threshold", "0.25", "--bias", "-0.75", "--connectivity", "26",
        "--layout=sharded", "--channels", "0,2", "--channels=5", "-f", "--no-pyramid", "-j", "3",
        "--block=8,16,32",
      ])
    #expect(command.memory == .mebibytes(512))
    #expect(command.threshold == 0.25)
    #expect(command.bias == -0.75)
    #expect(command.connectivity == .corners)
    #expect(command.layout == .sharded)
    #expect(command.channels == [0, 2, 5])
    #expect(command.force)
    #expect(!command.writesPyramid)
    #expect(command.blocks == BlockOptions(block: Triple(z: 8, y: 16, x: 32), workers: 3))
  }

  @Test(arguments: [
    (["--", "--odd-name"], "--odd-name"), (["-"], "-"), (["-5.tif"], "-5.tif"),
  ])
  func `a dash alone, a number and what follows the terminator are values`(
    words: [String], stack: String
  ) throws {
    #expect(try segment(Array(required.dropFirst()) + words).stack == stack)
  }

  @Test func `a value with an equals sign keeps it`() throws {
    #expect(try segment(["gray", "--model=a=b", "--voxel-size=1,1,1", "-o", "p"]).model == "a=b")
  }

  @Test func `repeated places leave one word to each required one behind them`() {
    #expect(emseg("evaluate", "segmentation", "a", "b", "c").output == "a+b against c\n")
    #expect(
      emseg("evaluate", "segmentation", "a").diagnostics.contains("SEGMENTATION: missing"))
  }

  @Test(arguments: [
    (["--modle", "x"], "--modle: no such option", "did you mean --model?"),
    (["--completely-else"], "--completely-else: no such option", "write -- before a value"),
    (["--mod", "x"], "--mod: no such option", "did you mean --model?"),
    (["-x"], "-x: no such option", "write -- before a value"),
    (["--force=yes"], "--force: takes no value", "write --force"),
    (["--bias"], "--bias: a value is missing", "write --bias X"),
    (["--bias", "--force"], "--bias: a value is missing", "write --bias=--force"),
    (["--model", "n.onnx"], "--model: given more than once", "leave one of them out"),
    (["--layout", "shard"], "--layout: the value is not one that is accepted", "sharded?"),
    (["more"], "one argument too many", "quote a value"),
  ])
  func `a wrong command line says what is wrong and what helps`(
    words: [String], message: String, remedy: String
  ) throws {
    let error = try #require(throws: UsageError.self) { try segment(required + words) }
    #expect(error.diagnosis.summary == message)
    #expect(error.remedy?.contains(remedy) == true, "\(error.remedy ?? "nothing")")
  }

  @Test(arguments: [
    ("--threshold", "1.5", "a finite number, from 0.0 to 1.0"),
    ("--threshold", "nan", "a finite number, from 0.0 to 1.0"),
    ("--workers", "0", "a whole number, at least 1"),
    ("--workers", "two", "a whole number, at least 1"),
    ("--connectivity", "8", "one of 6, 18, 26"),
    ("--connectivity", "06", "one of 6, 18, 26"),
    ("--memory", "1 parsec", "a size such as 512MiB, 1.5GiB or 1000000"),
    ("--channels", "1,,2", "a whole number, or several divided by commas"),
    ("--block", "1,2", "three numbers above zero, z,y,x, divided by commas"),
    ("--block", "0,2,2", "three numbers above zero, z,y,x, divided by commas"),
  ])
  func `a wrong value is shown with what was expected`(
    option: String, value: String, expected: String
  ) throws {
    let error = try #require(throws: UsageError.self) { try segment(required + [option, value]) }
    #expect(error.argument == option)
    #expect(error.found == "'\(value)'")
    #expect(error.expected == expected)
  }

  @Test func `all missing arguments are named at once`() throws {
    let error = try #require(throws: UsageError.self) { try segment(["--force"]) }
    #expect(error.expected == "STACK, --model ONNX, --voxel-size Z,Y,X, --output PATH")
    let one = try #require(throws: UsageError.self) { try segment(Array(required.dropFirst())) }
    #expect(one.diagnosis.summary == "STACK: missing")
  }
}

@Suite struct NearestWordTests {
  @Test(arguments: [
    ("", "abc", 3), ("abc", "", 3), ("model", "model", 0), ("modle", "model", 1),
    ("kitten", "sitting", 3), ("ca", "abc", 3),
  ])
  func `edit distance counts swaps of neighbours once`(
    first: String, second: String, distance: Int
  ) {
    #expect(editDistance(first, second) == distance)
    #expect(editDistance(second, first) == distance)
  }

  @Test func `nothing is suggested for a word that is like none`() {
    #expect(nearest(to: "frobnicate", among: ["--model", "--output"]) == nil)
    #expect(nearest(to: "--ouput", among: ["--model", "--output"]) == "--output")
    #expect(nearest(to: "x", among: []) == nil)
  }
}

@Suite struct ArgumentValueTests {
  @Test(arguments: [
    ("0", 0), ("17", 17), ("512MiB", 512 << 20), ("1GiB", 1 << 30), ("2G", 2 << 30),
    ("1.5k", 1536), ("1 TiB", 1 << 40), ("3MB", 3_000_000), ("10b", 10),
  ])
  func `sizes are read with their units`(text: String, bytes: Int) {
    #expect(ByteCount(argument: text)?.bytes == bytes)
  }

  @Test(arguments: ["", "-1", "G", "1.5", "1..5G", "1X", "9999999999999G", "1e3", "٣G"])
  func `other texts are no sizes`(text: String) {
    #expect(ByteCount(argument: text) == nil)
  }

  @Test(arguments: [0, 1, 1000, 1024, 1536, 1 << 20, 5 << 30, 3 << 40])
  func `a size's text reads back as the same size`(bytes: Int) throws {
    let text = try #require(ByteCount(bytes).argumentText)
    #expect(ByteCount(argument: text)?.bytes == bytes)
  }

  @Test(arguments: ["nan", "inf", "0x10", "", " 1", "1,5", "1e999"])
  func `only finite decimal numbers are numbers`(text: String) {
    #expect(Double(argument: text) == nil)
    #expect(Float(argument: text) == nil)
  }

  @Test func `numbers are shown as briefly as they can be`() {
    #expect((0.1 as Double).argumentText == "0.1")
    #expect((4.0 as Double).argumentText == "4")
    #expect((0.1 as Float).argumentText == "0.1")
    #expect([1.0, 2.5].argumentText == "1,2.5")
    #expect(Int?.none.argumentText == nil)
  }

  @Test func `truth is written in three ways`() {
    for word in ["yes", "true", "on"] { #expect(Bool(argument: word) == true) }
    for word in ["no", "false", "off"] { #expect(Bool(argument: word) == false) }
    #expect(Bool(argument: "1") == nil)
  }
}
