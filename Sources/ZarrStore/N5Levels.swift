import Codecs
import VolumeStore
import Voxels

/// The arrays of an N5 volume: one, or a group of levels `s0`, `s1`, … from fine to coarse.
struct N5Levels {
  let levels: [ZarrArray]
  /// What was assumed that the files do not say, one sentence each.
  let notes: [String]
  /// What the group says of itself.
  let attributes: JSONObject

  /// Opens the array or the group of levels in a folder.
  ///
  /// - Returns: Nil where the folder holds neither.
  /// - Throws: ``VolumeError`` where a description is damaged or asks for what is not supported.
  static func open(
    at path: String, axes: VolumeAxes? = nil, cache: ChunkCache? = nil, limits: Limits = .standard
  ) throws(VolumeError) -> N5Levels? {
    let store = FileStore(root: path)
    let node = try n5Node(store, limits)
    if node?.kind == .array {
      return try openArray(store, axes: axes, cache: cache, limits: limits)
    }
    var attributes = node?.attributes ?? [:]
    var folder = store
    var names = try levelNames(folder, attributes, limits)
    if names.isEmpty {
      // Paintera keeps the levels of a data set in a group within.
      folder = FileStore(root: store.path(of: "data"))
      guard let inner = try n5Node(folder, limits), inner.kind == .group else { return nil }
      attributes.merge(inner.attributes) { $1 }
      names = try levelNames(folder, attributes, limits)
    }
    guard !names.isEmpty else { return nil }
    var arrays: [ZarrArray] = []
    for name in names {
      let array = try ZarrArray.open(
        at: folder.path(of: name), axes: axes, cache: cache, limits: limits)
      if let finer = arrays.last?.metadata, !finer.isFiner(array.metadata) {
        throw VolumeError(
          .malformedMetadata, path: array.path, "the levels do not go together",
          found: "\(array.metadata.extent) of \(array.metadata.dataType.rawValue)",
          expected: "at most \(finer.extent) of \(finer.dataType.rawValue)",
          remedy: "name one level alone")
      }
      arrays.append(array)
    }
    var notes: [String] = []
    var levels: [ZarrArray] = []
    for (level, array) in arrays.enumerated() {
      var found: [String] = []
      levels.append(place(array, level, finest: arrays[0], names[level], attributes, &found))
      if level == 0 { notes = found }
    }
    return N5Levels(levels: levels, notes: notes, attributes: attributes)
  }

  /// Whether a folder may hold N5: it is described as such, or its levels are.
  static func isPresent(at path: String) throws(VolumeError) -> Bool {
    if try FileStatus("\(path)/attributes.json") != nil { return true }
    return try FileStatus("\(path)/s0/attributes.json") != nil
  }

  /// Opens an array alone; one that is a level of a group lies where the group says.
  private static func openArray(
    _ store: FileStore, axes: VolumeAxes?, cache: ChunkCache?, limits: Limits
  ) throws(VolumeError) -> N5Levels {
    let array = try ZarrArray.open(at: store.root, axes: axes, cache: cache, limits: limits)
    let (folder, name) = FileStore.split(store.root)
    let level = name.hasPrefix("s") ? Int(name.dropFirst()) ?? 0 : 0
    var group: JSONObject = [:]
    var finest = array
    // The group is here for its voxel size alone: what is wrong with it is no fault of the array.
    if name == "s\(level)", let node = try? n5Node(FileStore(root: folder), limits),
      node.kind == .group
    {
      group = node.attributes
      if level > 0, let other = try? ZarrArray.open(at: "\(folder)/s0", axes: axes, limits: limits),
        other.metadata.axes == array.metadata.axes
      {
        finest = other
      }
    }
    var notes: [String] = []
    let placed = place(array, level, finest: finest, name, group, &notes)
    return N5Levels(levels: [placed], notes: notes, attributes: array.attributes)
  }

  private static func place(
    _ array: ZarrArray, _ level: Int, finest: ZarrArray, _ name: String, _ group: JSONObject,
    _ notes: inout [String]
  ) -> ZarrArray {
    let datasets = group["multiscales"]?.array?.first?.object?["datasets"]?.array ?? []
    let names = multiscaleAxes(group).compactMap { $0["name"]?.string }
    func ratio(_ whole: Int, _ part: Int) -> Double { (Double(whole) / Double(part)).rounded() }
    let (whole, part) = (finest.metadata.extent, array.metadata.extent)
    let placement = N5Placement(
      axes: array.metadata.axes, own: array.attributes, group: group,
      entry: datasets.compactMap { $0.object }.first { $0["path"]?.string == name } ?? [:],
      entryAxes: names.isEmpty ? nil : names,
      derivedFactors: [
        .z: ratio(whole.z, part.z), .y: ratio(whole.y, part.y), .x: ratio(whole.x, part.x),
      ],
      level: level)
    return array.placed(placement.place(notes: &notes))
  }

  /// The folders of the levels: as `multiscales` lists them, or `s0`, `s1`, ….
  private static func levelNames(
    _ store: FileStore, _ attributes: JSONObject, _ limits: Limits
  ) throws(VolumeError) -> [String] {
    let datasets = attributes["multiscales"]?.array?.first?.object?["datasets"]?.array ?? []
    let listed = datasets.prefix(64).compactMap { $0.object?["path"]?.string }
      .filter { MultiscaleMetadata.isPlain($0) }
    if !listed.isEmpty, listed.count == datasets.count { return listed }
    var names: [String] = []
    while names.count < 64,
      try n5Node(FileStore(root: store.path(of: "s\(names.count)")), limits)?.kind == .array
    {
      names.append("s\(names.count)")
    }
    return names
  }

  private static func n5Node(
    _ store: FileStore, _ limits: Limits
  ) throws(VolumeError) -> StoreNode? {
    let node = try StoreNode.read(store, limits: limits)
    return node?.format == .n5 ? node : nil
  }
}

extension VolumeMetadata {
  /// Whether another volume can be a coarser level of this one.
  func isFiner(_ coarser: VolumeMetadata) -> Bool {
    dataType == coarser.dataType && channels == coarser.channels && axes == coarser.axes
      && coarser.extent.z <= extent.z && coarser.extent.y <= extent.y
      && coarser.extent.x <= extent.x
  }
}
