import Codecs
public import VolumeStore
import Voxels

extension OMEZarrImage {
  /// The names of the label images inside the image, as its `labels` group lists them.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the list is damaged or names something
  ///   outside the image, `inputOutput`.
  public func labelNames() throws(VolumeError) -> [String] {
    let store = FileStore(root: labelsPath)
    guard let node = try StoreNode.read(store, limits: .standard), node.kind == .group else {
      return []
    }
    let ome = node.format == .zarr3 ? node.attributes["ome"]?.object : node.attributes
    let list = ome?["labels"] ?? .array([])
    let names = list.array?.compactMap { $0.string } ?? []
    guard names.count == list.array?.count, Set(names).count == names.count,
      names.allSatisfy(Self.isLabelName)
    else {
      throw node.attributesDocument.malformed(
        "the list of labels is wrong", found: list, expected: "names of groups beside it")
    }
    return names
  }

  /// Opens a label image inside the image to read.
  ///
  /// - Parameters:
  ///   - name: One of ``labelNames()``.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The label image.
  /// - Throws: ``VolumeError`` with `notFound` where there is none of that name, else as
  ///   ``open(at:axes:cache:limits:)`` does.
  public func labels(
    named name: String, cache: ChunkCache? = nil
  ) throws(VolumeError) -> OMEZarrImage {
    let names = try labelNames()
    guard names.contains(name) else {
      throw VolumeError(
        .notFound, path: path, "the image has no labels of that name", found: name,
        expected: names.isEmpty ? "none: it has no labels" : names.joined(separator: ", "))
    }
    return try Self.open(at: labelsPath(named: name), cache: cache)
  }

