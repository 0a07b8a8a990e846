public import Codecs
public import VolumeStore

extension PrecomputedImage {
  /// Opens a volume to write, and removes what writers that were stopped left unfinished.
  ///
  /// - Parameters:
  ///   - path: The volume's folder.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The volume with all its levels open.
  /// - Throws: ``VolumeError`` as ``open(at:cache:limits:)`` does.
  public static func openForWriting(
    at path: String, cache: ChunkCache? = nil
  ) throws(VolumeError) -> PrecomputedImage {
    let store = FileStore(root: path)
    let info = try readInfo(store, limits: .standard)
    try store.removeStrayPartials()
    return try PrecomputedImage(
      info, in: store, cache: cache, compression: info.compression, isForWriting: true)
  }

  /// Creates a volume without any chunk.
  ///
  /// - Parameters:
  ///   - specification: What the volume is to be.
  ///   - path: The folder to make.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The volume with all its levels open for writing.
  /// - Throws: ``VolumeError`` with `alreadyExists` where something else lies there,
  ///   `unsupportedFeature` where the format cannot hold the values, `limitExceeded`, `inputOutput`.
  public static func create(
    _ specification: PrecomputedSpecification, at path: String, cache: ChunkCache? = nil
  ) throws(VolumeError) -> PrecomputedImage {
    let store = FileStore(root: path)
    let info = try specification.info(path: path)
    for key in [PrecomputedInfo.key] + info.scales.map({ $0.key }) where try store.exists(key) {
      throw VolumeError(
        .alreadyExists, path: store.path(of: key), "there is a volume already",
        remedy: "choose another output or replace this one (--force)")
    }
    let text = try info.encoded(path: store.path(of: PrecomputedInfo.key))
    // What we write, we can read: the limits hold here too.
    _ = try PrecomputedInfo(
      parsing: text, path: store.path(of: PrecomputedInfo.key), limits: .standard)
    try store.write(text.rawSpan, to: PrecomputedInfo.key)
    try store.synchronize()
    return try openForWriting(at: path, cache: cache)
  }

  /// Opens the volume of a specification where it is there already, creates it where it is not.
  ///
  /// - Parameters:
  ///   - specification: What the volume is to be; its attributes may differ from those stored.
  ///   - path: The volume's folder.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The volume with all its levels open for writing.
  /// - Throws: ``VolumeError`` with `alreadyExists` where another volume lies there, otherwise as
  ///   ``create(_:at:cache:)``.
  public static func resume(
    _ specification: PrecomputedSpecification, at path: String, cache: ChunkCache? = nil
  ) throws(VolumeError) -> PrecomputedImage {
    let store = FileStore(root: path)
    guard try store.exists(PrecomputedInfo.key) else {
      return try create(specification, at: path, cache: cache)
    }
    var found = try readInfo(store, limits: .standard)
    var wanted = try specification.info(path: path)
    (found.attributes, wanted.attributes) = ([:], [:])
    guard try found.encoded(path: path) == wanted.encoded(path: path) else {
      throw VolumeError(
        .alreadyExists, path: path, "there is another volume, not the one of this run",
        remedy: "choose another output or replace this one (--force)")
    }
    return try openForWriting(at: path, cache: cache)
  }

  /// Replaces the project's own attributes, all at once.
  ///
  /// What others added to `info`, such as `mesh`, stays.
  ///
  /// - Returns: The volume with the new attributes.
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func replacingAttributes(_ new: JSONObject) throws(VolumeError) -> PrecomputedImage {
    let store = FileStore(root: path)
    let limits = Limits.standard
    let document = PrecomputedDocument(path: store.path(of: PrecomputedInfo.key), limits: limits)
    let text = try store.read(PrecomputedInfo.key, limit: limits.maximalMetadataBytes) ?? []
    var root = try document.object(parsing: text)
    var own = root[PrecomputedInfo.ownKey]?.object ?? [:]
    own[PrecomputedInfo.attributesKey] = new.isEmpty ? nil : .object(new)
    root[PrecomputedInfo.ownKey] = own.isEmpty ? nil : .object(own)
    let changed = try PrecomputedInfo.encoded(root, path: document.path)
    try store.write(changed.rawSpan, to: PrecomputedInfo.key)
    try store.synchronize()
    var info = info
    info.attributes = new
    return PrecomputedImage(
      path: path, kind: kind, levels: levels, attributes: new, notes: notes, info: info)
  }
}
