import Circuits
import Codecs
import FoundationEssentials
import VolumeStore

/// The connections that a circuit is made of, with the signs of their senders.
struct ConnectionSource {
  private static let largestTable = 1 << 34

  let path: String
  let digest: ContentDigest
  /// Whether nothing is known of any transmitter.
  let isUnsigned: Bool
  private let rows: [ConnectionTable.Row]
  private let isInhibitory: [Bool]

  /// Reads a table, or the one of a connectome's folder.
  ///
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` naming the line.
  init(_ source: String, column: String, transmitters: String?, inhibitory: [String]) throws {
    var isFolder = false
    _ = FileManager.default.fileExists(atPath: source, isDirectory: &isFolder)
    path = isFolder ? "\(source)/edges.csv" : source
    let text = try Self.text(path)
    digest = ContentDigest(of: text)
    rows = try Self.parsing(path) { () throws(ConnectionTableError) in
      try ConnectionTable.rows(parsing: text, strength: column)
    }
    guard !rows.isEmpty else {
      throw VolumeError(
        .malformedMetadata, path: path, "there are no connections in the table",
        expected: "a row for each below the names of the columns")
    }
    var known: [UInt64: String] = [:]
    if let transmitters {
      let text = try Self.text(transmitters)
      known = try Self.parsing(transmitters) { () throws(ConnectionTableError) in
        try ConnectionTable.transmitters(parsing: text)
      }
    }
    let names = rows.map { known[$0.source] ?? $0.transmitter }
    isUnsigned = names.allSatisfy { $0 == nil }
    let inhibiting = Set(inhibitory.map { $0.lowercased() })
    isInhibitory = names.map { name in name.map { inhibiting.contains($0.lowercased()) } ?? false }
  }

  /// The connections.
  ///
  /// - Parameter weight: What one unit of strength adds, in millivolts.
  /// - Returns: One for each row; those of senders that inhibit are below 0.
  func connections(weight: Double) -> [Circuit.Connection] {
    zip(rows, isInhibitory).map { row, isInhibitory in
      Circuit.Connection(
        from: row.source, to: row.target, weight: row.strength * (isInhibitory ? -weight : weight))
    }
  }

  private static func text(_ path: String) throws -> [UInt8] {
    guard let text = try FileStore(root: path).read("", limit: largestTable) else {
      throw VolumeError(
        .notFound, path: path, "there is no such table",
        remedy: "give a folder of emseg connectome, or a table of connections")
    }
    return text
  }

  private static func parsing<Value>(
    _ path: String, _ body: () throws(ConnectionTableError) -> Value
  ) throws(VolumeError) -> Value {
    do {
      return try body()
    } catch {
      throw VolumeError(
        .malformedMetadata, path: path, "line \(error.line): \(error.message)",
        found: error.found, expected: error.expected)
    }
  }
}
