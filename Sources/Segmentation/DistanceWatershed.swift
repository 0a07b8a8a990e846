public import Voxels

/// What the watershed on the distance to boundaries takes from affinities.
public struct DistanceWatershedParameters: Hashable, Sendable {
  /// What stands for the links of a voxel to those before it.
  public enum Statistic: String, CaseIterable, Hashable, Sendable {
    /// Their mean.
    case mean
    /// The weakest.
    case minimum
  }

  /// What becomes of voxels that are not inside.
  public enum Boundaries: Hashable, Sendable {
    /// They are background.
    case background
    /// They join a fragment at last, over their strongest links above an affinity.
    case flooded(above: Double)
  }

  /// Voxels whose links are above this affinity are inside; others are boundaries.
  public var threshold: Double
  /// What is compared with the threshold.
  public var statistic: Statistic
  /// What becomes of boundaries.
  public var boundaries: Boundaries
  /// The size of a voxel, in lengths of its shortest edge.
  public let spacing: VoxelSize
  /// Whether voxels of different sections never belong to one fragment.
  public var dimensions: DistanceDimensions
  /// The edge of the box in which a seed is the voxel furthest from boundaries, in voxels along
  /// the shortest edge.
  public var seedWindow: Int
  /// The distance from boundaries up to which some voxels are further inside than others, in
  /// voxels along the shortest edge.
  public var reach: Int
  /// How many voxels along a plateau the way out of it is looked for.
  public var plateauReach: Int

  /// Creates parameters; the defaults suit affinities of a trained network.
  ///
  /// - Parameters:
  ///   - voxelSize: The size of a voxel, in any unit.
  ///   - dimensions: Where distances are measured and fragments extend; nil lets fragments be of one
  ///     section where voxels are more than three times as long along z as along y or x.
  ///   - threshold: The affinity above which voxels are inside; in [0, 1).
  ///   - statistic: What is compared with the threshold.
  ///   - boundaries: What becomes of voxels that are not inside.
  ///   - seedWindow: The edge of the box in which a seed is furthest inside; in 1 ... 200.
  ///   - reach: The distance up to which some voxels are further inside; in 2 ... 200.
  ///   - plateauReach: How far along a plateau the way out of it is looked for; in 0 ... 250.
  public init(
    voxelSize: VoxelSize, dimensions: DistanceDimensions? = nil, threshold: Double = 0.5,
    statistic: Statistic = .mean, boundaries: Boundaries = .background, seedWindow: Int = 10,
    reach: Int = 16, plateauReach: Int = 4
  ) {
    precondition(voxelSize.isValid, "a voxel has a size")
    precondition((0..<1).contains(threshold), "a threshold lies in 0 ..< 1")
    precondition((1...200).contains(seedWindow), "a seed window lies in 1 ... 200")
    precondition((2...200).contains(reach), "a reach lies in 2 ... 200")
    precondition((0...250).contains(plateauReach), "a plateau reach lies in 0 ... 250")
    let inSection = min(voxelSize.y, voxelSize.x)
    let dimensions = dimensions ?? (voxelSize.z > 3 * inSection ? .sections : .volume)
    // Where sections stand by themselves their distance does not matter.
    let shortest = dimensions == .sections ? inSection : min(inSection, voxelSize.z)
    spacing = VoxelSize(
      z: voxelSize.z / shortest, y: voxelSize.y / shortest, x: voxelSize.x / shortest)
    self.dimensions = dimensions
    self.threshold = threshold
    self.statistic = statistic
    self.boundaries = boundaries
    self.seedWindow = seedWindow
    self.reach = reach
    self.plateauReach = plateauReach
  }

  /// How far a seed window goes before and after its voxel.
  var windowReach: VoxelExtent { steps(Double(seedWindow) / 2) }

  /// How far around the voxels it labels the watershed looks for distances.
  private var distanceMargin: VoxelExtent {
    let climb = plateauReach + 2
    let window = windowReach
    return VoxelExtent(
      z: dimensions == .volume ? max(climb, window.z) : 0, y: max(climb, window.y),
      x: max(climb, window.x))
  }

