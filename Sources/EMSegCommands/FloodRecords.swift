import Codecs
import FloodFilling
import VolumeStore
import Voxels

/// What became of seeds, for people and programs.
enum FloodRecords {
  /// A seed's record with where it stands in the whole.
  struct Row {
    var record: SeedRecord
    var subvolume: Int
    /// The number of its object in the output; 0 where there is none.
    var label: UInt64
  }

  private static let columns =
    "z,y,x,outcome,id,voxels,overlap,calls,end,z0,y0,x0,z1,y1,x1,subvolume,label,deleted,settings,"
    + "visits"

  /// One line for each seed that was tried, in order, under a line of names.
  ///
  /// - Parameters:
  ///   - rows: The seeds.
  ///   - settings: Everything that decides an object besides its seed, without commas.
  /// - Returns: The table.
  static func csv(_ rows: [Row], settings: String) -> [UInt8] {
    var text = columns + "\n"
    for row in rows {
      let (seed, flood) = (row.record.flood.seed, row.record.flood)
      var (id, voxels, overlap, outcome) = ("", "", "", "")
      switch row.record.outcome {
      case .object(let number, let count, let shared):
        (outcome, id, voxels, overlap) = ("object", "\(number)", "\(count)", "\(shared)")
      case .passedOver: outcome = "passed over"
      case .masked: outcome = "masked"
      case .tooNear: outcome = "too near"
      case .weak: outcome = "weak"
      case .tooSmall(let count): (outcome, voxels) = ("too small", "\(count)")
      }
      let box = flood.seen.map { seen in
        "\(seen.origin.z),\(seen.origin.y),\(seen.origin.x),"
          + "\(seen.end.z),\(seen.end.y),\(seen.end.x)"
      }
      let isFlooded = flood.callCount > 0
      let visits = flood.visits.map { "\($0.z) \($0.y) \($0.x)" }.joined(separator: ";")
      text +=
        "\(seed.z),\(seed.y),\(seed.x),\(outcome),\(id),\(voxels),\(overlap),\(flood.callCount),"
        + "\(isFlooded ? flood.end.rawValue : ""),\(box ?? ",,,,,"),\(row.subvolume),"
        + "\(row.label > 0 ? "\(row.label)" : ""),"
        + "\(isFlooded ? "\(flood.deletions.reduce(0, +))" : ""),"
        + "\(isFlooded ? settings : ""),\(visits)\n"
    }
    return Array(text.utf8)
  }

  /// An object as a table has it.
  struct Recorded {
    var flood: FloodedObject
    /// The voxels of the object, those of earlier objects among them.
    var voxelCount: Int
    var settings: String
  }

  /// Reads the parts of an object from a table.
  ///
  /// - Parameters:
  ///   - label: The object's number in the output.
  ///   - path: The table.
  ///   - extent: The volume's extent, which everything must lie within.
  /// - Returns: One part for each subvolume that the object was flooded in.
  /// - Throws: ``VolumeError`` where the table has no such object, or is damaged.
  static func read(_ label: UInt64, in path: String, extent: VoxelExtent) throws -> [Recorded] {
    let table = try NamedColumns(path, columns: columns.split(separator: ",").map(String.init))
    let rows = (0..<table.count).filter { table.text($0, "label") == "\(label)" }
    guard !rows.isEmpty else {
      throw VolumeError(
        .notFound, path: path, "the table has no such object", found: "\(label)",
        remedy: "choose a number from the column label")
    }
    return try rows.map { row in try recorded(row, of: table, extent: extent) }
  }

  private static func recorded(
    _ row: Int, of table: NamedColumns, extent: VoxelExtent
  ) throws -> Recorded {
    var flood = FloodedObject(seed: try table.position(row, ["z", "y", "x"]))
    let seen = VoxelBox(
      from: try table.position(row, ["z0", "y0", "x0"]),
      to: try table.position(row, ["z1", "y1", "x1"]))
    guard !seen.isEmpty, VoxelBox(extent: extent).contains(seen), seen.contains(flood.seed) else {
      throw table.malformed(
        row, "has an extent outside the volume", "\(seen.rangesText)",
        "within \(VoxelBox(extent: extent).rangesText)")
    }
    flood.seen = seen
    guard let end = FloodedObject.End(rawValue: String(table.text(row, "end"))) else {
      throw table.malformed(
        row, "ends in an unknown way", String(table.text(row, "end")), "filled, weakSeed, callLimit"
      )
    }
    flood.end = end
    for word in table.text(row, "visits").split(separator: ";") {
      let numbers = word.split(separator: " ").compactMap { Int($0) }
      guard numbers.count == 3 else {
        throw table.malformed(row, "has a visit that is no place", String(word), "z y x")
      }
      let place = VoxelPosition(z: numbers[0], y: numbers[1], x: numbers[2])
      guard seen.contains(place) else {
        throw table.malformed(
          row, "has a visit outside its extent", String(word), "within \(seen.rangesText)")
      }
      flood.visits.append(place)
    }
    let calls = try table.number(row, "calls", as: Int.self)
    guard calls == flood.visits.count else {
      throw table.malformed(
        row, "has another number of visits than of calls", "\(flood.visits.count)", "\(calls)")
    }
    let (own, shared) = (
      try table.number(row, "voxels", as: UInt32.self),
      try table.number(row, "overlap", as: UInt32.self)
    )
    return Recorded(
      flood: flood, voxelCount: Int(own) + Int(shared),
      settings: String(table.text(row, "settings")))
  }
}
