import CommandLineInterface

/// The subcommands of `emseg proofread`, in the order of their help.
enum ProofreadCommands {
  static let list: [any Command.Type] = ProofreadEditCommands.list
}
