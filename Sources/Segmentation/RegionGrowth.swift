/// What a region must have to stand by itself, and what it has.
public struct RegionGrowth: Hashable, Sendable {
  /// The number of voxels.
  public var voxelCount: UInt64
  /// The number of seeds.
  public var seedCount: UInt64

  /// Creates a number of voxels and seeds.
  public init(voxelCount: UInt64 = 0, seedCount: UInt64 = 0) {
    self.voxelCount = voxelCount
    self.seedCount = seedCount
  }

  /// Adds what another region has.
  mutating func add(_ other: RegionGrowth) {
    voxelCount &+= other.voxelCount
    seedCount &+= other.seedCount
  }

  /// Whether this is at least so much; what a region has reached it never loses by merging.
  func reaches(_ needed: RegionGrowth) -> Bool {
    voxelCount >= needed.voxelCount && seedCount >= needed.seedCount
  }
}
