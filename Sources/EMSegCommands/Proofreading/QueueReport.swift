import Codecs
import CommandLineInterface
import Proofreading
import Voxels

/// Why a command of the queue has nothing to show, although nothing is wrong.
struct QueueRefusal: DiagnosedError {
  let diagnosis: Diagnosis
  let exitStatus: ExitStatus

  /// 69: nothing is left to do for this reviewer.
  static func nothingLeft(for reviewer: String) -> QueueRefusal {
    QueueRefusal(
      diagnosis: Diagnosis(
        "nothing is left for \(reviewer)",
        remedy: "others may still hold tasks; see emseg proofread status"),
      exitStatus: ExitStatus(code: 69))
  }

  /// 75: the verdict was not taken; the reviewer may take a task again.
  static func refused(_ refusal: DecisionRefusal, task: Int64) -> QueueRefusal {
    let (message, remedy) =
      switch refusal {
      case .unknownTask: ("there is no task \(task)", "see emseg proofread export tasks")
      case .leaseExpired:
        ("the lease on task \(task) has run out", "take it again with emseg proofread next")
      case .leaseSuperseded:
        (
          "task \(task) was taken again under the same name",
          "give the token of the later lease, or another name"
        )
      case .decidedOtherwise(let verdict):
        (
          "task \(task) was judged \"\(verdict.rawValue)\" under this name",
          "withdraw that verdict first"
        )
      case .closed(let reason): ("task \(task) is closed: \(reason)", "take the next task")
      }
    return QueueRefusal(
      diagnosis: Diagnosis(message, remedy: remedy), exitStatus: ExitStatus(code: 75))
  }
}

extension EvaluationReport {
  /// Adds what there is to say of a task.
  mutating func add(_ task: ProofreadingTask) {
    add("task", .integer(task.id))
    add("kind", task.kind.rawValue)
    add("supervoxel_a", "\(task.segmentA)")
    if task.segmentB != 0 { add("supervoxel_b", "\(task.segmentB)") }
    let (point, box) = (task.point, task.box)
    add("point", "\(point.z),\(point.y),\(point.x)")
    add("box_origin", "\(box.origin.z),\(box.origin.y),\(box.origin.x)")
    add("box_extent", box.extent.text)
    add("priority", task.priority)
    add("need", task.need)
    add("state", task.state.rawValue)
    if let outcome = task.outcome { add("outcome", outcome.rawValue) }
    if let reason = task.reason { add("reason", reason) }
    add("evidence", task.evidence)
  }
}

/// A verdict on the command line, in one word; or that it is withdrawn.
enum VerdictArgument: String, CaseIterable, ArgumentValue {
  case merge
  case keepApart = "keep-apart"
  case split, unsure, skip, withdraw

  /// The verdict; nil for withdrawing one.
  var verdict: Verdict? {
    switch self {
    case .merge: .merge
    case .keepApart: .keepApart
    case .split: .split
    case .unsure: .unsure
    case .skip: .skip
    case .withdraw: nil
    }
  }
}
