import Glibc
import PrecomputedStore
import TestSupport
import Testing
import VolumeStore
import Voxels

private let written = getenv("FASCICLE_WRITTEN").map { String(cString: $0) }

@Suite struct PeerReadingTests {
  /// Leaves volumes for `tools/golden/verify-precomputed.py` to read with the peers.
  @Test(.enabled(if: written != nil, "FASCICLE_WRITTEN names a folder for the peers to read"))
  func `peers read what is written`() throws {
    let folder = try #require(written)
    var count: UInt64 = 0
    for way in Way.all {
      for extent in [VoxelExtent(z: 21, y: 37, x: 50), VoxelExtent(z: 64, y: 70, x: 33)] {
        for (kind, type, channels, encoding) in Self.kinds {
          count += 1
          let chunk = VoxelExtent(z: 8, y: 16, x: 16)
          let specification = PrecomputedSpecification(
            kind: kind,
            levels: PyramidLevel.levels(
              extent: extent, voxelSize: VoxelSize(z: 40, y: 4, x: 4),
              offset: PhysicalPosition(z: 420, y: 2, x: Double(count) * 40 + 2), chunk: chunk,
              limit: 3),
            channels: channels, dataType: type, chunk: chunk, encoding: encoding,
            storage: way.storage)
          let name = "\(folder)/\(count)-\(type.rawValue)-\(way.name)"
            .split(separator: " ").joined(separator: "-")
          try write(specification, to: name, seed: count)
        }
      }
    }
  }

  private static let kinds: [(PrecomputedKind, DataType, Int, PrecomputedEncoding?)] = [
    (.image, .uint8, 1, nil), (.image, .uint16, 2, nil), (.image, .float32, 1, nil),
    (.image, .int8, 1, nil), (.image, .uint8, 1, .jpeg(quality: 95)),
    (.segmentation, .uint32, 1, nil), (.segmentation, .uint64, 1, nil),
    (.segmentation, .uint64, 1, .raw),
    (.segmentation, .uint64, 1, .compressedSegmentation(block: VoxelExtent(z: 4, y: 8, x: 8))),
  ]

  private func write(
    _ specification: PrecomputedSpecification, to folder: String, seed: UInt64
  ) throws {
    let image = try PrecomputedImage.create(specification, at: "\(folder)/volume")
    func write<Scalar: VoxelScalar>(_ level: PrecomputedLevel, _ type: Scalar.Type) throws {
      let box = level.metadata.box
      var volume = randomVolume(type, channels: level.metadata.channels, box: box, seed: seed)
      if level.encoding.isLossy {
        let values = (0..<volume.span.count).map { Scalar(nearest: Int64($0 / 53 % 100 + 80)) }
        volume = Volume(box: box, values: values)
      }
      try level.finish(level.write(volume))
      var bytes: [UInt8] = []
      bytes.appendColumn((0..<volume.span.count).map { volume.span[$0] })
      overwrite("\(folder)/\(level.key).bin", with: bytes)
    }
    for level in image.levels { try write(level, level.metadata.dataType.scalarType) }
  }
}
