import Blockwise
import Synchronization
import TestSupport
import Testing
import VolumeStore
import Voxels

private let extent = VoxelExtent(z: 7, y: 8, x: 6)
private let unit = VoxelExtent(z: 2, y: 2, x: 3)
private let blockExtent = VoxelExtent(z: 4, y: 4, x: 3)
private let grid = BlockGrid(volume: VoxelBox(extent: extent), blockExtent: blockExtent)

private func blurCase() throws -> StageCase<BoxBlur, Volume<UInt16>> {
  let input = try numbers(extent: extent, unit: extent)
  let output = MemoryVolume("blurred", extent: extent, dataType: .uint16, storageUnit: unit)
  return StageCase(BoxBlur(input: input, output: output)) {
    try output.read(VoxelBox(extent: extent), as: UInt16.self)
  } damage: { attempt in
    let position = VoxelPosition(z: attempt * 2, y: 5, x: 1)
    attempt == 0 ? output.lose(at: position) : output.damage(at: position)
  }
}

private func countCase(_ folder: TemporaryFolder) throws -> StageCase<
  CountValues, [String: [UInt8]]
> {
  let input = try numbers(extent: extent, unit: extent, limit: 20)
  let counts = BlockFiles(path: folder("counts"))
  let result = FileStore(root: folder.path)
  return StageCase(CountValues(input: input, counts: counts, result: result)) {
    allContents(folder.path)
  } damage: { attempt in
    let name = "counts/\(attempt + 2).columns"
    var bytes = contents(of: folder(name))
    bytes[bytes.count / 2] ^= 4
    overwrite(folder(name), with: attempt == 1 ? Array(bytes.dropLast()) : bytes)
  }
}

@Test func `a filter gives the same answer in blocks, on threads and resumed`() throws {
  try checkStage(
    volume: extent, block: blockExtent, matchesWhole: { $0 == $1 }, make: blurCase)
}

@Test func `a stage that joins its blocks gives the same answer in blocks and resumed`() throws {
  try checkStage(
    volume: extent, block: blockExtent, matchesWhole: { $0["histogram"] == $1["histogram"] },
    make: { try countCase(TemporaryFolder()) })
}

@Test(arguments: [1, 3])
func `a run whose nth call fails goes on and leaves the same bytes`(workers: Int) throws {
  let undisturbed = try blurCase()
  let quiet = TemporaryFolder()
  try BlockwisePlan(grid: grid, workers: 1, ledgerPath: quiet("ledger"))
    .run(undisturbed.stage)
  var count = 0
  var failed = true
  while failed {
    count += 1
    try #require(count < 200)
    let other = try blurCase()
    let folder = TemporaryFolder()
    let plan = BlockwisePlan(grid: grid, workers: workers, ledgerPath: folder("ledger"))
    other.stage.output.failCall(after: count)
    failed = false
    do {
      try plan.run(other.stage)
    } catch {
      failed = true
      // The next failure hits the resumed run, the one after that goes through.
      other.stage.output.failCall(after: count)
      _ = try? plan.run(other.stage)
      try plan.run(other.stage)
    }
    other.stage.output.failCall(after: .max)
    #expect(try other.answer() == undisturbed.answer(), "failure at call \(count)")
    #expect(
      contents(of: folder("ledger")) == contents(of: quiet("ledger")), "failure at call \(count)")
    #expect(other.stage.output.manifest == undisturbed.stage.output.manifest)
    #expect(filesBelow(folder.path) == ["ledger"])
  }
  // A write and a synchronisation for each block, and the manifest.
  #expect(count == 2 * grid.count + 2)
}

/// Fails on chosen blocks.
private struct Picky: BlockStage {
  struct Dislike: Error {}
  let output: MemoryVolume
  var bad: Set<Int>
  let seen = SeenBlocks()
  var name: String { "picky" }
  var halo: VoxelExtent { .zero }
  var fingerprint: String { "taste=\(output.path)" }
  var outputs: [any RecordedOutput] { [output] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    seen.add(block.index)
    if bad.contains(block.index) { throw Dislike() }
    let volume = Volume<UInt16>(box: block.writeBox, fill: UInt16(block.index))
    return BlockResult(report: NoReport(), written: [try output.write(volume)])
  }
}

