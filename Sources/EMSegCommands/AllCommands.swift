public import CommandLineInterface

/// Every subcommand of `emseg`, in the order of its help.
public enum AllCommands {
  /// The list.
  public static let list: [any Command.Type] = stages + ProofreadCommands.list

  private static let stages: [any Command.Type] = [
    SegmentCommand.self,
    ImportCommand.self,
    ExportCommand.self,
    ConvertCommand.self,
    CropCommand.self,
    InfoCommand.self,
    VerifyCommand.self,
    TrainCommand.self,
    PredictCommand.self,
    FloodFillCommand.self,
    FloodConsensusCommand.self,
    FloodResegmentCommand.self,
    WatershedCommand.self,
    AgglomerateCommand.self,
    WhyCommand.self,
    MutexWatershedCommand.self,
    ComponentsCommand.self,
    AffinitiesCommand.self,
    SkeletonizeCommand.self,
    MeshCommand.self,
    SynapsesDetectCommand.self,
    SynapsesImportCommand.self,
    SynapsesExportCommand.self,
    SynapsesListCommand.self,
    ConnectomeCommand.self,
    SimulateCommand.self,
    EvaluateSegmentationCommand.self,
    EvaluateSkeletonsCommand.self,
    EvaluateSynapsesCommand.self,
    EvaluateObjectsCommand.self,
    TuneCommand.self,
    ModelInfoCommand.self,
    ModelCheckCommand.self,
    ModelListCommand.self,
    ModelTimeCommand.self,
    ModelConvertCommand.self,
    DownsampleCommand.self,
    ThresholdCommand.self,
    MaskCommand.self,
    RelabelCommand.self,
    EqualizeCommand.self,
    PhantomCommand.self,
  ]
}
