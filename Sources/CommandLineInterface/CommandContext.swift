/// How much a command says.
public enum Verbosity: Int, Hashable, Sendable, Comparable {
  /// Errors and warnings only.
  case quiet
  /// Progress and notes.
  case normal
  /// Also what helps to find faults.
  case verbose

  /// Whether one says less than the other.
  public static func < (first: Verbosity, second: Verbosity) -> Bool {
    first.rawValue < second.rawValue
  }
}

/// What a command has besides its arguments: streams, the wish to stop, and who it is.
public struct CommandContext: Sendable {
  /// The tool's name, such as `emseg`.
  public let tool: String
  /// The tool's version.
  public let version: String
  /// The command's name, such as `evaluate segmentation`.
  public let command: String
  /// The words after the tool's name, as they were given.
  public let arguments: [String]
  /// Where data goes: standard output.
  public let output: TextStream
  /// Where everything meant for a person goes: standard error.
  public let diagnostics: TextStream
  /// Set when the command should stop.
  public let cancellation: CancellationFlag
  /// How much is said.
  public let verbosity: Verbosity
  /// How progress is shown.
  public let progressDisplay: ProgressDisplay

  /// Creates a context.
  public init(
    tool: String, version: String, command: String, arguments: [String] = [], console: Console,
    verbosity: Verbosity = .normal, progressDisplay: ProgressDisplay = .automatic
  ) {
    self.tool = tool
    self.version = version
    self.command = command
    self.arguments = arguments
    output = console.output
    diagnostics = console.diagnostics
    cancellation = console.cancellation
    self.verbosity = verbosity
    self.progressDisplay = verbosity == .quiet ? .none : progressDisplay
  }

  /// Whether the command should stop.
  public var isCancelled: Bool { cancellation.isCancelled }

  /// Stops the command where it was asked to stop.
  ///
  /// - Throws: ``Interruption``.
  public func checkCancellation() throws(Interruption) {
    if isCancelled { throw Interruption() }
  }

  /// Writes one line of data.
  public func print(_ line: String) throws(OutputError) {
    try output.write(line + "\n")
  }

  /// Tells a person something worth knowing, unless the command is to be quiet.
  public func note(_ message: String) {
    if verbosity >= .normal { say(message) }
  }

  /// Tells a person something that helps to find faults, where that is wanted.
  public func detail(_ message: String) {
    if verbosity >= .verbose { say(message) }
  }

  /// Tells a person that something may not be as they think.
  public func warn(_ message: String) {
    say("warning: \(message)")
  }

  /// Begins to show how far the work is.
  ///
  /// - Parameters:
  ///   - label: What is being done, such as `predict`.
  ///   - total: How much there is to do, in `unit`.
  ///   - completed: How much of it was done before, for example by a run that this one resumes.
  ///   - unit: What is counted.
  /// - Returns: The line; call ``ProgressLine/finish()`` at the end.
  public func progress(
    _ label: String, total: Int, completed: Int = 0, unit: ProgressUnit
  ) -> ProgressLine {
    ProgressLine(
      label, total: total, completed: completed, unit: unit, display: progressDisplay,
      stream: diagnostics)
  }

  private func say(_ message: String) {
    // Nobody is left to tell when standard error cannot be written.
    try? diagnostics.write("\(tool) \(command): \(message)\n")
  }
}
