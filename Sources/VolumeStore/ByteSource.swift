/// Bytes that are read at any offset, by any number of threads.
package protocol ByteSource: Sendable {
  /// The file's path, for messages.
  var path: String { get }
  /// The number of bytes; nil where only reading them tells.
  var byteCount: Int? { get }
  /// Makes sure that there are that many bytes, before room is taken for them.
  ///
  /// - Throws: ``VolumeError`` with `corruptChunk` where there are fewer, or they are damaged.
  func require(_ count: Int) throws(VolumeError)
  /// Fills a range of a span with the bytes from an offset on.
  func read(
    at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError)
}

extension ByteSource {
  /// Reads `count` bytes; fewer are an error.
  package func read(at offset: Int, count: Int) throws(VolumeError) -> [UInt8] {
    try uninitializedValues(count) { (target) throws(VolumeError) in
      try read(at: offset, into: &target, 0..<count)
    }
  }

  /// Fails where the number of bytes is known and less than what is wanted.
  package func requireKnown(_ count: Int) throws(VolumeError) {
    guard let byteCount, byteCount < count else { return }
    throw VolumeError(
      .corruptChunk, path: path, "the file is shorter than its description says",
      found: "\(byteCount) bytes", expected: "\(count)",
      remedy: "check that the file was copied whole")
  }
}

/// The bytes of a file from a place on.
package final class FileBytes: ByteSource {
  private let file: StoredFile
  private let start: Int

  /// Opens a file.
  ///
  /// - Throws: ``VolumeError`` with `notFound`.
  package init(_ path: String, from start: Int = 0) throws(VolumeError) {
    _ = try FileStatus.ofFile(path)
    guard let file = try StoredFile(path: path) else {
      throw VolumeError(.notFound, path: path, "no such file")
    }
    self.start = start
    self.file = file
  }

  package var path: String { file.path }
  package var byteCount: Int? { max(0, file.byteCount - start) }

  package func require(_ count: Int) throws(VolumeError) { try requireKnown(count) }

  package func read(
    at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    try file.read(at: start + offset, into: &target, range)
  }
}

/// The bytes of files of one length, one after the other.
package final class JoinedBytes: ByteSource {
  private let parts: [any ByteSource]
  private let partByteCount: Int

  /// Joins files.
  ///
  /// - Throws: ``VolumeError`` with `corruptChunk` where one is shorter.
  package init(_ parts: [any ByteSource], partByteCount: Int) throws(VolumeError) {
    precondition(!parts.isEmpty && partByteCount > 0, "files of at least one byte")
    for part in parts { try part.requireKnown(partByteCount) }
    self.parts = parts
    self.partByteCount = partByteCount
  }

  package var path: String { parts[0].path }
  package var byteCount: Int? { parts.count * partByteCount }

  package func require(_ count: Int) throws(VolumeError) {
    for part in parts { try part.require(partByteCount) }
  }

  package func read(
    at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    var (offset, start) = (offset, range.lowerBound)
    while start < range.upperBound {
      let (part, place) = offset.quotientAndRemainder(dividingBy: partByteCount)
      let count = min(range.upperBound - start, partByteCount - place)
      guard part < parts.count else { preconditionFailure("a read beyond the last file") }
      try parts[part].read(at: place, into: &target, start..<start + count)
      start += count
      offset += count
    }
  }
}

/// Another source's bytes from a place on, or its last ones.
package struct PartialBytes: ByteSource {
  package let whole: any ByteSource
  package let start: Int

  /// Takes the bytes of a source from an offset on.
  package init(whole: any ByteSource, start: Int) {
    self.whole = whole
    self.start = start
  }

  package var path: String { whole.path }
  package var byteCount: Int? { whole.byteCount.map { max(0, $0 - start) } }

  package func require(_ count: Int) throws(VolumeError) { try whole.require(start + count) }

  package func read(
    at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    try whole.read(at: start + offset, into: &target, range)
  }
}
