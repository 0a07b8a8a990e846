import Codecs
import PrecomputedStore
import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct CompressedSegmentationTests {
  @Test func `a block of two labels is a table and a bit a voxel`() throws {
    let labels: [UInt32] = [7, 5, 5, 5]
    let block = VoxelExtent(z: 1, y: 2, x: 2)
    let bytes = try CompressedSegmentation.encode(
      labels, extent: block, channels: 1, block: block)
    // The channel's start; the header: table at 3, 1 bit, indices at 2; the indices; the table.
    #expect(
      bytes.column(UInt32.self, at: 0, count: bytes.count / 4) == [
        1, 3 | 1 << 24, 2, 0b0001, 5, 7,
      ])
  }

  @Test func `blocks of the same labels share a table`() throws {
    let block = VoxelExtent(z: 1, y: 1, x: 2)
    let labels: [UInt64] = [1 << 40, 3, 3, 1 << 40]
    let bytes = try CompressedSegmentation.encode(
      labels, extent: VoxelExtent(z: 1, y: 1, x: 4), channels: 1, block: block)
    #expect(
      bytes.column(UInt32.self, at: 0, count: bytes.count / 4) == [
        1, 5 | 1 << 24, 4, 5 | 1 << 24, 9, 0b01, 3, 0, 0, 1 << 8, 0b10,
      ])
  }

  @Test(arguments: [1, 2, 3, 4, 5, 16, 17, 256, 257, 5000])
  func `labels come back, whatever their number`(_ count: Int) throws {
    try expectRoundTrip(UInt32.self, count)
    try expectRoundTrip(UInt64.self, count)
  }

  private func expectRoundTrip<Scalar: VoxelScalar & FixedWidthInteger>(
    _ type: Scalar.Type, _ count: Int
  ) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let numbers = (0..<count).map { _ in Scalar.random(in: 0...Scalar.max, using: &generator) }
    for (extent, block) in [
      (VoxelExtent(z: 17, y: 19, x: 21), VoxelExtent(cube: 8)),
      (VoxelExtent(z: 3, y: 9, x: 20), VoxelExtent(z: 2, y: 4, x: 5)),
      (VoxelExtent(z: 20, y: 20, x: 20), VoxelExtent(z: 16, y: 32, x: 16)),
      (VoxelExtent(z: 1, y: 1, x: 1), VoxelExtent(cube: 8)),
    ] {
      let channels = 2
      let values = (0..<channels * extent.voxelCount).map { _ in
        numbers[Int.random(in: 0..<count, using: &generator)]
      }
      let bytes = try CompressedSegmentation.encode(
        values, extent: extent, channels: channels, block: block)
      var decoded = [Scalar](repeating: 1, count: values.count)
      try CompressedSegmentation.decode(
        bytes, extent: extent, channels: channels, block: block, into: &decoded)
      #expect(decoded == values)
    }
  }

  @Test func `whatever the bytes, decoding ends with labels or an error`() throws {
    var generator = SeededGenerator(seed: 3)
    let extent = VoxelExtent(z: 9, y: 10, x: 11)
    let numbers = (0..<30).map { _ in UInt64.random(in: 0...UInt64.max, using: &generator) }
    let values = (0..<extent.voxelCount).map { numbers[($0 / 40) % 30] }
    let sound = try CompressedSegmentation.encode(
      values, extent: extent, channels: 1, block: VoxelExtent(cube: 8))
    var errors = 0
    for _ in 0..<300 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        // Most damage where it hurts: in the headers.
        let end = Bool.random(using: &generator) ? min(68, bytes.count) : bytes.count
        bytes[Int.random(in: 0..<end, using: &generator)] ^=
          1 << UInt8.random(in: 0..<8, using: &generator)
      }
      if Int.random(in: 0..<4, using: &generator) == 0 {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
      }
      var decoded = [UInt64](repeating: 0, count: values.count)
      do {
        try CompressedSegmentation.decode(
          bytes, extent: extent, channels: 1, block: VoxelExtent(cube: 8), into: &decoded)
      } catch {
        #expect(error.code == .corruptData)
        errors += 1
      }
    }
    #expect(errors > 60)
  }
}
