import Codecs
public import Synapses
public import VolumeStore
import Voxels

extension PrecomputedAnnotations {
  /// Whether a folder holds a collection of annotations.
  public static func areIn(_ store: FileStore) throws(VolumeError) -> Bool {
    guard let bytes = try store.read(infoName, limit: mostInfoBytes),
      let document = try? JSONValue(parsing: bytes)
    else { return false }
    return document.object?["@type"]?.string == kind
  }

  private static let mostInfoBytes = 1 << 22, mostFileBytes = 1 << 32

  /// Reads a collection of lines, from ours or another program.
  ///
  /// Lines of all cells of all levels count, each once. Scores and sizes are the properties of
  /// those names; supervoxels the relationships whose names have `pre` and `post` in them.
  ///
  /// - Returns: The synapses, by their numbers.
  /// - Throws: ``VolumeError`` with `notFound`; `unsupportedFeature` where annotations are no lines or
  ///   lie in shards; `malformedMetadata` or `corruptChunk` where something is not as the format
  ///   has it.
  public static func read(_ store: FileStore) throws(VolumeError) -> [Synapse] {
    guard let bytes = try store.read(infoName, limit: mostInfoBytes) else {
      throw VolumeError(
        .notFound, path: store.path(of: infoName), "there are no annotations",
        remedy: "check the path")
    }
    guard let document = try? JSONValue(parsing: bytes), let members = document.object else {
      throw VolumeError(
        .malformedMetadata, path: store.path(of: infoName), "the description is no JSON object")
    }
    let layout = try AnnotationLayout(
      members, axisOrder: axisOrder(in: bytes), path: store.path(of: infoName))
    var lines: [UInt64: Line] = [:]
    for level in layout.levels {
      let keys = try cellKeys(level, in: store)
      for key in keys {
        guard let bytes = try store.read(key, limit: mostFileBytes) else { continue }
        for line in try decoded(bytes, layout, path: store.path(of: key)) { lines[line.id] = line }
      }
    }
    if layout.relationships.contains(where: { $0 != nil }) {
      for id in lines.keys.sorted() {
        let key = "\(layout.byID)/\(id)"
        guard let bytes = try store.read(key, limit: mostFileBytes) else {
          throw VolumeError(
            .malformedMetadata, path: store.path(of: key), "an annotation is not in the index",
            found: "id \(id)", remedy: "copy the folder again, whole")
        }
        lines[id]?.related = try related(bytes, layout, path: store.path(of: key))
      }
    }
    return lines.values.sorted { $0.id < $1.id }.map { synapse($0, layout) }
  }

  /// The order in which a description names its dimensions, which is that of coordinates.
  private static func axisOrder(in text: [UInt8]) -> [String] {
    let parts = String(decoding: text, as: UTF8.self).split(
      separator: "\"dimensions\"", maxSplits: 1, omittingEmptySubsequences: false)
    guard let rest = parts.dropFirst().first else { return [] }
    let places = ["x", "y", "z"].compactMap { name in
      rest.firstRange(of: "\"\(name)\"").map { (name: name, place: $0.lowerBound) }
    }
    return places.sorted { $0.place < $1.place }.map(\.name)
  }

  /// The files of a level's cells that there are.
  private static func cellKeys(
    _ level: AnnotationLayout.Level, in store: FileStore
  ) throws(VolumeError) -> [String] {
    var keys: [String] = []
    for x in 0..<level.shape[0] {
      for y in 0..<level.shape[1] {
        for z in 0..<level.shape[2] { keys.append("\(level.key)/\(x)_\(y)_\(z)") }
      }
    }
    return keys
  }

  private static func decoded(
    _ bytes: [UInt8], _ layout: AnnotationLayout, path: String
  ) throws(VolumeError) -> [Line] {
    let width = layout.byteCount
    guard bytes.count >= 8, let count = Int(exactly: number(bytes, 0, UInt64.self)),
      count <= bytes.count / (width + 8), bytes.count == 8 + count * (width + 8)
    else {
      throw VolumeError(
        .corruptChunk, path: path, "the annotations are cut off, or of another layout",
        found: "\(bytes.count) bytes", expected: "8 and \(width + 8) for each annotation",
        remedy: "copy the folder again, whole")
    }
    var lines: [Line] = []
    for index in 0..<count {
      let start = 8 + index * width
      lines.append(
        try line(
          bytes, at: start, id: number(bytes, 8 + count * width + 8 * index, UInt64.self), layout,
          path: path))
    }
    return lines
  }

  private static func line(
    _ bytes: [UInt8], at start: Int, id: UInt64, _ layout: AnnotationLayout, path: String
  ) throws(VolumeError) -> Line {
    let points = (0..<6).map { Float(bitPattern: number(bytes, start + 4 * $0, UInt32.self)) }
    guard points.allSatisfy(\.isFinite) else {
      throw VolumeError(
        .corruptChunk, path: path, "a coordinate is no number", found: "annotation \(id)")
    }
    let properties = [layout.score, layout.size].map { place in
      place.map { Float(bitPattern: number(bytes, start + 24 + $0, UInt32.self)) } ?? .nan
    }
    return Line(id: id, points: points, properties: properties, related: [nil, nil])
  }

