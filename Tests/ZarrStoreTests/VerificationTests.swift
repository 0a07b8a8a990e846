import Codecs
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct `Verification of an array` {
  struct Stored {
    let folder = TemporaryFolder()
    let array: ZarrArray
    let volume: Volume<UInt64>
    /// Keys of stored chunks.
    let keys: [String]

    init(sharded: Bool, hasManifest: Bool = true) throws {
      array = try ZarrArray.create(
        at: folder("a"), extent: VoxelExtent(z: 8, y: 10, x: 12), fill: UInt64(0),
        layout: ChunkLayout(
          chunk: VoxelExtent(z: 4, y: 4, x: 4), shard: sharded ? VoxelExtent(z: 4, y: 8, x: 8) : nil
        ))
      var volume = randomVolume(UInt64.self, box: array.metadata.box, seed: 4)
      // A chunk, and a shard, of nothing.
      for z in 4..<8 {
        for y in 8..<10 {
          for x in 8..<12 { volume[VoxelPosition(z: z, y: y, x: x)] = 0 }
        }
      }
      self.volume = volume
      let records = try array.write(volume)
      if hasManifest { try array.finish(records) }
      keys = records.filter { $0.byteCount > 0 }.map { $0.key }
    }

    func file(_ key: String) -> String { folder("a/\(key)") }

    func kinds() throws -> [String: ChunkFinding.Kind] {
      var kinds: [String: ChunkFinding.Kind] = [:]
      for finding in try array.verify(threads: 2).findings { kinds[finding.key] = finding.kind }
      return kinds
    }

    /// Whether reading everything throws; wrong voxels are a failure of the test.
    func readingThrows() -> Bool {
      guard let found = try? array.read(volume.box, as: UInt64.self) else { return true }
      #expect(found == volume)
      return false
    }
  }

  @Test(arguments: [false, true]) func `finds nothing in a sound array`(sharded: Bool) throws {
    let stored = try Stored(sharded: sharded)
    let result = try stored.array.verify()
    #expect(result.findings == [])
    #expect(result.hasManifest)
    #expect(result.fileCount == stored.keys.count)
    #expect(stored.keys.count == (sharded ? 7 : 17))
  }

  @Test(arguments: [false, true])
  func `notices every flipped bit, and no read gives wrong voxels`(sharded: Bool) throws {
    let stored = try Stored(sharded: sharded)
    var generator = SeededGenerator(seed: 6)
    for round in 0..<60 {
      let key = try #require(stored.keys.randomElement(using: &generator))
      let sound = contents(of: stored.file(key))
      var bytes = sound
      // Every byte of the file's end is tried: trailers and indices.
      let index =
        round < 30 ? bytes.count - 1 - round : Int.random(in: bytes.indices, using: &generator)
      bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      overwrite(stored.file(key), with: bytes)
      #expect(try stored.kinds() == [key: .damaged], "byte \(index) of \(key)")
      #expect(stored.readingThrows(), "byte \(index) of \(key)")
      overwrite(stored.file(key), with: sound)
    }
  }

  @Test(arguments: [false, true])
  func `notices truncation and zeroes`(sharded: Bool) throws {
    let stored = try Stored(sharded: sharded)
    let key = stored.keys[3]
    let sound = contents(of: stored.file(key))
    for count in [0, 1, 4, sound.count / 2, sound.count - 1] {
      overwrite(stored.file(key), with: Array(sound.prefix(count)))
      #expect(try stored.kinds() == [key: .damaged], "\(count) bytes left")
      #expect(stored.readingThrows())
    }
    overwrite(stored.file(key), with: [UInt8](repeating: 0, count: sound.count))
    #expect(try stored.kinds() == [key: .damaged])
    #expect(stored.readingThrows())
    overwrite(stored.file(key), with: sound + [0])
    #expect(try stored.kinds() == [key: .damaged])
  }

  @Test(arguments: [false, true]) func `notices swapped and lost chunks`(sharded: Bool) throws {
    let stored = try Stored(sharded: sharded)
    let first = contents(of: stored.file(stored.keys[0]))
    let second = contents(of: stored.file(stored.keys[1]))
    overwrite(stored.file(stored.keys[0]), with: second)
    overwrite(stored.file(stored.keys[1]), with: first)
    let findings = try stored.array.verify().findings
    #expect(findings.map { $0.kind } == [.foreign, .foreign])
    #expect(findings[0].message == "the bytes are the ones recorded for \(stored.keys[1])")
    #expect(findings[1].message == "the bytes are the ones recorded for \(stored.keys[0])")
    overwrite(stored.file(stored.keys[0]), with: first)
    removeFile(stored.file(stored.keys[1]))
    #expect(try stored.kinds() == [stored.keys[1]: .missing])
  }

  @Test func `notices a sound chunk of another run of the same length`() throws {
    // Behind the crc32c codec every chunk has the same CRC-32C: the record must not be fooled.
    let folder = TemporaryFolder()
    func array(_ name: String, _ value: UInt8) throws -> (ZarrArray, [ChunkRecord]) {
      let box = VoxelBox(extent: VoxelExtent(cube: 4))
      let array = try ZarrArray.create(
        at: folder(name), extent: box.extent, fill: UInt8(0),
        layout: ChunkLayout(chunk: box.extent), codecs: [CRC32CCodec()])
      return (array, try array.write(Volume(box: box, fill: value)))
    }
    let (first, records) = try array("a", 1)
    try first.finish(records)
    let (_, others) = try array("b", 2)
    #expect(records[0].byteCount == others[0].byteCount)
    #expect(records[0].crc32c != others[0].crc32c)
    overwrite(folder("a/c/0/0/0"), with: contents(of: folder("b/c/0/0/0")))
    #expect(try first.isIntact(records[0]) == false)
    #expect(try first.verify().findings.map { $0.kind } == [.foreign])
  }

  @Test func `notices files nobody recorded`() throws {
    let stored = try Stored(sharded: false)
    overwrite(stored.file("c/1/2/2"), with: contents(of: stored.file(stored.keys[0])))
    overwrite(stored.file("c/0/0/9"), with: [1])
    overwrite(stored.file("note"), with: [1])
    #expect(
      try stored.kinds() == ["c/1/2/2": .foreign, "c/0/0/9": .unrecorded, "note": .unrecorded])
  }

  @Test func `notices a damaged manifest and still decodes every chunk`() throws {
    let stored = try Stored(sharded: false)
    let sound = contents(of: stored.file("manifest.jsonl"))
    for damaged in [Array(sound.dropLast(40)), Array(sound.dropFirst(3)), [], [10]] {
      overwrite(stored.file("manifest.jsonl"), with: damaged)
      #expect(try stored.kinds()["manifest.jsonl"] == .damaged)
    }
    removeFile(stored.file("manifest.jsonl"))
    overwrite(stored.file(stored.keys[5]), with: [1, 2, 3])
    #expect(try stored.kinds() == [stored.keys[5]: .damaged])
    #expect(try stored.array.verify().hasManifest == false)
  }

  @Test func `gives the same files and manifest in whatever order blocks are written`() throws {
    let stored = try Stored(sharded: true)
    let folder = TemporaryFolder()
    let array = try ZarrArray.create(
      at: folder("a"), extent: stored.volume.extent, fill: UInt64(0),
      layout: ChunkLayout(
        chunk: VoxelExtent(z: 4, y: 4, x: 4), shard: VoxelExtent(z: 4, y: 8, x: 8)))
    var records: [ChunkRecord] = []
    for z in [4, 0] {
      let half = VoxelBox(
        origin: VoxelPosition(z: z, y: 0, x: 0), extent: VoxelExtent(z: 4, y: 10, x: 12))
      records += try array.write(stored.volume.cropped(to: half))
    }
    try array.finish(records)
    #expect(filesBelow(folder("a")) == filesBelow(stored.folder("a")))
    for file in filesBelow(folder("a")) {
      #expect(contents(of: folder("a/\(file)")) == contents(of: stored.file(file)), "\(file)")
    }
  }
}
