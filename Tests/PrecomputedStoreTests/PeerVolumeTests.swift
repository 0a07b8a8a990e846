import PrecomputedStore
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Volumes that tensorstore and cloud-volume wrote; see `tools/golden/precomputed.py`.
private let cases = ["tensorstore-0.1.86", "cloud-volume-12.15.2"].flatMap { peer in
  folderContents("\(volumes)/golden/\(peer)/precomputed").filter { $0 != "SHA256SUMS" }.map {
    "\(peer)/precomputed/\($0)"
  }
}

@Suite struct PeerVolumeTests {
  @Test func `there are the cases of both peers`() { #expect(cases.count == 25) }

  @Test(arguments: cases) func `every voxel of every level is the peer's`(_ name: String) throws {
    let folder = "\(volumes)/golden/\(name)"
    let image = try PrecomputedImage.open(at: "\(folder)/volume")
    #expect(image.levels.count == 2)
    for level in image.levels {
      try expectValues(of: level, "\(folder)/\(level.key).bin")
    }
  }

  @Test(arguments: cases) func `regions within and across chunks are read`(
    _ name: String
  ) throws {
    let image = try PrecomputedImage.open(
      at: "\(volumes)/golden/\(name)/volume", cache: ChunkCache(byteLimit: 1 << 20))
    for level in image.levels { try expectParts(of: level) }
  }

  @Test(arguments: cases) func `a peer's volume is found sound`(_ name: String) throws {
    let image = try PrecomputedImage.open(at: "\(volumes)/golden/\(name)/volume")
    for result in try image.verify(threads: 2) {
      #expect(result.findings.isEmpty)
      #expect(!result.hasManifest && result.fileCount > 0)
    }
  }

  @Test func `absent chunks read as background and are counted`() throws {
    let image = try PrecomputedImage.open(
      at: "\(volumes)/golden/cloud-volume-12.15.2/precomputed/gzip-files/volume")
    let results = try image.verify()
    #expect(results[0].absentCount == 0)
    #expect(results[1].absentCount == 1)
    #expect(results[1].absentKeys == ["2-16_8-19_1008-1013"])
  }

  @Test func `the place of a peer's volume is that of its first voxel's centre`() throws {
    let image = try PrecomputedImage.open(
      at: "\(volumes)/golden/tensorstore-0.1.86/precomputed/raw-uint8/volume")
    let metadata = image.levels[0].metadata
    #expect(metadata.voxelSize == VoxelSize(z: 40, y: 4, x: 4))
    #expect(image.levels[0].voxelOffset == VoxelPosition(z: 1000, y: 16, x: -5))
    #expect(metadata.offset == PhysicalPosition(z: 40_020, y: 66, x: -18))
  }

  private func expectValues(of level: PrecomputedLevel, _ path: String) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let volume = try level.read(level.metadata.box, as: type)
      let bytes = contents(of: path)
      try #require(bytes.count == volume.span.count * MemoryLayout<Scalar>.size)
      let expected = bytes.column(type, at: 0, count: volume.span.count)
      var different = 0
      for index in expected.indices where volume.span[index] != expected[index] { different += 1 }
      #expect(different == 0, "\(level.path)")
    }
    try check(level.metadata.dataType.scalarType)
  }

  private func expectParts(of level: PrecomputedLevel) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let whole = try level.read(level.metadata.box, as: type)
      var generator = SeededGenerator(seed: 7)
      for _ in 0..<12 {
        let box = randomBox(in: level.metadata.extent, using: &generator)
        let equals = try level.read(box, as: type) == whole.cropped(to: box)
        #expect(equals, "\(level.path) \(box)")
      }
    }
    try check(level.metadata.dataType.scalarType)
  }
}

/// A box within a volume.
func randomBox(
  in extent: VoxelExtent, using generator: inout SeededGenerator
) -> VoxelBox {
  func range(_ length: Int) -> Range<Int> {
    let start = Int.random(in: 0..<length, using: &generator)
    return start..<Int.random(in: start + 1...length, using: &generator)
  }
  let (z, y, x) = (range(extent.z), range(extent.y), range(extent.x))
  return VoxelBox(
    origin: VoxelPosition(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
    extent: VoxelExtent(z: z.count, y: y.count, x: x.count))
}
