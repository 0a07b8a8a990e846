public import VolumeStore

/// TIFF: one file with many pages, or with a counter in its name one file per section.
public enum TIFFExport: VolumeExport {
  /// Shown to users.
  public static let name = "TIFF"
  /// `stack.tif` and `sections/img_%04d.tif`.
  public static let fileEndings = [".tif", ".tiff"]

  /// Creates the file, or the hidden folder of the files to be.
  ///
  /// - Throws: ``VolumeError`` as ``TIFFStackWriter/init(_:)`` does; `unsupportedFeature` too where
  ///   files of one section would have to hold several channels.
  public static func create(_ request: ExportRequest) throws(VolumeError) -> any VolumeSink {
    guard let pattern = CounterPattern(request.path) else { return try TIFFStackWriter(request) }
    return try SectionFolderWriter(
      request, pattern: pattern, encoder: TIFFSectionEncoder(request))
  }
}
