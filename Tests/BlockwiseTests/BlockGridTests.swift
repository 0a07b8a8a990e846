import Blockwise
import TestSupport
import Testing
import VolumeStore
import Voxels

private func box(_ z: Int, _ y: Int, _ x: Int, _ depth: Int, _ height: Int, _ width: Int)
  -> VoxelBox
{
  VoxelBox(
    origin: VoxelPosition(z: z, y: y, x: x), extent: VoxelExtent(z: depth, y: height, x: width))
}

@Test func `blocks run along x first and end with the region`() {
  let grid = BlockGrid(
    region: box(10, 0, 4, 3, 2, 5), blockExtent: VoxelExtent(z: 2, y: 2, x: 3),
    volume: box(0, 0, 0, 20, 2, 10))
  #expect(grid.counts == VoxelExtent(z: 2, y: 1, x: 2))
  #expect(
    grid.blocks().map { $0.writeBox } == [
      box(10, 0, 4, 2, 2, 3), box(10, 0, 7, 2, 2, 2), box(12, 0, 4, 1, 2, 3),
      box(12, 0, 7, 1, 2, 2),
    ])
  #expect(grid.blocks().map { $0.index } == [0, 1, 2, 3])
}

@Test func `a halo reaches beyond the region but not beyond the volume`() {
  let grid = BlockGrid(
    region: box(10, 0, 4, 3, 2, 5), blockExtent: VoxelExtent(z: 2, y: 2, x: 3),
    volume: box(0, 0, 0, 20, 2, 10))
  #expect(
    grid.block(3, halo: VoxelExtent(z: 4, y: 1, x: 2)).readBox == box(8, 0, 5, 9, 2, 5))
}

@Test func `any grid covers its region once and finds every voxel's block`() {
  var generator = SeededGenerator(seed: 11)
  for round in 0..<50 {
    func length(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }
    let volume = box(0, 0, 0, length(3...9), length(3...9), length(3...9))
    let origin = VoxelPosition(z: length(0...2), y: length(0...2), x: length(0...2))
    let region = VoxelBox(from: origin, to: volume.end)
    let grid = BlockGrid(
      region: region,
      blockExtent: VoxelExtent(z: length(1...10), y: length(1...10), x: length(1...10)),
      volume: volume)
    var hits = Volume<UInt8>(box: volume)
    for block in grid.blocks(halo: VoxelExtent(cube: 1)) {
      #expect(block.readBox.contains(block.writeBox), "round \(round)")
      #expect(volume.contains(block.readBox), "round \(round)")
      for z in 0..<block.writeBox.extent.z {
        for y in 0..<block.writeBox.extent.y {
          for x in 0..<block.writeBox.extent.x {
            let position = block.writeBox.origin + VoxelExtent(z: z, y: y, x: x)
            hits[position] += 1
            #expect(grid.index(containing: position) == block.index, "round \(round)")
          }
        }
      }
    }
    var once = Volume<UInt8>(box: volume)
    once.copy(from: Volume(box: region, fill: 1))
    #expect(hits == once, "round \(round)")
  }
}

@Test func `neighbours lie a step away and stop at the grid's end`() {
  let grid = BlockGrid(volume: box(0, 0, 0, 2, 3, 4), blockExtent: VoxelExtent(cube: 1))
  #expect(grid.neighbour(of: 0, step: VoxelExtent(z: 0, y: 0, x: 1)) == 1)
  #expect(grid.neighbour(of: 0, step: VoxelExtent(z: 1, y: 2, x: 3)) == 23)
  #expect(grid.neighbour(of: 3, step: VoxelExtent(z: 0, y: 0, x: 1)) == nil)
  #expect(grid.neighbour(of: 0, step: VoxelExtent(z: -1, y: 0, x: 0)) == nil)
  #expect(grid.index(containing: VoxelPosition(z: 2, y: 0, x: 0)) == nil)
}

/// Region start and length along x, block, chunk, and whether no two blocks share a chunk.
@Test(
  arguments: [
    (0, 10, 4, 4, true), (0, 10, 8, 4, true), (0, 10, 6, 4, false), (0, 10, 3, 4, false),
    (0, 10, 10, 4, true), (0, 10, 99, 4, true), (4, 6, 4, 4, true), (2, 8, 4, 4, false),
    (0, 8, 4, 4, true), (0, 6, 4, 4, false),
  ])
func `a grid is aligned where no block shares a chunk`(
  start: Int, length: Int, block: Int, chunk: Int, isAligned: Bool
) {
  let grid = BlockGrid(
    region: box(0, 0, start, 1, 1, length), blockExtent: VoxelExtent(z: 1, y: 1, x: block),
    volume: box(0, 0, 0, 1, 1, 10))
  var code: VolumeError.Code?
  do throws(VolumeError) {
    try grid.checkAlignment(storageUnit: VoxelExtent(z: 1, y: 1, x: chunk), path: "labels.zarr")
  } catch {
    code = error.code
    #expect(error.message.hasSuffix("along x"))
  }
  #expect(code == (isAligned ? nil : .misalignedWrite))
}

@Test func `a block that does not exist traps`() async {
  await #expect(processExitsWith: .failure) {
    let grid = BlockGrid(
      volume: VoxelBox(extent: VoxelExtent(cube: 4)), blockExtent: VoxelExtent(cube: 2))
    _ = grid.block(8)
  }
}
