import SQLite
public import Synapses
public import VolumeStore
import Voxels

/// A table of synapses in an SQLite file, by which it is told from others.
///
/// The table `synapses` has a row for each: `id`; the points `pre_z`, `pre_y`, `pre_x`, `post_z` …,
/// `ctr_z` … in nanometres; `pre_supervoxel_id` and `post_supervoxel_id` (bit patterns of 64-bit
/// numbers, as SQLite's carry a sign); `size`; `score`; `method`; `model`. The table `facts` says by
/// name how they came to be. Ids of neurons are not kept: they change as neurons are corrected.
public struct SynapseDatabase {
  /// `synapses.sqlite`, its name in a project's folder.
  public static let fileName = "synapses.sqlite"
  /// What `PRAGMA application_id` holds: "Fsyn".
  static let applicationID = 0x4673_796E
  static let version = 1

  private let database: SQLiteDatabase

  /// The file.
  public var path: String { database.path }

  /// Opens a table.
  ///
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` where the file is another
  ///   database or of a later version.
  public init(path: String) throws(VolumeError) {
    guard try FileStore(root: path).exists("") else {
      throw VolumeError(.notFound, path: path, "there is no such table", remedy: "check the path")
    }
    database = try SQLiteDatabase(path: path, mode: .read)
    let identity = try database.row("PRAGMA application_id")?.integer(0)
    guard identity == Int64(Self.applicationID) else {
      throw VolumeError(
        .malformedMetadata, path: path, "the database holds no table of synapses",
        expected: "one that emseg synapses made")
    }
    let version = try database.row("PRAGMA user_version")?.integer(0) ?? 0
    guard version == Int64(Self.version) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the table of synapses is of another version",
        found: "\(version)", expected: "\(Self.version)",
        remedy: "read it with the release that wrote it")
    }
  }

  /// Creates a table, whole or not at all.
  ///
  /// - Parameters:
  ///   - synapses: What it holds; one without a number gets the next free one.
  ///   - facts: How they came to be, by name.
  ///   - path: The file.
  ///   - replacing: Whether a file that is there goes.
  /// - Throws: ``VolumeError`` with `alreadyExists`; `malformedMetadata` where two synapses have the
  ///   same number; `inputOutput`.
  public static func write(
    _ synapses: [Synapse], facts: [String: String], to path: String, replacing: Bool
  ) throws(VolumeError) {
    var file = try PendingFile(path: path, replacing: replacing)
    let numbers = try numbers(of: synapses, path: path)
    try fill(file.partialPath, with: zip(numbers, synapses).map { $0 }, facts)
    try file.commit()
  }

  /// Fills a new file, which is closed when this returns.
  private static func fill(
    _ path: String, with rows: [(number: UInt64, synapse: Synapse)], _ facts: [String: String]
  ) throws(VolumeError) {
    let database = try SQLiteDatabase(path: path, mode: .create)
    // The file gets its name at the end: it needs no log beside it.
    try database.execute("PRAGMA journal_mode = DELETE; PRAGMA application_id = \(applicationID)")
    try database.execute("PRAGMA user_version = \(version)")
    try database.execute(schema)
    try database.transaction { () throws(VolumeError) in
      for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
        try database.run("INSERT INTO facts VALUES (?, ?)", .text(name), .text(value))
      }
      for (number, synapse) in rows {
        try database.run(
          "INSERT INTO synapses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          arguments: values(of: synapse, number: number))
      }
    }
  }

  private static let schema = """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE synapses (
      id INTEGER PRIMARY KEY,
      pre_z REAL NOT NULL, pre_y REAL NOT NULL, pre_x REAL NOT NULL,
      post_z REAL NOT NULL, post_y REAL NOT NULL, post_x REAL NOT NULL,
      ctr_z REAL, ctr_y REAL, ctr_x REAL,
      pre_supervoxel_id INTEGER, post_supervoxel_id INTEGER,
      size REAL, score REAL, method TEXT, model TEXT);
    CREATE INDEX synapses_by_pre ON synapses (pre_supervoxel_id);
    CREATE INDEX synapses_by_post ON synapses (post_supervoxel_id);
    """

  /// The synapses' own numbers; those without one get the next above all.
  private static func numbers(
    of synapses: [Synapse], path: String
  ) throws(VolumeError) -> [UInt64] {
    var seen: Set<UInt64> = []
    for id in synapses.lazy.compactMap(\.id) where !seen.insert(id).inserted {
      throw VolumeError(
        .malformedMetadata, path: path, "two synapses have the same number", found: "\(id)",
        expected: "another id for each", remedy: "correct the column id, or leave it out")
    }
    var next = seen.max() ?? 0
    var numbers: [UInt64] = []
    for synapse in synapses {
      if let id = synapse.id {
        numbers.append(id)
      } else {
        guard next < .max else {
          throw VolumeError(
            .limitExceeded, path: path, "no number is left for a synapse", found: "\(next)",
            remedy: "leave the column id out")
        }
        next += 1
        numbers.append(next)
      }
    }
    return numbers
  }

  private static func values(of synapse: Synapse, number: UInt64) -> [SQLiteValue] {
    var values: [SQLiteValue] = [.identifier(number)]
    for place in [synapse.pre, synapse.post] {
      values += [.real(place.z), .real(place.y), .real(place.x)]
    }
    values += [
      .optional(synapse.center?.z), .optional(synapse.center?.y), .optional(synapse.center?.x),
      .optional(identifier: synapse.preSupervoxelID),
      .optional(identifier: synapse.postSupervoxelID), .optional(synapse.size),
      .optional(synapse.score), .optional(synapse.method), .optional(synapse.model),
    ]
    return values
  }

  /// How the synapses came to be, by name.
  public var facts: [String: String] {
    get throws(VolumeError) {
      var facts: [String: String] = [:]
      for row in try database.rows("SELECT name, value FROM facts") {
        if let name = row.text(0), let value = row.text(1) { facts[name] = value }
      }
      return facts
    }
  }

  /// All synapses, by their numbers.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where a point is missing or no number.
  public var synapses: [Synapse] {
    get throws(VolumeError) {
      var synapses: [Synapse] = []
      try database.forEachRow("SELECT * FROM synapses ORDER BY id") { row throws(VolumeError) in
        synapses.append(try synapse(row))
      }
      return synapses
    }
  }

  private func synapse(_ row: SQLiteRow) throws(VolumeError) -> Synapse {
    func place(_ column: Int) -> PhysicalPosition? {
      guard let z = row.real(column), let y = row.real(column + 1), let x = row.real(column + 2),
        z.isFinite, y.isFinite, x.isFinite
      else { return nil }
      return PhysicalPosition(z: z, y: y, x: x)
    }
    guard row.values.count == 16, let id = row.identifier(0), let pre = place(1),
      let post = place(4)
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "a synapse has no place",
        found: "id \(row.identifier(0) ?? 0)", expected: "three numbers for each side")
    }
    return Synapse(
      pre: pre, post: post, score: row.real(13), size: row.real(12),
      preSupervoxelID: row.identifier(10), postSupervoxelID: row.identifier(11), id: id,
      center: place(7), method: row.text(14), model: row.text(15))
  }
}
