import VolumeStore

/// A text file of two columns, labels and what they become.
enum LabelTableFile {
  private static let largestFile = 1 << 32

  /// Reads a table.
  ///
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` naming the line.
  static func read(_ path: String) throws -> [UInt64: UInt64] {
    guard let text = try FileStore(root: path).read("", limit: largestFile) else {
      throw VolumeError(.notFound, path: path, "there is no such table", remedy: "check the path")
    }
    var table: [UInt64: UInt64] = [:]
    var hasEntries = false
    for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    {
      let fields = line.split { " \t\r,;".utf8.contains($0) }
      guard let first = fields.first, first.first != UInt8(ascii: "#") else { continue }
      let numbers = fields.compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
      guard numbers.count == fields.count, numbers.count == 2 else {
        // The names of the columns.
        if !hasEntries, numbers.isEmpty {
          hasEntries = true
          continue
        }
        throw malformed(
          path, index, "is no entry", found: String(decoding: line.prefix(80), as: UTF8.self),
          expected: "a label and what it becomes, two whole numbers")
      }
      hasEntries = true
      if let earlier = table.updateValue(numbers[1], forKey: numbers[0]), earlier != numbers[1] {
        throw malformed(
          path, index, "gives label \(numbers[0]) a second meaning", found: "\(numbers[1])",
          expected: "\(earlier), as before")
      }
    }
    return table
  }

  private static func malformed(
    _ path: String, _ index: Int, _ message: String, found: String, expected: String
  ) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, "line \(index + 1) \(message)", found: found,
      expected: expected, remedy: "correct the table")
  }
}
