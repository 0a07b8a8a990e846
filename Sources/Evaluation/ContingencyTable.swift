public import Voxels

/// How many voxels each segment shares with each object of the truth, counted block by block.
///
/// Counts are exact; blocks that do not overlap give the same table in any order and any shape.
///
/// - Complexity: Up to ``bytesPerOverlap`` bytes for each pair of labels that share a voxel.
public struct ContingencyTable: Sendable {
  /// A segment and an object of the truth that share voxels.
  public struct Overlap: Hashable, Sendable {
    /// The label in the segmentation.
    public let segmentation: UInt64
    /// The label in the truth.
    public let truth: UInt64
    /// The number of voxels that carry both.
    public let voxelCount: Int
    /// The first of these voxels in raster order.
    public let first: VoxelPosition
  }

  /// What a pair of labels takes at most, the table's own growth and scoring it included.
  public static let bytesPerOverlap = 256

  private var rows: [OverlapRow] = []
  /// For each hash, one more than the number of its row; 0 where there is none.
  private var slots = [UInt32](repeating: 0, count: 64)
  /// The number of voxels counted, background included.
  public private(set) var voxelCount = 0

  /// Creates a table without voxels.
  public init() {}

  /// The number of pairs of labels that share voxels.
  public var count: Int { rows.count }

  /// Every overlap, by the truth's label and then by the segmentation's.
  public var overlaps: [Overlap] {
    rows.map {
      Overlap(
        segmentation: $0.segmentation, truth: $0.truth, voxelCount: $0.voxelCount,
        first: $0.first.position)
    }.sorted { ($0.truth, $0.segmentation) < ($1.truth, $1.segmentation) }
  }

  /// Counts the voxels of a block: (1, z, y, x) labels over the same box.
  ///
  /// - Parameters:
  ///   - segmentation: The segments.
  ///   - truth: The objects.
  ///   - mask: (1, z, y, x), 0 where voxels are not counted; nil counts all.
  ///   - planes: The sections to count, from the block's first; nil counts all.
  /// - Complexity: O(*n*) in the voxels.
  public mutating func add(
    segmentation: borrowing Volume<UInt64>, truth: borrowing Volume<UInt64>,
    mask: Volume<UInt8>? = nil, planes: Range<Int>? = nil
  ) {
    precondition(segmentation.box == truth.box, "segmentation and truth cover different boxes")
    precondition(
      segmentation.channels == 1 && truth.channels == 1, "a label volume has one channel")
    precondition(mask.map { $0.box == truth.box } ?? true, "the mask covers another box")
    let origin = truth.box.origin
    for z in planes ?? 0..<truth.extent.z {
      for y in 0..<truth.extent.y {
        let start = VoxelPosition(z: origin.z + z, y: origin.y + y, x: origin.x)
        let (segments, objects) = (segmentation.row(z: z, y: y), truth.row(z: z, y: y))
        if let mask {
          add(segments, objects, where: mask.row(z: z, y: y), from: start)
        } else {
          add(segments, objects, from: start)
        }
      }
    }
  }

  private mutating func add(
    _ segments: Span<UInt64>, _ objects: Span<UInt64>, from start: VoxelPosition
  ) {
    var x = 0
    while x < segments.count {
      let first = x
      let (segment, object) = (segments[x], objects[x])
      repeat {
        x &+= 1
      } while x < segments.count && segments[x] == segment && objects[x] == object
      add(
        segmentation: segment, truth: object, voxelCount: x - first,
        first: VoxelPosition(z: start.z, y: start.y, x: start.x + first))
    }
  }

  private mutating func add(
    _ segments: Span<UInt64>, _ objects: Span<UInt64>, where mask: Span<UInt8>,
    from start: VoxelPosition
  ) {
    var x = 0
    while x < segments.count {
      guard mask[x] != 0 else {
        x &+= 1
        continue
      }
      let first = x
      let (segment, object) = (segments[x], objects[x])
      repeat {
        x &+= 1
      } while x < segments.count && mask[x] != 0 && segments[x] == segment
        && objects[x] == object
      add(
        segmentation: segment, truth: object, voxelCount: x - first,
        first: VoxelPosition(z: start.z, y: start.y, x: start.x + first))
    }
  }

