/// The tables of the edit log.
enum OperationSchema {
  /// The statements; each does nothing where its table is there already.
  ///
  /// Entries are only ever added, and the hash of each covers the one before it. Snapshots hold what
  /// can be computed from entries.
  static let sql = """
    CREATE TABLE IF NOT EXISTS edit_entry(
      sequence INTEGER PRIMARY KEY,
      operation INTEGER NOT NULL,
      status TEXT NOT NULL,
      kind TEXT NOT NULL,
      target INTEGER,
      user TEXT NOT NULL,
      time INTEGER NOT NULL,
      payload TEXT NOT NULL,
      previous TEXT NOT NULL,
      hash TEXT NOT NULL UNIQUE);
    CREATE INDEX IF NOT EXISTS edit_entry_operation ON edit_entry(operation);
    CREATE TRIGGER IF NOT EXISTS edit_entry_kept BEFORE DELETE ON edit_entry
      BEGIN SELECT RAISE(ABORT, 'the log of edits is only added to'); END;
    CREATE TRIGGER IF NOT EXISTS edit_entry_unchanged BEFORE UPDATE ON edit_entry
      BEGIN SELECT RAISE(ABORT, 'the log of edits is only added to'); END;
    CREATE TRIGGER IF NOT EXISTS edit_entry_behind BEFORE INSERT ON edit_entry
      WHEN NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1 FROM edit_entry)
      BEGIN SELECT RAISE(ABORT, 'the log of edits is only added to'); END;
    CREATE TABLE IF NOT EXISTS edit_snapshot(
      operation INTEGER PRIMARY KEY,
      payload TEXT NOT NULL);
    """
}
