public import Voxels

/// One connected component of a block.
public struct LocalComponent: Hashable, Sendable {
  /// The index of its first voxel in the block's raster order.
  public let firstIndex: Int
  /// The number of its voxels in the block.
  public let voxelCount: Int

  /// Creates a component's description.
  public init(firstIndex: Int, voxelCount: Int) {
    self.firstIndex = firstIndex
    self.voxelCount = voxelCount
  }
}

/// The connected components of one block, numbered without regard to any other block.
public struct LocalComponents: Sendable, Equatable {
  /// (1, z, y, x): 0 for background, components from 1 on in raster order of their first voxel.
  public let labels: Volume<UInt32>
  private let firstIndices: [UInt32]
  private let voxelCounts: [UInt32]

  /// Creates components from labels and their descriptions.
  public init(labels: Volume<UInt32>, components: [LocalComponent]) {
    self.init(
      labels: labels,
      firstIndices: components.map { UInt32(truncatingIfNeeded: $0.firstIndex) },
      voxelCounts: components.map { UInt32(truncatingIfNeeded: $0.voxelCount) })
  }

  init(labels: Volume<UInt32>, firstIndices: [UInt32], voxelCounts: [UInt32]) {
    self.labels = labels
    self.firstIndices = firstIndices
    self.voxelCounts = voxelCounts
  }

  /// The number of components.
  public var count: Int { firstIndices.count }

  /// The components: the one labelled *n* stands at index *n* − 1.
  ///
  /// - Complexity: O(*n*) in the components.
  public var components: [LocalComponent] {
    zip(firstIndices, voxelCounts).map {
      LocalComponent(firstIndex: Int($0), voxelCount: Int($1))
    }
  }
}

/// Finds the connected parts of equal non-zero value in a block.
///
/// Two voxels belong together where a chain of neighbours of the same value joins them; zero is
/// background. Threshold a block of measurements first: see ``thresholded(_:atLeast:)``.
///
/// - Parameters:
///   - volume: (1, z, y, x) labels or a mask, fewer than 2³² voxels.
///   - neighbourhood: Which voxels count as neighbours.
///   - threads: How many threads work on the block; the result does not depend on it.
/// - Returns: The components' labels over the same box, and their descriptions.
/// - Complexity: O(*n*) time in voxels; beside the result, 12 bytes for each run of equal non-zero
///   voxels along x.
///
/// Source: He, Chao & Suzuki 2008, "A run-based two-scan labeling algorithm", IEEE Trans. Image
/// Process. 17(5), in three dimensions and for many labels; masks joined by corners go by 2 × 2
/// rows, after Grana, Borghesani & Cucchiara 2010, "Optimized block-based connected components
/// labeling with decision trees", IEEE Trans. Image Process. 19(6).
@specialized(where Scalar == UInt8)
@specialized(where Scalar == UInt16)
@specialized(where Scalar == UInt32)
@specialized(where Scalar == UInt64)
@specialized(where Scalar == Int8)
@specialized(where Scalar == Int16)
@specialized(where Scalar == Int32)
@specialized(where Scalar == Int64)
public func connectedComponents<Scalar: VoxelScalar & FixedWidthInteger>(
  of volume: borrowing Volume<Scalar>, neighbourhood: Neighbourhood = .corners, threads: Int = 1
) -> LocalComponents {
  let extent = volume.extent
  precondition(volume.channels == 1, "connected components need a volume of one channel")
  precondition(
    UInt64(extent.voxelCount) < UInt64(UInt32.max), "a block has fewer than 2³² voxels")
  precondition(threads > 0, "the work needs a thread")
  // What is known of a slab fits in a cache, whatever the number of threads.
  let depth = max(2, (1 << 21) / (extent.y * extent.x) / 2 * 2)
  return connectedComponents(
    of: volume, neighbourhood: neighbourhood, threads: threads, slabDepth: depth)
}

/// Finds the connected parts in slabs of so many planes, an even number, and joins these.
package func connectedComponents<Scalar: VoxelScalar & FixedWidthInteger>(
  of volume: borrowing Volume<Scalar>, neighbourhood: Neighbourhood, threads: Int,
  slabDepth depth: Int
) -> LocalComponents {
  precondition(depth > 0 && depth.isMultiple(of: 2), "pairs of planes stay together")
  let extent = volume.extent
  let whole = copy volume
  let slabs = stride(from: 0, to: extent.z, by: depth).map { $0..<min($0 + depth, extent.z) }
  if neighbourhood == .corners, isMask(volume) {
    return components(box: volume.box, depth: depth, threads: threads) { number in
      ColumnSlab(whole, planes: slabs[number])
    }
  }
  return components(box: volume.box, depth: depth, threads: threads) { number in
    RunSlab(whole, planes: slabs[number], neighbourhood: neighbourhood)
  }
}

/// Labels slab by slab, and joins the slabs.
private func components<Slab: LabelledSlab>(
  box: VoxelBox, depth: Int, threads: Int, _ slab: @Sendable (_ number: Int) -> Slab
) -> LocalComponents {
  let slabCount = (box.extent.z + depth - 1) / depth
  let slabs = concurrentMap(0..<slabCount, threads: threads, slab)
  let joined = JoinedSlabs(slabs, threads: threads)
  let labels = Volume<UInt32>(box: box, threads: threads) { z, y, row in
    slabs[z / depth].write(&row, z: z, y: y, labels: joined.labels(ofSlab: z / depth))
  }
  return LocalComponents(
    labels: labels, firstIndices: joined.parts.firstIndices, voxelCounts: joined.parts.voxelCounts)
}

/// Whether all voxels but background have one value.
private func isMask<Scalar: VoxelScalar & FixedWidthInteger>(
  _ volume: borrowing Volume<Scalar>
) -> Bool {
  let values = volume.span
  let piece = 1 << 12
  var foreground = Scalar.zero
  var start = 0
  while start < values.count {
    let part = values.extracting(start..<min(start + piece, values.count))
    if foreground == 0 {
      for index in part.indices where part[index] != 0 {
        foreground = part[index]
        break
      }
    }
    var others = Scalar.zero
    for index in part.indices {
      let value = part[index]
      others |= (value ^ foreground) & (value == 0 ? 0 : ~0)
    }
    if others != 0 { return false }
    start += piece
  }
  return true
}
