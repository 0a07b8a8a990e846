import Blockwise
import TestSupport
import Testing
import Voxels

private let mebibyte = 1 << 20

@Test(
  arguments: [
    // threads, blocks, bytes each, memory → workers, threads inside
    (8, 100, 0, 0, 8, 1), (8, 3, 0, 0, 3, 2), (8, 100, 100, 350, 3, 2), (8, 100, 100, 50, 1, 8),
    (1, 100, 100, 1000, 1, 1), (2, 1, 0, 0, 1, 2),
  ])
func `threads are split between blocks and the work inside one`(
  total: Int, blocks: Int, bytes: Int, memory: Int, workers: Int, inside: Int
) {
  let budget = ThreadBudget(
    total: total, blockCount: blocks, bytesPerWorker: bytes, memory: memory)
  #expect(budget.workers == workers)
  #expect(budget.threadsPerWorker == inside)
}

@Test func `a volume that fits is cut so that every worker has two blocks`() throws {
  let budget = MemoryBudget(bytes: 1024 * mebibyte)
  let choice = try budget.blocks(
    for: WorkingSet(bytesPerReadVoxel: 8), storageUnit: VoxelExtent(cube: 64),
    volume: VoxelExtent(cube: 256), threads: 2)
  #expect(choice.threads.workers == 2)
  let grid = BlockGrid(
    volume: VoxelBox(extent: VoxelExtent(cube: 256)), blockExtent: choice.blockExtent)
  #expect(grid.count >= 4)
}

@Test func `a budget too small names the least that would do`() throws {
  let set = WorkingSet(
    bytesPerReadVoxel: 16, bytesPerWriteVoxel: 8, halo: VoxelExtent(cube: 8),
    sharedBytes: 10 * mebibyte)
  let unit = VoxelExtent(cube: 64)
  let volume = VoxelExtent(cube: 1000)
  let needed =
    MemoryBudget.programBytes + 10 * mebibyte + 80 * 80 * 80 * 16 + 64 * 64 * 64 * 8
  let error = try #require(throws: MemoryBudgetError.self) {
    try MemoryBudget(bytes: needed - 1).blocks(
      for: set, storageUnit: unit, volume: volume, threads: 4)
  }
  #expect(error.least == needed)
  #expect(error.description.hasSuffix("use --memory 84MiB or more"))
  let least = try MemoryBudget(bytes: needed).blocks(
    for: set, storageUnit: unit, volume: volume, threads: 4)
  #expect(least.blockExtent == unit)
  #expect(least.threads.workers == 1)
  #expect(least.threads.threadsPerWorker == 4)
  #expect(least.peakBytes == needed)
}

@Test func `the budget is kept for any stage, volume and machine`() throws {
  var generator = SeededGenerator(seed: 3)
  func random(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }
  var kept = 0
  for round in 0..<300 {
    let volume = VoxelExtent(z: random(1...3000), y: random(1...3000), x: random(1...3000))
    let unit = VoxelExtent(z: random(1...128), y: random(1...128), x: random(1...128))
    let set = WorkingSet(
      bytesPerReadVoxel: random(1...40), bytesPerWriteVoxel: random(0...16),
      halo: VoxelExtent(z: random(0...30), y: random(0...30), x: random(0...30)),
      bytesPerWorker: random(0...100) * mebibyte, sharedBytes: random(0...100) * mebibyte)
    let threads = random(1...32)
    let bytes = random(64...4096) * mebibyte
    do {
      let choice = try MemoryBudget(bytes: bytes).blocks(
        for: set, storageUnit: unit, volume: volume, threads: threads)
      kept += 1
      let block = choice.blockExtent
      #expect(block.z % unit.z == 0 && block.y % unit.y == 0 && block.x % unit.x == 0, "\(round)")
      #expect(block.z - volume.z < unit.z && block.y - volume.y < unit.y, "\(round)")
      #expect(choice.threads.workers * choice.threads.threadsPerWorker <= threads, "\(round)")
      let held = BlockGrid(volume: VoxelBox(extent: volume), blockExtent: block)
        .block(0, halo: set.halo)
      let one =
        held.readBox.extent.voxelCount * set.bytesPerReadVoxel
        + held.writeBox.extent.voxelCount * set.bytesPerWriteVoxel + set.bytesPerWorker
      #expect(
        choice.threads.workers * one + set.sharedBytes + MemoryBudget.programBytes <= bytes,
        "\(round)")
      #expect(choice.peakBytes <= bytes, "\(round)")
    } catch {
      #expect(error.least > bytes, "\(round)")
    }
  }
  #expect(kept > 100)
}

@Test func `more memory never means more halo to read`() throws {
  let set = WorkingSet(bytesPerReadVoxel: 12, halo: VoxelExtent(cube: 16))
  var before = Double.infinity
  for mebibytes in [128, 256, 512, 1024, 4096] {
    let choice = try MemoryBudget(bytes: mebibytes * mebibyte).blocks(
      for: set, storageUnit: VoxelExtent(cube: 32), volume: VoxelExtent(cube: 2000), threads: 1)
    let block = choice.blockExtent
    let read = block + set.halo * 2
    let ratio = Double(read.voxelCount) / Double(block.voxelCount)
    #expect(ratio <= before)
    #expect(max(block.z, block.y, block.x) - min(block.z, block.y, block.x) <= 32)
    before = ratio
  }
  #expect(before < 1.4)
}

@Test func `the peak is read from the system's words`() {
  let status = "Name:\temseg\nVmPeak:\t  999 kB\nVmHWM:\t   10240 kB\nVmRSS:\t  12 kB\n"
  #expect(PeakMemory.value(named: "VmHWM", status: status) == 10240 * 1024)
  #expect(PeakMemory.value(named: "VmSwap", status: status) == nil)
  #expect(PeakMemory.value(named: "VmHWM", status: "VmHWM:\t99999999999999999999 kB") == nil)
  #expect(PeakMemory.value(named: "VmHWM", status: "VmHWM:\t9223372036854775807 kB") == nil)
}

@Test(.enabled(if: PeakMemory.current != nil, "the system has no /proc"))
func `the peak grows with what is held`() throws {
  let before = try #require(PeakMemory.current)
  let held = [UInt8](repeating: 1, count: before + 64 * mebibyte)
  #expect(try #require(PeakMemory.current) > held.count)
}
