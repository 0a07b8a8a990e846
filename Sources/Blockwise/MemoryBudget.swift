public import Voxels

/// What one block of a stage holds in memory while it is computed.
public struct WorkingSet: Hashable, Sendable {
  /// Bytes for each voxel of the block's read box: inputs and what is computed with the halo.
  public var bytesPerReadVoxel: Int
  /// Bytes for each voxel of the block's write box: results without the halo, encoded chunks.
  public var bytesPerWriteVoxel: Int
  /// How far beyond its write box a block looks.
  public var halo: VoxelExtent
  /// Bytes that every worker needs whatever the block: scratch memory, decoded chunks.
  public var bytesPerWorker: Int
  /// Bytes that all workers share: a network's weights, chunk caches.
  public var sharedBytes: Int

  /// Describes what a block holds.
  public init(
    bytesPerReadVoxel: Int, bytesPerWriteVoxel: Int = 0, halo: VoxelExtent = .zero,
    bytesPerWorker: Int = 0, sharedBytes: Int = 0
  ) {
    precondition(
      bytesPerReadVoxel >= 0 && bytesPerWriteVoxel >= 0 && bytesPerWorker >= 0
        && sharedBytes >= 0, "a working set has no negative part")
    self.bytesPerReadVoxel = bytesPerReadVoxel
    self.bytesPerWriteVoxel = bytesPerWriteVoxel
    self.halo = halo
    self.bytesPerWorker = bytesPerWorker
    self.sharedBytes = sharedBytes
  }

  /// What one block of a size needs at most, without what all workers share.
  public func bytes(block: VoxelExtent, volume: VoxelExtent) -> Int {
    let read = VoxelExtent(
      z: min(block.z + 2 * halo.z, volume.z), y: min(block.y + 2 * halo.y, volume.y),
      x: min(block.x + 2 * halo.x, volume.x))
    return read.voxelCount * bytesPerReadVoxel + block.voxelCount * bytesPerWriteVoxel
      + bytesPerWorker
  }
}

/// A memory budget that no choice of blocks can keep.
public struct MemoryBudgetError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The budget in bytes.
  public var budget: Int
  /// The least budget in bytes that would do: one worker on the smallest block.
  public var least: Int

  /// Creates an error.
  public init(budget: Int, least: Int) {
    self.budget = budget
    self.least = least
  }

  /// The error as one line.
  public var description: String {
    "one block does not fit in \(mebibytes(budget)) of memory; "
      + "use --memory \(mebibytes(least)) or more"
  }

  private func mebibytes(_ bytes: Int) -> String { "\((bytes + 1 << 20 - 1) >> 20)MiB" }
}

/// The blocks, workers and threads that keep a stage within a memory budget.
public struct BlockBudget: Hashable, Sendable {
  /// The size of a block.
  public var blockExtent: VoxelExtent
  /// Blocks in work at once and threads inside each.
  public var threads: ThreadBudget
  /// What the stage holds at most, the program itself included.
  public var peakBytes: Int
}

/// A promise about memory: what `--memory` asks for.
///
/// `workers · working set + what the workers share + the program itself ≤ bytes`, whatever the
/// size of the volume. The promise is as good as the stage's ``WorkingSet``; runs report
/// ``PeakMemory`` so that a wrong one shows.
public struct MemoryBudget: Hashable, Sendable {
  /// What the program takes before any voxel is read: code, libraries, ledgers, thread stacks.
  public static let programBytes = 64 << 20

  /// Above this many voxels a block without halo gains nothing by growing.
  public static let amplyLarge = 1 << 24

  /// The budget.
  public var bytes: Int

  /// Creates a budget.
  public init(bytes: Int) {
    precondition(bytes > 0, "a memory budget is above zero")
    self.bytes = bytes
  }

