import Codecs
import FoundationEssentials
import PrecomputedStore
import VolumeFormats
import VolumeStore
import ZarrStore

/// A volume as it lies on disk: what this tool noted in it, and the label volumes within it.
struct StoredVolume {
  let path: String
  let opened: OpenedVolume
  /// The project's own attributes: state, fingerprint, provenance; empty where others wrote it.
  let attributes: JSONObject

  /// Opens a volume.
  ///
  /// - Throws: ``VolumeError`` as `openVolume` does.
  init(_ path: String, dataset: String? = nil, stated: StatedLayout = .none) throws(VolumeError) {
    self.path = path
    opened = try openVolume(path, dataset: dataset, stated: stated)
    attributes = try Self.attributes(at: dataset.map { "\(path)/\($0)" } ?? path)
  }

  /// Whether the run that makes it has finished; nil where another program made it.
  var isComplete: Bool? {
    switch attributes["state"] {
    case .string("complete"): true
    case .string("writing"): false
    default: nil
    }
  }

  /// The project's own attributes of the volume in a folder; empty where there are none.
  static func attributes(at path: String) throws(VolumeError) -> JSONObject {
    if let image = try OMEZarrImage.openIfPresent(at: path) { return image.attributes }
    guard try FileStatus("\(path)/info") != nil else { return [:] }
    return try PrecomputedImage.open(at: path).attributes
  }

  /// The names of the label volumes within an image, sorted.
  var labelNames: [String] {
    let folder = "\(path)/labels"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { name in
      ["zarr.json", ".zgroup"].contains {
        FileManager.default.fileExists(atPath: "\(folder)/\(name)/\($0)")
      }
    }.sorted()
  }
}

/// The bytes that a volume takes on disk.
struct StoredBytes {
  /// Adds up the files of a level: from its manifest where it has one, else file by file; nil where
  /// the path is of no file or folder, such as a pattern.
  static func count(of reader: any VolumeReader) throws(VolumeError) -> Int? {
    if let store = reader as? any VerifiableStore {
      var bytes = 0
      let hasManifest = try store.forEachRecord { bytes += $0.byteCount }
      return hasManifest ? bytes : try sum(below: store.path)
    }
    guard let status = try FileStatus(reader.path) else { return nil }
    return status.isFolder ? try sum(below: reader.path) : status.byteCount
  }

  private static func sum(below folder: String) throws(VolumeError) -> Int {
    let store = FileStore(root: folder)
    var bytes = 0
    try store.forEachKey { (key) throws(VolumeError) in
      bytes += try FileStatus(store.path(of: key))?.byteCount ?? 0
    }
    return bytes
  }
}
