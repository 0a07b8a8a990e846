public import VolumeStore
import Voxels

/// A stack of grey-value sections in TIFF files, read section by section.
///
/// Sections are the pages of one file or the single pages of many. 8-, 16-, 32- and 64-bit
/// integers and 32- and 64-bit floating-point numbers are read as they are; 1-bit pixels become
/// `uint8` 0 and 1; images stored with white as zero are inverted. Classic TIFF and BigTIFF of
/// either byte order, strips and tiles, uncompressed or with LZW, deflate, PackBits, Zstandard or
/// JPEG (8-bit images only).
///
/// Opening reads each page's header once. Reading a region opens only the sections it needs and
/// decodes only the strips or tiles it needs, each in memory of at most one strip or tile per
/// thread. May be used from several threads at once.
///
/// Source: TIFF Revision 6.0, Adobe 1992; BigTIFF as in libtiff.
public struct TIFFStack: VolumeReader {
  /// The path the stack was opened from.
  public let path: String
  /// What the headers say; the storage unit is one section.
  public let metadata: VolumeMetadata
  /// What was assumed that the headers do not say.
  public let notes: [String]
  /// Whether any section went through JPEG: grey values are near those saved, labels are not.
  public let isLossy: Bool

  let sections: [Section]
  let files: TIFFFilePool

  /// Where one section lies.
  struct Section: Sendable {
    var path: String
    var directoryOffset: UInt64
    var isInverted: Bool
  }

  /// The most pages a stack may have.
  public static let maximalSectionCount = 1 << 20

  /// Opens a folder of single-page files, a shell pattern (`stack/*.tif`), a counted name
  /// (`stack/img_%04d.tif`), or one file with many pages.
  ///
  /// Files are ordered by the numbers in their names; `2` comes before `10`.
  ///
  /// - Throws: ``VolumeError`` that names the first missing or odd file and what to do about it.
  public init(_ path: String) throws(VolumeError) {
    if let series = try SectionSeries.search(path) {
      try self.init(files: series.paths, place: path, notes: series.notes)
    } else {
      try self.init(files: [path], place: path, notes: [])
    }
  }

  /// Opens sections in the order given: each file's page, or all pages of a single file.
  public init(files: [String]) throws(VolumeError) {
    try self.init(files: files, place: files.first ?? "", notes: [])
  }

  private init(files: [String], place: String, notes: [String]) throws(VolumeError) {
    var survey = TIFFSurvey(notes: notes)
    let pool = TIFFFilePool()
    for file in files {
      try pool.use(file) { handle throws(VolumeError) in
        try survey.visit(handle, isOnlyFile: files.count == 1)
      }
    }
    guard let first = survey.first, let dataType = survey.dataType else {
      throw VolumeError(
        .notFound, path: place, "holds no full-resolution page",
        remedy: "name a folder of TIFF files or a file with many pages")
    }
    let extent = VoxelExtent(z: survey.sections.count, y: first.height, x: first.width)
    metadata = VolumeMetadata(
      extent: extent, dataType: dataType, voxelSize: survey.voxelSize,
      storageUnit: VoxelExtent(z: 1, y: extent.y, x: extent.x))
    guard metadata.isCountable else {
      throw VolumeError(
        .limitExceeded, path: place, "the stack is too large", found: extent.sizesDescription)
    }
    path = place
    sections = survey.sections
    isLossy = survey.isLossy
    self.notes = survey.finishedNotes
    self.files = pool
  }
}

/// What is known of a stack while its headers are read.
struct TIFFSurvey {
  private(set) var sections: [TIFFStack.Section] = []
  private(set) var first: TIFFPage?
  private(set) var dataType: DataType?
  private(set) var voxelSize: VoxelSize?
  private(set) var isLossy = false
  private var notes: [String]
  private var invertedCount = 0
  private var bitmapCount = 0
  private var reducedCount = 0

  init(notes: [String]) {
    self.notes = notes
  }

