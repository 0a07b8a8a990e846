import CSQLite
public import VolumeStore

// All unsafe code of calling SQLite. Each use states why it is sound.

/// A database in one file, open for one thread at a time.
///
/// Statements are prepared once and kept. Every failure is a ``VolumeError`` that names the file.
public final class SQLiteDatabase {
  /// How a database is opened.
  public enum Mode: Sendable {
    /// For reading and writing; made where it is not there.
    case create
    /// For reading and writing; it must be there.
    case update
    /// For reading; it must be there.
    case read
  }

  /// The file.
  public let path: String
  private let handle: OpaquePointer
  private var statements: [String: OpaquePointer] = [:]

  /// Opens a database; where it may be written, with a write-ahead log that is forced to disk at
  /// every commit, so that what was acknowledged stays.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: what it is opened for.
  ///   - patience: how long to wait for another process that writes, in seconds.
  /// - Throws: ``VolumeError`` with `notFound`, `malformedMetadata` where it is no database, or
  ///   `inputOutput`.
  public init(path: String, mode: Mode, patience: Double = 30) throws(VolumeError) {
    let flags =
      switch mode {
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .update: SQLITE_OPEN_READWRITE
      case .read: SQLITE_OPEN_READONLY
      }
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let opened else {
      let error = Self.error(code, path: path, handle: opened, doing: "cannot open the database")
      sqlite3_close_v2(opened)
      throw error
    }
    self.path = path
    handle = opened
    sqlite3_busy_timeout(handle, Int32(patience * 1000))
    if mode != .read {
      try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
    } else {
      try execute("PRAGMA query_only = ON")
    }
  }

  deinit {
    // Sound: no statement is used after this, and each was prepared by this handle.
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close_v2(handle)
  }

  /// Runs statements that take and give nothing, such as a schema.
  public func execute(_ sql: String) throws(VolumeError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw error(code) }
  }

  /// Runs one statement to its end.
  ///
  /// - Returns: how many rows it inserted, changed or removed.
  @discardableResult
  public func run(_ sql: String, _ arguments: SQLiteValue...) throws(VolumeError) -> Int {
    try run(sql, arguments: arguments)
  }

  /// Runs one statement to its end.
  ///
  /// - Returns: how many rows it inserted, changed or removed.
  @discardableResult
  public func run(_ sql: String, arguments: [SQLiteValue]) throws(VolumeError) -> Int {
    try forEachRow(sql, arguments: arguments) { (_) throws(VolumeError) in }
    return Int(sqlite3_changes64(handle))
  }

  /// The rows of a query, all at once.
  public func rows(_ sql: String, _ arguments: SQLiteValue...) throws(VolumeError) -> [SQLiteRow] {
    var rows: [SQLiteRow] = []
    try forEachRow(sql, arguments: arguments) { (row) throws(VolumeError) in rows.append(row) }
    return rows
  }

  /// The first row of a query; nil where it has none.
  public func row(_ sql: String, _ arguments: SQLiteValue...) throws(VolumeError) -> SQLiteRow? {
    var first: SQLiteRow?
    try forEachRow(sql, arguments: arguments) { (row) throws(VolumeError) in
      if first == nil { first = row }
    }
    return first
  }

  /// Calls a function with each row of a query, in order, holding one at a time.
  ///
  /// The same query must not run inside the function.
  public func forEachRow(
    _ sql: String, arguments: [SQLiteValue] = [],
    _ body: (SQLiteRow) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    let statement = try prepared(sql)
    // Sound: the statement belongs to this handle, which is open; resetting it only frees locks.
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    precondition(
      sqlite3_bind_parameter_count(statement) == Int32(arguments.count),
      "a statement gets as many arguments as it has parameters")
    for (index, argument) in arguments.enumerated() {
      try bind(argument, to: Int32(index + 1), of: statement)
    }
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else { throw error(code) }
      let values = (0..<sqlite3_column_count(statement)).map { Self.value($0, of: statement) }
      try body(SQLiteRow(values))
    }
  }

  /// Runs a function as one transaction that takes the right to write at once: all of it is done,
  /// or, where the function throws, nothing.
  @discardableResult
  public func transaction<Result>(
    _ body: () throws(VolumeError) -> Result
  ) throws(VolumeError) -> Result {
    try execute("BEGIN IMMEDIATE")
    do throws(VolumeError) {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      // Where SQLite has rolled back by itself, there is nothing left to do.
      if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }

  /// The key that the last insertion gave.
  public var lastInsertedKey: Int64 { sqlite3_last_insert_rowid(handle) }

  private func prepared(_ sql: String) throws(VolumeError) -> OpaquePointer {
    if let statement = statements[sql] { return statement }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw error(code) }
    statements[sql] = statement
    return statement
  }

  private func bind(
    _ value: SQLiteValue, to index: Int32, of statement: OpaquePointer
  ) throws(VolumeError) {
    let code =
      switch value {
      case .null: sqlite3_bind_null(statement, index)
      case .integer(let value): sqlite3_bind_int64(statement, index, value)
      case .real(let value): sqlite3_bind_double(statement, index, value)
      case .text(let value):
        csqlite_bind_text(statement, index, value, Int32(value.utf8.count))
      case .blob(let bytes):
        // Sound: SQLite copies the bytes before the call returns.
        bytes.withUnsafeBytes {
          $0.isEmpty
            ? sqlite3_bind_zeroblob(statement, index, 0)
            : csqlite_bind_blob(statement, index, $0.baseAddress, Int32($0.count))
        }
      }
    if code != SQLITE_OK { throw error(code) }
  }

  private static func value(_ column: Int32, of statement: OpaquePointer) -> SQLiteValue {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      // Sound: the text stays until the next step, and is copied here with its stated length.
      guard let text = sqlite3_column_text(statement, column) else { return .null }
      let count = Int(sqlite3_column_bytes(statement, column))
      return .text(
        String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      // Sound: as above; an empty blob has no address.
      guard let bytes = sqlite3_column_blob(statement, column) else { return .blob([]) }
      let count = Int(sqlite3_column_bytes(statement, column))
      return .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
    default: return .null
    }
  }

  private func error(_ code: Int32) -> VolumeError {
    Self.error(code, path: path, handle: handle, doing: "the database refused")
  }

  private static func error(
    _ code: Int32, path: String, handle: OpaquePointer?, doing: String
  ) -> VolumeError {
    // Sound: the text belongs to the handle, or is a constant, and is copied here.
    let found = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
    switch code & 0xff {
    case SQLITE_CANTOPEN:
      return VolumeError(.notFound, path: path, doing, found: found, remedy: "check the path")
    case SQLITE_NOTADB, SQLITE_CORRUPT:
      return VolumeError(
        .malformedMetadata, path: path, "not a sound database", found: found,
        remedy: "restore it from a backup")
    case SQLITE_FULL:
      return VolumeError(
        .inputOutput, path: path, "the disk is full; nothing of this step was kept", found: found,
        remedy: "free space and do this step again")
    case SQLITE_READONLY, SQLITE_PERM:
      return VolumeError(
        .inputOutput, path: path, "the database cannot be written", found: found,
        remedy: "give yourself the right to write the file and its folder")
    case SQLITE_BUSY, SQLITE_LOCKED:
      return VolumeError(
        .inputOutput, path: path, "another process holds the database", found: found,
        remedy: "try again when it has finished")
    default:
      return VolumeError(.inputOutput, path: path, doing, found: found)
    }
  }
}
