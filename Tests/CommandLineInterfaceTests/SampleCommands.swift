import CommandLineInterface
import Glibc
import Synchronization

/// A value type of a command's own.
struct Triple: ArgumentValue, Equatable {
  var z = 0.0
  var y = 0.0
  var x = 0.0

  init(z: Double, y: Double, x: Double) {
    self.z = z
    self.y = y
    self.x = x
  }

  init?(argument: String) {
    guard let values = [Double](argument: argument), values.count == 3,
      values.allSatisfy({ $0 > 0 })
    else { return nil }
    self.init(z: values[0], y: values[1], x: values[2])
  }

  var argumentText: String? { [z, y, x].argumentText }
  static let expectation = "three numbers above zero, z,y,x, divided by commas"
  static let placeholder = "Z,Y,X"
}

enum Connectivity: Int, CaseIterable, ArgumentValue {
  case faces = 6
  case edges = 18
  case corners = 26
}

enum Layout: String, CaseIterable, ArgumentValue {
  case plain
  case sharded
}

struct BlockOptions: Equatable {
  var block: Triple?
  var workers: Int?

  static let arguments: [Argument<BlockOptions>] = [
    .option("--block", \.block, "Voxels of one block."),
    .option(
      "--workers", \.workers, short: "j", accepting: .ifGiven(.atLeast(1)),
      "Blocks computed at the same time. One for each core where it is left out."),
  ]
}

/// What the sample command does for the test that runs it.
///
/// Tests run side by side, each on a thread of its own from the call of the tool to its return, so
/// bodies are kept by thread. (A task-local value would say the same, but setting one from
/// synchronous code crashes in optimised builds of Swift 6.3.1.)
enum Recording {
  typealias Body = @Sendable (CommandContext) throws -> Void
  private static let bodies = Mutex<[pthread_t: Body]>([:])

  /// The body for the command that runs on this thread.
  static var body: Body? { bodies.withLock { $0[pthread_self()] } }

  /// Runs an operation in which sample commands do what a body says.
  static func withBody<Value>(_ body: @escaping Body, _ operation: () -> Value) -> Value {
    bodies.withLock { $0[pthread_self()] = body }
    defer { bodies.withLock { $0[pthread_self()] = nil } }
    return operation()
  }
}

struct SegmentCommand: Command, Equatable {
  var stack = ""
  var model = ""
  var voxelSize: Triple?
  var output = ""
  var memory = ByteCount.gibibytes(1)
  var threshold: Float = 0.5
  var bias = -1.5
  var connectivity = Connectivity.faces
  var layout: Layout?
  var channels: [Int] = []
  var force = false
  var writesPyramid = true
  var blocks = BlockOptions()

  static let manual = Manual<Self>(
    "segment",
    summary: "Segment an EM stack into neurons.",
    discussion: """
      Reads a stack of sections, predicts affinities block by block, and joins what belongs \
      together. Memory stays within the budget whatever the size of the stack.

      A run that was stopped goes on where it was:

        emseg segment gray --model m.onnx --voxel-size 10,10,10 --output p

      Labels are <uint64>; 0 is background.
      """,
    arguments: [
      .positional("STACK", \.stack, "Folder of TIFF sections, or a volume."),
      .option("--model", \.model, .required, placeholder: "ONNX", "Network that gives affinities."),
      .option("--voxel-size", \.voxelSize, .required, "Nanometres along z, y and x."),
      .option(
        "--output", \.output, .required, short: "o", placeholder: "PATH", "Folder to create."),
      .option("--memory", \.memory, "Most memory used."),
      .option(
        "--threshold", \.threshold, accepting: .from(0...1),
        "Affinity below which voxels are never joined."),
      .option("--bias", \.bias, "Added to every edge."),
      .option("--connectivity", \.connectivity, "Which neighbours of a voxel touch it."),
      .option("--layout", \.layout, placeholder: "LAYOUT", "How chunks are stored."),
      .option("--channels", \.channels, "Channels to use."),
      .flag("--force", \.force, short: "f", "Replace an output that exists."),
      .flag("--no-pyramid", \.writesPyramid, setting: false, "Write full resolution only."),
      .group("Blocks and workers", \.blocks, BlockOptions.arguments),
    ],
    examples: [
      Example(
        "emseg segment gray --model m.onnx --voxel-size 10,10,10 --output p",
        "Segments the sections in the folder gray.")
    ],
    references: ["Zlateski & Seung 2015, arXiv:1505.00249"])

  func run(_ context: CommandContext) throws {
    try Recording.body?(context)
  }
}

struct EvaluateCommand: Command {
  var labels: [String] = []
  var truth = ""

  static let manual = Manual<Self>(
    "evaluate segmentation", summary: "Compare a segmentation with a truth.",
    arguments: [
      .positionals("SEGMENTATION", \.labels, "Label volumes."),
      .positional("LABELS", \.truth, "The truth."),
    ])

  func run(_ context: CommandContext) throws {
    try context.print("\(labels.joined(separator: "+")) against \(truth)")
  }
}

struct CheckCommand: Command {
  static let manual = Manual<Self>("evaluate skeletons", summary: "Compare skeletons.")
  func run(_ context: CommandContext) {}
}

/// What a run of the sample tool gave.
struct Outcome {
  var status: Int32
  var output: String
  var diagnostics: String
}

/// Runs the sample tool in process.
func emseg(
  _ arguments: String..., terminalWidth: Int? = nil,
  cancellation: CancellationFlag = CancellationFlag()
) -> Outcome {
  let output = CapturedText()
  let diagnostics = CapturedText()
  let status = runTool(
    name: "emseg", version: "1.2.3", summary: "From stacks to neurons.",
    commands: [SegmentCommand.self, EvaluateCommand.self, CheckCommand.self],
    arguments: arguments,
    console: Console(
      output: output.stream(terminalWidth: terminalWidth), diagnostics: diagnostics.stream(),
      cancellation: cancellation))
  return Outcome(status: status, output: output.text, diagnostics: diagnostics.text)
}

/// The command as parsed from words.
func segment(_ words: [String]) throws(UsageError) -> SegmentCommand {
  var command = SegmentCommand()
  var parser = ArgumentParser(SegmentCommand.manual.arguments)
  try parser.parse(words, into: &command)
  return command
}

let required = ["gray", "--model", "m.onnx", "--voxel-size", "40,4,4.5", "--output", "p"]
