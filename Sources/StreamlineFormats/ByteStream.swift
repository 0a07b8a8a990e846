package import Codecs
package import VolumeStore

/// Bytes that come one after the other.
protocol ByteStream: AnyObject {
  /// The number of bytes, as far as its source is to be believed.
  var byteCount: Int { get }
  /// Fills part of a span, with fewer bytes than asked for only where there are no more.
  func read(into target: inout MutableRawSpan, _ range: Range<Int>) throws(VolumeError) -> Int
}

/// A file read from its first byte to its last, and the digest of what was read.
final class FileStream: ByteStream {
  let path: String
  private let file: StoredFile
  private var offset = 0
  private var hash = ContentHash()

  /// Opens a file.
  ///
  /// - Throws: ``VolumeError`` with `notFound` or `inputOutput`.
  init(path: String) throws(VolumeError) {
    _ = try FileStatus.ofFile(path)
    guard let file = try StoredFile(path: path) else {
      throw VolumeError(.notFound, path: path, "no such file")
    }
    self.path = path
    self.file = file
  }

  var byteCount: Int { file.byteCount }

  /// The bytes not yet read.
  var remaining: Int { file.byteCount - offset }

  func read(into target: inout MutableRawSpan, _ range: Range<Int>) throws(VolumeError) -> Int {
    let count = min(range.count, remaining)
    let part = range.lowerBound..<range.lowerBound + count
    try file.read(at: offset, into: &target, part)
    hash.update(target.bytes.extracting(part))
    offset += count
    return count
  }

  /// Reads bytes into a new list, fewer where the file ends before.
  func next(_ count: Int) throws(VolumeError) -> [UInt8] {
    let count = min(count, remaining)
    let bytes = try file.read(at: offset, count: count)
    hash.update(bytes.span.bytes)
    offset += count
    return bytes
  }

  /// Goes over the rest, and gives the digest of the whole file.
  func finish() throws(VolumeError) -> ContentDigest {
    while remaining > 0 { _ = try next(1 << 20) }
    return hash.digest
  }
}

/// The digest of a file's bytes, or of those of a folder's files in the order of their names.
///
/// - Throws: ``VolumeError`` where a file cannot be read.
package func contentDigest(of path: String) throws(VolumeError) -> ContentDigest {
  if let status = try FileStatus(path), status.isFolder {
    var hash = ContentHash()
    for name in try fileNames(inFolder: path).sorted() {
      hash.update(name)
      hash.update(try contentDigest(of: "\(path)/\(name)").description)
    }
    return hash.digest
  }
  return try FileStream(path: path).finish()
}
