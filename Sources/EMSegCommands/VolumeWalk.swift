import Blockwise
import CommandLineInterface
import Synchronization
import VolumeStore
import Voxels

/// Reads a whole volume block by block, on several threads and within a memory budget.
///
/// The blocks depend on the volume alone, so that what is summed over them in their order does not
/// depend on memory or threads.
struct VolumeWalk {
  /// Blocks grow to this many voxels, and are cut down to eight times as many.
  private static let targetVoxelCount = 1 << 21

  let reader: any VolumeReader
  let runner: StageRunner
  /// What is shown while the walk goes on.
  let label: String
  /// Bytes for each voxel of a block, besides what reading takes.
  var bytesPerVoxel = 0
  /// Bytes for each block in work, and for all together, besides what reading takes.
  var bytesPerBlock = 0, sharedBytes = 0
  /// The shape of the blocks; nil for one that reads well.
  var blockExtent: VoxelExtent?

  /// The blocks, in raster order.
  var grid: BlockGrid {
    let metadata = reader.metadata
    let volume = metadata.extent
    if let blockExtent {
      return BlockGrid(volume: metadata.box, blockExtent: blockExtent.clipped(to: volume))
    }
    var block = metadata.storageUnit.clipped(to: volume)
    while block.voxelCount > 8 * Self.targetVoxelCount, let smaller = block.halved {
      block = smaller
    }
    while block.voxelCount < Self.targetVoxelCount, let larger = block.doubled(within: volume) {
      block = larger
    }
    return BlockGrid(volume: metadata.box, blockExtent: block)
  }

  /// Calls a body with the box of every block, and gives what it returns in the blocks' order.
  ///
  /// - Throws: What the body throws for the first block that it throws for; `MemoryBudgetError`
  ///   where not even one block fits; `Interruption`.
  func results<Value: Sendable>(
    _ body: @escaping @Sendable (VoxelBox) throws -> Value
  ) throws -> [Value] {
    let grid = grid
    let threads = try threads(for: grid)
    let line = runner.context.progress(
      label, total: grid.volume.extent.voxelCount, unit: .voxels)
    defer { _ = line.finish() }
    let values = Mutex([Value?](repeating: nil, count: grid.count))
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    concurrentForEach(0..<grid.count, threads: threads) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      do {
        try runner.context.checkCancellation()
        let box = grid.block(index).writeBox
        let value = try body(box)
        values.withLock { $0[index] = value }
        line.advance(by: box.extent.voxelCount)
      } catch {
        failure.withLock { first in
          if let found = first, found.index < index { return }
          first = (index, error)
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
    return values.withLock { $0.compactMap { $0 } }
  }

  private func threads(for grid: BlockGrid) throws(MemoryBudgetError) -> Int {
    let memory = reader.readingMemory
    let perBlock =
      grid.blockExtent.voxelCount * (memory.perVoxel + bytesPerVoxel) + memory.perRead
      + bytesPerBlock
    let shared = MemoryBudget.programBytes + memory.held + sharedBytes
    let budget = runner.options.memory.bytes
    guard shared + perBlock <= budget else {
      throw MemoryBudgetError(budget: budget, least: shared + perBlock)
    }
    return min(runner.options.threads, max(1, (budget - shared) / perBlock))
  }
}

extension VoxelExtent {
  /// The extent, no longer than another along any axis.
  func clipped(to other: VoxelExtent) -> VoxelExtent {
    VoxelExtent(z: min(z, other.z), y: min(y, other.y), x: min(x, other.x))
  }

  /// The extent cut in half along its longest axis, z before y before x; nil where all are 1.
  fileprivate var halved: VoxelExtent? {
    guard max(z, y, x) > 1 else { return nil }
    if z >= y, z >= x { return VoxelExtent(z: (z + 1) / 2, y: y, x: x) }
    if y >= x { return VoxelExtent(z: z, y: (y + 1) / 2, x: x) }
    return VoxelExtent(z: z, y: y, x: (x + 1) / 2)
  }

  /// The extent doubled along its shortest axis that is not the volume's yet; nil where all are.
  fileprivate func doubled(within volume: VoxelExtent) -> VoxelExtent? {
    let axes = [
      (z, volume.z, VoxelExtent(z: min(2 * z, volume.z), y: y, x: x)),
      (y, volume.y, VoxelExtent(z: z, y: min(2 * y, volume.y), x: x)),
      (x, volume.x, VoxelExtent(z: z, y: y, x: min(2 * x, volume.x))),
    ]
    return axes.filter { $0.0 < $0.1 }.min { $0.0 < $1.0 }?.2
  }
}
