import Synchronization
import TestSupport
import Testing
import Voxels

@Suite struct `A volume` {
  static let box = VoxelBox(
    origin: VoxelPosition(z: 10, y: 20, x: 30), extent: VoxelExtent(z: 2, y: 3, x: 4))

  private static func counted(channels: Int = 1) -> Volume<UInt16> {
    Volume(channels: channels, box: box, values: (0..<UInt16(24 * channels)).map { $0 })
  }

  @Test func `lies in memory as channel, z, y, x`() {
    let volume = Self.counted(channels: 2)
    #expect(volume[VoxelPosition(z: 10, y: 20, x: 31)] == 1)
    #expect(volume[VoxelPosition(z: 10, y: 21, x: 30)] == 4)
    #expect(volume[VoxelPosition(z: 11, y: 20, x: 30)] == 12)
    #expect(volume[VoxelPosition(z: 10, y: 20, x: 30), channel: 1] == 24)
    let row = volume.row(channel: 1, z: 1, y: 2)
    #expect(row.indices.map { row[$0] } == [44, 45, 46, 47])
  }

  @Test func `is written row by row`() {
    var volume = Volume<Float>(box: Self.box)
    var row = volume.mutableRow(z: 1, y: 0)
    for x in row.indices { row[x] = Float(x) }
    #expect(volume[VoxelPosition(z: 11, y: 20, x: 33)] == 3)
    volume[VoxelPosition(z: 10, y: 20, x: 30)] = -1
    #expect(volume.row(z: 0, y: 0)[0] == -1)
  }

  @Test func `is cropped in dataset coordinates`() {
    let part = VoxelBox(
      origin: VoxelPosition(z: 11, y: 21, x: 31), extent: VoxelExtent(z: 1, y: 2, x: 3))
    let crop = Self.counted(channels: 2).cropped(to: part)
    #expect(crop.box == part)
    #expect(
      crop.span.indices.map { crop.span[$0] } == [17, 18, 19, 21, 22, 23, 41, 42, 43, 45, 46, 47])
    #expect(Self.counted().cropped(to: Self.box) == Self.counted())
  }

  @Test func `copies what another shares with it and nothing else`() {
    var target = Volume<UInt16>(
      box: VoxelBox(
        origin: VoxelPosition(z: 9, y: 22, x: 32), extent: VoxelExtent(z: 2, y: 2, x: 4)),
      fill: 99)
    target.copy(from: Self.counted())
    #expect(target[VoxelPosition(z: 10, y: 22, x: 32)] == 10)
    #expect(target[VoxelPosition(z: 10, y: 22, x: 33)] == 11)
    #expect(target.span.indices.count { target.span[$0] == 99 } == 14)
    var apart = Volume<UInt16>(box: VoxelBox(extent: VoxelExtent(cube: 1)), fill: 5)
    apart.copy(from: Self.counted())
    #expect(apart.span[0] == 5)
  }

  @Test func `gives out a channel`() {
    #expect(Self.counted(channels: 2).channel(0) == Self.counted())
    #expect(Self.counted(channels: 2).channel(1).span[0] == 24)
  }

  @Test(arguments: [1, 2, 5]) func `is updated plane by plane on threads`(threads: Int) {
    var volume = Volume<UInt16>(
      channels: 2, box: VoxelBox(extent: VoxelExtent(z: 17, y: 3, x: 5)), fill: 1)
    volume.updatePlanesConcurrently(channel: 1, threads: threads) { z, plane in
      for index in plane.indices { plane[index] += UInt16(z * 100 + index) }
    }
    for z in 0..<17 {
      #expect(volume.row(channel: 0, z: z, y: 2)[4] == 1)
      #expect(volume.row(channel: 1, z: z, y: 1)[2] == UInt16(z * 100 + 8))
    }
  }

  @Test func `outside its box traps`() async {
    await #expect(processExitsWith: .failure) {
      _ =
        Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 2)))[
          VoxelPosition(z: 0, y: 0, x: 2)]
    }
    await #expect(processExitsWith: .failure) {
      _ = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 2))).row(z: 2, y: 0)[0]
    }
    await #expect(processExitsWith: .failure) {
      _ = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 2)), values: [1])
    }
  }

  @Test func `is converted to the nearest values`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 6))
    let real = Volume<Float>(box: box, values: [-1, 0.5, 1.49, 255.4, 300, .nan])
    #expect(
      real.converted(to: UInt8.self).span.indices.map { real.converted(to: UInt8.self).span[$0] }
        == [0, 1, 1, 255, 255, 0])
    let large = Volume<UInt64>(box: box, values: [.max, 1 << 63, 1 << 40, 255, 256, 0])
    let small = large.converted(to: UInt8.self)
    #expect(small.span.indices.map { small.span[$0] } == [255, 255, 255, 255, 255, 0])
    let signed = large.converted(to: Int64.self)
    #expect(signed.span[0] == .max && signed.span[2] == 1 << 40)
  }
}

@Suite struct `A voxel scalar` {
  @Test(arguments: DataType.allCases) func `has the type it names`(dataType: DataType) {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) {
      #expect(Scalar.dataType == dataType)
      #expect(MemoryLayout<Scalar>.size == dataType.byteCount)
      #expect(Scalar.zero == Scalar(nearest: 0.0))
      #expect(Scalar(nearest: Int64(7)).doubleValue == 7)
      #expect(Scalar(nearest: UInt64(7)).nearest(UInt16.self) == 7)
      #expect(dataType.isInteger == (Scalar(nearest: 0.4) == .zero))
    }
    check(dataType.scalarType)
  }

  @Test func `takes the nearest of any number`() {
    #expect(UInt8(nearest: -3.0) == 0 && UInt8(nearest: 255.5) == 255 && UInt8(nearest: 2.5) == 3)
    #expect(Int8(nearest: -2.5) == -3 && Int8(nearest: -Double.infinity) == -128)
    #expect(Int64(nearest: Double.greatestFiniteMagnitude) == .max)
    #expect(UInt64(nearest: 18446744073709551615.0) == .max)
    #expect(UInt64(nearest: Double.nan) == 0)
    #expect(Int64(nearest: UInt64.max) == .max && UInt64(nearest: Int64(-1)) == 0)
    #expect(UInt64.max.nearest(Int32.self) == .max)
    #expect(Int64.min.nearest(UInt64.self) == 0)
  }
}
