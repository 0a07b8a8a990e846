public import Blockwise
public import Codecs
public import CommandLineInterface
public import GraphMeasures
public import Labels
public import Networks
public import Proofreading
public import Segmentation
public import Training
public import VolumeStore
import Voxels

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

extension EditRefusal: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .badData }

  /// What the user reads.
  public var diagnosis: Diagnosis {
    Diagnosis(message, found: found, expected: expected, remedy: remedy)
  }
}

extension CodecError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .badData }
}

extension SeamError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .badData }
}

extension MemoryBudgetError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .usage }
}

extension LedgerError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .cannotCreate }

  /// What the user reads.
  public var diagnosis: Diagnosis { Diagnosis("\(path): \(message)", remedy: remedy) }
}

extension Cancelled: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .interrupted }
}

extension BlockFailure: DiagnosedError {
  /// The status of the cause.
  public var exitStatus: ExitStatus {
    (cause as? any DiagnosedError)?.exitStatus ?? .internalFault
  }

  /// The cause's diagnosis, with the block that met it.
  public var diagnosis: Diagnosis {
    guard var diagnosis = (cause as? any DiagnosedError)?.diagnosis else {
      return Diagnosis(String(describing: self))
    }
    let box = block.writeBox
    diagnosis.summary +=
      " (\(stage), block at \(box.origin.z),\(box.origin.y),\(box.origin.x) of \(box.extent.text))"
    return diagnosis
  }
}

extension ModelError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus {
    switch code {
    case .unreadable: .missingInput
    case .execution: .internalFault
    default: .badData
    }
  }

  /// What the user reads.
  public var diagnosis: Diagnosis {
    // What is wrong inside an exporter's file is seldom for its user to mend.
    let remedy = remedy ?? (code == .malformed ? "export or copy the model again" : nil)
    let place = [path, node.map { "node \($0)" } ?? ""].filter { !$0.isEmpty }
    return Diagnosis(
      (place + [message]).joined(separator: ": "), found: found, expected: expected,
      cause: cause.map { String(describing: $0) }, remedy: remedy)
  }
}

extension MalformedGraphError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { .badData }
}

extension TrainingError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus {
    switch code {
    case .configuration, .limitExceeded: .usage
    case .data, .diverged, .checkpoint: .badData
    }
  }

  /// What the user reads.
  public var diagnosis: Diagnosis {
    Diagnosis(
      (subject.isEmpty ? "" : "\(subject): ") + message, found: found, expected: expected,
      cause: cause.map { String(describing: $0) }, remedy: remedy)
  }
}

extension GraphError: DiagnosedError {
  /// The status the process ends with.
  public var exitStatus: ExitStatus { code == .library ? .internalFault : .badData }

  /// What the user reads.
  public var diagnosis: Diagnosis { Diagnosis(message, found: found, remedy: remedy) }
}
