import VolumeStore
import Voxels

/// What the headers of a stack's files say.
struct TIFFSurvey {
  /// One page of a file.
  struct Page {
    var file: Int
    var directoryOffset: UInt64
    /// Its place in ``TIFFSurvey/kinds``.
    var kind: Int
    /// Where its versions of lower resolution lie.
    var reducedPages: [UInt64]
    /// Where it lies in the file, if it is uncompressed and in one piece.
    var plainStart: Int?
  }

  /// One file.
  struct File {
    var path: String
    /// Its pages in ``TIFFSurvey/pages``, those of reduced resolution too.
    var pages: Range<Int>
    var byteCount: Int
    var identity: FileIdentity
  }

  private(set) var files: [File] = []
  private(set) var pages: [Page] = []
  /// The different headers that were met.
  private(set) var kinds: [TIFFPage] = []
  /// What the first page of the first file says.
  private(set) var remarks = TIFFRemarks()
  private var kindNumbers: [TIFFPage: Int] = [:]

  /// The most pages a stack may have.
  static let maximalPageCount = 1 << 20

  /// Reads the headers of a file's pages.
  mutating func visit(_ path: String, _ pool: TIFFFilePool) throws(VolumeError) {
    let start = pages.count
    let status = try FileStatus.ofFile(path)
    try pool.use(path) { handle throws(VolumeError) in
      if files.isEmpty { remarks = handle.remarks }
      repeat {
        guard pages.count < TIFFSurvey.maximalPageCount else {
          throw VolumeError(
            .limitExceeded, path: path, "has too many pages",
            expected: "at most \(TIFFSurvey.maximalPageCount)",
            remedy: "check that the file was copied whole")
        }
        let page = handle.page
        pages.append(
          Page(
            file: files.count, directoryOffset: handle.directoryOffset, kind: number(of: page),
            reducedPages: handle.reducedPages, plainStart: page.plainStart(handle)))
      } while try handle.moveToNextPage()
    }
    files.append(
      File(
        path: path, pages: start..<pages.count, byteCount: status.byteCount,
        identity: status.identity))
  }

  private mutating func number(of page: TIFFPage) -> Int {
    if let number = kindNumbers[page] { return number }
    kinds.append(page)
    kindNumbers[page] = kinds.count - 1
    return kinds.count - 1
  }

  /// The header of a page.
  func header(_ page: Int) -> TIFFPage { kinds[pages[page].kind] }

  /// The pages of full resolution of a file.
  func sections(of file: Int) -> [Int] { files[file].pages.filter { !header($0).isReduced } }

  /// A page's name in messages.
  func name(_ page: Int) -> String {
    let file = files[pages[page].file]
    let number = page - file.pages.lowerBound
    return number == 0 ? file.path : "\(file.path), page \(number)"
  }
}

extension TIFFPage {
  /// Where the page's bytes start in the file, if they are stored plainly and one strip follows the
  /// other.
  fileprivate func plainStart(_ handle: borrowing TIFFHandle) -> Int? {
    guard isStoredPlainly, width > 0, height > 0, samplesPerPixel == 1,
      let start = Int(exactly: handle.location(of: 0).offset),
      start > 0, start < 1 << 62
    else { return nil }
    let strips = (height + unitHeight - 1) / unitHeight
    guard let unitByteCount else { return nil }
    for strip in 0..<min(strips, 1 << 16) {
      let (expected, overflows) = strip.multipliedReportingOverflow(by: unitByteCount)
      guard !overflows, handle.location(of: strip).offset == UInt64(start + expected) else {
        return nil
      }
    }
    return strips <= 1 << 16 ? start : nil
  }

  /// Checks that a section is like the first one.
  func checkSame(
    as first: TIFFPage, type: DataType, firstType: DataType, path: String
  ) throws(VolumeError) {
    guard width == first.width, height == first.height else {
      throw VolumeError(
        .malformedMetadata, path: path, "has another size than the sections before",
        found: "\(height) × \(width) pixels (y × x)",
        expected: "\(first.height) × \(first.width)",
        remedy: "crop or pad the section, or move it out of the stack")
    }
    guard type == firstType, bitsPerSample == first.bitsPerSample,
      samplesPerPixel == first.samplesPerPixel, hasSeparatePlanes == first.hasSeparatePlanes
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "has another pixel type than the sections before",
        found: sampleDescription, expected: first.sampleDescription,
        remedy: "convert all sections to the same type")
    }
  }
}