  /// The notes, with what was counted on the way.
  var finishedNotes: [String] {
    var notes = notes
    if invertedCount > 0 {
      notes.append("\(invertedCount) sections store white as zero: inverted")
    }
    if bitmapCount > 0 { notes.append("1-bit pixels are read as 0 and 1") }
    if reducedCount > 0 { notes.append("\(reducedCount) pages of reduced resolution are left out") }
    if isLossy { notes.append("sections are compressed by JPEG: grey values are not exact") }
    return notes
  }

  /// Reads the headers of a file's pages.
  mutating func visit(_ handle: borrowing TIFFHandle, isOnlyFile: Bool) throws(VolumeError) {
    let sectionsBefore = sections.count
    repeat {
      let page = handle.page
      guard !page.isReduced else {
        reducedCount += 1
        continue
      }
      if !isOnlyFile && sections.count > sectionsBefore {
        throw VolumeError(
          .unsupportedFeature, path: handle.path,
          "has several pages, but is one of several files", expected: "one page in each file",
          remedy: "open the file with many pages by itself")
      }
      try add(page, of: handle, pageIndex: sections.count - sectionsBefore, isOnlyFile: isOnlyFile)
    } while try handle.moveToNextPage()
  }

  private mutating func add(
    _ page: TIFFPage, of handle: borrowing TIFFHandle, pageIndex: Int, isOnlyFile: Bool
  ) throws(VolumeError) {
    guard sections.count < TIFFStack.maximalSectionCount else {
      throw VolumeError(
        .limitExceeded, path: handle.path, "has too many pages",
        expected: "at most \(TIFFStack.maximalSectionCount)")
    }
    let pagePath = isOnlyFile && pageIndex > 0 ? "\(handle.path), page \(pageIndex)" : handle.path
    let type = try page.dataType(path: pagePath)
    if let first, let dataType {
      try page.checkSame(as: first, type: type, firstType: dataType, path: pagePath)
    } else {
      first = page
      dataType = type
      let remarks = handle.remarks
      try remarks.checkSections(path: handle.path, handle: handle)
      voxelSize = remarks.voxelSize
    }
    if page.isInverted { invertedCount += 1 }
    if page.bitsPerSample == 1 { bitmapCount += 1 }
    isLossy = isLossy || page.isLossy
    sections.append(
      TIFFStack.Section(
        path: handle.path, directoryOffset: handle.directoryOffset, isInverted: page.isInverted))
  }
}

extension TIFFPage {
  /// Checks that a section is like the first one.
  fileprivate func checkSame(
    as first: TIFFPage, type: DataType, firstType: DataType, path: String
  ) throws(VolumeError) {
    guard width == first.width, height == first.height else {
      throw VolumeError(
        .malformedMetadata, path: path, "has another size than the sections before",
        found: "\(height) × \(width) pixels (y × x)",
        expected: "\(first.height) × \(first.width)",
        remedy: "crop or pad the section, or move it out of the stack")
    }
    guard type == firstType, bitsPerSample == first.bitsPerSample else {
      throw VolumeError(
        .malformedMetadata, path: path, "has another pixel type than the sections before",
        found: sampleDescription, expected: first.sampleDescription,
        remedy: "convert all sections to the same type")
    }
  }
}

extension TIFFRemarks {
  /// Refuses hyperstacks: sections of several channels or times would be mixed up.
  fileprivate func checkSections(
    path: String, handle: borrowing TIFFHandle
  ) throws(VolumeError) {
    let (channels, times) = channelAndTimeCounts
    guard channels <= 1, times <= 1 || (sectionCount ?? times) == times else {
      throw VolumeError(
        .unsupportedFeature, path: path, "is a stack of several channels or times",
        found: "\(channels) channels, \(times) times",
        remedy: "save each channel and time as a stack of its own")
    }
    guard !handle.isLastPage || imageJ == nil || (sectionCount ?? 1) <= 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path,
        "is an ImageJ stack whose sections follow the only page without headers",
        found: "\(sectionCount ?? 1) sections in one page",
        remedy: "save it from ImageJ as an image sequence, or as BigTIFF by Bio-Formats")
    }
  }
}
