import Codecs
import Segmentation
import Voxels

// Operations as JSON: the same text for the same operation, so that it can be hashed.

/// What the log says of an operation when it is created.
struct EditPayload: Hashable {
  var version: String
  var note: String
  var points: [EditPoint]
  var effect: EditEffect
  var lineage: [SegmentState.Descent]

  /// The payload as a JSON object.
  var json: JSONObject {
    var object: JSONObject = [
      "version": .string(version),
      "points": .array(points.map(\.json)),
      "added": .array(effect.added.map(\.json)),
      "removed": .array(effect.removed.map(\.json)),
      "lineage": .array(lineage.map { .array([.identifier($0.old), .identifier($0.new)]) }),
    ]
    if !note.isEmpty { object["note"] = .string(note) }
    if let box { object["box"] = .array(box.numbers.map { .integer(Int64($0)) }) }
    if let partition = effect.partition { object["partition"] = .object(partition.json) }
    return object
  }

  private var box: VoxelBox? {
    points.compactMap(\.voxel).reduce(nil as VoxelBox?) { box, voxel in
      let own = VoxelBox(origin: voxel, extent: VoxelExtent(cube: 1))
      return box?.union(own) ?? own
    }
  }

  init(
    version: String, note: String, points: [EditPoint], effect: EditEffect,
    lineage: [SegmentState.Descent]
  ) {
    self.version = version
    self.note = note
    self.points = points
    self.effect = effect
    self.lineage = lineage
  }

  /// Reads a payload; nil where it is none.
  init?(_ object: JSONObject) {
    guard let version = object["version"]?.string,
      let points = object["points"]?.array?.map({ EditPoint($0) }),
      let added = object["added"]?.array?.map({ SupervoxelEdge($0) }),
      let removed = object["removed"]?.array?.map({ SupervoxelEdge($0) }),
      let lineage = object["lineage"]?.array?.map({ SegmentState.Descent($0) }),
      let points = points.present(), let added = added.present(), let removed = removed.present(),
      let lineage = lineage.present()
    else { return nil }
    var partition: SupervoxelPartition?
    if let stored = object["partition"] {
      guard let read = stored.object.flatMap({ SupervoxelPartition($0) }) else { return nil }
      partition = read
    }
    self.init(
      version: version, note: object["note"]?.string ?? "", points: points,
      effect: EditEffect(added: added, removed: removed, partition: partition),
      lineage: lineage)
  }
}

extension EditPoint {
  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "side": .integer(Int64(side)), "supervoxel": .identifier(supervoxel),
    ]
    if let voxel {
      object["voxel"] = .array([voxel.z, voxel.y, voxel.x].map { .integer(Int64($0)) })
    }
    if let nanometers {
      object["nm"] = .array([nanometers.z, nanometers.y, nanometers.x].map { .number($0) })
    }
    return .object(object)
  }

  fileprivate init?(_ value: JSONValue) {
    guard let object = value.object, let side = object["side"]?.int, side >= 0,
      let supervoxel = object["supervoxel"]?.identifier
    else { return nil }
    self.init(supervoxel, side: side)
    if let stored = object["voxel"] {
      guard let numbers = stored.array?.map(\.int).present(), numbers.count == 3 else { return nil }
      voxel = VoxelPosition(z: numbers[0], y: numbers[1], x: numbers[2])
    }
    if let stored = object["nm"] {
      guard let numbers = stored.array?.map(\.double).present(), numbers.count == 3 else {
        return nil
      }
      nanometers = PhysicalPosition(z: numbers[0], y: numbers[1], x: numbers[2])
    }
  }
}

extension SupervoxelEdge {
  /// The supervoxels, the number of faces, and the sum of their affinities.
  var json: JSONValue {
    .array([pair.first, pair.second, affinity.count, affinity.sum].map { .identifier($0) })
  }

  init?(_ value: JSONValue) {
    guard let numbers = value.array?.map(\.identifier).present(), numbers.count == 4,
      numbers[0] > 0, numbers[0] < numbers[1],
      let affinity = MeanAffinity(count: numbers[2], sum: numbers[3])
    else { return nil }
    self.init(numbers[0], numbers[1], affinity)
  }
}

extension SegmentState.Descent {
  fileprivate init?(_ value: JSONValue) {
    guard let numbers = value.array?.map(\.identifier).present(), numbers.count == 2 else {
      return nil
    }
    self.init(old: numbers[0], new: numbers[1])
  }
}

extension SupervoxelPartition {
  fileprivate var json: JSONObject {
    [
      "supervoxel": .identifier(supervoxel),
      "parts": .array(
        parts.map { .array([.identifier($0.supervoxel), .identifier($0.voxelCount)]) }),
      "contacts": .array(contacts.map(\.json)),
      "box": .array(box.numbers.map { .integer(Int64($0)) }),
      "runs": .string(Base64.text(of: runs.bytes)),
    ]
  }

  fileprivate init?(_ object: JSONObject) {
    guard let supervoxel = object["supervoxel"]?.identifier,
      let parts = object["parts"]?.array?.map({ Part($0) }).present(), (2...255) ~= parts.count,
      let contacts = object["contacts"]?.array?.map({ SupervoxelEdge($0) }).present(),
      let numbers = object["box"]?.array?.map(\.int).present(),
      let box = VoxelBox(numbers: numbers),
      let bytes = object["runs"]?.string.flatMap({ Base64.bytes(of: $0) }),
      let runs = PartRuns(bytes, box: box, partCount: parts.count),
      Array(runs.voxelCounts(partCount: parts.count).dropFirst()) == parts.map(\.voxelCount)
    else { return nil }
    self.init(
      supervoxel: supervoxel, parts: parts, contacts: contacts, box: box, runs: runs)
  }
}

extension SupervoxelPartition.Part {
  fileprivate init?(_ value: JSONValue) {
    guard let numbers = value.array?.map(\.identifier).present(), numbers.count == 2,
      numbers[0] > 0
    else { return nil }
    self.init(supervoxel: numbers[0], voxelCount: numbers[1])
  }
}

extension VoxelBox {
  /// Where the box begins, and its lengths, along z, y and x.
  fileprivate var numbers: [Int] {
    [origin.z, origin.y, origin.x, extent.z, extent.y, extent.x]
  }

  /// Nil where there is no such box, or one too large to be a supervoxel's.
  fileprivate init?(numbers: [Int]) {
    guard numbers.count == 6, numbers[0..<3].allSatisfy({ (0..<1 << 40) ~= $0 }),
      numbers[3..<6].allSatisfy({ (1..<1 << 20) ~= $0 })
    else { return nil }
    self.init(
      origin: VoxelPosition(z: numbers[0], y: numbers[1], x: numbers[2]),
      extent: VoxelExtent(z: numbers[3], y: numbers[4], x: numbers[5]))
  }
}

extension JSONValue {
  /// An identifier of 64 bits; as a signed number where it fits one, as reading gives it.
  static func identifier(_ value: UInt64) -> JSONValue {
    Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
  }

  /// The identifier, where the value is one.
  var identifier: UInt64? {
    switch self {
    case .integer(let value): UInt64(exactly: value)
    case .unsigned(let value): value
    default: nil
    }
  }
}

extension Array {
  /// The elements, where none is missing.
  fileprivate func present<Wrapped>() -> [Wrapped]? where Element == Wrapped? {
    let present = compactMap { $0 }
    return present.count == count ? present : nil
  }
}
