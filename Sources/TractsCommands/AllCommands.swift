public import CommandLineInterface

/// Every subcommand of `tracts`, in the order of its help.
public enum AllCommands {
  /// The list.
  public static let list: [any Command.Type] = [
    InfoCommand.self,
    CheckCommand.self,
    FitCommand.self,
    ResponseCommand.self,
    FODCommand.self,
    PeaksCommand.self,
    TrackCommand.self,
    ConnectomeCommand.self,
    EdgesCommand.self,
    ConvertCommand.self,
    FilterCommand.self,
    ResampleCommand.self,
    StatsCommand.self,
    MapCommand.self,
    LabelConvertCommand.self,
    MeasuresCommand.self,
    CompareCommand.self,
    PlotMatrixCommand.self,
    PlotCircleCommand.self,
    PlotDegreesCommand.self,
    PlotStreamlinesCommand.self,
  ]
}
