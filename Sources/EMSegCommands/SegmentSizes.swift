import Codecs

/// How many segments there are and how large they are, in voxels.
struct SegmentSizes {
  var count: Int
  var labelledVoxels: Int
  var largest: Int
  var median: Int

  /// Sums up fragments, given by id, into segments.
  init(of table: [UInt64], fragmentSizes: [UInt64]) {
    count = Int(table.max() ?? 0)
    var sizes = [Int](repeating: 0, count: count + 1)
    for (segment, voxels) in zip(table, fragmentSizes) { sizes[Int(segment)] += Int(voxels) }
    let sorted = sizes.dropFirst().sorted()
    labelledVoxels = sorted.reduce(0, +)
    largest = sorted.last ?? 0
    median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }

  /// Makes small segments background and closes the gaps in the numbering.
  static func dropSegments(
    below minimum: Int, from table: inout [UInt64], fragmentSizes: [UInt64]
  ) {
    guard minimum > 1 else { return }
    var voxels = [UInt64](repeating: 0, count: Int(table.max() ?? 0) + 1)
    for (segment, size) in zip(table, fragmentSizes) { voxels[Int(segment)] += size }
    var numbers = [UInt64](repeating: 0, count: voxels.count)
    var count: UInt64 = 0
    for segment in voxels.indices.dropFirst() where voxels[segment] >= UInt64(minimum) {
      count += 1
      numbers[segment] = count
    }
    for fragment in table.indices { table[fragment] = numbers[Int(table[fragment])] }
  }

  /// Reads what ``attributes`` wrote; nil where it is not there.
  init?(_ attributes: JSONObject) {
    guard let count = attributes["labels"]?.int,
      let voxels = attributes["labelled_voxels"]?.int,
      let largest = attributes["largest_label_voxels"]?.int,
      let median = attributes["median_label_voxels"]?.int
    else { return nil }
    self.count = count
    labelledVoxels = voxels
    self.largest = largest
    self.median = median
  }

  /// The numbers as an image's attributes.
  var attributes: JSONObject {
    [
      "labels": .integer(Int64(count)), "labelled_voxels": .integer(Int64(labelledVoxels)),
      "largest_label_voxels": .integer(Int64(largest)),
      "median_label_voxels": .integer(Int64(median)),
    ]
  }

  /// The numbers as lines of a summary.
  var facts: [(String, Int)] {
    [
      ("segments", count), ("segmented_voxels", labelledVoxels),
      ("largest_segment_voxels", largest),
      ("median_segment_voxels", median),
    ]
  }
}
