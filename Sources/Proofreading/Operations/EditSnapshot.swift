import Codecs
import Segmentation

/// What operations changed up to one of them, so that later reads begin there.
struct EditSnapshot: Hashable {
  /// The last entry that it covers, its hash and its time.
  var sequence: Int64
  var hash: String
  var time: Int64
  var largestSupervoxel: UInt64
  /// The links of the base that do not hold, by supervoxels.
  var removed: [FragmentPair]
  /// The links that hold and are not of the base, by supervoxels.
  var added: [SupervoxelEdge]
  /// The operations that split supervoxels and stand, in order.
  var partitions: [Int64]

  /// The snapshot of a history in which nothing is pending.
  init(_ history: EditHistory) {
    precondition(history.pending.isEmpty, "what has not ended is in no snapshot")
    sequence = history.sequence
    hash = history.hash
    time = history.time
    largestSupervoxel = history.largestSupervoxel
    removed = history.state.links.removed.sorted()
    added = history.state.links.added.map { SupervoxelEdge($0.key, $0.value) }.sortedByPair()
    partitions = history.standingPartitions
  }

  var json: JSONValue {
    .object([
      "sequence": .integer(sequence), "hash": .string(hash), "time": .integer(time),
      "largest": .identifier(largestSupervoxel),
      "removed": .array(
        removed.map { .array([.identifier($0.first), .identifier($0.second)]) }),
      "added": .array(added.map(\.json)), "partitions": .array(partitions.map { .integer($0) }),
    ])
  }

  /// Reads a snapshot; nil where it is none.
  init?(_ text: String) {
    guard let object = (try? JSONValue(parsing: Array(text.utf8)))?.object,
      let sequence = object["sequence"]?.int, let hash = object["hash"]?.string,
      let time = object["time"]?.int, let largest = object["largest"]?.identifier,
      let removed = object["removed"]?.array, let added = object["added"]?.array,
      let partitions = object["partitions"]?.array
    else { return nil }
    self.sequence = Int64(sequence)
    self.hash = hash
    self.time = Int64(time)
    largestSupervoxel = largest
    self.removed = removed.compactMap { value in
      guard let numbers = value.array?.compactMap(\.identifier), numbers.count == 2 else {
        return nil
      }
      return FragmentPair(first: numbers[0], second: numbers[1])
    }
    self.added = added.compactMap { SupervoxelEdge($0) }
    self.partitions = partitions.compactMap { $0.int.map { Int64($0) } }
    guard self.removed.count == removed.count, self.added.count == added.count,
      self.partitions.count == partitions.count
    else { return nil }
  }
}
