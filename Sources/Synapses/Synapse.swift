public import Voxels

/// A connection from one neuron to another.
public struct Synapse: Hashable, Sendable {
  /// Its number in its table; nil where it has none yet.
  public var id: UInt64?
  /// Where the sending side lies, in nanometres.
  public var pre: PhysicalPosition
  /// Where the receiving side lies, in nanometres.
  public var post: PhysicalPosition
  /// Where its middle lies, such as the cleft's, in nanometres; nil where that is not said.
  public var center: PhysicalPosition?
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
  /// How it was found, such as `cleft`; nil where that is not said.
  public var method: String?
  /// What identifies the network that found it; nil where that is not said.
  public var model: String?

  /// Creates a synapse.
  public init(
    pre: PhysicalPosition, post: PhysicalPosition, preID: UInt64? = nil, postID: UInt64? = nil,
    score: Double? = nil, size: Double? = nil, preSupervoxelID: UInt64? = nil,
    postSupervoxelID: UInt64? = nil, id: UInt64? = nil, center: PhysicalPosition? = nil,
    method: String? = nil, model: String? = nil
  ) {
    self.id = id
    self.center = center
    self.method = method
    self.model = model
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
