import Glibc
public import Voxels

/// A label of one volume and the labels of the other that share its voxels.
///
/// Of the truth, an object and the segments it is split into; of the segmentation, a segment and
/// the objects it merges.
public struct LabelErrors: Hashable, Sendable {
  /// A label of the other volume.
  public struct Part: Hashable, Sendable {
    /// The label; 0 is background.
    public let label: UInt64
    /// The voxels shared.
    public let voxelCount: Int
    /// The first of them in raster order.
    public let first: VoxelPosition
  }

  /// The label that is cut up.
  public let label: UInt64
  /// Its voxels that are counted.
  public let voxelCount: Int
  /// The part of the variation of information that it accounts for, in bits.
  public let bits: Double
  /// The number of labels that share its voxels.
  public let partCount: Int
  /// The two that share most of them, the larger first, of equal ones the smaller label.
  public let largest: [Part]
}

/// Which objects are split and which segments merge, the worst first.
///
/// The bits of all splits add up to the variation of information's split, those of all merges to
/// its merge.
public struct SegmentationErrors: Sendable {
  /// Every object of the truth, by the bits that its splits cost.
  public let splits: [LabelErrors]
  /// Every segment, by the bits that its merges cost.
  public let merges: [LabelErrors]

  /// Looks through a table.
  ///
  /// - Complexity: O(*n* log *n*) in the overlaps.
  public init(of table: ContingencyTable, convention: BackgroundConvention = .cremi) {
    let counted = CountedOverlaps(table, convention)
    let total = Double(max(1, counted.voxelCount))
    var objects: [UInt64: Gathering] = [:]
    var segments: [UInt64: Gathering] = [:]
    for overlap in counted.overlaps {
      let (object, segment) = (
        counted.objects[overlap.truth] ?? 0, counted.segments[overlap.segmentation] ?? 0
      )
      objects[overlap.truth, default: Gathering()].add(
        LabelErrors.Part(
          label: overlap.segmentation, voxelCount: overlap.voxelCount, first: overlap.first),
        of: object)
      segments[overlap.segmentation, default: Gathering()].add(
        LabelErrors.Part(
          label: overlap.truth, voxelCount: overlap.voxelCount, first: overlap.first),
        of: segment)
    }
    for overlap in counted.singletons {
      objects[overlap.truth, default: Gathering()].add(
        LabelErrors.Part(label: 0, voxelCount: overlap.voxelCount, first: overlap.first),
        of: counted.objects[overlap.truth] ?? 0, asSingletons: true)
    }
    splits = Self.sorted(objects, sizes: counted.objects, total: total)
    merges = Self.sorted(segments, sizes: counted.segments, total: total)
  }

  private static func sorted(
    _ labels: [UInt64: Gathering], sizes: [UInt64: Int], total: Double
  ) -> [LabelErrors] {
    labels.map { label, found in
      LabelErrors(
        label: label, voxelCount: sizes[label] ?? 0, bits: found.bits / total,
        partCount: found.count, largest: found.largest)
    }.sorted { $0.bits == $1.bits ? $0.label < $1.label : $0.bits > $1.bits }
  }

  /// What is known of a label while its overlaps pass, in a fixed order.
  private struct Gathering {
    var bits = 0.0
    var count = 0
    var largest: [LabelErrors.Part] = []

    mutating func add(_ part: LabelErrors.Part, of whole: Int, asSingletons: Bool = false) {
      let share = asSingletons ? 1 : Double(part.voxelCount)
      bits += Double(part.voxelCount) * log2(Double(whole) / share)
      count += asSingletons ? part.voxelCount : 1
      largest.append(part)
      largest.sort {
        $0.voxelCount == $1.voxelCount ? $0.label < $1.label : $0.voxelCount > $1.voxelCount
      }
      if largest.count > 2 { largest.removeLast() }
    }
  }
}