  /// The folder of a label image inside the image, whether it is there or not.
  ///
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where the name would lie elsewhere.
  public func labelsPath(named name: String) throws(VolumeError) -> String {
    guard Self.isLabelName(name) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "labels cannot have that name", found: name,
        expected: "one name of a folder, not starting with a dot",
        remedy: "choose another name")
    }
    return "\(labelsPath)/\(name)"
  }

  /// Creates a label image inside the image, as many levels as the image has, and lists it.
  ///
  /// What a stopped creation leaves is not listed, and creating it again succeeds.
  ///
  /// - Parameters:
  ///   - specification: What the labels are to be; its name is theirs, and its level limit is not
  ///     used.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The label image, all zero, open for writing.
  /// - Throws: ``VolumeError`` with `alreadyExists` where something else lies there,
  ///   `unsupportedFeature` where the name is none or there cannot be as many levels, `inputOutput`.
  ///
  /// Source: OME-NGFF 0.5, <https://ngff.openmicroscopy.org/0.5/#labels-md>
  public func createLabels(
    _ specification: ImageSpecification, cache: ChunkCache? = nil
  ) throws(VolumeError) -> OMEZarrImage {
    let folder = try labelsPath(named: specification.name)
    let labels = try Self.create(labelSpecification(specification), at: folder, cache: cache)
    try list(specification.name)
    return labels
  }

  /// Opens the label image of a specification where it is there already, creates it where it is
  /// not; lists it either way.
  ///
  /// - Parameters:
  ///   - specification: What the labels are to be; its name is theirs, and its level limit is not
  ///     used.
  ///   - cache: Where decoded chunks are kept for the next read; nil keeps none.
  /// - Returns: The label image, open for writing.
  /// - Throws: ``VolumeError`` as ``createLabels(_:cache:)`` does.
  public func resumeLabels(
    _ specification: ImageSpecification, cache: ChunkCache? = nil
  ) throws(VolumeError) -> OMEZarrImage {
    let folder = try labelsPath(named: specification.name)
    let labels = try Self.resume(labelSpecification(specification), at: folder, cache: cache)
    try list(specification.name)
    return labels
  }

  /// The specification of labels inside the image: with its levels, and saying where it is.
  ///
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where there cannot be as many levels.
  public func labelSpecification(
    _ specification: ImageSpecification
  ) throws(VolumeError) -> ImageSpecification {
    precondition(specification.kind == .labels, "labels are of the kind labels")
    let format = levels[0].format
    guard specification.format.store == format, format != .n5 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "labels inside an image are of its own format",
        found: specification.format.store.rawValue, expected: format.rawValue,
        remedy: "create the labels as an image of their own")
    }
    var result = specification
    result.fixedLevels = nil
    var fixed = result.levels.prefix(1)
    for (finer, coarser) in zip(levels, levels.dropFirst()) {
      guard let last = fixed.last else { break }
      // The image's own factors where the labels cover the same voxels.
      let factors =
        last.extent == finer.metadata.extent
        ? finer.metadata.extent.factors(to: coarser.metadata.extent) : last.coarser()?.factors
      guard let factors else {
        throw VolumeError(
          .unsupportedFeature, path: path, "labels cannot have as many levels as the image",
          found: "\(levels.count) levels", expected: "each half as long as the one before",
          remedy: "create the labels as an image of their own")
      }
      fixed.append(last.coarser(by: factors))
    }
    result.fixedLevels = Array(fixed)
    result.labelledImage = "../../"
    return result
  }

  private var labelsPath: String { "\(path)/labels" }

  /// Adds a name to the list of the `labels` group, which it makes where there is none.
  private func list(_ name: String) throws(VolumeError) {
    let lockPath = "\(labelsPath)/.labels.lock"
    switch try FileLock.take(path: lockPath, holder: "adding labels") {
    case .taken(let lock):
      try appendToList(name)
      _ = consume lock
    case .held:
      throw VolumeError(
        .inputOutput, path: lockPath, "another process is adding labels to the image",
        remedy: "run the command again")
    }
  }

  private func appendToList(_ name: String) throws(VolumeError) {
    let store = FileStore(root: labelsPath)
    var names = try labelNames()
    guard !names.contains(name) else { return }
    names.append(name)
    let list = JSONValue.array(names.map { .string($0) })
    let node = try StoreNode.read(store, limits: .standard)
    var attributes = node?.attributes ?? [:]
    guard levels[0].format == .zarr3 else {
      attributes["labels"] = list
      try write(attributes, to: StoreFormat.zarr2.attributesKey, of: store)
      return try write(["zarr_format": .integer(2)], to: StoreFormat.zarr2.groupKey, of: store)
    }
    var ome = attributes["ome"]?.object ?? [:]
    ome["version"] = .string(MultiscaleMetadata.version)
    ome["labels"] = list
    attributes["ome"] = .object(ome)
    var root = node?.root ?? ["zarr_format": .integer(3), "node_type": .string("group")]
    root["attributes"] = .object(attributes)
    try write(root, to: StoreFormat.zarr3.groupKey, of: store)
  }

  private func write(
    _ members: JSONObject, to key: String, of store: FileStore
  ) throws(VolumeError) {
    let text = try encodedMetadata(members, path: store.path(of: key))
    try store.write(text.span.bytes, to: key)
    try store.synchronize()
  }

  /// Whether a name is one folder inside the `labels` group.
  private static func isLabelName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 200 && !name.hasPrefix(".")
      && name != StoreFormat.zarr3.groupKey
      && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
  }
}

extension VoxelExtent {
  /// By how much each axis is shorter at a coarser level; nil where that is not 1 or 2.
  fileprivate func factors(to coarser: VoxelExtent) -> VoxelExtent? {
    func factor(_ fine: Int, _ coarse: Int) -> Int? {
      coarse == fine ? 1 : coarse == (fine + 1) / 2 ? 2 : nil
    }
    guard let z = factor(z, coarser.z), let y = factor(y, coarser.y), let x = factor(x, coarser.x)
    else { return nil }
    return VoxelExtent(z: z, y: y, x: x)
  }
}
