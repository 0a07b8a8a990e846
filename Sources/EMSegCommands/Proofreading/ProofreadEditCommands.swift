import CommandLineInterface

/// The subcommands of `emseg proofread` that edit segments, in the order of their help.
enum ProofreadEditCommands {
  static let list: [any Command.Type] = [
    ProofreadMergeCommand.self,
    ProofreadSplitCommand.self,
    ProofreadCleaveCommand.self,
    ProofreadUndoCommand.self,
    ProofreadRedoCommand.self,
    ProofreadLogCommand.self,
    ProofreadWhyCommand.self,
    ProofreadApplyCommand.self,
    ProofreadExportEditsCommand.self,
    ProofreadReplayCommand.self,
  ]
}
