import Blockwise
import Glibc
import Synchronization
import TestSupport
import Testing
import VolumeStore
import Voxels

private let extent = VoxelExtent(z: 4, y: 4, x: 4)
private let grid = BlockGrid(volume: VoxelBox(extent: extent), blockExtent: VoxelExtent(cube: 2))

/// Reports numbers that are hard to keep as text.
private struct Awkward: BlockStage {
  struct Report: Codable, Sendable, Equatable {
    var name: String
    var ratio: Float
    var large: UInt64
    var missing: Double?
  }

  let reports = Mutexed<[Report]>([])
  var fingerprint = "threshold=0.5\ninput=raw.zarr"
  var name: String { "awkward" }
  var halo: VoxelExtent { .zero }
  var outputs: [any RecordedOutput] { [] }
  var during: (@Sendable () -> Void)?

  static func report(_ index: Int) -> Report {
    Report(
      name: "line\nfeed \"\(index)\" é",
      ratio: [0.1, .infinity, -0.0, .leastNonzeroMagnitude][index % 4],
      large: .max - UInt64(index), missing: index % 2 == 0 ? nil : 1 / 3)
  }

  func process(_ block: Block) throws -> BlockResult<Report> {
    during?()
    return BlockResult(report: Self.report(block.index), written: [])
  }

  func reduce(_ reports: [Report]) { self.reports.set(reports) }
}

private final class Mutexed<Value: Sendable>: Sendable {
  private let value: Mutex<Value>
  init(_ value: Value) { self.value = Mutex(value) }
  func set(_ new: Value) { value.withLock { $0 = new } }
  var get: Value { value.withLock { $0 } }
}

private func plan(_ folder: TemporaryFolder) -> BlockwisePlan {
  BlockwisePlan(grid: grid, workers: 1, ledgerPath: folder("ledger"))
}

/// The bytes of a ledger with some blocks done.
private func openLedger(_ folder: TemporaryFolder, blocks: Int) throws -> [UInt8] {
  let asked = Mutexed(0)
  #expect(throws: Cancelled(stage: "awkward", blocksDone: blocks, blocksTotal: 8)) {
    try plan(folder).run(
      Awkward(),
      cancellation: {
        asked.set(asked.get + 1)
        return asked.get > blocks
      })
  }
  return contents(of: folder("ledger"))
}

private func sealedLedger() throws -> [UInt8] {
  let folder = TemporaryFolder()
  try plan(folder).run(Awkward())
  return contents(of: folder("ledger"))
}

@Test func `reports come back from the ledger as they went in, in grid order`() throws {
  let folder = TemporaryFolder()
  _ = try openLedger(folder, blocks: 5)
  let stage = Awkward()
  try plan(folder).run(stage)
  #expect(stage.reports.get == (0..<8).map(Awkward.report))
}

@Test func `a ledger cut anywhere after its first line resumes to the same bytes`() throws {
  let sealed = try sealedLedger()
  let whole = try openLedger(TemporaryFolder(), blocks: 2)
  let headerEnd = try #require(whole.firstIndex(of: 10))
  for length in headerEnd..<whole.count {
    let folder = TemporaryFolder()
    overwrite(folder("ledger"), with: Array(whole[..<length]))
    let notices = Mutexed<[String]>([])
    let summary = try plan(folder).run(Awkward(), notice: { notices.set(notices.get + [$0]) })
    #expect(contents(of: folder("ledger")) == sealed, "cut at \(length)")
    let isTorn = whole[length - 1] != 10
    #expect(notices.get.count == (isTorn ? 1 : 0), "cut at \(length)")
    #expect(summary.blocksResumed <= 2)
  }
}

@Test(arguments: [0, 1, 20])
func `a ledger whose first line is torn is refused`(length: Int) throws {
  let folder = TemporaryFolder()
  overwrite(folder("ledger"), with: Array(try sealedLedger()[..<length]))
  let error = try #require(throws: LedgerError.self) { try plan(folder).run(Awkward()) }
  #expect(error.code == .damaged)
  #expect(error.remedy.contains("--force"))
}

@Test func `a flipped bit in a finished ledger never passes for the truth`() throws {
  let sealed = try sealedLedger()
  var generator = SeededGenerator(seed: 7)
  for _ in 0..<200 {
    let folder = TemporaryFolder()
    var bytes = sealed
    let position = Int.random(in: bytes.indices, using: &generator)
    bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    overwrite(folder("ledger"), with: bytes)
    let stage = Awkward()
    do {
      try plan(folder).run(stage)
    } catch let error as LedgerError {
      #expect(error.code == .damaged)
      continue
    }
    #expect(stage.reports.get == (0..<8).map(Awkward.report), "bit flipped at \(position)")
    #expect(contents(of: folder("ledger")) == sealed)
  }
}

@Test func `a changed parameter is named with its old and new value`() throws {
  let folder = TemporaryFolder()
  try plan(folder).run(Awkward())
  let before = contents(of: folder("ledger"))
  var changed = Awkward()
  changed.fingerprint = "threshold=0.6\ninput=raw.zarr\nversion=2"
  let error = try #require(throws: LedgerError.self) { try plan(folder).run(changed) }
  #expect(error.code == .stale)
  #expect(
    error.message == "was begun with other parameters: threshold was 0.5, is now 0.6; "
      + "version was absent, is now 2")
  #expect(error.remedy == "use --force to start over, or choose another output")
  #expect(contents(of: folder("ledger")) == before)
}

@Test func `another block size is another run`() throws {
  let folder = TemporaryFolder()
  try plan(folder).run(Awkward())
  #expect(try recordedGrid(ledger: folder("ledger")) == grid)
  var other = plan(folder)
  other.grid = BlockGrid(volume: grid.volume, blockExtent: extent)
  let error = try #require(throws: LedgerError.self) { try other.run(Awkward()) }
  #expect(error.message.hasSuffix("the block size was 2,2,2, is now 4,4,4"))
}

@Test func `a second run on the same ledger is refused while the first is at work`() throws {
  let folder = TemporaryFolder()
  let errors = Mutexed<[String]>([])
  var stage = Awkward()
  stage.during = {
    do {
      try plan(folder).run(Awkward())
      Issue.record("the second run was let in")
    } catch let error as LedgerError {
      #expect(error.code == .inUse)
      errors.set(errors.get + [error.message])
    } catch {
      Issue.record(error)
    }
  }
  try plan(folder).run(stage)
  #expect(errors.get.count == 8)
  #expect(errors.get.allSatisfy { $0.hasPrefix("in use by process \(getpid()) on ") })
  #expect(filesBelow(folder.path) == ["ledger"])
}

@Test func `a lock left by a process that died is taken over`() throws {
  let folder = TemporaryFolder()
  overwrite(folder("ledger.lock"), with: Array("process 1 on another host".utf8))
  try plan(folder).run(Awkward())
  #expect(filesBelow(folder.path) == ["ledger"])
}

@Test func `a ledger that cannot be written fails the run and names the file`() throws {
  let folder = TemporaryFolder()
  overwrite(folder("file"), with: [])
  let plan = BlockwisePlan(grid: grid, workers: 1, ledgerPath: folder("file/ledger"))
  let error = try #require(throws: VolumeError.self) { try plan.run(Awkward()) }
  #expect(error.path.hasPrefix(folder("file")))
}
