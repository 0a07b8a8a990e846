public import VolumeStore

/// TIFF stacks: folders, patterns and files with many pages.
public enum TIFFFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "TIFF"

  /// Whether the source is a TIFF file, a folder with TIFF files, or a pattern of names.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard let status = try FileStatus(source.path) else {
      return source.path.contains { "*?[%".contains($0) }
    }
    if status.isFolder {
      return try !SectionSeries.tiffFiles(inFolder: source.path).isEmpty
    }
    guard status.isRegularFile else { return false }
    let name = source.path.lowercased()
    if name.hasSuffix(".tif") || name.hasSuffix(".tiff") { return true }
    let start = try bytes(ofFile: source.path, count: 4)
    return [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
      .contains(start)
  }

  /// Opens the stack.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    if let dataset = source.dataset {
      throw VolumeError(
        .unsupportedFeature, path: source.path, "a TIFF stack holds no datasets", found: dataset,
        remedy: "leave out --dataset")
    }
    let stack = try TIFFStack(source.path)
    return OpenedVolume(
      reader: stack, formatName: name, notes: stack.notes, isLossy: stack.isLossy)
  }
}
