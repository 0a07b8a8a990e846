public import Voxels

/// Where objects are begun, and in which order.
public protocol SeedPolicy: Sendable {
  /// The seeds of an image.
  ///
  /// - Parameters:
  ///   - image: (1, z, y, x), as the network sees it.
  ///   - margin: The voxels that must lie on each side of a seed.
  /// - Returns: Seeds in the order in which they are to be tried, each at most once.
  func seeds(in image: borrowing Volume<Float>, margin: VoxelExtent) -> [VoxelPosition]
}

/// The seeds that are stated, in their order.
public struct ListedSeeds: SeedPolicy {
  private let positions: [VoxelPosition]

  /// Creates the policy.
  public init(_ positions: [VoxelPosition]) { self.positions = positions }

  /// Those of the stated positions whose margin lies within the image.
  public func seeds(in image: borrowing Volume<Float>, margin: VoxelExtent) -> [VoxelPosition] {
    let inner = image.box.shrunk(by: margin)
    return positions.filter { inner.contains($0) }
  }
}

/// The points of a grid, one after the other in raster order.
public struct GridSeeds: SeedPolicy {
  private let step: VoxelExtent

  /// Creates the policy.
  public init(step: VoxelExtent) {
    precondition(step.z > 0 && step.y > 0 && step.x > 0, "the grid has steps")
    self.step = step
  }

  /// The points of the grid that starts at the first possible seed.
  public func seeds(in image: borrowing Volume<Float>, margin: VoxelExtent) -> [VoxelPosition] {
    let inner = image.box.shrunk(by: margin)
    var seeds: [VoxelPosition] = []
    for z in stride(from: inner.origin.z, to: inner.end.z, by: step.z) {
      for y in stride(from: inner.origin.y, to: inner.end.y, by: step.y) {
        for x in stride(from: inner.origin.x, to: inner.end.x, by: step.x) {
          seeds.append(VoxelPosition(z: z, y: y, x: x))
        }
      }
    }
    return seeds
  }
}

/// The seeds of another policy from the last to the first.
///
/// What two runs in opposite orders agree on is more certain than either.
public struct ReversedSeeds: SeedPolicy {
  private let policy: any SeedPolicy

  /// Creates the policy.
  public init(_ policy: any SeedPolicy) { self.policy = policy }

  /// The other policy's seeds, the last first.
  public func seeds(in image: borrowing Volume<Float>, margin: VoxelExtent) -> [VoxelPosition] {
    policy.seeds(in: image, margin: margin).reversed()
  }
}

extension VoxelBox {
  /// The voxels that are so far away from all faces; may be empty.
  func shrunk(by margin: VoxelExtent) -> VoxelBox { grown(by: margin * -1) }
}