  /// How far around the voxels it labels the watershed looks at affinities.
  public var margin: VoxelExtent { distanceMargin + steps(Double(reach)) }

  /// How far beyond the voxels it owns a block looks: the one voxel past its high faces by which
  /// blocks are joined, and the ``margin``.
  public var halo: VoxelExtent { margin + VoxelExtent(cube: 1) }

  /// The voxels that a length goes along each axis.
  private func steps(_ length: Double) -> VoxelExtent {
    VoxelExtent(
      z: dimensions == .volume ? Int(length / spacing.z) : 0, y: Int(length / spacing.y),
      x: Int(length / spacing.x))
  }

  /// The part of the volume whose distances the labels of a box depend on.
  func distanceBox(for box: VoxelBox, in volume: VoxelBox) -> VoxelBox {
    box.grown(by: distanceMargin).intersection(volume)
  }
}

/// Splits affinities into fragments by a watershed on the distance to the nearest boundary.
///
/// Voxels climb to the voxels furthest inside. Of these, seeds are the ones that no voxel in a
/// window around them exceeds; what climbs elsewhere joins the fragment it meets at the highest
/// pass. `docs/segmentation.md` gives the rule exactly.
///
/// - Parameters:
///   - affinities: (3, z, y, x) in [0, 1]; channels are the links towards the origin along z, y, x.
///   - ownBox: The voxels that belong to the block; labels go one beyond its far faces, where the
///     volume does. That box grown by ``DistanceWatershedParameters/margin`` and clipped to
///     `volume` lies within the affinities.
///   - volume: The whole volume; links that leave it do not exist.
///   - parameters: What is inside and what a seed.
///   - smallest: Fragments with fewer voxels join a neighbour too.
/// - Returns: The fragments of the block, and those that other blocks decide about.
/// - Complexity: O(*n* · *r*) time for *n* voxels and a reach of *r*.
///
/// Source: the recipe of Funke et al. 2019, IEEE TPAMI 41, 1669–1680, §3.2 and Sheridan et al.
/// 2023, Nature Methods 20, 295–303 (Methods, post-processing); that it is the same for any blocks
/// is ours.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
public func distanceWatershed<Affinity: AffinityScalar>(
  affinities: borrowing Volume<Affinity>, ownBox: VoxelBox, volume: VoxelBox,
  parameters: DistanceWatershedParameters, smallest: Int = 0
) -> BlockFragments {
  precondition(affinities.channels >= 3, "affinities have three channels")
  precondition(!ownBox.isEmpty && volume.contains(ownBox), "the block lies outside the volume")
  let box = VoxelBox(from: ownBox.origin, to: ownBox.end + VoxelExtent(cube: 1))
    .intersection(volume)
  let needed = box.grown(by: parameters.margin).intersection(volume)
  precondition(affinities.box.contains(needed), "the affinities do not reach far enough")
  let distances = squaredDistances(
    in: parameters.inside(affinities, box: needed, volume: volume),
    spacing: parameters.spacing, reach: Double(parameters.reach),
    dimensions: parameters.dimensions
  ).cropped(to: parameters.distanceBox(for: box, in: volume))
  var climbing = parameters.climbingLinks(distances)
  if case .flooded(let low) = parameters.boundaries {
    parameters.addBoundaryLinks(
      to: &climbing, affinities, distances, above: Affinity.largest(atMost: low))
  }
  var steepest = SteepestLinks(affinities: climbing, low: 0, high: 1)
  steepest.leavePlateaus(reach: parameters.plateauReach)
  let basins = steepest.components(in: box)
  let seeds = parameters.seedCounts(of: basins, distances, ownBox: ownBox)
  return basins.absorbed(
    links: climbing, weakest: 0, seedCounts: seeds,
    until: RegionGrowth(voxelCount: UInt64(smallest), seedCount: 1), ownBox: ownBox,
    volume: volume)
}
