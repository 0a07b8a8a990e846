import Codecs
import Glibc
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct `A Zarr array` {
  static let extent = VoxelExtent(z: 7, y: 9, x: 13)
  static let layouts = [
    ChunkLayout(chunk: VoxelExtent(z: 4, y: 5, x: 6)),
    ChunkLayout(chunk: VoxelExtent(z: 7, y: 9, x: 13)),
    ChunkLayout(chunk: VoxelExtent(z: 16, y: 16, x: 16)),
    ChunkLayout(chunk: VoxelExtent(z: 2, y: 3, x: 4), shard: VoxelExtent(z: 4, y: 6, x: 8)),
    ChunkLayout(
      chunk: VoxelExtent(z: 4, y: 4, x: 4), shard: VoxelExtent(z: 8, y: 16, x: 16), channels: 2),
    ChunkLayout(chunk: VoxelExtent(z: 4, y: 5, x: 6), channels: 1),
  ]

  @Test(arguments: layouts, DataType.allCases)
  func `gives back what was written`(layout: ChunkLayout, dataType: DataType) throws {
    for channels in [nil, 1, 3] {
      try roundTrip(layout, channels: channels, dataType.scalarType)
    }
  }

  private func roundTrip<Scalar: VoxelScalar>(
    _ layout: ChunkLayout, channels: Int?, _ type: Scalar.Type
  ) throws {
    let folder = TemporaryFolder()
    let array = try ZarrArray.create(
      at: folder("a"), extent: Self.extent, channels: channels, dataType: Scalar.dataType,
      layout: layout)
    let volume = randomVolume(
      type, channels: channels ?? 1, box: VoxelBox(extent: Self.extent), seed: 5)
    let records = try array.write(volume)
    #expect(records.allSatisfy { (try? array.isIntact($0)) == true })
    let reopened = try ZarrArray.open(at: folder("a"))
    #expect(reopened.metadata == array.metadata)
    #expect(try reopened.read(volume.box, as: type) == volume)
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<10 {
      let box = randomBox(in: Self.extent, using: &generator)
      #expect(try reopened.read(box, as: type) == volume.cropped(to: box), "\(box)")
    }
  }

  private func randomBox(
    in extent: VoxelExtent, using generator: inout SeededGenerator
  ) -> VoxelBox {
    func range(_ length: Int) -> Range<Int> {
      let start = Int.random(in: 0..<length, using: &generator)
      return start..<Int.random(in: start + 1...length, using: &generator)
    }
    let z = range(extent.z)
    let y = range(extent.y)
    let x = range(extent.x)
    return VoxelBox(
      from: VoxelPosition(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
      to: VoxelPosition(z: z.upperBound, y: y.upperBound, x: x.upperBound))
  }
}
