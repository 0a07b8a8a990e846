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
      ("segments", count), ("segmented_voxels", labelledVoxels), ("largest_segment_voxels", largest),
      ("median_segment_voxels", median),
    ]
  }
}
