import CTIFF
import Glibc
import VolumeStore

/// An open TIFF file positioned at one of its pages.
///
/// All calls of libtiff are made here; each use of an unsafe pointer states why it is sound.
struct TIFFHandle: ~Copyable, Sendable {
  let path: String
  // Sound: both belong to this handle alone, which is used by one thread at a time.
  nonisolated(unsafe) private let tiff: OpaquePointer
  nonisolated(unsafe) private let messages: UnsafeMutablePointer<ctiff_messages>

  /// The most bytes libtiff may allocate at once: a strip's or tile's compressed bytes.
  private static let largestAllocation: tmsize_t = 1 << 31

  /// Opens a file for reading at its first page.
  static func reading(_ path: String) throws(VolumeError) -> TIFFHandle {
    _ = try FileStatus.ofFile(path)
    // "m": read by calls; a mapped file that is cut short would end the process.
    return try TIFFHandle(path: path, mode: "rm")
  }

  private init(path: String, mode: String) throws(VolumeError) {
    let messages = UnsafeMutablePointer<ctiff_messages>.allocate(capacity: 1)
    messages.initialize(to: ctiff_messages())
    errno = 0
    guard let tiff = ctiff_open(path, mode, TIFFHandle.largestAllocation, messages) else {
      let code = errno
      let text = TIFFHandle.text(&messages.pointee.error)
      messages.deallocate()
      if code == EACCES || code == EMFILE || code == ENFILE || code == ENOENT || code == ENOSPC {
        throw VolumeError(errno: code, path: path, "cannot be opened")
      }
      throw VolumeError(
        .malformedMetadata, path: path, "is not a readable TIFF file", found: text,
        remedy: "check that the file was copied whole")
    }
    self.path = path
    self.tiff = tiff
    self.messages = messages
  }

  deinit {
    TIFFClose(tiff)
    // Sound: closing was the last use of the messages.
    messages.deallocate()
  }

