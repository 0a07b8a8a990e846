public import VolumeStore
public import Codecs
import Voxels

/// A multiscale OME-NGFF 0.5 image: a group of Zarr v3 arrays `0`, `1`, … from fine to coarse.
///
/// Source: <https://ngff.openmicroscopy.org/0.5/>
public struct OMEZarrImage: Sendable {
  /// The group's folder.
  public let path: String
  /// The image's name, where it has one.
  public let name: String?
  /// The arrays, finest first.
  public let levels: [ZarrArray]
  /// The project's own attributes: affinity offsets, polarity, provenance.
  public let attributes: JSONObject
  /// What was passed over on opening and might matter to the user.
  public let warnings: [String]

  /// The member of a group's `attributes` that is the project's own.
  static let attributesKey = "fascicle"

  /// Opens an image to read.
  ///
  /// - Parameters:
  ///   - path: The group's folder.
  ///   - axes: The axes of its arrays, slowest first; nil takes those the group says.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  ///   - limits: The most its description may ask for.
  /// - Returns: The image with all its levels open.
  /// - Throws: ``VolumeError`` with `notFound`, `malformedMetadata`, `unsupportedFeature` or
  ///   `limitExceeded`.
  public static func open(
    at path: String, axes: VolumeAxes? = nil, cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> OMEZarrImage {
    let store = FileStore(root: path)
    let document = ZarrDocument(path: store.path(of: ZarrArray.metadataKey), limits: limits)
    let root = try groupMetadata(store, document)
    let attributes = root["attributes"]?.object ?? [:]
    let multiscale = try MultiscaleMetadata(attributes, stated: axes, in: document)
    var levels: [ZarrArray] = []
    for level in multiscale.levels {
      let array = try ZarrArray.open(
        at: store.path(of: level.path), voxelSize: multiscale.voxelSize(level),
        offset: multiscale.offset(level), axes: multiscale.axes, cache: cache, limits: limits)
      if axes == nil { try check(array.zarr.dimensionNames, multiscale, document) }
      try check(array.metadata, against: levels.last?.metadata, document)
      levels.append(array)
    }
    return OMEZarrImage(
      path: path, name: multiscale.name, levels: levels,
      attributes: attributes[attributesKey]?.object ?? [:], warnings: multiscale.warnings)
  }

  /// Opens the image at a path where one is there.
  ///
  /// - Parameters:
  ///   - path: The group's folder.
  ///   - axes: The axes of its arrays, slowest first; nil takes those the group says.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  ///   - limits: The most its description may ask for.
  /// - Returns: The image; nil where the path holds nothing of Zarr v3, a bare array or a group
  ///   without an image.
  /// - Throws: ``VolumeError`` as ``open(at:axes:cache:limits:)`` does: an image whose description is
  ///   damaged is an error and not an absent image.
  public static func openIfPresent(
    at path: String, axes: VolumeAxes? = nil, cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> OMEZarrImage? {
    let store = FileStore(root: path)
    let document = ZarrDocument(path: store.path(of: ZarrArray.metadataKey), limits: limits)
    guard let text = try store.read(ZarrArray.metadataKey, limit: limits.maximalMetadataBytes)
    else { return nil }
    let root = try document.parseObject(text)
    let attributes = root["attributes"]?.object ?? [:]
    let hasImage =
      attributes["ome"]?.object?["multiscales"] != nil || attributes["multiscales"] != nil
    switch root["node_type"]?.string {
    case "array": return nil
    case "group" where !hasImage: return nil
    default: return try open(at: path, axes: axes, cache: cache, limits: limits)
    }
  }

  /// Opens an image to write, and removes what writers that were stopped left unfinished.
  ///
  /// - Parameters:
  ///   - path: The group's folder.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The image with all its levels open.
  /// - Throws: ``VolumeError`` as ``open(at:axes:cache:limits:)`` does.
  public static func openForWriting(
    at path: String, cache: ChunkCache? = nil
  ) throws(VolumeError) -> OMEZarrImage {
    try FileStore(root: path).removeStrayPartials()
    return try open(at: path, cache: cache)
  }

  /// Creates an image whose voxels are all zero.
  ///
  /// The group's own `zarr.json` comes last: what a stopped creation leaves is no image, and
  /// creating it again succeeds.
  ///
  /// - Parameters:
  ///   - specification: What the image is to be.
  ///   - path: The folder to make.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The image with all its levels open for writing.
  /// - Throws: ``VolumeError`` with `alreadyExists` where something else lies there,
  ///   `inputOutput`.
  public static func create(
    _ specification: ImageSpecification, at path: String, cache: ChunkCache? = nil
  ) throws(VolumeError) -> OMEZarrImage {
    precondition(specification.voxelSize.isValid, "voxel sizes are finite and above zero")
    precondition(
      specification.kind == .image || specification.dataType.isInteger, "labels are integers")
    let store = FileStore(root: path)
    guard try !store.exists(ZarrArray.metadataKey) else {
      throw VolumeError(
        .alreadyExists, path: path, "there is a Zarr store already",
        remedy: "choose another output or replace this one (--force)")
    }
    let text = try encodedMetadata(specification.groupMetadata, path: path)
    for (index, level) in specification.levels.enumerated() {
      try createArray(level, specification, at: store.path(of: String(index)))
    }
    try store.write(text.span.bytes, to: ZarrArray.metadataKey)
    try store.synchronize()
    return try open(at: path, cache: cache)
  }

  /// Opens the image of a specification where it is there already, creates it where it is not.
  ///
  /// - Parameters:
  ///   - specification: What the image is to be; its attributes may differ from those stored.
  ///   - path: The group's folder.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The image with all its levels open for writing.
  /// - Throws: ``VolumeError`` with `alreadyExists` where another image lies there.
  public static func resume(
    _ specification: ImageSpecification, at path: String, cache: ChunkCache? = nil
  ) throws(VolumeError) -> OMEZarrImage {
    let store = FileStore(root: path)
    guard try store.exists(ZarrArray.metadataKey) else {
      return try create(specification, at: path, cache: cache)
    }
    let document = ZarrDocument(
      path: store.path(of: ZarrArray.metadataKey), limits: .standard)
    let found = try groupMetadata(store, document)["attributes"]?.object?["ome"]
    // Through text and back, since 40.0 is written as 40.
    let text = try encodedMetadata(specification.groupMetadata, path: path)
    let wanted = try document.parseObject(text)["attributes"]?.object?["ome"]
    guard found == wanted else {
      throw otherImage(path)
    }
    for (index, level) in specification.levels.enumerated() {
      try createArray(level, specification, at: store.path(of: String(index)))
    }
    return try openForWriting(at: path, cache: cache)
  }

  /// Replaces the project's own attributes, all at once.
  ///
  /// - Returns: The image with the new attributes.
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func replacingAttributes(_ new: JSONObject) throws(VolumeError) -> OMEZarrImage {
    let store = FileStore(root: path)
    let document = ZarrDocument(path: store.path(of: ZarrArray.metadataKey), limits: .standard)
    var root = try Self.groupMetadata(store, document)
    var all = root["attributes"]?.object ?? [:]
    all[Self.attributesKey] = .object(new)
    root["attributes"] = .object(all)
    let text = try encodedMetadata(root, path: document.path)
    try store.write(text.span.bytes, to: ZarrArray.metadataKey)
    try store.synchronize()
    return OMEZarrImage(
      path: path, name: name, levels: levels, attributes: new, warnings: warnings)
  }

  private static func createArray(
    _ level: PyramidLevel, _ specification: ImageSpecification, at path: String
  ) throws(VolumeError) {
    do throws(VolumeError) {
      _ = try ZarrArray.create(
        at: path, shape: specification.shape(of: level), dataType: specification.dataType,
        layout: specification.layout)
    } catch  where error.code == .alreadyExists {
      // Left by a creation that was stopped, if it is the array we would make.
      let found = try ZarrArray.open(at: path)
      let wanted = ZarrMetadata(
        shape: specification.shape(of: level), dataType: specification.dataType,
        layout: specification.layout)
      guard try found.zarr.encoded(path: path) == wanted.encoded(path: path) else {
        throw otherImage(path)
      }
    }
  }

  private static func otherImage(_ path: String) -> VolumeError {
    VolumeError(
      .alreadyExists, path: path, "there is another image, not the one of this run",
      remedy: "choose another output or replace this one (--force)")
  }

  private static func groupMetadata(
    _ store: FileStore, _ document: ZarrDocument
  ) throws(VolumeError) -> JSONObject {
    let root = try document.parseObject(try store.readMetadata(limits: document.limits))
    try document.requireNode("group", root)
    try document.refuseStrangers(root, known: ["zarr_format", "node_type", "attributes"])
    return root
  }

  /// Checks that an array has the axes that the image says.
  private static func check(
    _ names: [String?]?, _ multiscale: MultiscaleMetadata, _ document: ZarrDocument
  ) throws(VolumeError) {
    for (name, axis) in zip(names ?? [], multiscale.axisNames)
    where name != nil && name?.lowercased() != axis.lowercased() {
      throw document.malformed(
        "a level's array has other axes than the image says",
        found: .array((names ?? []).map { $0.map { .string($0) } ?? .null }),
        expected: multiscale.axisNames.joined(separator: ", "))
    }
  }

  private static func check(
    _ level: VolumeMetadata, against finer: VolumeMetadata?, _ document: ZarrDocument
  ) throws(VolumeError) {
    guard let finer else { return }
    guard level.dataType == finer.dataType, level.channels == finer.channels,
      level.timePoints == finer.timePoints,
      level.extent.z <= finer.extent.z, level.extent.y <= finer.extent.y,
      level.extent.x <= finer.extent.x
    else {
      throw document.malformed(
        "the levels do not go together",
        found: .string("\(level.extent) of \(level.dataType.rawValue) below \(finer.extent)"),
        expected: "levels of one type, from fine to coarse")
    }
  }
}

extension ZarrArray {
  /// Opens the array at a path, or the finest level of the image at a path.
  ///
  /// An array inside an image group gets its voxel size and offset from the group.
  ///
  /// - Parameters:
  ///   - path: The folder of an array or of an image group.
  ///   - axes: The array's axes, slowest first; nil takes those that the image, or else the array,
  ///     says.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  ///   - limits: The most its description may ask for.
  /// - Returns: The open array.
  /// - Throws: ``VolumeError`` with `notFound`, `malformedMetadata`, `unsupportedFeature` or
  ///   `limitExceeded`.
  public static func openVolume(
    at path: String, axes: VolumeAxes? = nil, cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> ZarrArray {
    let store = FileStore(root: path)
    let document = ZarrDocument(path: store.path(of: metadataKey), limits: limits)
    let root = try document.parseObject(try store.readMetadata(limits: limits))
    if root["node_type"]?.string == "group" {
      let image = try OMEZarrImage.open(at: path, axes: axes, cache: cache, limits: limits)
      return image.levels[0]
    }
    let parts = store.root.split(separator: "/", omittingEmptySubsequences: false)
    let group = FileStore(root: parts.dropLast().joined(separator: "/"))
    if parts.count > 1, !group.root.isEmpty,
      let image = try imageAround(group.root, axes: axes, cache: cache, limits: limits),
      let level = image.levels.first(where: { $0.path == store.root })
    {
      return level
    }
    return try open(at: path, axes: axes, cache: cache, limits: limits)
  }

  /// The image that may hold an array; nil also where it is of a kind that is not supported.
  private static func imageAround(
    _ path: String, axes: VolumeAxes?, cache: ChunkCache?, limits: Limits
  ) throws(VolumeError) -> OMEZarrImage? {
    do throws(VolumeError) {
      return try OMEZarrImage.openIfPresent(at: path, axes: axes, cache: cache, limits: limits)
    } catch  where error.code == .unsupportedFeature {
      return nil
    }
  }
}
