public import Voxels

/// A task that is not in the queue yet.
public struct TaskDraft: Hashable, Sendable {
  /// What gave rise to it.
  public var kind: ProofreadingTask.Kind
  /// The supervoxel that the question is about.
  public var segmentA: UInt64
  /// The supervoxel that it may belong with; 0 for none.
  public var segmentB: UInt64
  /// The segments of the two in the segmentation that is proofread; 0 where they are not known.
  public var bodyA: UInt64 = 0, bodyB: UInt64 = 0
  /// What the segments weigh: voxels, or synapses, or whatever a gain is counted in.
  public var weightA: Double = 1, weightB: Double = 1
  /// Where to look, in voxels.
  public var point: VoxelPosition
  /// What to show, in voxels.
  public var box: VoxelBox
  /// What is known, as the text of a JSON object.
  public var evidence = "{}"
  /// How strongly the evidence speaks for an edit, in 0...1, such as a mean affinity; nil where
  /// it says nothing.
  public var score: Double?
  /// How many reviewers must agree.
  public var need = 1
  /// The known answer of a gold task.
  public var truth: Verdict?

  /// Creates a draft.
  ///
  /// - Parameters:
  ///   - kind: what gave rise to it.
  ///   - segmentA: the supervoxel that the question is about.
  ///   - segmentB: the supervoxel that it may belong with; 0 for none.
  ///   - point: where to look, in voxels.
  ///   - box: what to show, in voxels; a cube of 128 around the point when left out.
  public init(
    _ kind: ProofreadingTask.Kind, segmentA: UInt64, segmentB: UInt64 = 0, point: VoxelPosition,
    box: VoxelBox? = nil
  ) {
    self.kind = kind
    self.segmentA = segmentA
    self.segmentB = segmentB
    self.point = point
    self.box = box ?? Self.surroundings(of: point)
  }

  /// A cube around a point, as far as coordinates are not negative.
  public static func surroundings(of point: VoxelPosition, edge: Int = 128) -> VoxelBox {
    let half = edge / 2
    let origin = VoxelPosition(
      z: max(0, point.z - half), y: max(0, point.y - half), x: max(0, point.x - half))
    return VoxelBox(origin: origin, extent: VoxelExtent(cube: edge))
  }
}
