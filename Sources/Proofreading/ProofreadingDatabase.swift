public import SQLite
public import VolumeStore

/// The database of a project's proofreading: tasks, verdicts and edits, in one file on a local disk.
///
/// Several processes on one machine may work with it at once. What a call has acknowledged is on
/// the disk; a process that is killed loses nothing of it.
public final class ProofreadingDatabase {
  /// The number of the schema that this version reads and writes.
  public static let schemaVersion: Int64 = 1

  /// The tables, each statement doing nothing where its table is there already.
  private static let schemas = [TaskSchema.sql, OperationSchema.sql]

  /// The database itself.
  public let sqlite: SQLiteDatabase

  /// The identity of the segmentation that the tasks and edits are of; empty where none was stated.
  public let segmentation: String

  /// Opens the database of a project, and makes it where it is missing and `mode` says so.
  ///
  /// - Parameters:
  ///   - path: the file, usually `PROJECT/proofreading.sqlite`.
  ///   - mode: what it is opened for.
  ///   - segmentation: what identifies the segmentation; kept when the database is made, and
  ///     compared with what is kept afterwards. Nil takes what is there.
  ///   - mounts: which file systems there are.
  /// - Throws: ``VolumeError`` with `unsupportedFeature` on a network file system, where processes
  ///   could not share the database; `malformedMetadata` where the file is no such database, of
  ///   another version or of another segmentation; `notFound`; `inputOutput`.
  public init(
    path: String, mode: SQLiteDatabase.Mode, segmentation: String? = nil,
    mounts: MountTable = .current
  ) throws(VolumeError) {
    if let type = mounts.networkFileSystem(of: path) {
      throw VolumeError(
        .unsupportedFeature, path: path, "the database lies on a network file system",
        found: type, expected: "a local disk, on which processes can lock parts of a file",
        remedy: "move the project to a local disk, or work on the machine that has the disk")
    }
    sqlite = try SQLiteDatabase(path: path, mode: mode)
    let isMade = try sqlite.row("SELECT 1 FROM sqlite_master WHERE name = 'meta'") != nil
    if !isMade {
      guard mode == .create else {
        throw VolumeError(
          .malformedMetadata, path: path, "not a database of proofreading",
          remedy: "run emseg proofread build, or restore it from a backup")
      }
      try Self.prepare(sqlite, segmentation: segmentation ?? "")
    }
    let version = try Self.value("schema_version", in: sqlite).flatMap { Int64($0) }
    guard version == Self.schemaVersion else {
      throw VolumeError(
        .malformedMetadata, path: path, "the database is of another version",
        found: version.map { "\($0)" } ?? "none stated", expected: "\(Self.schemaVersion)",
        remedy: "use the version of emseg that made it")
    }
    self.segmentation = try Self.value("segmentation", in: sqlite) ?? ""
    if let segmentation, !self.segmentation.isEmpty, segmentation != self.segmentation {
      throw VolumeError(
        .malformedMetadata, path: path, "the database is of another segmentation",
        found: self.segmentation, expected: segmentation,
        remedy: "restore the segmentation that was proofread, or begin in a new project")
    }
    if mode != .read { for schema in Self.schemas { try sqlite.execute(schema) } }
  }

  /// A fact kept under a name; nil where there is none.
  public func value(_ name: String) throws(VolumeError) -> String? {
    try Self.value(name, in: sqlite)
  }

  /// Keeps a fact under a name, in place of an earlier one.
  public func set(_ name: String, to value: String) throws(VolumeError) {
    try sqlite.run(
      "INSERT INTO meta(name, value) VALUES(?, ?) "
        + "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
      .text(name), .text(value))
  }

  private static func value(
    _ name: String, in database: SQLiteDatabase
  ) throws(VolumeError) -> String? {
    try database.row("SELECT value FROM meta WHERE name = ?", .text(name))?.text(0)
  }

  /// Makes the tables; one process does so, others find them made.
  private static func prepare(
    _ database: SQLiteDatabase, segmentation: String
  ) throws(VolumeError) {
    try database.transaction { () throws(VolumeError) in
      try database.execute(
        "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
      for (name, value) in [
        ("schema_version", "\(schemaVersion)"), ("segmentation", segmentation),
      ] {
        try database.run(
          "INSERT OR IGNORE INTO meta(name, value) VALUES(?, ?)", .text(name), .text(value))
      }
      for schema in schemas { try database.execute(schema) }
    }
  }
}
