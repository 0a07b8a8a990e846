import Proofreading
import SQLite
import Synchronization
import TestSupport
import VolumeStore
import Voxels

/// A clock that stands still until it is moved.
final class SetClock: Sendable {
  private let moment = Mutex(ReviewClock.Moment(wall: 1_000_000, uptime: 100, boot: "first"))

  var clock: ReviewClock { ReviewClock { self.moment.withLock { $0 } } }

  /// Lets time go by.
  func advance(by seconds: Double) {
    moment.withLock {
      $0.wall += seconds
      $0.uptime += seconds
    }
  }

  /// Sets the time of day, as a person or a server does.
  func step(by seconds: Double) { moment.withLock { $0.wall += seconds } }

  /// Starts the machine again.
  func restart() {
    moment.withLock {
      $0.uptime = 1
      $0.boot += "+"
    }
  }
}

/// A queue in a folder that is gone with the test.
struct TestQueue {
  let folder = TemporaryFolder()
  let time = SetClock()
  let queue: TaskQueue

  init(leaseSeconds: Double = 60) throws {
    let database = try ProofreadingDatabase(
      path: folder("proofreading.sqlite"), mode: .create, segmentation: "test")
    queue = TaskQueue(database, clock: time.clock, leaseSeconds: leaseSeconds)
  }

  /// The queue as another process sees it.
  func again() throws -> TaskQueue {
    TaskQueue(
      try ProofreadingDatabase(path: folder("proofreading.sqlite"), mode: .update),
      clock: time.clock, leaseSeconds: queue.leaseSeconds)
  }
}

/// A contact of two segments that are their own supervoxels.
func contact(
  _ first: UInt64, _ second: UInt64, weights: (Double, Double) = (1000, 1000),
  score: Double = 0.5, need: Int = 1, at x: Int = 5
) -> TaskDraft {
  var draft = TaskDraft(
    .mergeCandidate, segmentA: first, segmentB: second, point: VoxelPosition(z: 3, y: 4, x: x))
  draft.bodyA = first
  draft.bodyB = second
  draft.weightA = weights.0
  draft.weightB = weights.1
  draft.score = score
  draft.need = need
  return draft
}

extension DecisionResult {
  /// The task after the verdict; nil where it was refused.
  var task: ProofreadingTask? {
    if case .accepted(let decision) = self { decision.task } else { nil }
  }
}
