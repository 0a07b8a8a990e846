public import CommandLineInterface
public import Connectomes
public import GraphMeasures

// Choices of the layers below that are written on the command line as they are.

extension ParsedMatrix.Format: ArgumentValue {}
extension ParsedMatrix.Joining: ArgumentValue {}
extension CommunityDetection.Method: ArgumentValue {}
extension CommunityDetection.Choice: ArgumentValue {}
extension GroupComparison.Tail: ArgumentValue {}
