import Proofreading
import SQLite
import TestSupport
import Testing
import VolumeStore

@Suite struct ProofreadingDatabaseTests {
  private let folder = TemporaryFolder()
  private var path: String { folder("proofreading.sqlite") }

  private func create(_ segmentation: String? = "array 1") throws -> ProofreadingDatabase {
    try ProofreadingDatabase(path: path, mode: .create, segmentation: segmentation)
  }

  private func code(_ body: () throws -> Void) -> VolumeError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? VolumeError)?.code
    }
  }

  @Test func `it is made once and opened again`() throws {
    try create().set("colour", to: "green")
    try create().set("colour", to: "blue")
    let again = try ProofreadingDatabase(path: path, mode: .read)
    #expect(again.segmentation == "array 1")
    #expect(try again.value("colour") == "blue" && again.value("shape") == nil)
  }

  @Test func `another segmentation and another version are refused`() throws {
    let made = try create()
    #expect(code { _ = try create("array 2") } == .malformedMetadata)
    #expect(code { _ = try create(nil) } == nil)
    try made.set("schema_version", to: "2")
    #expect(code { _ = try create() } == .malformedMetadata)
  }

  @Test func `what is no such database is refused`() throws {
    #expect(code { _ = try ProofreadingDatabase(path: path, mode: .update) } == .notFound)
    overwrite(path, with: Array("reviewer,verdict\n".utf8) + [UInt8](repeating: 7, count: 5000))
    #expect(code { _ = try create() } == .malformedMetadata)
    let other = folder("other.sqlite")
    try SQLiteDatabase(path: other, mode: .create).execute("CREATE TABLE task(id)")
    #expect(
      code { _ = try ProofreadingDatabase(path: other, mode: .update) } == .malformedMetadata)
  }

  private static let mounts = """
    22 27 0:21 / /proc rw,relatime - proc proc rw
    27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
    30 27 0:30 / /data rw - xfs /dev/vdb rw
    31 30 0:31 / /data/lab rw shared:1 master:2 - nfs4 server:/lab rw
    32 31 0:32 / /data/lab/scratch rw - ext4 /dev/vdc rw
    33 27 0:33 / /with\\040space rw - fuse.sshfs me@there: rw
    nonsense
    34 27 0:34
    """

  @Test(
    arguments: [
      ("/data/lab/project/proofreading.sqlite", "nfs4"), ("/data/lab", "nfs4"),
      ("/data/laboratory/x", nil), ("/data/lab/scratch/x", nil), ("/home/x", nil),
      ("/with space/x", "fuse.sshfs"), ("/data/lab/scratch/../x", "nfs4"),
    ])
  func `the file system of a path is that of the nearest mount`(path: String, type: String?) {
    #expect(MountTable(Self.mounts).networkFileSystem(of: path) == type)
  }

  @Test func `a network file system is refused`() throws {
    let mounts = MountTable("40 1 0:40 / / rw - cifs //server/share rw")
    let error = #expect(throws: VolumeError.self) {
      try ProofreadingDatabase(path: path, mode: .create, mounts: mounts)
    }
    #expect(error?.code == .unsupportedFeature && error?.found == "cifs")
    #expect(!folderContents(folder.path).contains("proofreading.sqlite"))
  }

  @Test func `a full disk loses nothing that was acknowledged`() throws {
    let queue = TaskQueue(try create())
    try queue.add((1...50).map { (number: UInt64) in contact(number, 100 + number) })
    let first = try #require(try queue.claim(for: "ada"))
    _ = try queue.decide(first, .merge)
    let sqlite = queue.database.sqlite
    let pages = try #require(try sqlite.row("PRAGMA page_count")?.integer(0))
    // The limit stands for a disk that is full: SQLite reports both alike.
    _ = try sqlite.rows("PRAGMA max_page_count = \(pages)")
    var error: VolumeError?
    var kept = 1
    while error == nil, kept < 50 {
      do throws(VolumeError) {
        guard let claim = try queue.claim(for: "ada") else { break }
        let note = String(repeating: "x", count: 3000)
        _ = try queue.decide(claim, .keepApart, note: note)
        kept += 1
      } catch let failure {
        error = failure
      }
    }
    #expect(error?.code == .inputOutput && error?.message.contains("disk is full") == true)
    _ = try sqlite.rows("PRAGMA max_page_count = 100000")
    let again = TaskQueue(try ProofreadingDatabase(path: path, mode: .update))
    #expect(try again.status().reviewers.first?.verdicts == kept)
    #expect(try again.vote(on: first.task.id, by: "ada") == .merge)
    #expect(try again.faults() == [] && again.database.damage() == [])
    // With space again, the work goes on.
    let next = try #require(try again.claim(for: "ada"))
    #expect(try again.decide(next, .merge).task?.outcome == .merge)
  }

  @Test func `a database opened for reading takes no verdict and says so`() throws {
    let queue = TaskQueue(try create())
    try queue.add([contact(1, 2)])
    let claim = try #require(try queue.claim(for: "ada"))
    let reader = TaskQueue(try ProofreadingDatabase(path: path, mode: .read))
    let error = #expect(throws: VolumeError.self) { try reader.decide(claim, .merge) }
    #expect(error?.code == .inputOutput && error?.remedy?.contains("right to write") == true)
    #expect(try reader.status().count(.open) == 1)
    #expect(try queue.decide(claim, .merge).task?.state == .agreed)
  }

  @Test func `damage is found`() throws {
    do {
      let queue = TaskQueue(try create())
      try queue.add((1...400).map { (number: UInt64) in contact(number, 1000 + number) })
      _ = try queue.database.sqlite.rows("PRAGMA wal_checkpoint(TRUNCATE)")
      #expect(try queue.database.damage() == [] && queue.faults() == [])
    }
    var bytes = contents(of: path)
    for offset in stride(from: 8192, to: bytes.count - 64, by: 4096) {
      for index in offset + 8..<offset + 40 { bytes[index] ^= 0x5A }
    }
    overwrite(path, with: bytes)
    var isFound = false
    do {
      isFound = try !ProofreadingDatabase(path: path, mode: .read).damage().isEmpty
    } catch {
      isFound = error.code == .malformedMetadata
    }
    #expect(isFound)
  }

  @Test(
    arguments: [
      ("UPDATE task SET state = 'done' WHERE id = 1", "task 1 is done, but its verdicts say open"),
      (
        "UPDATE task SET outcome = 'keep apart' WHERE id = 2",
        "task 2 was settled as keep apart, but its verdicts say merge"
      ),
      ("UPDATE task SET state = 'void' WHERE id = 3", "task 3 is void without a reason"),
      ("DROP TRIGGER vote_stays", "verdicts are not protected: the rule vote_stays is missing"),
      (
        """
        INSERT INTO vote(task, reviewer, round, verdict, is_arbiter, token, at) \
        SELECT task, 'zoe', 1, 'merge', 0, token, at FROM vote WHERE task = 2
        """, "task 2 has a verdict by a lease that was used twice, of ada"
      ),
    ])
  func `what contradicts the rules is found`(statement: String, sentence: String) throws {
    let queue = TaskQueue(try create())
    try queue.add((1...3).map { (number: UInt64) in contact(number, 100 + number) })
    let claim = try #require(try queue.claim(task: 2, for: "ada"))
    _ = try queue.decide(claim, .merge)
    #expect(try queue.faults() == [])
    try queue.database.sqlite.execute(statement)
    #expect(try queue.faults().contains(sentence))
  }

  @Test func `a copy is whole, and taken while others work`() throws {
    let queue = TaskQueue(try create())
    try queue.add((1...20).map { (number: UInt64) in contact(number, 100 + number) })
    let claim = try #require(try queue.claim(for: "ada"))
    _ = try queue.decide(claim, .merge)
    let copy = folder("copy.sqlite")
    let other = try ProofreadingDatabase(path: path, mode: .update)
    try queue.database.sqlite.transaction { () throws(VolumeError) in
      try queue.database.sqlite.run("UPDATE task SET priority = -1")
      try other.backUp(to: copy, replacing: false)
    }
    let restored = TaskQueue(try ProofreadingDatabase(path: copy, mode: .update))
    #expect(try restored.vote(on: claim.task.id, by: "ada") == .merge)
    #expect(try restored.task(20)?.priority ?? 0 > 0)
    #expect(try restored.faults() == [] && restored.database.damage() == [])
    #expect(code { try other.backUp(to: copy, replacing: false) } == .alreadyExists)
    #expect(code { try other.backUp(to: copy, replacing: true) } == nil)
    #expect(folderContents(folder.path).allSatisfy { !$0.hasSuffix(".partial") })
  }

  @Test func `a copy of the files taken in mid-write has every acknowledged verdict`() throws {
    let queue = TaskQueue(try create())
    try queue.add((1...20).map { (number: UInt64) in contact(number, 100 + number) })
    for _ in 0..<5 {
      let claim = try #require(try queue.claim(for: "ada"))
      _ = try queue.decide(claim, .merge)
    }
    let copy = folder("copy.sqlite")
    try queue.database.sqlite.transaction { () throws(VolumeError) in
      try queue.database.sqlite.run("UPDATE task SET priority = -1, evidence = hex(zeroblob(2000))")
      for suffix in ["", "-wal"] { overwrite(copy + suffix, with: contents(of: path + suffix)) }
    }
    let restored = TaskQueue(try ProofreadingDatabase(path: copy, mode: .update))
    #expect(try restored.status().reviewers.first?.verdicts == 5)
    #expect(try restored.task(20)?.priority ?? 0 > 0)
    #expect(try restored.faults() == [] && restored.database.damage() == [])
  }
}