  private static func related(
    _ bytes: [UInt8], _ layout: AnnotationLayout, path: String
  ) throws(VolumeError) -> [UInt64?] {
    var (place, lists): (Int, [UInt64?]) = (layout.byteCount, [])
    for _ in 0..<layout.relationshipCount {
      guard place + 4 <= bytes.count,
        case let count = Int(number(bytes, place, UInt32.self)),
        count <= (bytes.count - place - 4) / 8
      else {
        throw VolumeError(
          .corruptChunk, path: path, "the related segments are cut off",
          remedy: "copy the folder again, whole")
      }
      lists.append(count > 0 ? number(bytes, place + 4, UInt64.self) : nil)
      place += 4 + 8 * count
    }
    return layout.relationships.map { $0.flatMap { lists[$0] } }
  }

  private static func synapse(_ line: Line, _ layout: AnnotationLayout) -> Synapse {
    func place(_ first: Int) -> PhysicalPosition {
      let values = layout.axes.map { Double(line.points[first + $0.place]) * $0.nanometers }
      return PhysicalPosition(z: values[0], y: values[1], x: values[2])
    }
    func known(_ value: Float) -> Double? { value.isNaN ? nil : Double(value) }
    return Synapse(
      pre: place(0), post: place(3), score: known(line.properties[0]),
      size: known(line.properties[1]), preSupervoxelID: line.related[0],
      postSupervoxelID: line.related[1], id: line.id)
  }

  private static func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ bytes: [UInt8], _ start: Int, _ type: Number.Type
  ) -> Number {
    (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(bytes[start + $1]) << Number(8 * $1) }
  }
}

/// Where what matters lies in a collection's files.
struct AnnotationLayout {
  /// A level of the spatial index.
  struct Level {
    var key: String
    var shape: [Int]
  }

  /// The axes z, y and x: their places among the dimensions, and the nanometres of a unit.
  var axes: [(place: Int, nanometers: Double)] = []
  var levels: [Level] = []
  var byID = ""
  /// The offsets of score and size behind the points.
  var score: Int?, size: Int?
  /// The bytes of an annotation.
  var byteCount = 24
  /// The places of the relationships to sending and receiving supervoxels.
  var relationships: [Int?] = [nil, nil]
  var relationshipCount = 0

  /// The most cells of a level that are looked for.
  private static let mostCells = 1 << 20

  /// Reads a description.
  ///
  /// - Parameters:
  ///   - info: The description.
  ///   - axisOrder: The names of its dimensions as they follow one another.
  ///   - path: Where it lies.
  /// - Throws: ``VolumeError`` with `malformedMetadata` or `unsupportedFeature`.
  init(_ info: JSONObject, axisOrder: [String], path: String) throws(VolumeError) {
    func malformed(_ what: String, _ expected: String) -> VolumeError {
      VolumeError(
        .malformedMetadata, path: path, "\(what) cannot be understood", expected: expected)
    }
    guard info["@type"]?.string == PrecomputedAnnotations.kind else {
      throw malformed("@type", PrecomputedAnnotations.kind)
    }
    guard info["annotation_type"]?.string?.uppercased() == "LINE" else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the annotations are no synapses",
        found: info["annotation_type"]?.string ?? "no annotation_type",
        expected: "LINE: from the sending to the receiving side")
    }
    guard let dimensions = info["dimensions"]?.object, dimensions.count == 3 else {
      throw malformed("dimensions", "x, y and z with their units")
    }
    for name in ["z", "y", "x"] {
      guard let unit = dimensions[name]?.array, unit.count == 2, unit[1].string == "m",
        let scale = unit[0].double, scale > 0, scale.isFinite
      else { throw malformed("dimension \(name)", "a length in metres, such as [1e-9, \"m\"]") }
      axes.append((axisOrder.firstIndex(of: name) ?? 0, scale * 1e9))
    }
    guard let index = info["by_id"]?.object, let key = index["key"]?.string,
      let spatial = info["spatial"]?.array
    else { throw malformed("by_id or spatial", "indices with their keys") }
    byID = key
    var indices = [index]
    for level in spatial {
      let shape = level.object?["grid_shape"]?.array?.compactMap(\.int) ?? []
      guard let members = level.object, let key = members["key"]?.string, shape.count == 3,
        shape.allSatisfy({ $0 > 0 }), let cells = checkedProduct(shape), cells <= Self.mostCells
      else { throw malformed("spatial", "levels with key and grid_shape") }
      indices.append(members)
      levels.append(Level(key: key, shape: shape))
    }
    guard indices.allSatisfy({ $0["sharding"] == nil }) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "annotations in shards are not read",
        expected: "one file for each cell and annotation")
    }
    try readProperties(info["properties"]?.array ?? [], malformed)
    let names = (info["relationships"]?.array ?? []).map { $0.object?["id"]?.string ?? "" }
    relationshipCount = names.count
    relationships = ["pre", "post"].map { side in
      names.firstIndex { $0.lowercased().contains(side) }
    }
  }

  /// Properties lie by their sizes, those of 4 bytes first, filled up to a multiple of 4.
  private mutating func readProperties(
    _ properties: [JSONValue], _ malformed: (String, String) -> VolumeError
  ) throws(VolumeError) {
    let sizes = [
      "uint32": 4, "int32": 4, "float32": 4, "uint16": 2, "int16": 2, "uint8": 1, "int8": 1,
      "rgb": 3, "rgba": 4,
    ]
    var (wide, narrow) = (0, 0)
    for property in properties {
      guard let id = property.object?["id"]?.string, let type = property.object?["type"]?.string,
        let size = sizes[type]
      else { throw malformed("properties", "an id and a type for each") }
      if ["uint32", "int32", "float32"].contains(type) {
        if type == "float32", id == "score" { score = wide }
        if type == "float32", id == "size" { self.size = wide }
        wide += 4
      } else {
        narrow += size
      }
    }
    byteCount = 24 + wide + (narrow + 3) / 4 * 4
  }
}
