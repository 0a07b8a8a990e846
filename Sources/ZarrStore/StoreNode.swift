import Codecs
import VolumeStore

/// What a folder of a hierarchy holds: an array or a group, and its attributes.
struct StoreNode {
  enum Kind: String, Hashable {
    case array, group
  }

  let format: StoreFormat
  let kind: Kind
  /// The members of the file that describes the node.
  let root: JSONObject
  /// What the user put there.
  let attributes: JSONObject
  /// The file that describes the node, for messages.
  let document: ZarrDocument

  /// The file that holds the attributes, for messages.
  var attributesDocument: ZarrDocument {
    let folder = FileStore.split(document.path).folder
    return ZarrDocument(path: "\(folder)/\(format.attributesKey)", limits: document.limits)
  }

  /// Reads the description of a folder; nil where it has none.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where there is one and it is no description.
  static func read(
    _ store: FileStore, limits: Limits
  ) throws(VolumeError) -> StoreNode? {
    if let (root, document) = try object(StoreFormat.zarr3.arrayKey, store, limits) {
      return try zarr3(root, document)
    }
    for (key, kind) in [(".zarray", Kind.array), (".zgroup", .group)] {
      guard let (root, document) = try object(key, store, limits) else { continue }
      guard root["zarr_format"]?.int == 2 else {
        throw document.malformed("zarr_format is wrong", found: root["zarr_format"], expected: "2")
      }
      let attributes = try object(StoreFormat.zarr2.attributesKey, store, limits)?.root ?? [:]
      return StoreNode(
        format: .zarr2, kind: kind, root: root, attributes: attributes, document: document)
    }
    guard let (root, document) = try object(StoreFormat.n5.arrayKey, store, limits) else {
      return nil
    }
    return StoreNode(
      format: .n5, kind: root["dimensions"] == nil ? .group : .array, root: root, attributes: root,
      document: document)
  }

  /// Reads the description of a folder that must have one.
  ///
  /// - Throws: ``VolumeError`` as ``read(_:limits:)`` does, and with `notFound`.
  static func required(_ store: FileStore, limits: Limits) throws(VolumeError) -> StoreNode {
    if let node = try read(store, limits: limits) { return node }
    throw VolumeError(
      .notFound, path: store.root, "there is no Zarr or N5 store",
      expected: "a folder with a zarr.json, .zarray, .zgroup or attributes.json",
      remedy: "check the path")
  }

  private static func zarr3(
    _ root: JSONObject, _ document: ZarrDocument
  ) throws(VolumeError) -> StoreNode {
    let format = root["zarr_format"]
    guard format?.int == 3 else {
      guard format?.int == 2 else {
        throw document.malformed("zarr_format is wrong", found: format, expected: "3")
      }
      throw document.unsupported(
        "a zarr.json describes Zarr v3 only", found: "zarr_format 2", expected: "zarr_format 3",
        remedy: "describe the store in .zarray or .zgroup, or convert it by `zarr migrate v3`")
    }
    guard let kind = root["node_type"]?.string.flatMap({ Kind(rawValue: $0) }) else {
      throw document.malformed(
        "node_type is wrong", found: root["node_type"], expected: "\"array\" or \"group\"")
    }
    return StoreNode(
      format: .zarr3, kind: kind, root: root, attributes: root["attributes"]?.object ?? [:],
      document: document)
  }

  private static func object(
    _ key: String, _ store: FileStore, _ limits: Limits
  ) throws(VolumeError) -> (root: JSONObject, document: ZarrDocument)? {
    guard let text = try store.read(key, limit: limits.maximalMetadataBytes) else { return nil }
    let document = ZarrDocument(path: store.path(of: key), limits: limits)
    return (try document.parseObject(text), document)
  }

  /// Checks that the node is of the kind asked for.
  func require(_ wanted: Kind) throws(VolumeError) {
    guard kind != wanted else { return }
    throw VolumeError(
      .unsupportedFeature, path: document.path, "the store is no \(wanted.rawValue)",
      found: kind.rawValue, expected: wanted.rawValue,
      remedy: wanted == .array
        ? "name an array inside the group, such as its level 0"
        : "name the image group that holds the array")
  }
}
