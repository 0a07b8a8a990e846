public import Voxels

/// How many voxels each segment shares with each object of the truth, counted block by block.
///
/// Counts are exact; blocks that do not overlap give the same table in any order and any shape.
///
/// - Complexity: About 50 bytes for each pair of labels that share a voxel.
public struct ContingencyTable: Equatable, Sendable {
  /// A segment and an object of the truth that share voxels.
  public struct Overlap: Hashable, Sendable {
    /// The label in the segmentation.
    public let segmentation: UInt64
    /// The label in the truth.
    public let truth: UInt64
    /// The number of voxels that carry both.
    public let voxelCount: Int
  }

  private struct Pair: Hashable {
    var segmentation: UInt64
    var truth: UInt64
  }

  private var counts: [Pair: Int] = [:]
  /// The number of voxels counted, background included.
  public private(set) var voxelCount = 0

  /// Creates a table without voxels.
  public init() {}

  /// Every overlap, by the truth's label and then by the segmentation's.
  public var overlaps: [Overlap] {
    counts.map {
      Overlap(segmentation: $0.key.segmentation, truth: $0.key.truth, voxelCount: $0.value)
    }.sorted { ($0.truth, $0.segmentation) < ($1.truth, $1.segmentation) }
  }

  /// Counts the voxels of a block: (1, z, y, x) labels over the same box.
  ///
  /// - Complexity: O(*n*) in the voxels.
  public mutating func add(
    segmentation: borrowing Volume<UInt64>, truth: borrowing Volume<UInt64>
  ) {
    precondition(segmentation.box == truth.box, "segmentation and truth cover different boxes")
    precondition(
      segmentation.channels == 1 && truth.channels == 1, "a label volume has one channel")
    for z in 0..<truth.extent.z {
      for y in 0..<truth.extent.y {
        let segments = segmentation.row(z: z, y: y)
        let objects = truth.row(z: z, y: y)
        var x = 0
        while x < segments.count {
          let start = x
          let pair = Pair(segmentation: segments[x], truth: objects[x])
          repeat {
            x &+= 1
          } while x < segments.count && segments[x] == pair.segmentation
            && objects[x] == pair.truth
          counts[pair, default: 0] += x - start
        }
      }
    }
    voxelCount += truth.extent.voxelCount
  }

  /// Adds the voxels counted by another table.
  public mutating func merge(_ other: ContingencyTable) {
    counts.merge(other.counts) { $0 + $1 }
    voxelCount += other.voxelCount
  }
}