  /// Counts voxels, or other samples, that carry the same two labels.
  ///
  /// - Parameters:
  ///   - segmentation: The segment.
  ///   - truth: The object.
  ///   - voxelCount: Their number, above zero.
  ///   - first: The first of them in raster order.
  public mutating func add(
    segmentation: UInt64, truth: UInt64, voxelCount: Int = 1, first: VoxelPosition
  ) {
    precondition(voxelCount > 0, "an overlap holds a voxel")
    add(
      OverlapRow(
        segmentation: segmentation, truth: truth, voxelCount: voxelCount,
        first: RasterPosition(first)))
    self.voxelCount += voxelCount
  }

  /// Adds the voxels counted by another table.
  public mutating func merge(_ other: ContingencyTable) {
    for row in other.rows { add(row) }
    voxelCount += other.voxelCount
  }

  private mutating func add(_ row: OverlapRow) {
    let mask = slots.count &- 1
    var slot = row.hash & mask
    while slots[slot] != 0 {
      let index = Int(slots[slot]) &- 1
      if rows[index].segmentation == row.segmentation && rows[index].truth == row.truth {
        rows[index].voxelCount += row.voxelCount
        if row.first < rows[index].first { rows[index].first = row.first }
        return
      }
      slot = (slot &+ 1) & mask
    }
    precondition(rows.count < Int(UInt32.max) - 1, "a table has fewer than 2³² overlaps")
    rows.append(row)
    slots[slot] = UInt32(rows.count)
    if 2 * rows.count > slots.count { grow() }
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: 2 * slots.count)
    let mask = slots.count - 1
    for index in rows.indices {
      var slot = rows[index].hash & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = UInt32(index + 1)
    }
  }

  /// The table without some objects of the truth: their voxels are not counted.
  public func removing(truth labels: Set<UInt64>) -> ContingencyTable {
    filtered { labels.contains($0.truth) ? nil : $0.segmentation }
  }

  /// The table with other segments, each of which is one or several of this one's.
  ///
  /// - Parameter segments: The new segment of each, by the old one's label; what lies beyond its
  ///   end becomes 0.
  /// - Returns: The table of the new segmentation.
  public func relabelled(by segments: [UInt64]) -> ContingencyTable {
    filtered { $0.segmentation < UInt64(segments.count) ? segments[Int($0.segmentation)] : 0 }
  }

  /// The table of the best segmentation that these segments can be joined to: each becomes the
  /// object that it shares most voxels with, of equal ones that with the smallest label.
  ///
  /// What this one's scores lack, no agglomeration of the segments can mend. Background, 0, stays.
  public func joinedIdeally() -> ContingencyTable {
    var best: [UInt64: (truth: UInt64, voxelCount: Int)] = [:]
    for row in rows {
      if let found = best[row.segmentation],
        (found.voxelCount, row.truth) > (row.voxelCount, found.truth)
      {
        continue
      }
      best[row.segmentation] = (row.truth, row.voxelCount)
    }
    return filtered { row in row.segmentation == 0 ? 0 : best[row.segmentation]?.truth }
  }

  private func filtered(_ segment: (OverlapRow) -> UInt64?) -> ContingencyTable {
    var table = ContingencyTable()
    for row in rows {
      guard let label = segment(row) else { continue }
      var changed = row
      changed.segmentation = label
      table.add(changed)
      table.voxelCount += row.voxelCount
    }
    return table
  }
}

extension ContingencyTable: Equatable {
  /// Whether both hold the same overlaps.
  public static func == (first: ContingencyTable, second: ContingencyTable) -> Bool {
    first.voxelCount == second.voxelCount && first.overlaps == second.overlaps
  }
}

/// An overlap as the table keeps it.
private struct OverlapRow: Sendable {
  var segmentation: UInt64
  var truth: UInt64
  var voxelCount: Int
  var first: RasterPosition

  var hash: Int {
    var mixed = segmentation &* 0x9e37_79b9_7f4a_7c15 ^ truth &* 0xc2b2_ae3d_27d4_eb4f
    mixed = (mixed ^ mixed >> 29) &* 0xbf58_476d_1ce4_e5b9
    return Int(truncatingIfNeeded: mixed >> 20)
  }
}

/// A position in half the space, for tables.
private struct RasterPosition: Comparable, Sendable {
  var z: Int32, y: Int32, x: Int32

  init(_ position: VoxelPosition) {
    (z, y, x) = (
      Int32(clamping: position.z), Int32(clamping: position.y), Int32(clamping: position.x)
    )
  }

  var position: VoxelPosition { VoxelPosition(z: Int(z), y: Int(y), x: Int(x)) }

  static func < (first: RasterPosition, second: RasterPosition) -> Bool {
    (first.z, first.y, first.x) < (second.z, second.y, second.x)
  }
}
