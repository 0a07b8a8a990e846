import FoundationEssentials

/// A folder of a test's own, removed with everything in it when the last reference goes.
package final class ScratchFolder: Sendable {
  /// The folder's path.
  package let path: String

  package init() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("fascicle-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in the folder.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The bytes of every file in the folder and below, by relative path.
  package func contents() throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
      var isFolder = false
      guard FileManager.default.fileExists(atPath: file(name), isDirectory: &isFolder), !isFolder
      else { continue }
      contents[name] = FileManager.default.contents(atPath: file(name)).map { Array($0) }
    }
    return contents
  }

  /// The bytes of one file.
  package func bytes(_ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: file(name)).map { Array($0) }
  }

  /// Puts bytes in a file.
  package func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
  }
}
