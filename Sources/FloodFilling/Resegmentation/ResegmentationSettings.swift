public import Voxels

/// How a pair of touching segments is segmented anew, and when both runs say that they are one.
///
/// The defaults are what the reference advises to begin with.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, "FFN resegmentation and
/// agglomeration"; google/ffn, `resegmentation.py`.
public struct ResegmentationSettings: Hashable, Sendable {
  /// How far from the contact the box reaches in which objects are flooded.
  public var radius = VoxelExtent(cube: 50)
  /// How far from the contact the box reaches in which they are compared.
  public var analysisRadius = VoxelExtent(cube: 33)
  /// How far around a seed that failed no other is tried.
  public var exclusionRadius = VoxelExtent(cube: 8)
  /// How many seeds are tried on each side.
  public var attempts = 3
  /// The part of a segment that a run from within it must give back.
  public var leastRecovery = 0.6
  /// The least probability of an object's voxels where runs are compared.
  public var probability = 0.5
  /// Of the voxels of either run, both have more in common than this where they are one object.
  public var leastOverlap = 0.8
  /// Each run holds more of either segment than this where they are one object.
  public var leastConsistency = 0.6
  /// At least one run took back a smaller part of its voxels than this where they are one object.
  public var largestDeletion = 0.02

  /// Creates the defaults.
  public init() {}
}

/// What one side of a contact gave.
public struct ResegmentedSide: Hashable, Sendable {
  /// Where it was begun; nil where the segment has no voxel with enough room around it.
  public var seed: VoxelPosition?
  /// The seeds tried, and the network calls of all of them.
  public var attempts = 0, callCount = 0
  /// Whether the run gave back enough of its own segment.
  public var isRecovered = false
  /// The object's voxels in the box of comparison.
  public var voxelCount = 0
  /// How much of each segment's voxels there the object holds, in [0, 1].
  public var consistencyA = 0.0, consistencyB = 0.0
  /// The voxels that network calls in the box of comparison took back.
  public var deletedCount = 0

  /// The voxels taken back for each of the object's; infinite where there is no object.
  public var deletedFraction: Double {
    voxelCount > 0 ? Double(deletedCount) / Double(voxelCount) : .infinity
  }

  /// Creates a side without a run.
  public init() {}
}

/// What resegmentation says of a pair of segments.
public struct ResegmentedPair: Hashable, Sendable {
  /// The voxels of each segment in the box of comparison.
  public var voxelsA: Int, voxelsB: Int
  /// The run from within each segment.
  public var fromA: ResegmentedSide, fromB: ResegmentedSide
  /// The part of both runs' voxels that is common to both, in [0, 1].
  public var overlap: Double

  /// How sure it is that both are one, in [0, 1]: the least of overlap and consistencies; 0 where
  /// either run failed.
  public var score: Double {
    guard fromA.isRecovered, fromB.isRecovered else { return 0 }
    return min(overlap, consistency)
  }

  private var consistency: Double {
    min(
      min(fromA.consistencyA, fromA.consistencyB), min(fromB.consistencyA, fromB.consistencyB))
  }

  /// Whether the rule says that both are one.
  public func isOne(_ settings: ResegmentationSettings) -> Bool {
    fromA.isRecovered && fromB.isRecovered && overlap > settings.leastOverlap
      && consistency > settings.leastConsistency
      && min(fromA.deletedFraction, fromB.deletedFraction) < settings.largestDeletion
  }
}
