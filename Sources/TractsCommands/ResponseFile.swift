import VolumeStore

/// A text file of rows of numbers: the response of a fibre or tissue, a row for each shell, or
/// directions.
enum ResponseFile {
  private static let largestByteCount = 16 << 20

  /// Reads the rows; lines that begin with `#` are left out.
  ///
  /// - Throws: ``VolumeError`` where the file is not there, or a row is no numbers or of another
  ///   length.
  static func read(_ path: String) throws(VolumeError) -> [[Double]] {
    let status = try FileStatus.ofFile(path)
    guard status.byteCount <= largestByteCount else {
      throw VolumeError(
        .limitExceeded, path: path, "the file is too large", found: "\(status.byteCount) bytes",
        expected: "16 MiB at most")
    }
    let text = String(decoding: try bytes(ofFile: path, count: status.byteCount), as: UTF8.self)
    var rows: [[Double]] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let content = line.prefix { $0 != "#" }
      let words = content.split { $0 == " " || $0 == "," || $0 == "\t" || $0 == ";" }
      if words.isEmpty { continue }
      let row = words.compactMap { Double(String($0)) }
      guard row.count == words.count, row.allSatisfy(\.isFinite) else {
        throw VolumeError(
          .malformedMetadata, path: path, "line \(index + 1) is not a row of numbers",
          found: String(line.prefix(60)), expected: "finite numbers")
      }
      guard row.count == rows.first?.count ?? row.count else {
        throw VolumeError(
          .malformedMetadata, path: path, "line \(index + 1) is of another length",
          found: "\(row.count) numbers", expected: "\(rows.first?.count ?? 0)")
      }
      rows.append(row)
    }
    guard !rows.isEmpty else {
      throw VolumeError(.malformedMetadata, path: path, "the file holds no numbers")
    }
    return rows
  }

  /// Reads unit vectors: rows of azimuth and elevation in radians, or of x, y and z.
  ///
  /// - Throws: ``VolumeError``.
  static func directions(_ path: String) throws(VolumeError) -> [SIMD3<Double>] {
    let rows = try read(path)
    let vectors: [SIMD3<Double>] = rows.map { row in
      row.count == 2
        ? unitVector(azimuth: row[0], elevation: row[1])
        : row.count == 3 ? SIMD3(row[0], row[1], row[2]) : .zero
    }
    guard vectors.allSatisfy({ ($0 * $0).sum() > 0 }), vectors.count <= 100_000 else {
      throw VolumeError(
        .malformedMetadata, path: path, "the rows are no directions",
        found: "\(rows.count) rows of \(rows[0].count) numbers",
        expected: "azimuth and elevation in radians, or x, y and z")
    }
    return vectors.map { $0 / ($0 * $0).sum().squareRoot() }
  }

  /// The text of a response.
  static func text(_ rows: [[Double]], comments: [String]) -> String {
    (comments.map { "# \($0)" }
      + rows.map { $0.map { "\($0)" }.joined(separator: " ") }).joined(separator: "\n") + "\n"
  }
}
