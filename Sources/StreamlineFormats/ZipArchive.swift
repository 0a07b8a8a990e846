import CZip
import VolumeStore

// All unsafe code of reading and writing zip files. Each use states why it is sound.

/// A zip file opened for reading.
final class ZipArchive {
  /// One entry.
  struct Entry {
    var name: String
    var index: UInt64
    /// The size once unpacked, as the archive states it.
    var byteCount: Int
  }

  let path: String
  let entries: [Entry]
  fileprivate let handle: OpaquePointer

  /// Opens an archive.
  ///
  /// - Throws: ``VolumeError`` with `corruptChunk` where it is damaged.
  init(path: String) throws(VolumeError) {
    var code: Int32 = 0
    guard let handle = zip_open(path, ZIP_RDONLY, &code) else {
      throw VolumeError(
        .corruptChunk, path: path, "not a sound zip file", found: Self.message(code),
        remedy: "copy the file again")
    }
    var entries: [Entry] = []
    for index in 0..<max(0, zip_get_num_entries(handle, 0)) {
      var status = zip_stat_t()
      zip_stat_init(&status)
      // Sound: the name belongs to the archive, which is open.
      guard zip_stat_index(handle, UInt64(index), 0, &status) == 0, let name = status.name,
        status.valid & UInt64(ZIP_STAT_SIZE) != 0, let count = Int(exactly: status.size)
      else {
        zip_discard(handle)
        throw VolumeError(
          .corruptChunk, path: path, "entry \(index) of the zip file cannot be described",
          remedy: "copy the file again")
      }
      entries.append(
        Entry(name: String(cString: name), index: UInt64(index), byteCount: count))
    }
    self.path = path
    self.handle = handle
    self.entries = entries
  }

  deinit { zip_discard(handle) }

  fileprivate static func message(_ code: Int32) -> String {
    var error = zip_error_t()
    zip_error_init_with_code(&error, code)
    defer { zip_error_fini(&error) }
    // Sound: the text belongs to the error, which outlives the copy.
    return zip_error_strerror(&error).map { String(cString: $0) } ?? "code \(code)"
  }

  /// Stores files as a new archive, not packed, in the order given.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  static func create(
    _ path: String, of files: [(name: String, path: String)], for target: String
  ) throws(VolumeError) {
    var code: Int32 = 0
    guard let handle = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code) else {
      throw VolumeError(.inputOutput, path: target, "cannot create the file", found: message(code))
    }
    for file in files {
      // Sound: the archive takes over the source where it takes the entry.
      guard let source = zip_source_file(handle, file.path, 0, -1) else {
        zip_discard(handle)
        throw VolumeError(.inputOutput, path: target, "cannot take up \(file.name)")
      }
      let index = zip_file_add(handle, file.name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
      guard index >= 0 else {
        zip_source_free(source)
        zip_discard(handle)
        throw VolumeError(.inputOutput, path: target, "cannot take up \(file.name)")
      }
      zip_set_file_compression(handle, UInt64(index), ZIP_CM_STORE, 0)
      // The same content gives the same bytes: 1 January 1980.
      zip_file_set_dostime(handle, UInt64(index), 0, 33, 0)
    }
    guard zip_close(handle) == 0 else {
      let text = zip_strerror(handle).map { String(cString: $0) }
      zip_discard(handle)
      throw VolumeError(.inputOutput, path: target, "cannot write the file", found: text)
    }
  }
}

/// The bytes of one entry of a zip file, unpacked.
final class ZipEntryStream: ByteStream {
  let byteCount: Int
  private let archive: ZipArchive
  private let name: String
  private let handle: OpaquePointer

  /// Opens an entry.
  init(_ entry: ZipArchive.Entry, of archive: ZipArchive) throws(VolumeError) {
    guard let handle = zip_fopen_index(archive.handle, entry.index, 0) else {
      throw VolumeError(
        .corruptChunk, path: archive.path, "entry \(entry.name) cannot be opened",
        found: zip_strerror(archive.handle).map { String(cString: $0) },
        remedy: "copy the file again")
    }
    self.archive = archive
    self.handle = handle
    name = entry.name
    byteCount = entry.byteCount
  }

  // Sound: the archive is held, and so still open.
  deinit { zip_fclose(handle) }

  func read(into target: inout MutableRawSpan, _ range: Range<Int>) throws(VolumeError) -> Int {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= target.byteCount, "outside the target")
    var received = 0
    while received < range.count {
      let step = target.withUnsafeMutableBytes { bytes in
        // Sound: the range was checked above, and no more than the rest of it is asked for.
        zip_fread(
          handle, bytes.baseAddress.map { $0 + range.lowerBound + received },
          UInt64(range.count - received))
      }
      if step == 0 { break }
      guard step > 0 else {
        throw VolumeError(
          .corruptChunk, path: archive.path, "entry \(name) cannot be unpacked",
          found: zip_file_strerror(handle).map { String(cString: $0) },
          remedy: "copy the file again")
      }
      received += Int(step)
    }
    return received
  }
}
