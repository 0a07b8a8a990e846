import VolumeStore
import Voxels

/// A table of comma-separated values under a line of names.
struct NamedColumns {
  private static let largestFile = 1 << 32

  let path: String
  private let places: [String: Int]
  private let rows: [[Substring]]

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - columns: The columns that must be there.
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` naming what is missing.
  init(_ path: String, columns: [String]) throws {
    guard let bytes = try FileStore(root: path).read("", limit: Self.largestFile) else {
      throw VolumeError(.notFound, path: path, "there is no such table", remedy: "check the path")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split { $0.isNewline }
    let names = lines.first?.split(separator: ",", omittingEmptySubsequences: false) ?? []
    let trimmed = names.map { String($0.filter { !$0.isWhitespace }) }
    places = Dictionary(zip(trimmed, trimmed.indices)) { first, _ in first }
    for column in columns where places[column] == nil {
      throw VolumeError(
        .malformedMetadata, path: path, "the table has no column \(column)",
        found: String((lines.first ?? "no line").prefix(200)),
        expected: columns.joined(separator: ","))
    }
    rows = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    self.path = path
    for (index, row) in rows.enumerated() where row.count != names.count {
      throw malformed(index, "has another number of values", "\(row.count)", "\(names.count)")
    }
  }

  /// The number of rows.
  var count: Int { rows.count }

  /// Whether there is a column of that name.
  func has(_ column: String) -> Bool { places[column] != nil }

  /// A value as text; empty where there is no such column.
  func text(_ row: Int, _ column: String) -> Substring {
    places[column].map { rows[row][$0] } ?? ""
  }

  /// A value as a whole number.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` naming the line.
  func number<Number: FixedWidthInteger>(
    _ row: Int, _ column: String, as type: Number.Type = Number.self
  ) throws(VolumeError) -> Number {
    let text = text(row, column)
    guard let number = Number(text) else {
      throw malformed(row, "has no whole number in \(column)", String(text), "a whole number")
    }
    return number
  }

  /// The position that three columns of a row hold.
  func position(_ row: Int, _ names: [String]) throws(VolumeError) -> VoxelPosition {
    let limit = 1 << 40
    var values: [Int] = []
    for name in names {
      let value = try number(row, name, as: Int.self)
      guard (-limit...limit).contains(value) else {
        throw malformed(row, "has an impossible \(name)", "\(value)", "at most \(limit)")
      }
      values.append(value)
    }
    return VoxelPosition(z: values[0], y: values[1], x: values[2])
  }

  /// The positions that three columns of all rows hold.
  func positions(_ names: [String]) throws(VolumeError) -> [VoxelPosition] {
    var list: [VoxelPosition] = []
    for row in 0..<count { list.append(try position(row, names)) }
    return list
  }

  /// The error of a row.
  func malformed(
    _ row: Int, _ message: String, _ found: String, _ expected: String
  ) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, "line \(row + 2) \(message)",
      found: String(found.prefix(200)), expected: expected, remedy: "correct the table")
  }
}
