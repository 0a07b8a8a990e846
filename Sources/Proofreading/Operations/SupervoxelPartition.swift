import Segmentation
public import Voxels

/// A supervoxel that was split, and the supervoxels that took its place.
///
/// Which voxel is of which part lies in it too, so that splitting writes no volume: readers lay
/// the parts over the supervoxels as they read them.
public struct SupervoxelPartition: Hashable, Sendable {
  /// A supervoxel that is a part of another.
  public struct Part: Hashable, Sendable {
    /// Its id, which nothing had before.
    public var supervoxel: UInt64
    /// The number of its voxels.
    public var voxelCount: UInt64

    init(supervoxel: UInt64, voxelCount: UInt64) {
      self.supervoxel = supervoxel
      self.voxelCount = voxelCount
    }
  }

  /// The supervoxel that was split.
  public var supervoxel: UInt64
  /// What took its place, by id.
  public var parts: [Part]
  /// The contacts of the parts, among themselves too, by supervoxels.
  public var contacts: [SupervoxelEdge]
  /// The box that holds the supervoxel.
  public var box: VoxelBox
  /// The part of each voxel of the box in raster order, in runs.
  var runs: PartRuns

  /// Puts the parts in the place of the supervoxel.
  ///
  /// - Parameter volume: (1, z, y, x) supervoxels.
  /// - Complexity: O(*n*) in the voxels that the volume shares with the box.
  public func lay(over volume: inout Volume<UInt64>) {
    let shared = volume.box.intersection(box)
    guard !shared.isEmpty else { return }
    let marks = runs.marks(in: box)
    let (near, far) = (shared.origin - volume.box.origin, shared.origin - box.origin)
    for z in 0..<shared.extent.z {
      for y in 0..<shared.extent.y {
        let row = marks.row(z: far.z + z, y: far.y + y)
        var target = volume.mutableRow(z: near.z + z, y: near.y + y)
        for x in 0..<shared.extent.x {
          let mark = row[far.x + x]
          // Elsewhere a volume may hold what the supervoxel became part of.
          if mark != 0, target[near.x + x] == supervoxel {
            target[near.x + x] = parts[Int(mark) - 1].supervoxel
          }
        }
      }
    }
  }
}

/// Which part each voxel of a box is of, in runs of a raster: 0 for none, then parts from 1.
struct PartRuns: Hashable, Sendable {
  /// Lengths of runs in 7 bits a byte, low ones first, each behind the byte of its part.
  private(set) var bytes: [UInt8]

  init(_ marks: borrowing Volume<UInt8>) {
    bytes = []
    let values = marks.span
    var index = 0
    while index < values.count {
      let mark = values[index]
      let start = index
      repeat { index += 1 } while index < values.count && values[index] == mark
      bytes.append(mark)
      var length = index - start
      while length >= 0x80 {
        bytes.append(UInt8(length & 0x7f) | 0x80)
        length >>= 7
      }
      bytes.append(UInt8(length))
    }
  }

  /// Takes stored runs; nil where they do not fill a box with so many parts.
  init?(_ bytes: [UInt8], box: VoxelBox, partCount: Int) {
    self.bytes = bytes
    guard let expected = box.extent.checkedVoxelCount, expected > 0 else { return nil }
    var total = 0
    for (mark, length) in self {
      guard length > 0, length <= expected - total, Int(mark) <= partCount else { return nil }
      total += length
    }
    guard total == expected else { return nil }
  }

  /// How many voxels are of each part; the first entry is of none.
  func voxelCounts(partCount: Int) -> [UInt64] {
    var counts = [UInt64](repeating: 0, count: partCount + 1)
    for (mark, length) in self { counts[Int(mark)] += UInt64(length) }
    return counts
  }

  func marks(in box: VoxelBox) -> Volume<UInt8> {
    let values = [UInt8](capacity: box.extent.voxelCount) { output in
      for (mark, length) in self { output.append(repeating: mark, count: length) }
    }
    return Volume(box: box, values: values)
  }
}

extension PartRuns: Sequence {
  struct Iterator: IteratorProtocol {
    fileprivate let bytes: [UInt8]
    fileprivate var place = 0

    /// The next run; of length 0 where the bytes are no runs.
    mutating func next() -> (mark: UInt8, length: Int)? {
      guard place < bytes.count else { return nil }
      let mark = bytes[place]
      place += 1
      var (length, shift) = (0, 0)
      while place < bytes.count, shift < 56 {
        let byte = bytes[place]
        place += 1
        length |= Int(byte & 0x7f) << shift
        if byte < 0x80 { return (mark, length) }
        shift += 7
      }
      place = bytes.count
      return (mark, 0)
    }
  }

  func makeIterator() -> Iterator { Iterator(bytes: bytes) }
}
