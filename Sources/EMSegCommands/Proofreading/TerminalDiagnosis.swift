public import CommandLineInterface
public import TerminalScreen

extension TerminalError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .usage }
  /// What the user reads.
  public var diagnosis: Diagnosis {
    Diagnosis(message, found: found, remedy: "run in a terminal, or give keys with --script")
  }
}
