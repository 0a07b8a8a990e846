public import VolumeStore
import Voxels

/// A stack of sections in TIFF files, read section by section.
///
/// Sections are the pages of one file or of many. 8-, 16-, 32- and 64-bit integers and 32- and
/// 64-bit floating-point numbers are read as they are; 1-bit pixels become `uint8` 0 and 1; images
/// stored with white as zero are inverted; several values per pixel are channels, and colours are
/// labels where that is stated. Classic TIFF and BigTIFF of either byte order, strips and tiles,
/// uncompressed or with LZW, deflate, PackBits, Zstandard or JPEG (8-bit images only). OME-TIFF
/// sets, ImageJ hyperstacks, and ImageJ's stacks above 4 GB, whose only header is the first.
///
/// Opening reads each page's header once. Reading a region opens only the sections it needs and
/// decodes only the strips or tiles it needs, each in memory of at most one strip or tile per
/// thread. May be used from several threads at once.
///
/// Source: TIFF Revision 6.0, Adobe 1992; BigTIFF as in libtiff; OME-TIFF specification 6; ImageJ
/// `TiffDecoder`.
public struct TIFFStack: VolumeReader {
  /// The path the stack was opened from.
  public let path: String
  /// What the headers say; the storage unit is one section.
  public let metadata: VolumeMetadata
  /// What was assumed that the headers do not say.
  public let notes: [String]
  /// Whether any section went through JPEG: grey values are near those saved, labels are not.
  public let isLossy: Bool

  /// The planes in order of time point, channel, section; a page of several samples is one plane
  /// that holds as many channels.
  let planes: [Plane]
  let files: TIFFFilePool
  let samples: SampleLayout
  /// The different headers that were met.
  let headers: [TIFFPage]
  /// The stack's smaller versions, largest first.
  let reducedPages: [ReducedLevel]

  /// Where one plane lies.
  struct Plane: Sendable {
    var path: String
    var directoryOffset: UInt64
    /// Where its values lie, if uncompressed and in one piece: no header is read again for them.
    var plain: PlainPlane?
  }

  /// Values that lie in a file as they will lie in memory, but for their order of bytes.
  struct PlainPlane: Sendable {
    var offset: Int
    /// The place in ``TIFFStack/headers`` of the header that describes them.
    var header: Int
    /// The file that was found.
    var file: FileIdentity
  }

  /// How the values of a pixel become channels.
  enum SampleLayout: Sendable {
    /// One value.
    case single
    /// Several values, each of another channel.
    case channels(Int)
    /// Three colours, or four with alpha, of one label.
    case colourLabels
  }

  /// A version of lower resolution.
  struct ReducedLevel: Sendable {
    var planes: [Plane]
    var metadata: VolumeMetadata
  }

  /// The most pages a stack may have.
  public static let maximalSectionCount = TIFFSurvey.maximalPageCount

  /// Opens a folder of files, a shell pattern (`stack/*.tif`), a counted name
  /// (`stack/img_%04d.tif`), or one file with many pages.
  ///
  /// Files are ordered by the numbers in their names; `2` comes before `10`.
  ///
  /// - Parameters:
  ///   - path: The stack.
  ///   - dataset: The name, identifier or number of an image in an OME-TIFF; nil takes the first.
  ///   - stated: `axes` and `shape` say what the pages count; `hasColourLabels` reads RGB as labels.
  /// - Throws: ``VolumeError`` that names the first missing or odd file and what to do about it.
  public init(
    _ path: String, dataset: String? = nil, stated: StatedLayout = .none
  ) throws(VolumeError) {
    if let series = try SectionSeries.search(path, .tiff) {
      try self.init(
        files: series.paths, place: path, dataset: dataset, stated: stated, notes: series.notes)
    } else {
      try self.init(files: [path], place: path, dataset: dataset, stated: stated, notes: [])
    }
  }

  /// Opens files in the order given.
  public init(files: [String], stated: StatedLayout = .none) throws(VolumeError) {
    try self.init(
      files: files, place: files.first ?? "", dataset: nil, stated: stated, notes: [])
  }

  private init(
    files: [String], place: String, dataset: String?, stated: StatedLayout, notes: [String]
  ) throws(VolumeError) {
    let pool = TIFFFilePool()
    let found = try TIFFOpening(
      files: files, place: place, dataset: dataset, stated: stated, notes: notes, pool: pool)
    path = place
    metadata = found.metadata
    self.notes = found.notes
    isLossy = found.isLossy
    planes = found.planes
    samples = found.samples
    headers = found.headers
    reducedPages = found.reducedLevels
    self.files = pool
  }

  private init(_ stack: TIFFStack, _ level: ReducedLevel) {
    path = stack.path
    metadata = level.metadata
    notes = []
    isLossy = stack.isLossy
    planes = level.planes
    samples = stack.samples
    headers = stack.headers
    reducedPages = []
    files = stack.files
  }

  /// The stack at every level of its pyramid, finest first.
  public var levels: [TIFFStack] { [self] + reducedPages.map { TIFFStack(self, $0) } }
}
