import Codecs
import PrecomputedStore
import TestSupport
import Testing
import VolumeStore
import Voxels

/// How a volume is stored, for tests that hold for all ways.
struct Way: Sendable, CustomTestStringConvertible {
  var name: String
  var storage: PrecomputedStorage

  var testDescription: String { name }

  static let all = [
    Way(name: "plain files", storage: .files(.none)),
    Way(name: "gzip files", storage: .files(.gzip(level: 1))),
    Way(name: "shards", storage: .shards(byteLimit: 40_000, .gzip(level: 4))),
    Way(name: "plain shards", storage: .shards(byteLimit: 1, .none)),
    Way(name: "one shard", storage: .shards),
  ]
}

private let extent = VoxelExtent(z: 21, y: 37, x: 50)

private func specification(
  _ kind: PrecomputedKind, _ type: DataType, _ way: Way, channels: Int = 1,
  encoding: PrecomputedEncoding? = nil, offset: PhysicalPosition = .zero
) -> PrecomputedSpecification {
  let chunk = VoxelExtent(z: 8, y: 16, x: 16)
  return PrecomputedSpecification(
    kind: kind,
    levels: PyramidLevel.levels(
      extent: extent, voxelSize: VoxelSize(z: 40, y: 4, x: 4), offset: offset, chunk: chunk,
      limit: 2),
    channels: channels, dataType: type, chunk: chunk, encoding: encoding, storage: way.storage)
}

/// Writes a level unit by unit, in no order, and its manifest.
private func write<Scalar: VoxelScalar>(
  _ volume: Volume<Scalar>, to level: PrecomputedLevel
) throws -> [ChunkRecord] {
  let unit = level.metadata.storageUnit
  let size = volume.extent
  var boxes: [VoxelBox] = []
  for z in stride(from: 0, to: size.z, by: unit.z) {
    for y in stride(from: 0, to: size.y, by: unit.y) {
      for x in stride(from: 0, to: size.x, by: unit.x) {
        boxes.append(
          VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: unit)
            .intersection(volume.box))
      }
    }
  }
  var records: [ChunkRecord] = []
  for box in boxes.reversed() { records += try level.write(volume.cropped(to: box)) }
  try level.finish(records)
  return records
}

