import Blockwise
import Glibc
import TestSupport
import Testing
import Synchronization
import VolumeStore
import Voxels

private let extent = VoxelExtent(z: 4, y: 4, x: 4)
private let grid = BlockGrid(volume: VoxelBox(extent: extent), blockExtent: VoxelExtent(cube: 2))

/// Kills its process, as `kill -9` does, at the nth moment that matters.
private final class Killer: Sendable {
  private let momentsLeft: Atomic<Int>
  init(moment: Int) { momentsLeft = Atomic(moment) }
  func pass() {
    if momentsLeft.subtract(1, ordering: .relaxed).newValue == 0 { kill(getpid(), SIGKILL) }
  }
}

private struct KillingOutput: RecordedOutput {
  let base: BlockFiles
  let killer: Killer
  var path: String { base.path }
  func isIntact(_ record: ChunkRecord) throws(VolumeError) -> Bool {
    killer.pass()
    return try base.isIntact(record)
  }
  func synchronize() throws(VolumeError) {
    killer.pass()
    try base.synchronize()
    killer.pass()
  }
  func removePartialFiles() throws(VolumeError) { try base.removePartialFiles() }
  func finish(_ records: [ChunkRecord]) throws(VolumeError) {
    killer.pass()
    try base.finish(records)
    killer.pass()
  }
}

private struct KilledCount: BlockStage {
  let base: CountValues
  let killer: Killer
  var name: String { base.name }
  var halo: VoxelExtent { base.halo }
  var fingerprint: String { base.fingerprint }
  var outputs: [any RecordedOutput] { [KillingOutput(base: base.counts, killer: killer)] }
  func process(_ block: Block) throws -> BlockResult<CountValues.Report> {
    killer.pass()
    let result = try base.process(block)
    killer.pass()
    return result
  }
  func reduce(_ reports: [CountValues.Report]) throws {
    killer.pass()
    try base.reduce(reports)
    killer.pass()
  }
  func reductionIsIntact() throws -> Bool { try base.reductionIsIntact() }
}

private func run(_ folder: String, killedAt moment: Int) throws {
  let base = CountValues(
    input: try numbers(extent: extent, unit: extent, limit: 9),
    counts: BlockFiles(path: "\(folder)/counts"), result: FileStore(root: folder))
  try BlockwisePlan(grid: grid, workers: 2, ledgerPath: "\(folder)/count.ledger")
    .run(KilledCount(base: base, killer: Killer(moment: moment)))
}

@Test func `a run killed at its nth moment, again and again, leaves the same bytes`() async throws {
  let undisturbed = TemporaryFolder()
  try run(undisturbed.path, killedAt: .max)
  // One process is killed at the first moment it meets, the next at the second, and so on.
  let folder = TemporaryFolder()
  for moment in [1, 2, 3, 4, 6, 8, 10, 13] {
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = folder.path as String, moment = moment as Int] in
      try run(path, killedAt: moment)
    }
  }
  try run(folder.path, killedAt: .max)
  expectSameFiles(folder, undisturbed)
}

@Test(arguments: [2, 17, 33, 34, 35, 36])
func `a run killed once leaves the same bytes`(moment: Int) async throws {
  let undisturbed = TemporaryFolder()
  try run(undisturbed.path, killedAt: .max)
  let folder = TemporaryFolder()
  await #expect(processExitsWith: .signal(SIGKILL)) {
    [path = folder.path as String, moment = moment as Int] in
    // 8 blocks pass 4 moments each; joining and closing pass 4 more.
    try run(path, killedAt: moment)
  }
  try run(folder.path, killedAt: .max)
  expectSameFiles(folder, undisturbed)
}

private func expectSameFiles(_ folder: TemporaryFolder, _ other: TemporaryFolder) {
  #expect(filesBelow(folder.path) == filesBelow(other.path))
  let names = filesBelow(other.path).filter { filesBelow(folder.path).contains($0) }
  for name in names {
    #expect(contents(of: folder(name)) == contents(of: other(name)), "\(name)")
  }
}
