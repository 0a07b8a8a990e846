public import Voxels

/// A network that says how the mask of an object goes on within its field of view.
public protocol FloodNetwork {
  /// What the network sees, odd along each axis.
  var fieldOfView: VoxelExtent { get }

  /// Runs the network once.
  ///
  /// - Parameters:
  ///   - window: (2, z, y, x) over the field of view: the normalised image and the mask's logits.
  ///   - logits: Where the mask's new logits go, in (z, y, x) order.
  /// - Throws: What the network throws.
  mutating func run(
    _ window: borrowing Volume<Float>, into logits: inout [Float]
  ) throws
}

extension FloodNetwork {
  /// The voxels on each side of the field of view's middle.
  public var margin: VoxelExtent {
    VoxelExtent(z: fieldOfView.z / 2, y: fieldOfView.y / 2, x: fieldOfView.x / 2)
  }
}
