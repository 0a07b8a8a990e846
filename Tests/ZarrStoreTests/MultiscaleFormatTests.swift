import Codecs
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

@Suite struct `A multiscale image` {
  static let extent = VoxelExtent(z: 9, y: 21, x: 33)

  private func specification(
    _ format: MultiscaleFormat, _ dataType: DataType, channels: Int? = nil,
    kind: ImageSpecification.Kind = .image
  ) -> ImageSpecification {
    ImageSpecification(
      name: "cells", kind: kind, extent: Self.extent, channels: channels, dataType: dataType,
      voxelSize: VoxelSize(z: 40, y: 5, x: 4), offset: PhysicalPosition(z: 80, y: 50, x: 12),
      layout: ChunkLayout(
        chunk: VoxelExtent(z: 4, y: 8, x: 8), shard: VoxelExtent(z: 4, y: 16, x: 16)),
      attributes: ["state": .string("writing")], format: format)
  }

  @Test(arguments: MultiscaleFormat.allCases, DataType.allCases)
  func `gives back what was written in every format`(
    format: MultiscaleFormat, dataType: DataType
  ) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      for channels in [nil, 2] {
        let folder = TemporaryFolder()
        let specification = specification(format, dataType, channels: channels)
        let image = try OMEZarrImage.create(specification, at: folder("a"))
        #expect(image.levels.count == specification.levels.count)
        let volume = randomVolume(
          type, channels: channels ?? 1, box: VoxelBox(extent: Self.extent), seed: 3)
        let records = try image.levels[0].write(volume)
        #expect(records.allSatisfy { (try? image.levels[0].isIntact($0)) == true })
        try image.levels[0].finish(records)
        #expect(try image.levels[0].verify().findings == [])
        let again = try OMEZarrImage.open(at: folder("a"))
        #expect(again.name == "cells")
        #expect(try again.levels[0].read(volume.box, as: type) == volume)
        for (found, level) in zip(again.levels, specification.levels) {
          #expect(found.metadata.extent == level.extent)
          #expect(found.metadata.voxelSize == level.voxelSize)
          #expect(found.metadata.offset == level.offset)
          #expect(found.format == format.store)
          // A level alone says the same of itself.
          let alone = try ZarrArray.openVolume(at: found.path)
          #expect(alone.metadata == found.metadata)
        }
      }
    }
    try check(dataType.scalarType)
  }

  @Test(arguments: MultiscaleFormat.allCases)
  func `is resumed, and keeps the project's attributes`(format: MultiscaleFormat) throws {
    let folder = TemporaryFolder()
    let specification = specification(format, .uint64, kind: .labels)
    let image = try OMEZarrImage.create(specification, at: folder("a"))
    #expect(image.attributes["state"] == .string("writing"))
    _ = try image.replacingAttributes(["state": .string("complete")])
    let resumed = try OMEZarrImage.resume(specification, at: folder("a"))
    #expect(resumed.attributes == ["state": .string("complete")])
    #expect(resumed.levels.map { $0.metadata } == image.levels.map { $0.metadata })
    var other = specification
    other.voxelSize.z = 41
    #expect(throws: VolumeError.self) { try OMEZarrImage.resume(other, at: folder("a")) }
    #expect(throws: VolumeError.self) { try OMEZarrImage.create(specification, at: folder("a")) }
    for otherFormat in MultiscaleFormat.allCases where otherFormat != format {
      other = specification
      other.format = otherFormat
      let error = volumeError { _ = try OMEZarrImage.resume(other, at: folder("a")) }
      #expect(error?.code == .alreadyExists)
    }
  }

  @Test(arguments: [StoreFormat.zarr2, .n5])
  func `shows every flipped bit and every cut`(format: StoreFormat) throws {
    let folder = TemporaryFolder()
    let array = try ZarrArray.create(
      at: folder("a"), shape: VolumeShape(extent: VoxelExtent(z: 5, y: 6, x: 7)),
      dataType: .uint16, layout: ChunkLayout(chunk: VoxelExtent(z: 5, y: 6, x: 7)),
      format: format)
    let volume = randomVolume(UInt16.self, box: array.metadata.box, seed: 9)
    let records = try array.write(volume)
    let path = "\(folder("a"))/\(records[0].key)"
    let sound = contents(of: path)
    var generator = SeededGenerator(seed: 31)
    for trial in 0..<200 {
      var bytes = sound
      if trial % 4 == 0 {
        bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
      } else {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
          1 << UInt8.random(in: 0..<8, using: &generator)
      }
      try FileStore(root: folder("a")).write(bytes.span.bytes, to: records[0].key)
      do throws(VolumeError) {
        // A gzip header has bytes without meaning: what is read must be what was written.
        #expect(try array.read(volume.box, as: UInt16.self) == volume)
      } catch {
        #expect(error.code == .corruptChunk || error.code == .unsupportedFeature)
      }
    }
  }
}
