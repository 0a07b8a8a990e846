public import CommandLineInterface
public import Diffusion
public import VolumeStore

// How the errors of the layers below read on a terminal, and which status they end a process with.

extension VolumeError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus {
    switch code {
    case .notFound: .missingInput
    case .alreadyExists: .cannotCreate
    case .inputOutput: .inputOutput
    case .corruptChunk, .dataTypeMismatch, .unsupportedFeature, .malformedMetadata,
      .limitExceeded:
      .badData
    case .misalignedWrite, .outOfBounds: .internalFault
    }
  }

  /// What the user reads.
  public var diagnosis: Diagnosis {
    Diagnosis(
      "\(path): \(message)", found: found, expected: expected,
      cause: cause.map { String(describing: $0) }, remedy: remedy)
  }
}

extension DiffusionError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .badData }

  /// What the user reads.
  public var diagnosis: Diagnosis {
    Diagnosis(message, found: found, expected: expected, remedy: remedy)
  }
}
