import Proofreading
import VolumeStore
import Voxels

/// What the supervoxels of a project are joined to after all edits so far.
final class SessionEdits {
  private let log: OperationLog
  private var state: SegmentState
  private var lastOperation: Int64
  private var voxelCounts: [UInt64: UInt64] = [:]

  /// Changes whenever supervoxels may be joined otherwise.
  private(set) var edition = 0

  /// Reads what was done so far.
  init(_ log: OperationLog) throws(VolumeError) {
    self.log = log
    state = try log.state
    lastOperation = try log.lastOperation
  }

  /// Takes up edits that were done since.
  func refresh() throws(VolumeError) {
    let last = try log.lastOperation
    guard last != lastOperation else { return }
    state = try log.state
    lastOperation = last
    voxelCounts = [:]
    edition += 1
  }

  /// The segment that a supervoxel is part of; 0 for background.
  func segment(of supervoxel: UInt64) -> UInt64 { state.root(of: supervoxel) ?? 0 }

  /// The voxels of a segment.
  func voxelCount(of segment: UInt64) -> UInt64? {
    guard state.contains(segment) else { return nil }
    if let known = voxelCounts[segment] { return known }
    let count = state.members(of: segment).reduce(0) { $0 + state.voxelCount(of: $1) }
    voxelCounts[segment] = count
    return count
  }

  /// Lays the parts of supervoxels that were split over what is stored.
  func lay(over supervoxels: inout Volume<UInt64>) {
    for partition in state.partitions { partition.lay(over: &supervoxels) }
  }

  /// Whether a task's question still arises.
  func standing(_ task: ProofreadingTask) throws(VolumeError) -> Standing {
    try task.standing { (supervoxel) throws(VolumeError) in state.root(of: supervoxel) }
  }
}
