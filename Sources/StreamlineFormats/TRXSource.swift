import Codecs
import VolumeStore

/// The arrays of a TRX file: entries of a zip file, or files of a folder.
struct TRXSource {
  /// The names of all arrays and the sizes they state, in bytes.
  let arrays: [(entry: String, byteCount: Int)]
  private let path: String
  private let archive: ZipArchive?

  init(path: String) throws(VolumeError) {
    self.path = path
    guard let status = try FileStatus(path) else {
      throw VolumeError(.notFound, path: path, "no such file", remedy: "check the path")
    }
    guard status.isFolder else {
      let archive = try ZipArchive(path: path)
      self.archive = archive
      arrays = archive.entries.map { ($0.name, $0.byteCount) }
      return
    }
    archive = nil
    arrays = try Self.files(of: path, prefix: "", depth: 2)
  }

  private static func files(
    of folder: String, prefix: String, depth: Int
  ) throws(VolumeError) -> [(entry: String, byteCount: Int)] {
    var found: [(String, Int)] = []
    for name in try fileNames(inFolder: folder).sorted() {
      guard let status = try FileStatus("\(folder)/\(name)") else { continue }
      if status.isFolder {
        guard depth > 0 else { continue }
        found += try files(of: "\(folder)/\(name)", prefix: "\(prefix)\(name)/", depth: depth - 1)
      } else {
        found.append((prefix + name, status.byteCount))
      }
    }
    return found
  }

  /// Opens an array.
  func open(_ entry: String) throws(VolumeError) -> any ByteStream {
    guard let archive else { return try FileStream(path: "\(path)/\(entry)") }
    guard let found = archive.entries.first(where: { $0.name == entry }) else {
      throw VolumeError(.malformedMetadata, path: path, "\(entry) is missing")
    }
    return try ZipEntryStream(found, of: archive)
  }

  /// Reads a whole array of a size known to be small enough.
  func bytes(of entry: String, limit: Int) throws(VolumeError) -> [UInt8] {
    guard let count = arrays.first(where: { $0.entry == entry })?.byteCount else {
      throw VolumeError(.malformedMetadata, path: path, "\(entry) is missing")
    }
    guard count <= limit else {
      throw VolumeError(
        .limitExceeded, path: path, "\(entry) is too large", found: "\(count) bytes",
        expected: "at most \(limit)")
    }
    return try open(entry).next(count, named: entry, of: path)
  }
}

extension ByteStream {
  /// Reads bytes piece by piece, so that memory grows only with what is there.
  ///
  /// - Throws: ``VolumeError`` where there are fewer.
  func next(_ count: Int, named name: String, of path: String) throws(VolumeError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: min(count - start, 4 << 20)))
      var span = bytes.mutableSpan
      var target = span.mutableBytes
      let received = try read(into: &target, start..<target.byteCount)
      guard received == target.byteCount - start else {
        throw VolumeError(
          .corruptChunk, path: path, "\(name) ends too early", found: "\(start + received) bytes",
          expected: "\(count) more", remedy: "copy the file again")
      }
    }
    return bytes
  }
}
