import Proofreading
import SQLite
import TerminalScreen
import TestSupport
import VolumeStore
import Voxels

/// A volume in memory: the left half is supervoxel 1, the right half 2, but for a bar of 3 at the
/// bottom; sections grow brighter with z.
final class HalvesVolume: ReviewVolume {
  let box: VoxelBox
  let voxelSize: VoxelSize
  private(set) var edition = 0
  private(set) var reads = 0
  private var joined: [UInt64: UInt64] = [:]

  init(_ extent: VoxelExtent, voxelSize: VoxelSize = VoxelSize(z: 10, y: 10, x: 10)) {
    box = VoxelBox(extent: extent)
    self.voxelSize = voxelSize
  }

  func supervoxel(at place: VoxelPosition) -> UInt64 {
    place.y >= box.extent.y - 4 ? 3 : place.x < box.extent.x / 2 ? 1 : 2
  }

  func image(_ part: VoxelBox) -> Volume<UInt8> {
    reads += 1
    return Volume(box: part, values: Self.places(part).map { UInt8(50 + $0.z) })
  }

  func supervoxels(_ part: VoxelBox) -> Volume<UInt64> {
    Volume(box: part, values: Self.places(part).map { supervoxel(at: $0) })
  }

  func segment(of supervoxel: UInt64) -> UInt64 { joined[supervoxel] ?? supervoxel }
  func voxelCount(of segment: UInt64) -> UInt64? { segment == 1 ? 1_234_567 : nil }

  func refresh() {}

  func join(_ supervoxel: UInt64, to other: UInt64) {
    joined[supervoxel] = segment(of: other)
    edition += 1
  }

  static func places(_ part: VoxelBox) -> [VoxelPosition] {
    (part.origin.z..<part.end.z).flatMap { z in
      (part.origin.y..<part.end.y).flatMap { y in
        (part.origin.x..<part.end.x).map { VoxelPosition(z: z, y: y, x: $0) }
      }
    }
  }
}

/// Edits that only join supervoxels of a volume, and remember what they did.
final class JoiningSink: EditSink {
  let volume: HalvesVolume
  private(set) var applied: [Int64] = []
  private(set) var withdrawn: [Int64] = []

  init(_ volume: HalvesVolume) { self.volume = volume }

  func apply(
    _ verdict: Verdict, to task: ProofreadingTask, by reviewers: [String]
  ) throws(VolumeError) -> EditOutcome {
    guard verdict == .merge else { return .needsPerson("no seeds") }
    if !applied.contains(task.id) {
      applied.append(task.id)
      volume.join(task.segmentB, to: task.segmentA)
    }
    return .done(task.id)
  }

  func withdraw(_ operation: Int64, by reviewer: String) throws(VolumeError) {
    withdrawn.append(operation)
    applied.removeAll { $0 == operation }
  }
}

/// A queue in memory with some tasks about the halves.
func reviewQueue(_ count: Int, need: Int = 1) throws -> TaskQueue {
  let queue = TaskQueue(try ProofreadingDatabase(path: ":memory:", mode: .create))
  try queue.add(
    (0..<count).map { index in
      var draft = TaskDraft(
        .mergeCandidate, segmentA: 1, segmentB: UInt64(2 + index % 2),
        point: VoxelPosition(z: 10 + index, y: 20, x: 32),
        box: VoxelBox(extent: VoxelExtent(z: 40, y: 40, x: 64)))
      draft.bodyA = UInt64(100 + index)
      draft.bodyB = UInt64(200 + index)
      draft.weightA = 1000
      draft.weightB = Double(900 - 10 * index)
      draft.score = 0.5
      draft.need = need
      draft.evidence = #"{"affinity": 0.4321, "links": 17}"#
      return draft
    })
  return queue
}