@Suite struct WritingTests {
  @Test(arguments: Way.all) func `every type comes back`(_ way: Way) throws {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let image = try PrecomputedImage.create(
        specification(.image, Scalar.dataType, way, channels: 2), at: folder("v"))
      for (seed, level) in image.levels.enumerated() {
        let volume = randomVolume(
          type, channels: 2, box: level.metadata.box, seed: UInt64(seed))
        _ = try write(volume, to: level)
        let read = try PrecomputedImage.open(at: folder("v")).levels[seed]
        let equals = try read.read(volume.box, as: type) == volume
        #expect(equals)
      }
    }
    for type in [UInt8.self, Int16.self, UInt64.self, Float.self] as [any VoxelScalar.Type] {
      try check(type)
    }
  }

  @Test(arguments: Way.all) func `labels come back, of every integer type`(_ way: Way) throws {
    func check<Scalar: VoxelScalar & FixedWidthInteger>(_ type: Scalar.Type) throws {
      let folder = TemporaryFolder()
      let image = try PrecomputedImage.create(
        specification(.segmentation, Scalar.dataType, way), at: folder("v"))
      var generator = SeededGenerator(seed: 5)
      let numbers = (0..<40).map { _ in Scalar.random(in: 0...Scalar.max, using: &generator) }
      let values = (0..<extent.voxelCount).map { numbers[($0 / 7 + $0 / 350) % 40] }
      let volume = Volume(box: VoxelBox(extent: extent), values: values)
      _ = try write(volume, to: image.levels[0])
      let level = try PrecomputedImage.open(at: folder("v")).levels[0]
      #expect(level.metadata.dataType == (Scalar.bitWidth == 64 ? .uint64 : .uint32))
      let equals = try level.readConverting(volume.box, to: type) == volume
      #expect(equals)
    }
    try check(UInt8.self)
    try check(UInt32.self)
    try check(Int64.self)
    try check(UInt64.self)
  }

  @Test func `negative labels are refused, not changed`() throws {
    let folder = TemporaryFolder()
    let image = try PrecomputedImage.create(
      specification(.segmentation, .int64, Way.all[0]), at: folder("v"))
    let volume = Volume<Int64>(box: VoxelBox(extent: extent), fill: -1)
    let error = volumeError { _ = try image.levels[0].write(volume) }
    #expect(error?.code == .dataTypeMismatch && error?.found == "-1")
  }

  @Test func `jpeg keeps grey and colour nearly as they are`() throws {
    for channels in [1, 3] {
      let folder = TemporaryFolder()
      let way = Way.all[channels == 1 ? 0 : 2]
      let image = try PrecomputedImage.create(
        specification(.image, .uint8, way, channels: channels, encoding: .jpeg(quality: 95)),
        at: folder("v"))
      let values = (0..<channels * extent.voxelCount).map { UInt8($0 / 53 % 100 + 80) }
      let volume = Volume(channels: channels, box: VoxelBox(extent: extent), values: values)
      _ = try write(volume, to: image.levels[0])
      let read = try PrecomputedImage.open(at: folder("v")).levels[0].read(
        volume.box, as: UInt8.self)
      var total = 0
      for index in values.indices { total += abs(Int(read.span[index]) - Int(values[index])) }
      #expect(total < 3 * values.count, "mean error \(Double(total) / Double(values.count))")
    }
  }

  @Test(arguments: [
    PhysicalPosition.zero, PhysicalPosition(z: 20, y: 2, x: 2),
    PhysicalPosition(z: -380, y: 4002.5, x: 1e6),
  ])
  func `the place of every level comes back exactly`(_ offset: PhysicalPosition) throws {
    let folder = TemporaryFolder()
    let wanted = specification(.image, .uint8, Way.all[0], offset: offset)
    _ = try PrecomputedImage.create(wanted, at: folder("v"))
    let levels = try PrecomputedImage.open(at: folder("v")).levels
    #expect(levels.map { $0.metadata.offset } == wanted.levels.map { $0.offset })
    #expect(levels.map { $0.metadata.voxelSize } == wanted.levels.map { $0.voxelSize })
  }

  @Test func `writes that cover half a unit are refused`() throws {
    let folder = TemporaryFolder()
    let image = try PrecomputedImage.create(
      specification(.image, .uint8, Way.all[2]), at: folder("v"))
    let level = image.levels[0]
    let unit = level.metadata.storageUnit
    #expect(unit.voxelCount > level.chunkExtent.voxelCount)
    let half = Volume<UInt8>(box: VoxelBox(extent: level.chunkExtent))
    #expect(volumeError { _ = try level.write(half) }?.code == .misalignedWrite)
  }

  @Test(arguments: [
    (PrecomputedKind.image, DataType.float64, nil as PrecomputedEncoding?),
    (.image, .int64, nil), (.segmentation, .float32, nil), (.image, .uint16, .jpeg(quality: 90)),
    (.segmentation, .uint8, .jpeg(quality: 90)), (.image, .float32, .labels),
  ])
  func `values that the format has no type for are refused`(
    _ kind: PrecomputedKind, _ type: DataType, _ encoding: PrecomputedEncoding?
  ) {
    let folder = TemporaryFolder()
    let error = volumeError {
      _ = try PrecomputedImage.create(
        specification(kind, type, Way.all[0], encoding: encoding), at: folder("v"))
    }
    #expect(error?.code == .unsupportedFeature && error?.remedy != nil)
  }

  @Test func `a volume is resumed, and another is not replaced`() throws {
    let folder = TemporaryFolder()
    let wanted = specification(.segmentation, .uint64, Way.all[2])
    let image = try PrecomputedImage.create(wanted, at: folder("v"))
    let changed = try image.replacingAttributes(["state": .string("complete")])
    #expect(changed.attributes["state"] == .string("complete"))
    let resumed = try PrecomputedImage.resume(wanted, at: folder("v"))
    #expect(resumed.attributes["state"] == .string("complete"))
    #expect(
      volumeError { _ = try PrecomputedImage.create(wanted, at: folder("v")) }?.code
        == .alreadyExists)
    let other = specification(.segmentation, .uint32, Way.all[2])
    #expect(
      volumeError { _ = try PrecomputedImage.resume(other, at: folder("v")) }?.code
        == .alreadyExists)
  }

  @Test(arguments: Way.all) func `every change to a file is found`(_ way: Way) throws {
    let folder = TemporaryFolder()
    let image = try PrecomputedImage.create(
      specification(.segmentation, .uint64, way), at: folder("v"))
    let level = image.levels[0]
    let volume = randomVolume(
      UInt64.self, box: VoxelBox(extent: extent), seed: 1, zeros: 0.9)
    let records = try write(volume, to: level)
    let clean = try level.verify(threads: 2)
    #expect(clean.hasManifest && clean.findings.isEmpty && clean.fileCount == records.count)
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<20 {
      let path = "\(level.path)/\(records.randomElement(using: &generator)?.key ?? "")"
      let sound = contents(of: path)
      var bytes = sound
      bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
        1 << UInt8.random(in: 0..<8, using: &generator)
      overwrite(path, with: bytes)
      #expect(try level.verify().findings.count == 1)
      overwrite(path, with: sound)
    }
    removeFile("\(level.path)/\(records[0].key)")
    #expect(try level.verify().findings.map { $0.kind } == [.missing])
    let read = try PrecomputedImage.open(at: folder("v")).levels[0]
    #expect(volumeError { _ = try read.read(volume.box, as: UInt64.self) }?.code == .corruptChunk)
  }

  @Test(arguments: Way.all) func `whatever the bytes, reading ends with voxels or an error`(
    _ way: Way
  ) throws {
    let folder = TemporaryFolder()
    let kinds: [(PrecomputedKind, DataType)] = [(.segmentation, .uint32), (.image, .uint32)]
    for (index, (kind, type)) in kinds.enumerated() {
      let image = try PrecomputedImage.create(
        specification(kind, type, way), at: folder("v\(index)"))
      let box = VoxelBox(extent: extent)
      let records = try write(
        randomVolume(UInt32.self, box: box, seed: 1, zeros: 0.95), to: image.levels[0])
      var generator = SeededGenerator(seed: 13)
      for _ in 0..<60 {
        let key = records.randomElement(using: &generator)?.key ?? ""
        let path = "\(image.levels[0].path)/\(key)"
        let sound = contents(of: path)
        var bytes = sound
        let end = Bool.random(using: &generator) ? min(64, bytes.count) : bytes.count
        bytes[Int.random(in: 0..<end, using: &generator)] ^=
          1 << UInt8.random(in: 0..<8, using: &generator)
        if Int.random(in: 0..<5, using: &generator) == 0 {
          bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
        }
        overwrite(path, with: bytes)
        let level = try PrecomputedImage.open(at: folder("v\(index)")).levels[0]
        let error = volumeError { _ = try level.read(box, as: UInt32.self) }
        #expect(error == nil || error?.code == .corruptChunk)
        overwrite(path, with: sound)
      }
    }
  }
}
