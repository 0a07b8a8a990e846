public import Voxels

/// How large supervoxels are, how far they reach, and a place well inside each.
public struct SupervoxelPlaces: Equatable, Sendable {
  /// What is known of a supervoxel.
  public struct Entry: Hashable, Sendable {
    /// The number of voxels.
    public var voxels: Int
    /// The smallest box that holds them.
    public var box: VoxelBox
    /// The middle of its longest run of voxels along x; of equal ones, of the first.
    public var point: VoxelPosition
    fileprivate var run: Int

    fileprivate mutating func merge(_ other: Entry) {
      voxels += other.voxels
      let (end, otherEnd) = (box.origin + box.extent, other.box.origin + other.box.extent)
      box = VoxelBox(
        from: VoxelPosition(
          z: min(box.origin.z, other.box.origin.z), y: min(box.origin.y, other.box.origin.y),
          x: min(box.origin.x, other.box.origin.x)),
        to: VoxelPosition(
          z: max(end.z, otherEnd.z), y: max(end.y, otherEnd.y), x: max(end.x, otherEnd.x)))
      let isFirst = (other.point.z, other.point.y, other.point.x) < (point.z, point.y, point.x)
      if other.run > run || other.run == run && isFirst { (run, point) = (other.run, other.point) }
    }
  }

  /// The supervoxels that were seen.
  public private(set) var entries: [UInt64: Entry] = [:]

  /// Creates a table without supervoxels.
  public init() {}

  /// Adds the voxels of a block, (1, z, y, x); background, 0, does not count.
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
          let length = x - start
          let origin = labels.box.origin + VoxelExtent(z: z, y: y, x: start)
          add(
            Entry(
              voxels: length,
              box: VoxelBox(origin: origin, extent: VoxelExtent(z: 1, y: 1, x: length)),
              point: origin + VoxelExtent(z: 0, y: 0, x: length / 2), run: length),
            to: label)
        }
      }
    }
  }

  /// Adds the voxels of another table.
  public mutating func merge(_ other: SupervoxelPlaces) {
    for (label, entry) in other.entries { add(entry, to: label) }
  }

  private mutating func add(_ entry: Entry, to label: UInt64) {
    entries[label]?.merge(entry) ?? (entries[label] = entry)
  }

  /// The segments that supervoxels make.
  ///
  /// - Parameter table: the segment of every supervoxel, by id; 0 for background.
  /// - Returns: the segments, by id. Each one's place is that of its largest supervoxel.
  public func segments(_ table: [UInt64]) -> [SegmentSummary] {
    var found: [UInt64: (largest: UInt64, entry: Entry, largestVoxels: Int)] = [:]
    for (supervoxel, entry) in entries.sorted(by: { $0.key < $1.key }) {
      guard let index = Int(exactly: supervoxel), index < table.count, table[index] != 0 else {
        continue
      }
      guard var known = found[table[index]] else {
        found[table[index]] = (supervoxel, entry, entry.voxels)
        continue
      }
      let place = (known.entry.point, known.entry.run)
      known.entry.merge(entry)
      (known.entry.point, known.entry.run) = place
      if entry.voxels > known.largestVoxels {
        (known.largest, known.largestVoxels) = (supervoxel, entry.voxels)
        (known.entry.point, known.entry.run) = (entry.point, entry.run)
      }
      found[table[index]] = known
    }
    return found.sorted { $0.key < $1.key }.map { segment, known in
      SegmentSummary(
        id: segment, supervoxel: known.largest, voxels: UInt64(known.entry.voxels),
        box: known.entry.box, point: known.entry.point)
    }
  }
}
