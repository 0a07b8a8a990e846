public import VolumeStore
public import Codecs
import Voxels

/// A multiscale image: a group of arrays from fine to coarse, as one of ``MultiscaleFormat``.
///
/// OME-NGFF 0.5 on Zarr v3 is read and written, and so are 0.4 on Zarr v2 and N5; 0.1 to 0.3 are read.
///
/// Source: <https://ngff.openmicroscopy.org/0.5/>
public struct OMEZarrImage: Sendable {
  /// The group's folder.
  public let path: String
  /// The image's name, where it has one.
  public let name: String?
  /// Whether the image says that it is one of labels.
  public let isLabels: Bool
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
    let node = try group(store, limits)
    guard node.format != .n5 else {
      return try openN5(node, at: path, axes: axes, cache: cache, limits: limits)
    }
    let document = node.attributesDocument
    var attributes = node.attributes
    var notes: [String] = []
    if node.format == .zarr2 {
      (attributes, notes) = try EarlierNGFF.modernized(attributes, in: document)
    }
    let multiscale = try MultiscaleMetadata(attributes, stated: axes, in: document)
    if node.format == .zarr3, multiscale.isCurrent,
      let fault = NGFFValidation.faults(in: attributes).first
    {
      notes.append("the image does not keep to OME-NGFF \(MultiscaleMetadata.version): \(fault)")
    }
    var levels: [ZarrArray] = []
    for level in multiscale.levels {
      let array = try ZarrArray.open(
        at: store.path(of: level.path), voxelSize: multiscale.voxelSize(level),
        offset: multiscale.offset(level), axes: multiscale.axes, cache: cache, limits: limits)
      if axes == nil, node.format == .zarr3 {
        try check(array.zarr.dimensionNames, multiscale, document)
      }
      try check(array.metadata, against: levels.last?.metadata, document)
      levels.append(array)
    }
    return OMEZarrImage(
      path: path, name: multiscale.name, isLabels: multiscale.isLabels, levels: levels,
      attributes: attributes[attributesKey]?.object ?? [:], warnings: notes + multiscale.warnings)
  }

  /// Opens the image at a path where one is there.
  ///
  /// - Parameters:
  ///   - path: The group's folder.
  ///   - axes: The axes of its arrays, slowest first; nil takes those the group says.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  ///   - limits: The most its description may ask for.
  /// - Returns: The image; nil where the path holds no store, a bare array or a group without an
  ///   image.
  /// - Throws: ``VolumeError`` as ``open(at:axes:cache:limits:)`` does: an image whose description is
  ///   damaged is an error and not an absent image.
  public static func openIfPresent(
    at path: String, axes: VolumeAxes? = nil, cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> OMEZarrImage? {
    guard let node = try StoreNode.read(FileStore(root: path), limits: limits),
      node.kind == .group
    else { return nil }
    let hasImage =
      try node.format == .n5
      ? FileStatus("\(path)/s0/\(StoreFormat.n5.arrayKey)") != nil : node.hasImage
    return hasImage ? try open(at: path, axes: axes, cache: cache, limits: limits) : nil
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
  /// The group's own description comes last: what a stopped creation leaves is no image, and
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
    guard try StoreNode.read(store, limits: .standard) == nil else {
      throw VolumeError(
        .alreadyExists, path: path, "there is a store already",
        remedy: "choose another output or replace this one (--force)")
    }
    try createArrays(specification, in: store)
    for (key, members) in specification.groupFiles {
      let text = try encodedMetadata(members, path: store.path(of: key))
      try store.write(text.span.bytes, to: key)
    }
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
    guard let node = try StoreNode.read(store, limits: .standard) else {
      return try create(specification, at: path, cache: cache)
    }
    // Through text and back, since 40.0 is written as 40.
    let text = try encodedMetadata(specification.groupAttributes, path: path)
    var wanted = try node.document.parseObject(text)
    wanted[attributesKey] = nil
    guard node.format == specification.format.store, node.kind == .group,
      wanted.allSatisfy({ node.attributes[$0.key] == $0.value })
    else { throw otherImage(path) }
    try createArrays(specification, in: store)
    return try openForWriting(at: path, cache: cache)
  }

  /// Replaces the project's own attributes, all at once.
  ///
  /// - Returns: The image with the new attributes.
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func replacingAttributes(_ new: JSONObject) throws(VolumeError) -> OMEZarrImage {
    let store = FileStore(root: path)
    let node = try Self.group(store, .standard)
    var members = node.attributes
    members[Self.attributesKey] = .object(new)
    if node.format == .zarr3 {
      members = node.root.merging(["attributes": .object(members)]) { $1 }
    }
    let key = node.format.attributesKey
    let text = try encodedMetadata(members, path: store.path(of: key))
    try store.write(text.span.bytes, to: key)
    try store.synchronize()
    return OMEZarrImage(
      path: path, name: name, isLabels: isLabels, levels: levels, attributes: new,
      warnings: warnings)
  }

  private static func createArrays(
    _ specification: ImageSpecification, in store: FileStore
  ) throws(VolumeError) {
    for (index, level) in specification.levels.enumerated() {
      let path = store.path(of: specification.format.levelName(index))
      try createArray(level, specification, at: path)
    }
  }

  private static func createArray(
    _ level: PyramidLevel, _ specification: ImageSpecification, at path: String
  ) throws(VolumeError) {
    let attributes = specification.arrayAttributes(level)
    do throws(VolumeError) {
      _ = try ZarrArray.create(
        at: path, shape: specification.shape(of: level), dataType: specification.dataType,
        layout: specification.storedLayout, format: specification.format.store,
        attributes: attributes)
    } catch  where error.code == .alreadyExists {
      // Left by a creation that was stopped, if it is the array we would make.
      let found = try ZarrArray.open(at: path)
      let wanted = ZarrMetadata(
        shape: specification.shape(of: level), dataType: specification.dataType,
        layout: specification.storedLayout, format: specification.format.store,
        attributes: attributes)
      guard found.format == wanted.format,
        try found.zarr.encoded(path: path) == wanted.encoded(path: path)
      else {
        throw otherImage(path)
      }
    }
  }

  private static func otherImage(_ path: String) -> VolumeError {
    VolumeError(
      .alreadyExists, path: path, "there is another image, not the one of this run",
      remedy: "choose another output or replace this one (--force)")
  }

  /// The description of the group in a folder.
  static func group(_ store: FileStore, _ limits: Limits) throws(VolumeError) -> StoreNode {
    let node = try StoreNode.required(store, limits: limits)
    try node.require(.group)
    if node.format == .zarr3 {
      try node.document.refuseStrangers(
        node.root, known: ["zarr_format", "node_type", "attributes"])
    }
    return node
  }

  private static func openN5(
    _ node: StoreNode, at path: String, axes: VolumeAxes?, cache: ChunkCache?, limits: Limits
  ) throws(VolumeError) -> OMEZarrImage {
    guard let found = try N5Levels.open(at: path, axes: axes, cache: cache, limits: limits) else {
      throw node.document.malformed("the group is no image: it has no level s0")
    }
    return OMEZarrImage(
      path: path, name: found.attributes["name"]?.string, isLabels: false,
      levels: found.levels,
      attributes: found.attributes[attributesKey]?.object ?? [:], warnings: found.notes)
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
    let node = try StoreNode.required(store, limits: limits)
    if node.kind == .group {
      let image = try OMEZarrImage.open(at: path, axes: axes, cache: cache, limits: limits)
      return image.levels[0]
    }
    if node.format == .n5,
      let found = try N5Levels.open(at: path, axes: axes, cache: cache, limits: limits)
    {
      return found.levels[0]
    }
    var parts = store.root.split(separator: "/", omittingEmptySubsequences: false)
    // An image's levels lie in it, or in a group or two within.
    for _ in 0..<3 where parts.count > 1 {
      parts.removeLast()
      let group = parts.joined(separator: "/")
      if !group.isEmpty,
        let image = try imageAround(group, axes: axes, cache: cache, limits: limits),
        let level = image.levels.first(where: { $0.path == store.root })
      {
        return level
      }
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