private final class SeenBlocks: Sendable {
  private let blocks = Mutex<[Int]>([])
  func add(_ index: Int) { blocks.withLock { $0.append(index) } }
  var all: [Int] { blocks.withLock { $0 } }
}

private func picky(_ bad: Set<Int>) -> Picky {
  Picky(
    output: MemoryVolume("picked", extent: extent, dataType: .uint16, storageUnit: unit), bad: bad)
}

@Test func `the first failing block is named and no later one is begun`() throws {
  let folder = TemporaryFolder()
  let stage = picky([3, 5])
  let plan = BlockwisePlan(grid: grid, workers: 1, ledgerPath: folder("ledger"))
  let failure = try #require(throws: BlockFailure.self) { try plan.run(stage) }
  #expect(failure.block == grid.block(3))
  #expect(failure.cause is Picky.Dislike)
  #expect(
    failure.description
      == "picky: block 3 (z,y,x 0,4,3, 4,4,3 voxels) failed: Dislike()")
  #expect(stage.seen.all == [0, 1, 2, 3])
}

@Test func `blocks finished beside a failing one are kept`() throws {
  let folder = TemporaryFolder()
  var stage = picky([0])
  let plan = BlockwisePlan(grid: grid, workers: 4, ledgerPath: folder("ledger"))
  let failure = try #require(throws: BlockFailure.self) { try plan.run(stage) }
  #expect(failure.block.index == 0)
  let finished = stage.seen.all.count - 1
  stage.bad = []
  #expect(try plan.run(stage).blocksResumed == finished)
}

@Test func `progress never runs backwards and ends finished`() throws {
  let folder = TemporaryFolder()
  let stage = picky([])
  let told = Mutex<[BlockProgress]>([])
  let plan = BlockwisePlan(grid: grid, workers: 3, ledgerPath: folder("ledger"))
  try plan.run(stage, progress: { step in told.withLock { $0.append(step) } })
  let steps = told.withLock { $0 }
  #expect(
    steps.map { $0.blocksDone } == [0, 0] + Array(1...grid.count) + [grid.count, grid.count])
  #expect(steps.first?.phase == .verifying)
  #expect(steps.last?.phase == .finished)
  #expect(steps.last?.voxelsDone == extent.voxelCount)
  #expect(steps.allSatisfy { $0.blocksResumed == 0 && $0.voxelsTotal == extent.voxelCount })
}

@Test func `a resumed run counts what was there and says what was damaged`() throws {
  let folder = TemporaryFolder()
  let stage = picky([])
  let plan = BlockwisePlan(grid: grid, workers: 2, ledgerPath: folder("ledger"))
  try plan.run(stage)
  stage.output.lose(at: VoxelPosition(z: 5, y: 0, x: 4))
  let notices = Mutex<[String]>([])
  let summary = try plan.run(stage, notice: { text in notices.withLock { $0.append(text) } })
  #expect(summary == BlockwiseSummary(blocksRun: 1, blocksResumed: 7, blocksRepeated: 1))
  #expect(
    notices.withLock { $0 }
      == ["picky: the output of block 5 is missing or damaged; it runs again"])
}

@Test func `blocks that would share a chunk are refused before any runs`() throws {
  let folder = TemporaryFolder()
  let stage = picky([])
  let odd = BlockGrid(volume: VoxelBox(extent: extent), blockExtent: VoxelExtent(z: 3, y: 4, x: 3))
  let error = try #require(throws: VolumeError.self) {
    try BlockwisePlan(grid: odd, workers: 1, ledgerPath: folder("ledger")).run(stage)
  }
  #expect(error.code == .misalignedWrite)
  #expect(error.expected == "a multiple of 2")
  #expect(stage.seen.all.isEmpty)
}

@Test func `a lost result of the join is joined again without running a block`() throws {
  let folder = TemporaryFolder()
  let ledgers = TemporaryFolder()
  let stage = try countCase(folder).stage
  let plan = BlockwisePlan(grid: grid, workers: 2, ledgerPath: ledgers("ledger"))
  try plan.run(stage)
  let whole = allContents(folder.path)
  try stage.result.remove("histogram")
  #expect(try plan.run(stage).blocksRun == 0)
  #expect(allContents(folder.path) == whole)
}
