public import VolumeStore

/// TIFF stacks: folders, patterns and files with many pages.
public enum TIFFFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "TIFF"

  /// Whether the source is a TIFF file, a folder with TIFF files, or a pattern of names.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard let status = try FileStatus(source.path), !status.isFolder else {
      return try SectionSeries.recognises(source.path, .tiff)
    }
    guard status.isRegularFile else { return false }
    if SectionFileKind.tiff.matches(source.path) { return true }
    let start = try bytes(ofFile: source.path, count: 4)
    return [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
      .contains(start)
  }

  /// Opens the stack; of an OME-TIFF with several images, the one that is named.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let stack = try TIFFStack(source.path, dataset: source.dataset, stated: source.stated)
    return OpenedVolume(
      levels: stack.levels, formatName: name, notes: stack.notes, isLossy: stack.isLossy)
  }
}
