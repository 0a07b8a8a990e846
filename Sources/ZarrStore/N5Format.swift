import Codecs
public import VolumeStore

/// N5 arrays and groups of levels: of BigDataViewer, Paintera, COSEM, funlib and others.
public enum N5Format: VolumeFormat {
  /// Shown to users.
  public static let name = "N5"

  /// Attributes that tell an `attributes.json` of N5 from others of the name.
  private static let marks = [
    "n5", "dimensions", "multiScale", "multiscales", "painteraData", "pixelResolution",
    "resolution", "downsamplingFactors", "scales",
  ]

  /// Whether the source is a folder with N5's attributes, or one that is named so.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard try FileStatus(source.path)?.isFolder == true else { return false }
    if source.path.lowercased().hasSuffix(".n5") || source.path.lowercased().hasSuffix(".n5/") {
      return true
    }
    guard try N5Levels.isPresent(at: source.path) else { return false }
    let store = FileStore(root: source.path)
    guard try store.exists(StoreFormat.n5.arrayKey) else { return true }
    guard let node = try? StoreNode.read(store, limits: .standard) else { return true }
    return node.format == .n5 && marks.contains { node.root[$0] != nil }
  }

  /// Opens an array, or a group with its levels; of a group of several volumes, the one named.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let path = source.storePath
    if let found = try N5Levels.open(at: path, axes: source.stated.axes) {
      return OpenedVolume(levels: found.levels, formatName: name, notes: found.notes)
    }
    let contents = try StoreContents(of: path)
    guard contents.volumes.count == 1, let only = contents.volumes.first,
      let found = try N5Levels.open(at: "\(path)/\(only)", axes: source.stated.axes)
    else { throw contents.choice(at: path) }
    return OpenedVolume(
      levels: found.levels, formatName: name,
      notes: ["the only volume in the group was taken: \(only)"] + found.notes)
  }
}

extension VolumeSource {
  /// The folder of the volume named, in a store whose volumes are folders.
  var storePath: String {
    guard let dataset else { return path }
    let name = dataset.drop { $0 == "/" }
    return name.isEmpty ? path : "\(path)/\(name)"
  }
}
