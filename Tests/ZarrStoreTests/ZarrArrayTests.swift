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

  @Test(arguments: layouts)
  func `gives on several threads what it gives on one`(layout: ChunkLayout) throws {
    let folder = TemporaryFolder()
    // Several chunks deep, so that some are decoded in part.
    let box = VoxelBox(extent: VoxelExtent(z: 37, y: 21, x: 30))
    let volume = randomVolume(UInt16.self, channels: 2, box: box, seed: 6)
    let arrays = try ["one", "three"].map { name in
      try ZarrArray.create(
        at: folder(name), extent: box.extent, channels: 2, fill: UInt16(0), layout: layout)
    }
    let records = try arrays[0].write(volume)
    #expect(try arrays[1].write(volume, threads: 3) == records)
    for record in records { #expect(try arrays[1].isIntact(record)) }
    #expect(filesBelow(folder("one")).count == records.count + 1)
    #expect(filesBelow(folder("three")) == filesBelow(folder("one")))
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<20 {
      let part = randomBox(in: box.extent, using: &generator)
      let cropped = volume.cropped(to: part)
      #expect(try arrays[1].read(part, as: UInt16.self) == cropped, "\(part)")
      #expect(try arrays[1].read(part, as: UInt16.self, threads: 3) == cropped, "\(part)")
    }
  }

  @Test(arguments: [1, 3]) func `names the damaged chunk, on any number of threads`(
    threads: Int
  ) throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 16, y: 16, x: 16))
    let array = try ZarrArray.create(
      at: folder("a"), extent: box.extent, fill: UInt8(0),
      layout: ChunkLayout(chunk: VoxelExtent(z: 4, y: 4, x: 4)))
    _ = try array.write(randomVolume(UInt8.self, box: box, seed: 7), threads: threads)
    overwrite(folder("a/c/1/2/3"), with: [1, 2, 3, 4, 5])
    let error = #expect(throws: VolumeError.self) {
      try array.read(box, as: UInt8.self, threads: threads)
    }
    #expect(error?.code == .corruptChunk)
    #expect(error?.path.hasSuffix("c/1/2/3") == true)
    // The others are still there.
    let rest = VoxelBox(
      origin: VoxelPosition(z: 8, y: 0, x: 0), extent: VoxelExtent(z: 8, y: 16, x: 16))
    _ = try array.read(rest, as: UInt8.self, threads: threads)
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
