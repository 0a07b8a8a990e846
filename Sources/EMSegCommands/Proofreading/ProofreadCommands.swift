import CommandLineInterface

/// The subcommands of `emseg proofread`, in the order of their help.
enum ProofreadCommands {
  static let list: [any Command.Type] = queue + session + ProofreadEditCommands.list

  private static let queue: [any Command.Type] = [
    ProofreadBuildCommand.self,
    ProofreadImportCommand.self,
    ProofreadStatusCommand.self,
    ProofreadAssignCommand.self,
    ProofreadNextCommand.self,
    ProofreadShowCommand.self,
    ProofreadDecideCommand.self,
    ProofreadAgreementCommand.self,
    ProofreadExportTasksCommand.self,
    ProofreadExportVotesCommand.self,
    ProofreadBackupCommand.self,
    ProofreadVerifyCommand.self,
  ]

  private static let session: [any Command.Type] = [
    SessionCommand.self,
    SimulateReviewCommand.self,
  ]
}
