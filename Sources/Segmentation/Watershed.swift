public import Voxels

/// What the watershed takes from the affinities.
public struct WatershedParameters: Hashable, Sendable {
  /// Links at or below this affinity never join voxels; in [0, 1).
  public var low: Double
  /// Links at or above this affinity always join voxels; in (0, 1], above ``low``.
  public var high: Double
  /// How many voxels along a plateau the way out of it is looked for.
  ///
  /// Voxels of a plateau further than this from every exit make a basin of their own. Stored
  /// affinities of real volumes rarely hold a plateau below ``high`` as wide as the default.
  public var plateauReach: Int

  /// Creates parameters; the defaults suit byte affinities of a trained network.
  public init(low: Double = 0.05, high: Double = 0.9999, plateauReach: Int = 6) {
    precondition(low >= 0 && low < high && high <= 1, "thresholds must be 0 <= low < high <= 1")
    precondition((0...250).contains(plateauReach), "a plateau reach lies in 0 ... 250")
    self.low = low
    self.high = high
    self.plateauReach = plateauReach
  }

  /// How far around the voxels it labels the watershed looks.
  public var margin: VoxelExtent { VoxelExtent(cube: plateauReach + 2) }

  /// How far beyond the voxels it owns a block looks: the one voxel past its high faces by which
  /// blocks are joined, and the ``margin``.
  public var halo: VoxelExtent { VoxelExtent(cube: plateauReach + 3) }
}

/// Fragments of a block, labelled by the block alone.
public struct Fragments: Sendable, Equatable {
  /// (1, z, y, x) labels, dense from 1 in raster order; 0 is background.
  public var labels: Volume<UInt32>
  /// The number of fragments, which is the highest label.
  public var count: Int
}

/// Splits affinities into fragments by steepest-ascent watershed.
///
/// Every voxel keeps one of its strongest links: one that leads to a voxel with a stronger link if
/// there is such, else one towards the nearest voxel of its plateau that has such a link. Fragments
/// are the connected components of the links kept. `docs/segmentation.md` gives the rule exactly.
///
/// Whether two neighbouring voxels are linked depends on the volume's affinities within
/// ``WatershedParameters/margin`` of them, never on the block: labels of overlapping boxes
/// describe the same links, so blocks that share one layer of voxels join exactly.
///
/// - Parameters:
///   - affinities: (3, z, y, x) in [0, 1]; channels are the links towards the origin along z, y, x.
///   - box: The voxels to label: `box` grown by ``WatershedParameters/margin`` and clipped to
///     `volume` lies within the affinities.
///   - volume: The whole volume; links that leave it do not exist.
///   - parameters: The thresholds, and how far plateaus are searched.
/// - Returns: The fragments of the box.
/// - Complexity: O(*n*) time and memory in the voxels of the affinities.
///
/// Source: Zlateski & Seung 2015, arXiv:1505.00249, §2; the bounded search of plateaus is ours.
@specialized(where Affinity == UInt8)
@specialized(where Affinity == Float)
public func watershed<Affinity: AffinityScalar>(
  affinities: borrowing Volume<Affinity>, box: VoxelBox, volume: VoxelBox,
  parameters: WatershedParameters
) -> Fragments {
  precondition(affinities.channels >= 3, "affinities have three channels")
  let needed = box.grown(by: parameters.margin).intersection(volume)
  precondition(!box.isEmpty && volume.contains(box), "the box lies outside the volume")
  precondition(affinities.box.contains(needed), "the affinities do not reach far enough")
  let low = Affinity.largest(atMost: parameters.low)
  let high = Affinity.smallest(atLeast: parameters.high)
  var links = SteepestLinks(affinities: affinities, low: low, high: high)
  links.leavePlateaus(reach: parameters.plateauReach)
  return links.components(in: box)
}
