package import Blockwise
import Synchronization
package import Testing
package import Voxels

/// One fresh instance of a stage under test, with fresh outputs.
package struct StageCase<Stage: BlockStage, Answer: Equatable> {
  /// The stage.
  package var stage: Stage
  /// Everything the stage leaves behind, read back.
  package var answer: () throws -> Answer
  /// Damages some of what the stage stored, by the number of the attempt.
  package var damage: (Int) throws -> Void

  package init(
    _ stage: Stage, answer: @escaping () throws -> Answer, damage: @escaping (Int) throws -> Void
  ) {
    self.stage = stage
    self.answer = answer
    self.damage = damage
  }
}

/// Checks what every stage promises.
///
/// The answer of 1, 2 and 4 workers, of a run stopped after every possible number of blocks and
/// resumed, and of a run whose output was damaged and that was started again, is that of an
/// undisturbed run, and so are the bytes of its ledger. The answer of one block equals that of the
/// blocks, as far as `matchesWhole` says.
///
/// - Parameters:
///   - volume: The size of the volume.
///   - block: The size of a block: the volume's half for eight blocks.
///   - matchesWhole: Compares the blocks' answer with that of one block; nil where a method makes
///     no such promise.
///   - sourceLocation: Where the check was called.
///   - make: Makes the stage anew.
/// - Throws: What a run throws that should not have.
package func checkStage<Stage: BlockStage, Answer: Equatable>(
  volume: VoxelExtent, block: VoxelExtent,
  matchesWhole: ((_ blocks: Answer, _ whole: Answer) -> Bool)?,
  sourceLocation: SourceLocation = #_sourceLocation,
  make: () throws -> StageCase<Stage, Answer>
) throws {
  let grid = BlockGrid(volume: VoxelBox(extent: volume), blockExtent: block)
  try #require(grid.count > 1, sourceLocation: sourceLocation)

  func plan(_ folder: TemporaryFolder, workers: Int = 1) -> BlockwisePlan {
    BlockwisePlan(grid: grid, workers: workers, ledgerPath: folder("ledger"))
  }

  let undisturbed = try make()
  let folder = TemporaryFolder()
  let summary = try plan(folder).run(undisturbed.stage)
  #expect(summary.blocksRun == grid.count, sourceLocation: sourceLocation)
  let answer = try undisturbed.answer()
  let ledger = contents(of: folder("ledger"))

  func check(_ other: StageCase<Stage, Answer>, _ folder: TemporaryFolder, _ what: String) throws {
    #expect(try other.answer() == answer, "\(what)", sourceLocation: sourceLocation)
    #expect(
      contents(of: folder("ledger")) == ledger, "ledger \(what)", sourceLocation: sourceLocation)
  }

  if let matchesWhole {
    let whole = try make()
    let folder = TemporaryFolder()
    let one = BlockGrid(volume: VoxelBox(extent: volume), blockExtent: volume)
    try BlockwisePlan(grid: one, workers: 1, ledgerPath: folder("ledger")).run(whole.stage)
    let wholeAnswer = try whole.answer()
    #expect(
      matchesWhole(answer, wholeAnswer), "one block gives another answer",
      sourceLocation: sourceLocation)
  }

  for workers in [2, 4] {
    let other = try make()
    let folder = TemporaryFolder()
    try plan(folder, workers: workers).run(other.stage)
    try check(other, folder, "with \(workers) workers")
  }

  for count in 0..<grid.count {
    let other = try make()
    let folder = TemporaryFolder()
    #expect(throws: Cancelled.self, sourceLocation: sourceLocation) {
      let asked = Mutex(0)
      try plan(folder).run(
        other.stage,
        cancellation: {
          asked.withLock { asked in
            asked += 1
            return asked > count
          }
        })
    }
    let rest = try plan(folder, workers: 1 + count % 3).run(other.stage)
    #expect(rest.blocksResumed == count, sourceLocation: sourceLocation)
    try check(other, folder, "stopped after \(count) blocks")
  }

  for attempt in 0..<3 {
    try undisturbed.damage(attempt)
    let again = try plan(folder).run(undisturbed.stage)
    #expect(again.blocksRepeated > 0, "no damage was noticed", sourceLocation: sourceLocation)
    try check(undisturbed, folder, "after damage \(attempt)")
    let quiet = try plan(folder).run(undisturbed.stage)
    #expect(quiet.blocksRun == 0, sourceLocation: sourceLocation)
  }
}
