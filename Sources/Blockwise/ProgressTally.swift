import Synchronization
import Voxels

/// Counts blocks and tells the caller, one call at a time and never backwards.
final class ProgressTally: Sendable {
  private let grid: BlockGrid
  private let state: Mutex<BlockProgress>
  private let progress: @Sendable (BlockProgress) -> Void

  init(
    stage: String, grid: BlockGrid, progress: @escaping @Sendable (BlockProgress) -> Void
  ) {
    self.grid = grid
    self.progress = progress
    let start = BlockProgress(
      stage: stage, phase: .verifying, blocksTotal: grid.count,
      voxelsTotal: grid.region.extent.voxelCount)
    state = Mutex(start)
    progress(start)
  }

  func start(resumed: Set<Int>) {
    update { state in
      state.phase = .processing
      state.blocksResumed = resumed.count
      state.blocksDone = resumed.count
      state.voxelsResumed = resumed.reduce(0) {
        $0 + grid.block($1).writeBox.extent.voxelCount
      }
      state.voxelsDone = state.voxelsResumed
    }
  }

  func finish(_ block: Block) {
    update { state in
      state.blocksDone += 1
      state.voxelsDone += block.writeBox.extent.voxelCount
    }
  }

  func enter(_ phase: BlockProgress.Phase) { update { $0.phase = phase } }

  private func update(_ change: (inout BlockProgress) -> Void) {
    state.withLock { state in
      change(&state)
      progress(state)
    }
  }
}
