import Codecs
public import VolumeStore

/// Volumes in Neuroglancer's precomputed format, in local folders.
///
/// A path may be written as other tools write it: `precomputed://file:///data/volume`. A dataset is
/// the key of a scale, such as `8_8_40`: that scale is then the finest.
public enum PrecomputedFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "precomputed"

  private static let schemes = ["precomputed://", "file://"]

  /// Whether the source is a folder with the `info` of a volume, or is said to be.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    if source.path.hasPrefix(schemes[0]) { return true }
    let store = FileStore(root: source.path)
    guard let status = try FileStatus(store.path(of: PrecomputedInfo.key)), status.isRegularFile,
      status.byteCount <= Limits.standard.maximalMetadataBytes,
      let text = try store.read(
        PrecomputedInfo.key, limit: Limits.standard.maximalMetadataBytes)
    else { return false }
    guard let root = (try? JSONValue(parsing: text))?.object else {
      // Damaged, perhaps: better said by name than not known.
      return String(decoding: text, as: UTF8.self).contains("neuroglancer_")
    }
    return root["@type"]?.string?.hasPrefix("neuroglancer_") ?? (root["scales"] != nil)
  }

  /// Opens all levels of a volume, or those from the scale named on.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let image = try PrecomputedImage.open(at: folder(of: source.path))
    var levels = image.levels
    if let dataset = source.dataset {
      guard let first = levels.firstIndex(where: { $0.key == dataset }) else {
        throw VolumeError(
          .notFound, path: source.path, "there is no scale of that key", found: dataset,
          expected: levels.map { $0.key }.joined(separator: ", "))
      }
      levels.removeFirst(first)
    }
    return OpenedVolume(
      levels: levels, formatName: name, notes: image.notes, isLossy: levels[0].encoding.isLossy)
  }

  /// The folder that a path or an address names.
  private static func folder(of path: String) throws(VolumeError) -> String {
    guard path.hasPrefix(schemes[0]) else { return path }
    var rest = path.dropFirst(schemes[0].count)
    if rest.hasPrefix(schemes[1]) {
      rest = rest.dropFirst(schemes[1].count)
    } else if rest.contains("://") {
      throw VolumeError(
        .unsupportedFeature, path: path, "the volume is not on a local disk",
        expected: "precomputed://file://… or the path of a folder",
        remedy: "copy the volume first, for instance with `gsutil rsync` or `aws s3 sync`")
    }
    return String(rest)
  }
}
