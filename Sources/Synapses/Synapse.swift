public import Voxels

/// A connection from one neuron to another.
public struct Synapse: Hashable, Sendable {
  /// Where the sending side lies, in nanometres.
  public var pre: PhysicalPosition
  /// Where the receiving side lies, in nanometres.
  public var post: PhysicalPosition
  /// The neuron or segment that sends; nil where it is not known.
  public var preID: UInt64?
  /// The neuron or segment that receives; nil where it is not known.
  public var postID: UInt64?
  /// How sure its finder is; nil where that is not said.
  public var score: Double?
  /// How large it is, such as its area or its voxels; nil where that is not said.
  public var size: Double?
  /// The supervoxel that the sending side lies in; nil where it is not known.
  public var preSupervoxelID: UInt64?
  /// The supervoxel that the receiving side lies in; nil where it is not known.
  public var postSupervoxelID: UInt64?

  /// Creates a synapse.
  public init(
    pre: PhysicalPosition, post: PhysicalPosition, preID: UInt64? = nil, postID: UInt64? = nil,
    score: Double? = nil, size: Double? = nil, preSupervoxelID: UInt64? = nil,
    postSupervoxelID: UInt64? = nil
  ) {
    self.pre = pre
    self.post = post
    self.preID = preID
    self.postID = postID
    self.score = score
    self.size = size
    self.preSupervoxelID = preSupervoxelID
    self.postSupervoxelID = postSupervoxelID
  }
}
