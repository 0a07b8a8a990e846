public import Voxels

/// An image patch and its annotations on the way from a volume to the network.
///
/// All volumes share one centre. Until the last change that moves voxels they also share one box;
/// the annotations then keep the margin that targets need, the image does not.
public struct TrainingSample: Sendable {
  /// The grey values, (channel, z, y, x) in [0, 1].
  public var image: Volume<Float>
  /// The objects, (1, z, y, x); 0 is background or boundary.
  public var labels: Volume<UInt64>
  /// Further label volumes by name, (1, z, y, x) each; 0 is background.
  public var furtherLabels: [String: Volume<UInt64>]
  /// Where the annotations hold, (1, z, y, x): 0 is not annotated or outside the source.
  public var mask: Volume<UInt8>
  /// The size of one voxel.
  public var voxelSize: VoxelSize

  /// Creates a sample; without a mask all of it is annotated.
  public init(
    image: Volume<Float>, labels: Volume<UInt64>, furtherLabels: [String: Volume<UInt64>] = [:],
    mask: Volume<UInt8>? = nil, voxelSize: VoxelSize
  ) {
    self.image = image
    self.labels = labels
    self.furtherLabels = furtherLabels
    self.mask = mask ?? Volume(box: labels.box, fill: 1)
    self.voxelSize = voxelSize
  }
}

/// A way to move voxels that is the same for grey values, labels and masks.
protocol VoxelMove {
  func moved<Scalar: VoxelScalar>(_ volume: Volume<Scalar>) -> Volume<Scalar>
}

extension TrainingSample {
  /// Moves the voxels of every volume alike.
  mutating func move(_ move: some VoxelMove) {
    image = move.moved(image)
    labels = move.moved(labels)
    furtherLabels = furtherLabels.mapValues { move.moved($0) }
    mask = move.moved(mask)
  }
}

/// What one training step sees of one sample, (channel, z, y, x) each.
public struct PreparedSample: Equatable, Sendable {
  /// The grey values, in [0, 1] but for what augmentations did.
  public var input: [Float]
  /// What the network should answer, the targets' channels one after the other.
  public var target: [Float]
  /// How much each value of the target counts; 0 where it is not known.
  public var weights: [Float]

  /// Creates a prepared sample.
  public init(input: [Float], target: [Float], weights: [Float]) {
    self.input = input
    self.target = target
    self.weights = weights
  }
}
