import PrecomputedStore
import TestSupport
import Testing
import Voxels

@Suite struct MortonGridTests {
  @Test func `bits that no chunk has are left out`() {
    let grid = MortonGrid(counts: VoxelExtent(z: 3, y: 1, x: 5))
    // x, z, x, z, x: 5 needs three bits, 3 two, 1 none.
    #expect(grid.bitCount == 5)
    #expect(grid.code(z: 0, y: 0, x: 1) == 0b00001)
    #expect(grid.code(z: 1, y: 0, x: 0) == 0b00010)
    #expect(grid.code(z: 2, y: 0, x: 4) == 0b11000)
    #expect(grid.place(of: 0b11111) == nil)
  }

  @Test func `every chunk has a code of its own, and back`() {
    for counts in smallGrids {
      let grid = MortonGrid(counts: counts)
      var codes: Set<UInt64> = []
      forEachPlace(counts) { place in
        let code = grid.code(z: place.z, y: place.y, x: place.x)
        codes.insert(code)
        #expect(grid.place(of: code) == place)
        #expect(code >> UInt64(grid.bitCount) == 0)
      }
      #expect(codes.count == counts.voxelCount)
    }
  }

  @Test func `the chunks that share their higher bits are exactly a box`() {
    for counts in smallGrids {
      let grid = MortonGrid(counts: counts)
      for low in 0...grid.bitCount {
        let box = grid.box(lowBits: low)
        var shards: [VoxelPosition: UInt64] = [:]
        var boxes: [UInt64: VoxelPosition] = [:]
        forEachPlace(counts) { place in
          let shard = grid.code(z: place.z, y: place.y, x: place.x) >> UInt64(low)
          let corner = VoxelPosition(z: place.z / box.z, y: place.y / box.y, x: place.x / box.x)
          #expect(shards[corner] ?? shard == shard && boxes[shard] ?? corner == corner)
          shards[corner] = shard
          boxes[shard] = corner
        }
        #expect(shards.count == boxes.count)
      }
    }
  }

  @Test func `shard files are named in hexadecimal of a fixed width`() {
    func name(_ bits: Int, _ shard: UInt64) -> String {
      PrecomputedSharding(
        preshiftBits: 0, minishardBits: 0, shardBits: bits, dataIsCompressed: true
      ).key(ofShard: shard)
    }
    #expect(name(0, 0) == "0.shard")
    #expect(name(4, 10) == "a.shard")
    #expect(name(5, 10) == "0a.shard")
    #expect(name(64, .max) == "ffffffffffffffff.shard")
  }

  private let smallGrids: [VoxelExtent] = [1, 2, 3, 4, 5, 7, 8, 9].flatMap { z in
    [1, 2, 3, 5, 6].flatMap { y in [1, 2, 4, 5, 9].map { VoxelExtent(z: z, y: y, x: $0) } }
  }

  private func forEachPlace(_ counts: VoxelExtent, _ body: (VoxelPosition) -> Void) {
    for z in 0..<counts.z {
      for y in 0..<counts.y {
        for x in 0..<counts.x { body(VoxelPosition(z: z, y: y, x: x)) }
      }
    }
  }
}
