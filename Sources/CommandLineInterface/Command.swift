/// One thing a tool can do: declared arguments and the work.
///
/// The type's stored properties are the arguments' values; `init()` gives their defaults.
public protocol Command: Sendable {
  /// The name, the arguments and everything help pages, documentation and completions show.
  static var manual: Manual<Self> { get }
  /// Creates the command with the default of every argument.
  init()
  /// Does the work.
  ///
  /// - Throws: ``UsageError`` where arguments do not fit each other; a ``DiagnosedError`` for what
  ///   the user can mend; any other error is reported as a fault of the program.
  func run(_ context: CommandContext) throws
}

/// A command line worth copying, and what it does.
public struct Example: Hashable, Sendable {
  /// The command line, beginning with the tool's name.
  public var command: String
  /// What it does, as a sentence.
  public var explanation: String

  /// Creates an example.
  public init(_ command: String, _ explanation: String) {
    self.command = command
    self.explanation = explanation
  }
}

/// The declaration of a command, from which parsing, help, documentation and completions are made.
public struct Manual<Options>: Sendable {
  /// The command's name; one word, or a noun and a verb such as `evaluate segmentation`.
  public let name: String
  /// What the command does, as one sentence.
  public let summary: String
  /// What a user should know beyond the arguments; paragraphs are divided by empty lines.
  public let discussion: String
  /// The arguments, in the order they are shown.
  public let arguments: [Argument<Options>]
  /// Command lines worth copying.
  public let examples: [Example]
  /// The papers behind the method.
  public let references: [String]

  /// Creates a manual.
  public init(
    _ name: String, summary: String, discussion: String = "",
    arguments: [Argument<Options>] = [], examples: [Example] = [], references: [String] = []
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.arguments = arguments
    self.examples = examples
    self.references = references
  }
}
