import Blockwise
import CommandLineInterface
import Synchronization
import VolumeStore
import Voxels

/// Runs stages the way a command was asked to: within its memory, on its threads, with progress.
struct StageRunner: Sendable {
  let context: CommandContext
  let options: BlockwiseOptions

  /// The blocks a stage works on, and the threads it works with.
  struct Blocks {
    var grid: BlockGrid
    var threads: ThreadBudget
  }

  /// Chooses the blocks of a stage.
  ///
  /// A run that resumes goes on with the grid it began with, whatever memory there is now.
  ///
  /// - Parameters:
  ///   - set: What one block holds in memory.
  ///   - storageUnit: What blocks must be whole multiples of.
  ///   - volume: The size of the volume.
  ///   - ledgers: The ledgers that may have recorded a grid, the decisive one first.
  ///   - block: The block shape the user asks for; nil leaves it to the memory.
  ///   - ample: The voxels above which a block without halo gains nothing by growing.
  ///   - limit: The most blocks in work at once, for stages that use threads inside a block.
  /// - Returns: The blocks, and the threads that memory allows.
  /// - Throws: `MemoryBudgetError` where not even one smallest block fits.
  func blocks(
    for set: WorkingSet, storageUnit: VoxelExtent, volume: VoxelExtent, ledgers: [String],
    block: VoxelExtent?, ample: Int = MemoryBudget.amplyLarge, threads limit: Int? = nil
  ) throws -> Blocks {
    let count = min(options.threads, limit ?? .max)
    let budget = MemoryBudget(bytes: max(1, options.memory.bytes))
    for ledger in ledgers {
      guard let grid = try recordedGrid(ledger: ledger) else { continue }
      if let block, block != grid.blockExtent { break }
      return Blocks(grid: grid, threads: threads(count, for: set, grid: grid, budget: budget))
    }
    guard let block else {
      let chosen = try budget.blocks(
        for: set, storageUnit: storageUnit, volume: volume, threads: count, ample: ample)
      let grid = BlockGrid(volume: VoxelBox(extent: volume), blockExtent: chosen.blockExtent)
      return Blocks(grid: grid, threads: chosen.threads)
    }
    let grid = BlockGrid(volume: VoxelBox(extent: volume), blockExtent: block)
    return Blocks(grid: grid, threads: threads(count, for: set, grid: grid, budget: budget))
  }

  private func threads(
    _ count: Int, for set: WorkingSet, grid: BlockGrid, budget: MemoryBudget
  ) -> ThreadBudget {
    ThreadBudget(
      total: count, blockCount: grid.count,
      bytesPerWorker: set.bytes(block: grid.blockExtent, volume: grid.volume.extent),
      memory: budget.bytes - MemoryBudget.programBytes - set.sharedBytes)
  }

  /// Runs a stage over its blocks, showing progress, until it is done.
  ///
  /// - Throws: What the stage throws, with the block it threw at; `Cancelled` where the user
  ///   interrupted.
  func run<Stage: BlockStage>(_ stage: Stage, on blocks: Blocks, ledger: String) throws {
    let plan = BlockwisePlan(
      grid: blocks.grid, workers: blocks.threads.workers, ledgerPath: ledger)
    let line = Mutex<ProgressLine?>(nil)
    defer { _ = line.withLock { $0?.finish() } }
    try plan.run(
      stage,
      progress: { progress in
        guard progress.phase == .processing else { return }
        line.withLock { line in
          if line == nil {
            line = context.progress(
              progress.stage, total: progress.voxelsTotal, completed: progress.voxelsResumed,
              unit: .voxels)
          }
          line?.update(completed: progress.voxelsDone)
        }
      },
      notice: { context.warn($0) },
      cancellation: { context.isCancelled })
  }
}
