public import Codecs
public import VolumeStore
import Voxels

/// A multiscale volume in Neuroglancer's precomputed format: a folder with an `info` and a folder
/// for each level.
///
/// Source: <https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md>
public struct PrecomputedImage: Sendable {
  /// The volume's folder.
  public let path: String
  /// What the voxels mean.
  public let kind: PrecomputedKind
  /// The levels, finest first.
  public let levels: [PrecomputedLevel]
  /// The project's own attributes; other readers pass over them.
  public let attributes: JSONObject
  /// What was passed over on opening and might matter to the user.
  public let notes: [String]

  let info: PrecomputedInfo

  /// What is kept of the indices of shards, in bytes.
  static let indexByteLimit = 64 << 20

  init(
    path: String, kind: PrecomputedKind, levels: [PrecomputedLevel], attributes: JSONObject,
    notes: [String], info: PrecomputedInfo
  ) {
    self.path = path
    self.kind = kind
    self.levels = levels
    self.attributes = attributes
    self.notes = notes
    self.info = info
  }

  init(
    _ info: PrecomputedInfo, in store: FileStore, cache: ChunkCache?,
    compression: PrecomputedCompression, isForWriting: Bool
  ) throws(VolumeError) {
    let minishards = MinishardCache(byteLimit: Self.indexByteLimit)
    var levels: [PrecomputedLevel] = []
    for scale in info.scales {
      levels.append(
        try PrecomputedLevel(
          scale, of: info, in: store, cache: cache, minishards: minishards,
          compression: compression, isForWriting: isForWriting))
    }
    path = store.root
    kind = info.kind
    self.levels = levels
    attributes = info.attributes
    notes = info.notes
    self.info = info
  }

  /// Opens a volume to read.
  ///
  /// - Parameters:
  ///   - path: The volume's folder.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  ///   - limits: The most its description may ask for.
  /// - Returns: The volume with all its levels open.
  /// - Throws: ``VolumeError`` with `notFound`, `malformedMetadata`, `unsupportedFeature` or
  ///   `limitExceeded`.
  public static func open(
    at path: String, cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> PrecomputedImage {
    let store = FileStore(root: path)
    return try PrecomputedImage(
      readInfo(store, limits: limits), in: store, cache: cache, compression: .none,
      isForWriting: false)
  }

  static func readInfo(_ store: FileStore, limits: Limits) throws(VolumeError) -> PrecomputedInfo {
    let key = PrecomputedInfo.key
    guard let text = try store.read(key, limit: limits.maximalMetadataBytes) else {
      throw VolumeError(
        .notFound, path: store.root, "there is no precomputed volume",
        expected: "a folder with a file info", remedy: "check the path")
    }
    return try PrecomputedInfo(parsing: text, path: store.path(of: key), limits: limits)
  }
}
