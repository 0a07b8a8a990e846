import Codecs
import Glibc
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct `A file store` {
  @Test func `gives back values and leaves no partial file`() throws {
    let folder = TemporaryFolder()
    let store = FileStore(root: folder("a/b"))
    let bytes: [UInt8] = [1, 2, 3]
    try store.write(bytes.span.bytes, to: "c/0/1")
    try store.write([UInt8]([9]).span.bytes, to: "c/0/1")
    try store.synchronize()
    #expect(try store.read("c/0/1", limit: 10) == [9])
    #expect(try store.read("c/0/2", limit: 10) == nil)
    #expect(try store.exists("c/0") && !store.exists("c/1"))
    #expect(filesBelow(folder.path) == ["a/b/c/0/1"])
    try store.remove("c/0/1")
    try store.remove("c/0/1")
    #expect(filesBelow(folder.path) == [])
  }

  @Test func `puts a group of values in their places, or none of them`() throws {
    let folder = TemporaryFolder()
    let store = FileStore(root: folder.path)
    let keys = (0..<40).map { "c/\($0 / 10)/\($0 % 10)" }
    do {
      var group = WriteGroup(to: store)
      for (number, key) in keys.enumerated() {
        try group.write([UInt8(number)].span.bytes, to: key)
      }
      try group.finish()
    }
    for (number, key) in keys.enumerated() {
      #expect(try store.read(key, limit: 1) == [UInt8(number)])
    }
    #expect(filesBelow(folder.path) == keys.sorted())
    do {
      var group = WriteGroup(to: store)
      try group.write([UInt8]([1]).span.bytes, to: "c/new")
    }
    #expect(filesBelow(folder.path) == keys.sorted())
  }

  @Test func `refuses a file above the limit unread`() throws {
    let folder = TemporaryFolder()
    let store = FileStore(root: folder.path)
    try store.write([UInt8](repeating: 0, count: 100).span.bytes, to: "a")
    let error = #expect(throws: VolumeError.self) { try store.read("a", limit: 99) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func `names the file and the system's words when it cannot write`() throws {
    let folder = TemporaryFolder()
    overwrite(folder("a"), with: [1])
    let inside = #expect(throws: VolumeError.self) {
      try FileStore(root: folder("a/b")).write([UInt8]([1]).span.bytes, to: "c")
    }
    #expect(inside?.code == .inputOutput)
    #expect(inside?.path.hasPrefix(folder("a")) == true)
    // A device that is always full.
    let full = VolumeError(errno: ENOSPC, path: "p", "cannot write the file")
    #expect(full.message == "cannot write the file: No space left on device (errno 28)")
    #expect(full.remedy?.contains("free some space") == true)
  }

  @Test func `sweeps what dead writers left and nothing else`() throws {
    let folder = TemporaryFolder()
    let store = FileStore(root: folder.path)
    try store.write([UInt8]([1]).span.bytes, to: "c/0")
    // The name of a partial file of this machine, learnt from a write that cannot be finished.
    _ = mkdir(folder("c/1"), 0o777)
    #expect(throws: VolumeError.self) { try store.write([UInt8]([1]).span.bytes, to: "c/1") }
    #expect(filesBelow(folder.path) == ["c/0"])
    let foreign = ".0.1234567.00000000aaaaaaaa.partial"
    overwrite(folder("c/\(foreign)"), with: [1])
    overwrite(folder("c/.hidden"), with: [1])
    try store.removeStrayPartials()
    // Another machine's young file may still be written.
    #expect(filesBelow(folder.path) == ["c/.\(foreign.dropFirst())", "c/.hidden", "c/0"])
  }
}

@Suite struct `A chunk cache` {
  private func stored(_ folder: TemporaryFolder, _ cache: ChunkCache) throws -> ZarrArray {
    let array = try ZarrArray.create(
      at: folder("a"), extent: VoxelExtent(z: 8, y: 8, x: 8), fill: UInt16(0),
      layout: ChunkLayout(
        chunk: VoxelExtent(z: 4, y: 4, x: 4), shard: VoxelExtent(z: 8, y: 4, x: 8)), cache: cache)
    _ = try array.write(randomVolume(UInt16.self, box: array.metadata.box, seed: 8))
    return array
  }

  @Test func `decodes each chunk once while they fit`() throws {
    let folder = TemporaryFolder()
    let cache = ChunkCache(byteLimit: 8 * 128)
    let array = try stored(folder, cache)
    let plain = try ZarrArray.open(at: folder("a"))
    for _ in 0..<3 {
      #expect(
        try array.read(array.metadata.box, as: UInt16.self)
          == plain.read(array.metadata.box, as: UInt16.self))
    }
    #expect(cache.byteCount == 8 * 128)
    #expect(cache.hits == 16)
    cache.removeAll()
    #expect(cache.byteCount == 0)
  }

  @Test(arguments: [0, 127, 128, 300, 1024])
  func `never holds more than its limit`(limit: Int) throws {
    let folder = TemporaryFolder()
    let cache = ChunkCache(byteLimit: limit)
    let array = try stored(folder, cache)
    let expected = try ZarrArray.open(at: folder("a")).read(array.metadata.box, as: UInt16.self)
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<40 {
      let origin = VoxelPosition(
        z: .random(in: 0..<6, using: &generator), y: .random(in: 0..<6, using: &generator),
        x: .random(in: 0..<6, using: &generator))
      let box = VoxelBox(origin: origin, extent: VoxelExtent(cube: 2))
      #expect(try array.read(box, as: UInt16.self) == expected.cropped(to: box))
      #expect(cache.byteCount <= limit)
    }
  }

  @Test func `forgets what is written anew, and serves many threads`() throws {
    let folder = TemporaryFolder()
    let cache = ChunkCache(byteLimit: 3 * 128)
    let array = try stored(folder, cache)
    let box = array.metadata.box
    _ = try array.read(box, as: UInt16.self)
    let new = randomVolume(UInt16.self, box: box, seed: 9)
    _ = try array.write(new)
    concurrentForEach(0..<32, threads: 4) { index in
      let part = VoxelBox(
        origin: VoxelPosition(z: index % 4, y: index % 5, x: index % 7),
        extent: VoxelExtent(cube: 1)
      )
      #expect((try? array.read(part, as: UInt16.self)) == new.cropped(to: part))
    }
  }

  @Test func `never makes a write misaligned or of another type pass`() throws {
    let folder = TemporaryFolder()
    let array = try stored(folder, ChunkCache(byteLimit: 100))
    let inner = VoxelBox(extent: VoxelExtent(z: 4, y: 4, x: 4))
    let misaligned = #expect(throws: VolumeError.self) {
      try array.write(Volume(box: inner, fill: UInt16(1)))
    }
    #expect(misaligned?.code == .misalignedWrite)
    let type = #expect(throws: VolumeError.self) {
      try array.write(Volume(box: array.metadata.box, fill: UInt8(1)))
    }
    #expect(type?.code == .dataTypeMismatch)
    let outside = #expect(throws: VolumeError.self) {
      try array.read(VoxelBox(extent: VoxelExtent(cube: 9)), as: UInt16.self)
    }
    #expect(outside?.code == .outOfBounds)
  }
}