  /// The text in a C array of characters.
  private static func text<Characters>(_ characters: inout Characters) -> String? {
    // Sound: the handlers always terminate the text within the array.
    let text = withUnsafePointer(to: &characters) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout<Characters>.size) {
        String(cString: $0)
      }
    }
    return text.isEmpty ? nil : text
  }

  private func resetMessages() { messages.pointee = ctiff_messages() }

  private var firstError: String? { TIFFHandle.text(&messages.pointee.error) }

  private var firstMessage: String? {
    firstError ?? TIFFHandle.text(&messages.pointee.warning)
  }

  // MARK: Pages

  /// Where the current page's directory lies in the file.
  var directoryOffset: UInt64 { TIFFCurrentDirOffset(tiff) }

  /// Whether no page follows the current one.
  var isLastPage: Bool { TIFFLastDirectory(tiff) != 0 }

  /// Moves to the next page; false where there is none.
  func moveToNextPage() throws(VolumeError) -> Bool {
    guard !isLastPage else { return false }
    resetMessages()
    guard TIFFReadDirectory(tiff) == 1 else {
      throw VolumeError(
        .malformedMetadata, path: path, "the list of pages is damaged", found: firstMessage,
        remedy: "check that the file was copied whole")
    }
    return true
  }

  /// Moves to the page whose directory lies at an offset found before.
  func move(toDirectoryAt offset: UInt64) throws(VolumeError) {
    guard offset != directoryOffset else { return }
    resetMessages()
    guard TIFFSetSubDirectory(tiff, offset) == 1 else {
      throw VolumeError(
        .corruptChunk, path: path, "a page read before is gone", found: firstMessage,
        remedy: "leave the file unchanged while it is read")
    }
  }

  /// The current page's description of itself.
  var page: TIFFPage {
    TIFFPage(
      width: Int(tag32(TIFFTAG_IMAGEWIDTH) ?? 0), height: Int(tag32(TIFFTAG_IMAGELENGTH) ?? 0),
      depth: Int(tag32(TIFFTAG_IMAGEDEPTH) ?? 1),
      bitsPerSample: Int(tag16(TIFFTAG_BITSPERSAMPLE) ?? 1),
      samplesPerPixel: Int(tag16(TIFFTAG_SAMPLESPERPIXEL) ?? 1),
      sampleFormat: tag16(TIFFTAG_SAMPLEFORMAT) ?? 1,
      photometric: tag16(TIFFTAG_PHOTOMETRIC),
      compression: tag16(TIFFTAG_COMPRESSION) ?? 1,
      isCodecAvailable: TIFFIsCODECConfigured(tag16(TIFFTAG_COMPRESSION) ?? 1) != 0,
      hasStandardBitOrder: (tag16(TIFFTAG_FILLORDER) ?? 1) == 1,
      isByteSwapped: TIFFIsByteSwapped(tiff) != 0,
      hasSeparatePlanes: Int32(tag16(TIFFTAG_PLANARCONFIG) ?? 1) == PLANARCONFIG_SEPARATE
        && (tag16(TIFFTAG_SAMPLESPERPIXEL) ?? 1) > 1,
      isReduced: (tag32(TIFFTAG_SUBFILETYPE) ?? 0) & UInt32(FILETYPE_REDUCEDIMAGE) != 0,
      rowsPerStrip: Int(tag32(TIFFTAG_ROWSPERSTRIP) ?? .max),
      tileWidth: TIFFIsTiled(tiff) != 0 ? Int(tag32(TIFFTAG_TILEWIDTH) ?? 0) : nil,
      tileHeight: TIFFIsTiled(tiff) != 0 ? Int(tag32(TIFFTAG_TILELENGTH) ?? 0) : nil)
  }

  /// Where the directories of the current page's smaller versions lie, largest first.
  var reducedPages: [UInt64] {
    var count: UInt16 = 0
    var offsets: UnsafePointer<UInt64>?
    // Sound: libtiff keeps the offsets, as many as it says, until the page changes.
    guard ctiff_get_offsets(tiff, UInt32(TIFFTAG_SUBIFD), &count, &offsets) != 0, let offsets else {
      return []
    }
    return Array(UnsafeBufferPointer(start: offsets, count: Int(count)))
  }

  /// The current page's text about itself and its resolution.
  var remarks: TIFFRemarks {
    var horizontal: Float = 0
    var vertical: Float = 0
    // Sound: the tags are floats, which outlive the calls.
    let hasResolution =
      ctiff_get_float(tiff, UInt32(TIFFTAG_XRESOLUTION), &horizontal) != 0
      && ctiff_get_float(tiff, UInt32(TIFFTAG_YRESOLUTION), &vertical) != 0
    return TIFFRemarks(
      description: text(TIFFTAG_IMAGEDESCRIPTION),
      pixelsPerUnitX: hasResolution ? Double(horizontal) : nil,
      pixelsPerUnitY: hasResolution ? Double(vertical) : nil)
  }

  private func tag16(_ tag: Int32) -> UInt16? {
    var value: UInt16 = 0
    // Sound: the tag holds 16 bits, which outlive the call.
    return ctiff_get_uint16(tiff, UInt32(tag), &value) != 0 ? value : nil
  }

  private func tag32(_ tag: Int32) -> UInt32? {
    var value: UInt32 = 0
    // Sound: the tag holds 32 bits, which outlive the call.
    return ctiff_get_uint32(tiff, UInt32(tag), &value) != 0 ? value : nil
  }

  private func text(_ tag: Int32) -> String? {
    var value: UnsafePointer<CChar>?
    // Sound: libtiff terminates the text and keeps it until the page changes; it is copied here.
    guard ctiff_get_text(tiff, UInt32(tag), &value) != 0, let value else { return nil }
    return String(cString: value)
  }

  // MARK: Decoding

  /// The file's descriptor, for reading bytes that are stored as they are.
  var descriptor: Int32 { TIFFFileno(tiff) }

  /// Where a strip's or tile's bytes lie in the file, and how many there are.
  func location(of index: Int) -> (offset: UInt64, byteCount: UInt64) {
    (TIFFGetStrileOffset(tiff, UInt32(index)), TIFFGetStrileByteCount(tiff, UInt32(index)))
  }

  /// Decodes the first bytes of a strip or tile into a range of a span, which they fill.
  func decode(
    _ index: Int, isTile: Bool, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= target.byteCount, "outside the target")
    resetMessages()
    let received = target.withUnsafeMutableBytes { bytes in
      // Sound: libtiff writes no more than the count it is given, which was checked above.
      let start = bytes.baseAddress.map { $0 + range.lowerBound }
      return isTile
        ? TIFFReadEncodedTile(tiff, UInt32(index), start, tmsize_t(range.count))
        : TIFFReadEncodedStrip(tiff, UInt32(index), start, tmsize_t(range.count))
    }
    guard Int(received) == range.count else {
      throw VolumeError(
        .corruptChunk, path: path, "\(isTile ? "tile" : "strip") \(index) does not decode",
        found: firstMessage ?? "\(max(received, 0)) of \(range.count) bytes",
        remedy: "copy the file again, or replace the section by a sound one")
    }
  }
}
