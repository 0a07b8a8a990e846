public import Voxels

/// The size and the place of everything that carries one label.
public struct LabelStatistics: Hashable, Sendable {
  /// The number of voxels.
  public private(set) var voxelCount: Int
  /// The smallest box that holds them.
  public private(set) var box: VoxelBox
  /// The coordinates of all voxels, added up: whole numbers, so that no order of adding matters.
  private var sumZ: Int128
  private var sumY: Int128
  private var sumX: Int128

  /// The statistics of `count` voxels along x.
  init(rowFrom start: VoxelPosition, count: Int) {
    voxelCount = count
    box = VoxelBox(origin: start, extent: VoxelExtent(z: 1, y: 1, x: count))
    sumZ = Int128(start.z) * Int128(count)
    sumY = Int128(start.y) * Int128(count)
    sumX = Int128(start.x) * Int128(count) + Int128(count) * Int128(count - 1) / 2
  }

  /// The statistics as numbers that ``init(words:)`` reads: voxels, box, and sums of coordinates.
  public var words: [UInt64] {
    var words = [
      voxelCount, box.origin.z, box.origin.y, box.origin.x, box.extent.z, box.extent.y,
      box.extent.x,
    ].map { UInt64(bitPattern: Int64($0)) }
    for sum in [sumZ, sumY, sumX] {
      words.append(UInt64(truncatingIfNeeded: sum))
      words.append(UInt64(truncatingIfNeeded: sum >> 64))
    }
    return words
  }

  /// The number of numbers in ``words``.
  public static let wordCount = 13

  /// Reads what ``words`` gave; nil where it cannot have.
  public init?(words: some Collection<UInt64>) {
    guard words.count == Self.wordCount else { return nil }
    let words = Array(words)
    let numbers = words[..<7].map { Int(Int64(bitPattern: $0)) }
    guard numbers[0] > 0, numbers[4...].allSatisfy({ $0 > 0 }) else { return nil }
    voxelCount = numbers[0]
    box = VoxelBox(
      origin: VoxelPosition(z: numbers[1], y: numbers[2], x: numbers[3]),
      extent: VoxelExtent(z: numbers[4], y: numbers[5], x: numbers[6]))
    func sum(_ index: Int) -> Int128 {
      Int128(truncatingIfNeeded: words[index])
        | (Int128(Int64(bitPattern: words[index + 1])) << 64)
    }
    (sumZ, sumY, sumX) = (sum(7), sum(9), sum(11))
  }

  /// The mean position of the voxels' centres, counted in voxels of the dataset.
  public var centroid: PhysicalPosition {
    let count = Double(voxelCount)
    return PhysicalPosition(
      z: Double(sumZ) / count, y: Double(sumY) / count, x: Double(sumX) / count)
  }

  mutating func merge(_ other: LabelStatistics) {
    voxelCount += other.voxelCount
    let start = VoxelPosition(
      z: min(box.origin.z, other.box.origin.z), y: min(box.origin.y, other.box.origin.y),
      x: min(box.origin.x, other.box.origin.x))
    let end = VoxelPosition(
      z: max(box.end.z, other.box.end.z), y: max(box.end.y, other.box.end.y),
      x: max(box.end.x, other.box.end.x))
    box = VoxelBox(from: start, to: end)
    sumZ += other.sumZ
    sumY += other.sumY
    sumX += other.sumX
  }
}

/// Statistics of every label but 0, gathered block by block.
///
/// Blocks that do not overlap give the same table in any order and any shape.
///
/// - Complexity: About 150 bytes for each label.
public struct LabelStatisticsTable: Equatable, Sendable {
  /// The statistics by label.
  public private(set) var entries: [UInt64: LabelStatistics] = [:]

  /// Creates a table without labels.
  public init() {}

  /// The labels seen, increasing.
  public var labels: [UInt64] { entries.keys.sorted() }

  /// The statistics of a label; nil where it was not seen.
  public subscript(label: UInt64) -> LabelStatistics? { entries[label] }

  /// Adds the voxels of a block, (1, z, y, x) labels.
  ///
  /// - Complexity: O(*n*) in the voxels.
  public mutating func add(_ labels: borrowing Volume<UInt64>) {
    precondition(labels.channels == 1, "a label volume has one channel")
    for z in 0..<labels.extent.z {
      for y in 0..<labels.extent.y {
        let row = labels.row(z: z, y: y)
        var x = 0
        while x < row.count {
          let label = row[x]
          let start = x
          repeat { x &+= 1 } while x < row.count && row[x] == label
          guard label != 0 else { continue }
          merge(
            LabelStatistics(
              rowFrom: labels.box.origin + VoxelExtent(z: z, y: y, x: start), count: x - start),
            into: label)
        }
      }
    }
  }

  /// Adds the voxels of one label.
  public mutating func merge(_ statistics: LabelStatistics, of label: UInt64) {
    merge(statistics, into: label)
  }

  /// Adds the voxels of another table.
  public mutating func merge(_ other: LabelStatisticsTable) {
    for (label, statistics) in other.entries { merge(statistics, into: label) }
  }

  private mutating func merge(_ statistics: LabelStatistics, into label: UInt64) {
    entries[label]?.merge(statistics) ?? (entries[label] = statistics)
  }
}
