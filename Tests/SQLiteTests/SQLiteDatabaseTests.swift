import FoundationEssentials
import SQLite
import TestSupport
import Testing
import VolumeStore

@Suite struct SQLiteDatabaseTests {
  @Test func `values come back as they went in`() throws {
    let folder = TemporaryFolder()
    let database = try SQLiteDatabase(path: folder("a.sqlite"), mode: .create)
    try database.execute("CREATE TABLE kept(value)")
    let values: [SQLiteValue] = [
      .null, .integer(.min), .integer(.max), .identifier(.max), .real(0.1), .text(""),
      .text("a\u{0}b, ünïcode"), .blob([]), .blob([0, 255, 7]),
    ]
    for value in values { #expect(try database.run("INSERT INTO kept VALUES (?)", value) == 1) }
    let rows = try database.rows("SELECT value FROM kept ORDER BY rowid")
    #expect(rows.map { $0.values[0] } == values)
    #expect(rows[3].identifier(0) == .max)
  }

  @Test func `a transaction that fails leaves nothing`() throws {
    let folder = TemporaryFolder()
    let database = try SQLiteDatabase(path: folder("a.sqlite"), mode: .create)
    try database.execute("CREATE TABLE kept(value UNIQUE)")
    #expect(throws: VolumeError.self) {
      try database.transaction { () throws(VolumeError) in
        try database.run("INSERT INTO kept VALUES (?)", 1)
        try database.run("INSERT INTO kept VALUES (?)", 1)
      }
    }
    #expect(try database.rows("SELECT * FROM kept").isEmpty)
    try database.transaction { () throws(VolumeError) in
      try database.run("INSERT INTO kept VALUES (?)", 1)
    }
    let other = try SQLiteDatabase(path: folder("a.sqlite"), mode: .read)
    #expect(try other.rows("SELECT * FROM kept").count == 1)
    #expect(throws: VolumeError.self) { try other.run("INSERT INTO kept VALUES (?)", 2) }
  }

  @Test func `what is no database is refused by name`() throws {
    let folder = TemporaryFolder()
    let path = folder("a.sqlite")
    #expect { try SQLiteDatabase(path: path, mode: .update) } throws: {
      ($0 as? VolumeError)?.code == .notFound && ($0 as? VolumeError)?.path == path
    }
    try FileStore(root: folder.path).write(
      [UInt8](repeating: 65, count: 5000).span.bytes, to: "a.sqlite")
    #expect { try SQLiteDatabase(path: path, mode: .update) } throws: {
      ($0 as? VolumeError)?.code == .malformedMetadata
    }
  }
}
