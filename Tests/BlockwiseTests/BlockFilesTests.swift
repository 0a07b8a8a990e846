import Blockwise
import TestSupport
import Testing
import VolumeStore
import Voxels

private let block = BlockGrid(
  volume: VoxelBox(extent: VoxelExtent(cube: 4)), blockExtent: VoxelExtent(cube: 2)
).block(5)

private func table() -> BlockTable {
  var table = BlockTable()
  table.append([1, .max, 0] as [UInt64])
  table.append([-1.5, .infinity] as [Float])
  table.append([] as [UInt8])
  table.append([Int16.min])
  return table
}

@Test func `columns come back as they were stored`() throws {
  let folder = TemporaryFolder()
  let files = BlockFiles(path: folder("faces"))
  let record = try files.write(table(), for: block)
  #expect(record.key == "5.columns")
  let read = try files.read(5)
  #expect(read == table())
  #expect(read.columnCount == 4)
  #expect(try read.column(0, as: UInt64.self) == [1, .max, 0])
  #expect(try read.column(1, as: Float.self) == [-1.5, .infinity])
  #expect(try read.column(2, as: UInt8.self) == [])
  #expect(try read.column(3, as: Int16.self) == [.min])
  #expect(try files.isIntact(record))
}

@Test func `a column of another type or number is refused`() throws {
  #expect(throws: VolumeError.self) { try table().column(0, as: Int64.self) }
  #expect(throws: VolumeError.self) { try table().column(4, as: Int64.self) }
}

@Test func `equal tables give equal bytes and a table without columns is kept`() throws {
  let folder = TemporaryFolder()
  let files = BlockFiles(path: folder("faces"))
  let first = try files.write(table(), for: block)
  let bytes = contents(of: folder("faces/5.columns"))
  #expect(try files.write(table(), for: block) == first)
  #expect(contents(of: folder("faces/5.columns")) == bytes)
  _ = try files.write(BlockTable(), for: block)
  #expect(try files.read(5) == BlockTable())
  #expect(try !files.isIntact(first))
}

@Test func `every flipped bit and every cut is noticed`() throws {
  let folder = TemporaryFolder()
  let files = BlockFiles(path: folder.path)
  let record = try files.write(table(), for: block)
  let bytes = contents(of: folder("5.columns"))
  func expectDamage(_ damaged: [UInt8], _ what: String) throws {
    overwrite(folder("5.columns"), with: damaged)
    let error = #expect(throws: VolumeError.self, "\(what)") { try files.read(5) }
    #expect(error?.code == .corruptChunk, "\(what)")
    #expect(try !files.isIntact(record), "\(what)")
  }
  for position in bytes.indices {
    var damaged = bytes
    damaged[position] ^= 1 << UInt8(position % 8)
    try expectDamage(damaged, "bit of byte \(position)")
    try expectDamage(Array(bytes[..<position]), "cut at \(position)")
  }
}

@Test func `a missing file is no error to the check and names its block to the reader`() throws {
  let folder = TemporaryFolder()
  let files = BlockFiles(path: folder.path)
  #expect(try !files.isIntact(ChunkRecord(key: "5.columns", byteCount: 1, crc32c: 1)))
  let error = try #require(throws: VolumeError.self) { try files.read(5) }
  #expect(error.code == .notFound)
  #expect(error.path == folder("5.columns"))
}

@Test func `two blocks' files swapped are both noticed`() throws {
  let folder = TemporaryFolder()
  let files = BlockFiles(path: folder.path)
  let grid = BlockGrid(
    volume: VoxelBox(extent: VoxelExtent(cube: 4)), blockExtent: VoxelExtent(cube: 2))
  var other = BlockTable()
  other.append([3, .max, 7] as [UInt64])
  let records = [
    try files.write(table(), for: grid.block(0)), try files.write(other, for: grid.block(1)),
  ]
  let first = contents(of: folder("0.columns"))
  overwrite(folder("0.columns"), with: contents(of: folder("1.columns")))
  overwrite(folder("1.columns"), with: first)
  #expect(try !files.isIntact(records[0]))
  #expect(try !files.isIntact(records[1]))
}
