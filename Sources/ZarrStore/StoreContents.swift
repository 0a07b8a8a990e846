import Codecs
import VolumeStore

/// The volumes within a group of arrays and groups.
struct StoreContents {
  /// The paths of arrays and of groups of levels, relative to the group, sorted.
  private(set) var volumes: [String] = []
  private var visits = 0

  /// Looks for volumes, at most 64 of them, below a group.
  ///
  /// Folders that describe nothing are passed through, and nothing below an array is looked at. A
  /// description that cannot be read is named, for opening it to say why.
  init(of root: String, limits: Limits = .standard) throws(VolumeError) {
    try visit(FileStore(root: root), "", depth: 0, limits)
    volumes.sort()
  }

  private mutating func visit(
    _ store: FileStore, _ path: String, depth: Int, _ limits: Limits
  ) throws(VolumeError) {
    var names: [String] = []
    let folder = store.path(of: path)
    try forEachEntry(ofFolder: folder) { (name, isFolder) throws(VolumeError) in
      if isFolder, !name.hasPrefix("."), names.count < 4096 { names.append(name) }
    }
    for name in names.sorted() where visits < 4096 && volumes.count < 64 {
      visits += 1
      let inner = path.isEmpty ? name : "\(path)/\(name)"
      if isVolume(store.path(of: inner), limits) {
        volumes.append(inner)
      } else if depth < 8 {
        try visit(store, inner, depth: depth + 1, limits)
      }
    }
  }

  private func isVolume(_ path: String, _ limits: Limits) -> Bool {
    do throws(VolumeError) {
      guard let node = try StoreNode.read(FileStore(root: path), limits: limits) else {
        return try FileStatus("\(path)/s0/attributes.json") != nil
      }
      if node.kind == .array || node.hasImage { return true }
      return try FileStatus("\(path)/s0/attributes.json") != nil
    } catch {
      return true
    }
  }

  /// The error that names the volumes for one to be chosen.
  func choice(at path: String) -> VolumeError {
    guard let first = volumes.first else {
      return VolumeError(
        .notFound, path: path, "the group holds no volume",
        expected: "an image, or an array within the group",
        remedy: "name a folder that holds an array")
    }
    let names = volumes.prefix(10).joined(separator: ", ") + (volumes.count > 10 ? ", …" : "")
    return VolumeError(
      .notFound, path: path, "the group holds several volumes",
      found: names, expected: "one volume",
      remedy: "name one of them, such as --dataset \(first)")
  }
}

extension StoreNode {
  /// Whether the attributes describe a multiscale image.
  var hasImage: Bool {
    kind == .group
      && (attributes["ome"]?.object?["multiscales"] != nil || attributes["multiscales"] != nil)
  }
}
