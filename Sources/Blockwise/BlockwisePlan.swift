import Synchronization
import VolumeStore
import Voxels

/// How a stage is run: over which blocks, by how many workers, and where it is written down what
/// is done.
///
/// A run that was stopped, by a failure, by cancellation or by `kill -9` at any moment, goes on
/// where it was when it is started again, and leaves the same bytes as one that was not.
public struct BlockwisePlan: Sendable {
  /// The blocks.
  public var grid: BlockGrid
  /// The most blocks in work at once; never changes the result.
  public var workers: Int
  /// The stage's ledger; made, with its folder, when it is not there.
  public var ledgerPath: String

  /// Creates a plan.
  public init(grid: BlockGrid, workers: Int, ledgerPath: String) {
    precondition(workers > 0, "a plan needs at least one worker")
    self.grid = grid
    self.workers = workers
    self.ledgerPath = ledgerPath
  }

  /// Runs the blocks the ledger does not have yet, joins the reports, and closes the outputs.
  ///
  /// What earlier runs stored is read back and compared with the ledger before it is trusted;
  /// blocks whose output is missing or damaged run again. A finished stage returns after that
  /// check.
  ///
  /// Blocks are handed out in grid order. After the first failure no more are; those at work
  /// finish, and are recorded, before the error is thrown.
  ///
  /// - Parameters:
  ///   - stage: What to run.
  ///   - progress: Called after every block and at every change of phase, by one thread at a time.
  ///   - notice: Called with a sentence when something was found amiss and mended.
  ///   - cancellation: Asked before every block, also of those that are checked; true stops.
  /// - Returns: How many blocks were run and how many were there already.
  /// - Throws: ``BlockFailure``, ``Cancelled``, ``LedgerError``; ``VolumeError`` where an output
  ///   cannot be read back or closed, or with `misalignedWrite` where blocks would share a chunk;
  ///   what the stage's `reduce` throws.
  @discardableResult
  public func run<Stage: BlockStage>(
    _ stage: Stage, progress: @escaping @Sendable (BlockProgress) -> Void = { _ in },
    notice: @escaping @Sendable (String) -> Void = { _ in },
    cancellation: @escaping @Sendable () -> Bool = { false }
  ) throws -> BlockwiseSummary {
    let outputs = stage.outputs
    try checkAlignment(of: outputs)
    let ledger = try BlockLedger<Stage.Report>(
      path: ledgerPath,
      header: LedgerHeader(stage: stage.name, fingerprint: stage.fingerprint, grid: grid),
      outputCount: outputs.count, notice: notice)
    let tally = ProgressTally(stage: stage.name, grid: grid, progress: progress)
    if !ledger.isSealed {
      for output in outputs { try output.removePartialFiles() }
    }

    let damaged = try damagedBlocks(
      ledger.entries, of: stage, outputs: outputs, cancellation: cancellation)
    let reductionIsIntact = try !ledger.isSealed || stage.reductionIsIntact()
    if !damaged.isEmpty || !reductionIsIntact { try ledger.forget(damaged) }
    for index in damaged {
      notice(
        "\(stage.name): the output of block \(index) is missing or damaged; it runs again")
    }
    let done = ledger.entries
    let pending = done.indices.filter { done[$0] == nil }
    let resumed = Set(0..<grid.count).subtracting(pending)
    tally.start(resumed: resumed)
    let summary = BlockwiseSummary(
      blocksRun: pending.count, blocksResumed: resumed.count, blocksRepeated: damaged.count)
    if ledger.isSealed {
      tally.enter(.finished)
      return summary
    }

    try process(
      pending, of: stage, outputs: outputs, ledger: ledger, tally: tally,
      cancellation: cancellation)

    tally.enter(.reducing)
    let entries = ledger.entries.compactMap { $0 }
    try stage.reduce(entries.map { $0.report })
    for (number, output) in outputs.enumerated() {
      let records = entries.flatMap { $0.written[number] }.sorted { $0.key < $1.key }
      try checkKeys(records, path: output.path)
      try output.finish(records)
    }
    try ledger.seal()
    tally.enter(.finished)
    return summary
  }

