import Codecs
import CommandLineInterface
import Connectomes
import StreamlineFormats
import VolumeStore
import Voxels

/// What `tracts info` tells of a tractogram, in order.
struct TractogramFacts {
  /// Names and values.
  private(set) var list: [(name: String, value: JSONValue)] = []

  /// Reads a header and, where asked for, all streamlines.
  ///
  /// - Throws: ``VolumeError``.
  init(path: String, counting: Bool) throws(VolumeError) {
    let reader = try TractogramFiles.open(path)
    let header = reader.header
    add("path", .string(path))
    add("format", .string(header.format.rawValue.uppercased()))
    add("positions", .string(header.positionType))
    if let count = header.streamlineCount { add("streamlines_stated", .integer(Int64(count))) }
    if let count = header.pointCount { add("points_stated", .integer(Int64(count))) }
    if let space = header.space {
      let extent = space.extent
      add("image_size", .array([extent.x, extent.y, extent.z].map { .integer(Int64($0)) }))
      add("voxel_to_scanner", .array(space.transform.rows.map { .array($0.map { .number($0) }) }))
    }
    func names(_ columns: [TractogramColumn]) -> JSONValue {
      .array(
        columns.map { column in
          let width = column.components > 1 ? " x \(column.components)" : ""
          return .string("\(column.name)\(width) (\(column.type))")
        })
    }
    if !header.perStreamline.isEmpty { add("per_streamline", names(header.perStreamline)) }
    if !header.perPoint.isEmpty { add("per_point", names(header.perPoint)) }
    for (name, members) in header.groups.sorted(by: { $0.key < $1.key }) {
      add("group_\(name)", .string("\(members.count) streamlines"))
    }
    for (name, value) in header.properties { add(name, .string(value)) }
    var notes = header.notes
    if counting {
      try count(reader)
      notes += reader.findings
    }
    for note in notes { add("note", .string(note)) }
  }

  private mutating func add(_ name: String, _ value: JSONValue) { list.append((name, value)) }

  private mutating func count(_ reader: any StreamlineReader) throws(VolumeError) {
    var batch = StreamlineBatch()
    var (count, points, empty) = (0, 0, 0)
    var (sum, least, largest) = (0.0, Float.infinity, Float(0))
    var (low, high) = (
      [Float](repeating: .infinity, count: 3), [Float](repeating: -.infinity, count: 3)
    )
    while try reader.read(into: &batch) {
      count += batch.count
      let positions = batch.positions.span
      for range in batch.bounds {
        points += range.count
        if range.isEmpty { empty += 1 }
        let length = streamlineLength(positions, range)
        sum += Double(length)
        least = min(least, length)
        largest = max(largest, length)
        for index in range {
          for axis in 0..<3 {
            let value = positions[3 * index + axis]
            low[axis] = min(low[axis], value)
            high[axis] = max(high[axis], value)
          }
        }
      }
    }
    add("streamlines", .integer(Int64(count)))
    add("points", .integer(Int64(points)))
    if empty > 0 { add("empty_streamlines", .integer(Int64(empty))) }
    guard count > 0, points > 0 else { return }
    func texts(_ values: [Float]) -> JSONValue { .array(values.map { .number(Double($0)) }) }
    add("mean_length_mm", .number(sum / Double(count)))
    add("shortest_mm", .number(Double(least)))
    add("longest_mm", .number(Double(largest)))
    add("lowest_mm", texts(low))
    add("highest_mm", texts(high))
  }
}

/// What `tracts info` prints of a tractogram.
enum TractogramInfo {
  /// Whether a path is that of a tractogram.
  static func isTractogram(_ path: String) -> Bool { TractogramFiles.isTractogram(path) }

  /// Prints a tractogram's header, and after reading all streamlines what they are like.
  ///
  /// - Throws: ``VolumeError`` where it is not sound.
  static func print(
    _ path: String, counting: Bool, asJSON isJSON: Bool, _ context: CommandContext
  ) throws {
    let facts = try TractogramFacts(path: path, counting: counting).list
    if isJSON {
      let notes = facts.filter { $0.name == "note" }.map { $0.value }
      var object = Dictionary(facts.map { ($0.name, $0.value) }) { first, _ in first }
      if !notes.isEmpty { object["note"] = .array(notes) }
      let text = try JSONValue.object(object).encoded(pretty: true)
      return try context.print(String(decoding: text, as: UTF8.self))
    }
    for (name, value) in facts {
      let text =
        try value.string ?? String(decoding: value.encoded(), as: UTF8.self)
      try context.print("\(name)\t\(text.replacing("\n", with: "; "))")
    }
  }
}
