import Codecs
public import Synapses
public import VolumeStore
import Voxels

/// Synapses as a collection of lines in Neuroglancer's precomputed format, from the sending to the
/// receiving side, in nanometres.
///
/// Lines have the properties `score` and `size`, and the relationships `pre_supervoxel` and
/// `post_supervoxel`. Coordinates are of 32 bits: exact to 1 nm up to 16 mm.
///
/// Source: Neuroglancer, "Precomputed annotation format",
/// <https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/annotations.md>
public enum PrecomputedAnnotations {
  /// The file that describes a collection.
  public static let infoName = "info"
  static let kind = "neuroglancer_annotations_v1"
  static let byID = "by_id", spatial = "spatial0"
  static let relationships = ["pre_supervoxel", "post_supervoxel"]
  /// Cells of the spatial index grow to about this many lines.
  private static let linesPerCell = 8192

  /// Writes a collection into an empty folder, with a spatial index of one level, an index by
  /// number and one for each relationship.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where two synapses have the same number;
  ///   `inputOutput`.
  public static func write(_ synapses: [Synapse], to store: FileStore) throws(VolumeError) {
    let lines = try lines(of: synapses, path: store.root)
    let grid = CellGrid(lines, linesPerCell: linesPerCell)
    var cells: [[Int]: [Int]] = [:]
    for (index, line) in lines.enumerated() {
      for cell in grid.cells(of: line) { cells[cell, default: []].append(index) }
    }
    var files: [(key: String, bytes: [UInt8])] = []
    for (cell, members) in cells.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let name = cell.map { String($0) }.joined(separator: "_")
      files.append(("\(spatial)/\(name)", encoded(members.map { lines[$0] })))
    }
    for line in lines { files.append(("\(byID)/\(line.id)", line.encodedAlone)) }
    for (place, name) in relationships.enumerated() {
      var members: [UInt64: [Int]] = [:]
      for (index, line) in lines.enumerated() {
        if let id = line.related[place] { members[id, default: []].append(index) }
      }
      for (id, indices) in members.sorted(by: { $0.key < $1.key }) {
        files.append(("\(name)/\(id)", encoded(indices.map { lines[$0] })))
      }
    }
    let most = cells.values.map(\.count).max() ?? 1
    files.append((infoName, try info(grid, limit: most, path: store.root)))
    var group = WriteGroup(to: store)
    for file in files {
      let bytes = file.bytes
      try group.write(bytes.rawSpan, to: file.key)
    }
    try group.finish()
    try store.synchronize()
  }

  private static func lines(of synapses: [Synapse], path: String) throws(VolumeError) -> [Line] {
    var (lines, seen): ([Line], Set<UInt64>) = ([], [])
    for (index, synapse) in synapses.enumerated() {
      let id = synapse.id ?? UInt64(index + 1)
      guard seen.insert(id).inserted else {
        throw VolumeError(
          .malformedMetadata, path: path, "two synapses have the same number", found: "\(id)",
          expected: "another id for each")
      }
      lines.append(
        Line(
          id: id,
          points: [
            synapse.pre.x, synapse.pre.y, synapse.pre.z, synapse.post.x, synapse.post.y,
            synapse.post.z,
          ].map { Float($0) },
          properties: [Float(synapse.score ?? .nan), Float(synapse.size ?? .nan)],
          related: [synapse.preSupervoxelID, synapse.postSupervoxelID]))
    }
    return lines
  }

  private static func encoded(_ lines: [Line]) -> [UInt8] {
    var bytes = littleEndian(UInt64(lines.count))
    for line in lines { bytes += line.encoded }
    for line in lines { bytes += littleEndian(line.id) }
    return bytes
  }

  private static func info(
    _ grid: CellGrid, limit: Int, path: String
  ) throws(VolumeError) -> [UInt8] {
    func numbers(_ values: [Float]) -> JSONValue { .array(values.map { .number(Double($0)) }) }
    let nanometer = JSONValue.array([.number(1e-9), .string("m")])
    let document: JSONObject = [
      "@type": .string(kind), "annotation_type": .string("LINE"),
      "dimensions": .object(["x": nanometer, "y": nanometer, "z": nanometer]),
      "lower_bound": numbers(grid.lower), "upper_bound": numbers(grid.upper),
      "properties": .array([
        .object([
          "id": .string("score"), "type": .string("float32"),
          "description": .string("how sure the network is"),
        ]),
        .object([
          "id": .string("size"), "type": .string("float32"), "description": .string("its size"),
        ]),
      ]),
      "relationships": .array(
        relationships.map { .object(["id": .string($0), "key": .string($0)]) }),
      "by_id": .object(["key": .string(byID)]),
      "spatial": .array([
        .object([
          "key": .string(spatial), "limit": .integer(Int64(limit)),
          "grid_shape": .array(grid.shape.map { .integer(Int64($0)) }),
          "chunk_size": numbers(grid.cell),
        ])
      ]),
    ]
    do {
      return try JSONValue.object(document).encoded(pretty: true) + [UInt8(ascii: "\n")]
    } catch {
      throw VolumeError(.inputOutput, path: path, "the description cannot be written")
    }
  }
}

/// One annotation: positions x, y, z of both ends in nanometres, properties and related segments.
struct Line {
  var id: UInt64
  var points: [Float]
  var properties: [Float]
  var related: [UInt64?]

  /// Positions and properties.
  var encoded: [UInt8] { (points + properties).flatMap { littleEndian($0.bitPattern) } }

  /// The line as the index by number holds it.
  var encodedAlone: [UInt8] {
    var bytes = encoded
    for id in related {
      bytes += littleEndian(UInt32(id == nil ? 0 : 1))
      if let id { bytes += littleEndian(id) }
    }
    return bytes
  }
}

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// Cells of equal size over all lines, x first.
private struct CellGrid {
  var lower: [Float], upper: [Float], cell: [Float], shape: [Int]

  init(_ lines: [Line], linesPerCell: Int) {
    func bound(_ axis: Int, _ first: Float, _ choose: (Float, Float) -> Float) -> Float {
      lines.reduce(first) { choose(choose($0, $1.points[axis]), $1.points[axis + 3]) }
    }
    let hasLines = !lines.isEmpty
    lower = (0..<3).map { hasLines ? bound($0, .infinity, min).rounded(.down) : 0 }
    // Above the last point: cells do not hold what lies on their far face.
    upper = (0..<3).map { hasLines ? bound($0, -.infinity, max).rounded(.down) + 1 : 1 }
    shape = [1, 1, 1]
    cell = zip(upper, lower).map { $0 - $1 }
    while lines.count / (shape[0] * shape[1] * shape[2]) > linesPerCell {
      guard let longest = (0..<3).max(by: { cell[$0] < cell[$1] }) else { break }
      shape[longest] *= 2
      cell[longest] = (upper[longest] - lower[longest]) / Float(shape[longest])
    }
  }

  /// The cells that the box around a line meets.
  func cells(of line: Line) -> [[Int]] {
    let ranges = (0..<3).map { axis -> ClosedRange<Int> in
      let ends = [line.points[axis], line.points[axis + 3]].map {
        min(shape[axis] - 1, max(0, Int((($0 - lower[axis]) / cell[axis]).rounded(.down))))
      }
      return min(ends[0], ends[1])...max(ends[0], ends[1])
    }
    return ranges[0].flatMap { x in
      ranges[1].flatMap { y in ranges[2].map { z in [x, y, z] } }
    }
  }
}