  private func process<Stage: BlockStage>(
    _ pending: [Int], of stage: Stage, outputs: [any RecordedOutput],
    ledger: BlockLedger<Stage.Report>, tally: ProgressTally,
    cancellation: @escaping @Sendable () -> Bool
  ) throws {
    let stop = Mutex(Stop())
    let commit = Mutex(())
    concurrentForEach(0..<pending.count, threads: workers) { number in
      let block = grid.block(pending[number], halo: stage.halo)
      let goesOn = stop.withLock { stop in
        if !stop.isCancelled, stop.failure == nil { stop.isCancelled = cancellation() }
        return !stop.isCancelled && stop.failure == nil
      }
      guard goesOn else { return }
      do {
        var result = try stage.process(block)
        precondition(
          result.written.count == outputs.count,
          "a block must give one list of records for each of its stage's outputs")
        for number in result.written.indices {
          result.written[number].sort { $0.key < $1.key }
        }
        let entry = LedgerEntry(
          index: block.index, report: result.report, written: result.written)
        // One block at a time: an output that is just being made durable for one block must not
        // look durable to the next.
        try commit.withLock { _ in
          for output in outputs { try output.synchronize() }
          try ledger.record(entry)
        }
        tally.finish(block)
      } catch {
        stop.withLock { stop in
          if let first = stop.failure, first.block.index < block.index { return }
          stop.failure = BlockFailure(stage: stage.name, block: block, cause: error)
        }
      }
    }
    let ended = stop.withLock { $0 }
    if let failure = ended.failure { throw failure }
    let done = ledger.entries.count { $0 != nil }
    // A wish to stop that came with the last block finds nothing left to stop.
    guard !ended.isCancelled || done == grid.count else {
      throw Cancelled(stage: stage.name, blocksDone: done, blocksTotal: grid.count)
    }
  }

  private struct Stop {
    var isCancelled = false
    var failure: BlockFailure?
  }

  private func checkAlignment(of outputs: [any RecordedOutput]) throws(VolumeError) {
    for output in outputs {
      guard let volume = output as? any VolumeWriter, volume.metadata.box == grid.volume else {
        continue
      }
      try grid.checkAlignment(storageUnit: volume.metadata.storageUnit, path: volume.path)
    }
  }

  /// The blocks in the ledger whose output is no longer what was recorded.
  private func damagedBlocks<Stage: BlockStage>(
    _ entries: [LedgerEntry<Stage.Report>?], of stage: Stage, outputs: [any RecordedOutput],
    cancellation: @escaping @Sendable () -> Bool
  ) throws -> [Int] {
    let done = entries.compactMap { $0 }
    let found = Mutex<(damaged: [Int], failure: (any Error)?)>(([], nil))
    concurrentForEach(0..<done.count, threads: workers) { number in
      guard found.withLock({ $0.failure == nil }) else { return }
      let entry = done[number]
      do {
        guard !cancellation() else {
          throw Cancelled(stage: stage.name, blocksDone: done.count, blocksTotal: grid.count)
        }
        guard try !isIntact(entry.written, outputs: outputs) else { return }
        found.withLock { $0.damaged.append(entry.index) }
      } catch {
        found.withLock { $0.failure = error }
      }
    }
    let (damaged, failure) = found.withLock { $0 }
    if let failure { throw failure }
    return damaged.sorted()
  }

  private func isIntact(
    _ written: [[ChunkRecord]], outputs: [any RecordedOutput]
  ) throws(VolumeError) -> Bool {
    for (output, records) in zip(outputs, written) {
      for record in records {
        guard try output.isIntact(record) else { return false }
      }
    }
    return true
  }

  private func checkKeys(_ records: [ChunkRecord], path: String) throws(VolumeError) {
    for (record, next) in zip(records, records.dropFirst()) where record.key == next.key {
      throw VolumeError(
        .misalignedWrite, path: path, "two blocks wrote the same chunk \(record.key)",
        remedy: "choose a block size that is a multiple of the chunk size")
    }
  }
}
