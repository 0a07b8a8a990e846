public import Voxels

/// What labels become: a table of some of them, and a rule for all others.
///
/// - Complexity: A look-up takes O(1); runs of equal labels are looked up once.
public struct LabelMap: Sendable {
  /// What becomes of labels that the table does not list.
  public enum Others: Hashable, Sendable {
    /// They stay as they are.
    case keep
    /// They become background.
    case drop
  }

  private let table: [UInt64: UInt64]
  private let others: Others

  /// Creates a map.
  ///
  /// - Parameters:
  ///   - table: What each listed label becomes; background may be listed too.
  ///   - others: What becomes of the others; background always stays where it is not listed.
  public init(_ table: [UInt64: UInt64], others: Others) {
    self.table = table
    self.others = others
  }

  /// What a label becomes.
  public subscript(label: UInt64) -> UInt64 {
    table[label] ?? (others == .keep ? label : 0)
  }

  /// The largest label that the table gives; 0 where it is empty.
  public var largestResult: UInt64 { table.values.max() ?? 0 }

  /// Maps every voxel of a block.
  ///
  /// - Parameter volume: (channel, z, y, x) labels; its type holds every label that results.
  /// - Complexity: O(*n*) in the voxels.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  @specialized(where Scalar == UInt32)
  @specialized(where Scalar == UInt64)
  public func apply<Scalar: VoxelScalar & FixedWidthInteger>(to volume: inout Volume<Scalar>) {
    var values = volume.mutableSpan
    var previous = Scalar.zero
    var replacement = Scalar(self[0])
    for index in values.indices {
      let label = values[index]
      if label != previous {
        previous = label
        replacement = Scalar(self[UInt64(truncatingIfNeeded: label)])
      }
      values[index] = replacement
    }
  }
}

/// The labels of a block, each once and in no order.
///
/// - Parameter volume: (channel, z, y, x) labels.
/// - Returns: The labels, background included.
/// - Complexity: O(*n*) in the voxels; runs of equal labels are looked up once.
public func distinctLabels(of volume: borrowing Volume<UInt64>) -> Set<UInt64> {
  let values = volume.span
  var labels = Set<UInt64>()
  var previous: UInt64?
  for index in values.indices where values[index] != previous {
    previous = values[index]
    labels.insert(values[index])
  }
  return labels
}
