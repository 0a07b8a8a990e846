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
  /// The components: the one labelled *n* stands at index *n* − 1.
  public let components: [LocalComponent]

  /// Creates components from labels and their descriptions.
  public init(labels: Volume<UInt32>, components: [LocalComponent]) {
    self.labels = labels
    self.components = components
  }

  /// The number of components.
  public var count: Int { components.count }
}

/// Finds the connected parts of equal non-zero value in a block.
///
/// Two voxels belong together where a chain of neighbours of the same value joins them; zero is
/// background. Threshold a block of measurements first: see ``thresholded(_:atLeast:)``.
///
/// - Parameters:
///   - volume: (1, z, y, x) labels or a mask, fewer than 2³² voxels.
///   - neighbourhood: Which voxels count as neighbours.
/// - Returns: The components' labels over the same box, and their descriptions.
/// - Complexity: O(*n*) time in voxels; beside the result, 12 bytes and a value for each run of
///   equal non-zero voxels along x.
///
/// Source: He, Chao & Suzuki 2008, "A run-based two-scan labeling algorithm", IEEE Trans. Image
/// Process. 17(5), in three dimensions and for many labels.
@specialized(where Scalar == UInt8)
@specialized(where Scalar == UInt16)
@specialized(where Scalar == UInt32)
@specialized(where Scalar == UInt64)
@specialized(where Scalar == Int8)
@specialized(where Scalar == Int16)
@specialized(where Scalar == Int32)
@specialized(where Scalar == Int64)
public func connectedComponents<Scalar: VoxelScalar & FixedWidthInteger>(
  of volume: borrowing Volume<Scalar>, neighbourhood: Neighbourhood = .corners
) -> LocalComponents {
  let extent = volume.extent
  precondition(volume.channels == 1, "connected components need a volume of one channel")
  precondition(
    UInt64(extent.voxelCount) < UInt64(UInt32.max), "a block has fewer than 2³² voxels")
  let table = RunTable(volume, neighbourhood)
  let (ofRuns, count) = table.components()
  var firstIndices = [Int](repeating: 0, count: count)
  var voxelCounts = [Int](repeating: 0, count: count)
  let runs = table.runs.span
  let labels = [UInt32](capacity: extent.voxelCount) { output in
    var known = 0
    for row in 0..<extent.z * extent.y {
      var x = UInt32(0)
      for index in table.rowStarts[row]..<table.rowStarts[row + 1] {
        let run = runs[index]
        let label = ofRuns[index]
        output.append(repeating: 0, count: Int(run.start &- x))
        output.append(repeating: label, count: Int(run.end &- run.start))
        x = run.end
        let component = Int(label) &- 1
        if component == known {
          firstIndices[component] = row * extent.x + Int(run.start)
          known += 1
        }
        voxelCounts[component] += Int(run.end &- run.start)
      }
      output.append(repeating: 0, count: extent.x - Int(x))
    }
  }
  return LocalComponents(
    labels: Volume(box: volume.box, values: labels),
    components: zip(firstIndices, voxelCounts).map {
      LocalComponent(firstIndex: $0, voxelCount: $1)
    })
}
