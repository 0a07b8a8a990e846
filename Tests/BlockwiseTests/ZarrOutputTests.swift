import Blockwise
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

private let extent = VoxelExtent(z: 10, y: 16, x: 12)
private let blockExtent = VoxelExtent(cube: 8)
private let grid = BlockGrid(volume: VoxelBox(extent: extent), blockExtent: blockExtent)

/// Doubles every value, into a Zarr array whose shards are the blocks.
private struct Double: BlockStage {
  let input: MemoryVolume
  let output: ZarrArray
  var name: String { "double" }
  var halo: VoxelExtent { VoxelExtent(cube: 1) }
  var fingerprint: String { "input=\(input.path)" }
  var outputs: [any RecordedOutput] { [output] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    var values = try input.read(block.readBox, as: UInt16.self).cropped(to: block.writeBox)
    var span = values.mutableSpan
    for index in span.indices { span[index] *= 2 }
    return BlockResult(report: NoReport(), written: [try output.write(values)])
  }
}

private func doubling(_ folder: TemporaryFolder) throws -> Double {
  Double(
    input: try numbers(extent: extent, unit: extent),
    output: try ZarrArray.create(
      at: folder("doubled"), extent: extent, dataType: .uint16,
      layout: ChunkLayout(chunk: VoxelExtent(cube: 4), shard: blockExtent)))
}

@Test func `a stage that writes a Zarr array gives the same files in every way it can be run`()
  throws
{
  try checkStage(volume: extent, block: blockExtent, matchesWhole: nil) {
    let folder = TemporaryFolder()
    return StageCase(try doubling(folder)) {
      allContents(folder.path)
    } damage: { attempt in
      let shard = folder("doubled/c/\(attempt % 2)/1/0")
      var bytes = contents(of: shard)
      bytes[bytes.count / 3] ^= 16
      overwrite(shard, with: attempt == 2 ? contents(of: folder("doubled/c/1/0/1")) : bytes)
    }
  }
}

@Test func `a block of half a shard is refused`() throws {
  let folder = TemporaryFolder()
  let stage = try doubling(folder)
  var halves = grid
  halves = BlockGrid(volume: grid.volume, blockExtent: VoxelExtent(z: 8, y: 8, x: 4))
  let error = try #require(throws: VolumeError.self) {
    try BlockwisePlan(grid: halves, workers: 1, ledgerPath: folder("ledger")).run(stage)
  }
  #expect(error.code == .misalignedWrite)
  #expect(filesBelow(folder.path) == ["doubled/zarr.json"])
}

@Test func `a file left by a killed writer is removed before the run goes on`() throws {
  let folder = TemporaryFolder()
  let stage = try doubling(folder)
  let plan = BlockwisePlan(grid: grid, workers: 1, ledgerPath: folder("ledger"))
  #expect(throws: Cancelled.self) { try plan.run(stage, cancellation: { true }) }
  _ = try stage.output.write(Volume<UInt16>(box: grid.block(0).writeBox, fill: 1))
  overwrite(folder("doubled/c/0/0/.0.1.0123456789abcdef.partial"), with: [1, 2, 3])
  overwrite(folder(".ledger.1.0123456789abcdef.partial"), with: [1, 2, 3])
  overwrite(folder(".ledger.other.1.0123456789abcdef.partial"), with: [1, 2, 3])
  try plan.run(stage)
  // What belongs to another ledger of the folder may be at work.
  #expect(
    filesBelow(folder.path).filter { $0.contains("partial") }
      == [".ledger.other.1.0123456789abcdef.partial"])
}
