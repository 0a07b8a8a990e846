import Glibc
public import Voxels

/// The numbers that decide how objects are flooded; probabilities, compared as logits.
///
/// The defaults are those of the published segmentation of FIB-25.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4.
public struct FloodSettings: Hashable, Sendable {
  /// What the seed's voxel begins with.
  public var initialProbability = 0.95
  /// What the network sees where nothing was predicted yet.
  public var paddingProbability = 0.05
  /// The least probability at which the field of view moves on.
  public var moveProbability = 0.9
  /// The least probability of a voxel that belongs to the object.
  public var segmentProbability = 0.6
  /// Objects with fewer voxels are dropped.
  public var minimumVoxelCount = 1000
  /// A seed this near to another object, along each axis, is passed over.
  public var minimumDistance = VoxelExtent(z: 1, y: 1, x: 1)
  /// Where more than this fraction of the field of view is above ``moveProbability``, voxels once
  /// thought to be outside cannot come back; nil lets them.
  public var disconnectionFraction: Double? = 0
  /// Flooding ends after so many network calls; nil for no limit.
  public var callLimit: Int?

  /// Creates the defaults.
  public init() {}

  /// The logit of a probability.
  static func logit(_ probability: Double) -> Float {
    Float(log(probability / (1 - probability)))
  }

  var initial: Float { Self.logit(initialProbability) }
  var padding: Float { Self.logit(paddingProbability) }
  var move: Float { Self.logit(moveProbability) }
  var segment: Float { Self.logit(segmentProbability) }
}
