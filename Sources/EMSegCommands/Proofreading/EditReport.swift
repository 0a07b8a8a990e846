import Codecs
import CommandLineInterface
import Proofreading
import Segmentation
import Voxels

/// An operation as a command shows it.
struct EditReport {
  let operation: EditOperation

  /// Prints it as lines of names and values, or as JSON.
  func print(_ context: CommandContext, asJSON: Bool) throws {
    if asJSON {
      try context.print(json)
    } else {
      for (name, value) in facts { try context.print("\(name)\t\(value)") }
    }
  }

  private var facts: [(name: String, value: String)] {
    var facts = [
      ("operation", "\(operation.id)"), ("kind", operation.kind.rawValue),
      ("status", operation.status.rawValue),
    ]
    if let inverse = operation.inverseOf { facts.append(("inverse_of", "\(inverse)")) }
    facts += [("links_added", "\(operation.effect.added.count)")]
    facts += [("links_cut", "\(operation.effect.removed.count)")]
    if let partition = operation.effect.partition {
      let parts = partition.parts.map { "\($0.supervoxel)" }.joined(separator: ",")
      facts.append(("parts", parts))
    }
    facts.append(("lineage", lineageText))
    return facts
  }

  /// Old and new roots, such as `4711>4711,4711>4800`.
  private var lineageText: String {
    operation.lineage.map { "\($0.old)>\($0.new)" }.joined(separator: ",")
  }

  /// The columns of a table of operations.
  static let columns = [
    "operation", "time", "user", "kind", "status", "inverse_of", "lineage", "note",
  ]

  /// The operation as a row of such a table.
  var row: [String] {
    [
      "\(operation.id)", UTCTime(milliseconds: operation.time).text, operation.user,
      operation.kind.rawValue, operation.status.rawValue,
      operation.inverseOf.map { "\($0)" } ?? "", lineageText,
      operation.note.map { $0.isNewline || $0 == "\t" ? " " : String($0) }.joined(),
    ]
  }

  /// The operation as JSON.
  var json: JSONObject {
    var object: JSONObject = [
      "operation": .integer(operation.id), "kind": .string(operation.kind.rawValue),
      "status": .string(operation.status.rawValue), "user": .string(operation.user),
      "time": .string(UTCTime(milliseconds: operation.time).text),
      "version": .string(operation.version), "note": .string(operation.note),
      "links_added": .array(operation.effect.added.map { .object($0.facts) }),
      "links_cut": .array(operation.effect.removed.map { .object($0.facts) }),
      "lineage": .array(
        operation.lineage.map {
          .object(["old": .unsigned($0.old), "new": .unsigned($0.new)])
        }),
      "points": .array(operation.points.map { .object(facts(of: $0)) }),
    ]
    if let inverse = operation.inverseOf { object["inverse_of"] = .integer(inverse) }
    if let partition = operation.effect.partition {
      object["supervoxel"] = .unsigned(partition.supervoxel)
      object["parts"] = .array(
        partition.parts.map {
          .object(["supervoxel": .unsigned($0.supervoxel), "voxels": .unsigned($0.voxelCount)])
        })
    }
    return object
  }

  private func facts(of point: EditPoint) -> JSONObject {
    var object: JSONObject = [
      "side": .integer(Int64(point.side)), "supervoxel": .unsigned(point.supervoxel),
    ]
    if let voxel = point.voxel {
      object["voxel"] = .array([voxel.z, voxel.y, voxel.x].map { .integer(Int64($0)) })
    }
    if let place = point.nanometers {
      object["nanometers"] = .array([place.z, place.y, place.x].map { .number($0) })
    }
    return object
  }
}

extension SupervoxelEdge {
  /// The link for people and programs.
  var facts: JSONObject {
    [
      "a": .unsigned(pair.first), "b": .unsigned(pair.second),
      "affinity": .number((affinity.mean * 1e6).rounded() / 1e6),
      "area": .unsigned(affinity.count),
    ]
  }
}

extension CommandContext {
  /// Writes a JSON object as data.
  func print(_ object: JSONObject) throws {
    let text = try JSONValue.object(object).encoded(pretty: true)
    try print(String(decoding: text, as: UTF8.self))
  }
}
