public import Voxels

/// Seeds in the middle of what lies between membranes that are known: the maxima of the distance to
/// them.
///
/// Where an affinity or membrane network has been run, its membranes are better edges than the
/// image's own gradients.
public struct MembraneSeeds: SeedPolicy {
  private let membranes: Volume<UInt8>

  /// Creates the policy.
  ///
  /// - Parameter membranes: (1, z, y, x) over the image's box: not 0 on membranes, and wherever
  ///   else there are to be no seeds.
  public init(_ membranes: Volume<UInt8>) { self.membranes = membranes }

  /// The maxima whose margin lies within the image, in raster order.
  ///
  /// - Complexity: O(*n*) in voxels; about 24 bytes for each voxel.
  public func seeds(in image: borrowing Volume<Float>, margin: VoxelExtent) -> [VoxelPosition] {
    precondition(membranes.box == image.box, "the membranes cover the image")
    return distancePeaks(from: membranes, margin: margin, above: seedNoise)
  }
}
