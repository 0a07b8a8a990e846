public import VolumeStore

/// OME-Zarr images, and bare arrays of Zarr v3 and v2.
public enum ZarrFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "OME-Zarr"

  /// Whether the source is a folder with Zarr metadata, of any version.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    for file in ["zarr.json", ".zarray", ".zgroup"]
    where try FileStatus("\(source.path)/\(file)") != nil { return true }
    return false
  }

  /// Opens an image with its levels, or an array; of a group of several volumes, the one named.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let path = source.storePath
    let axes = source.stated.axes
    if try isPlainGroup(path) {
      let contents = try StoreContents(of: path)
      guard contents.volumes.count == 1, let only = contents.volumes.first else {
        throw contents.choice(at: path)
      }
      var opened = try open(at: "\(path)/\(only)", axes: axes)
      opened.notes.insert("the only volume in the group was taken: \(only)", at: 0)
      return opened
    }
    return try open(at: path, axes: axes)
  }

  private static func open(
    at path: String, axes: VolumeAxes?
  ) throws(VolumeError) -> OpenedVolume {
    if let image = try OMEZarrImage.openIfPresent(at: path, axes: axes) {
      return OpenedVolume(levels: image.levels, formatName: name, notes: image.warnings)
    }
    let array = try ZarrArray.openVolume(at: path, axes: axes)
    return OpenedVolume(reader: array, formatName: name, notes: array.notes(stated: axes))
  }

  /// Whether a folder holds a group that is no image, or describes nothing.
  private static func isPlainGroup(_ path: String) throws(VolumeError) -> Bool {
    guard try FileStatus(path)?.isFolder == true else { return false }
    guard let node = try StoreNode.read(FileStore(root: path), limits: .standard) else {
      return true
    }
    return node.kind == .group && !node.hasImage && node.format != .n5
  }
}