  /// Chooses the block size and the workers for a stage.
  ///
  /// For every number of workers the block grows from one storage unit, always along its shortest
  /// axis, while the budget holds it and there are still two blocks for each worker. Of these
  /// choices the one wins that should be fastest: threads, those inside a block counted at four
  /// fifths, times the part of the voxels read that is not halo.
  ///
  /// The result depends on the budget and the threads; it never changes what a stage computes,
  /// but it does change the grid of its ledger (see ``recordedGrid(ledger:)``).
  ///
  /// - Parameters:
  ///   - set: What one block holds.
  ///   - storageUnit: What a block's size must be a multiple of.
  ///   - volume: The size of the volume.
  ///   - threads: The threads of the whole run.
  ///   - ample: The voxels above which a block without halo gains nothing by growing.
  /// - Returns: Blocks near-cubic in voxels, whole storage units along each axis, not above the
  ///   volume by more than the last unit's rest.
  /// - Throws: ``MemoryBudgetError``, naming the least memory that would do.
  public func blocks(
    for set: WorkingSet, storageUnit: VoxelExtent, volume: VoxelExtent, threads: Int,
    ample: Int = amplyLarge
  ) throws(MemoryBudgetError) -> BlockBudget {
    precondition(threads > 0, "a run needs a thread")
    let overhead = Self.programBytes + set.sharedBytes
    let smallest = set.bytes(block: storageUnit.clipped(to: volume), volume: volume)
    guard overhead + smallest <= bytes else {
      throw MemoryBudgetError(budget: bytes, least: overhead + smallest)
    }
    var best: (score: Double, budget: BlockBudget)?
    for workers in (1...threads).reversed() where overhead + workers * smallest <= bytes {
      let share = (bytes - overhead) / workers
      let block = grown(
        from: storageUnit, within: volume, share: share, workers: workers, set: set, ample: ample)
      let blockCount = BlockGrid(
        volume: VoxelBox(extent: volume), blockExtent: block
      ).count
      let split = ThreadBudget(
        total: threads, blockCount: min(blockCount, workers))
      let read = set.withHalo(block, volume: volume)
      let useful =
        Double(block.clipped(to: volume).voxelCount) / Double(max(1, read.voxelCount))
      let speed = Double(split.workers) * (1 + 0.8 * Double(split.threadsPerWorker - 1))
      let peak =
        overhead + split.workers * set.bytes(block: block.clipped(to: volume), volume: volume)
      guard speed * useful > best?.score ?? 0 else { continue }
      best = (
        speed * useful, BlockBudget(blockExtent: block, threads: split, peakBytes: peak)
      )
    }
    guard let best else { throw MemoryBudgetError(budget: bytes, least: overhead + smallest) }
    return best.budget
  }

  private func grown(
    from unit: VoxelExtent, within volume: VoxelExtent, share: Int, workers: Int,
    set: WorkingSet, ample: Int
  ) -> VoxelExtent {
    var block = unit
    while true {
      let clipped = block.clipped(to: volume)
      let halo = set.withHalo(block, volume: volume)
      let haloPart = 1 - Double(clipped.voxelCount) / Double(halo.voxelCount)
      if clipped.voxelCount >= ample, haloPart < 0.1 { return block }
      let candidates = [
        (block.z, VoxelExtent(z: block.z + unit.z, y: block.y, x: block.x), volume.z),
        (block.y, VoxelExtent(z: block.z, y: block.y + unit.y, x: block.x), volume.y),
        (block.x, VoxelExtent(z: block.z, y: block.y, x: block.x + unit.x), volume.x),
      ].filter { $0.0 < $0.2 }.sorted { $0.0 < $1.0 }
      let next = candidates.first { _, candidate, _ in
        let count = BlockGrid(
          volume: VoxelBox(extent: volume), blockExtent: candidate
        ).count
        return set.bytes(block: candidate.clipped(to: volume), volume: volume) <= share
          && count >= (workers == 1 ? 1 : 2 * workers)
      }
      guard let next else { return block }
      block = next.1
    }
  }
}

extension VoxelExtent {
  fileprivate func clipped(to other: VoxelExtent) -> VoxelExtent {
    VoxelExtent(z: min(z, other.z), y: min(y, other.y), x: min(x, other.x))
  }
}

extension WorkingSet {
  fileprivate func withHalo(_ block: VoxelExtent, volume: VoxelExtent) -> VoxelExtent {
    (block + halo * 2).clipped(to: volume)
  }
}
