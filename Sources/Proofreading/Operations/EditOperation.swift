public import Voxels

/// A place that a person pointed at for an edit.
public struct EditPoint: Hashable, Sendable {
  /// The side, counted from 0, for edits with seeds of several sides.
  public var side: Int
  /// The supervoxel there.
  public var supervoxel: UInt64
  /// The voxel; nil where the supervoxel was named instead.
  public var voxel: VoxelPosition?
  /// The same in nanometres, where the voxel size is known.
  public var nanometers: PhysicalPosition?

  /// Creates a point.
  public init(
    _ supervoxel: UInt64, side: Int = 0, voxel: VoxelPosition? = nil,
    nanometers: PhysicalPosition? = nil
  ) {
    self.side = side
    self.supervoxel = supervoxel
    self.voxel = voxel
    self.nanometers = nanometers
  }
}

/// An edit of a segmentation, as it stands in the log.
public struct EditOperation: Hashable, Sendable {
  /// What is done.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// Two segments become one.
    case merge
    /// A segment is parted between two sides by the cheapest cut.
    case split
    /// A segment is parted between many sides.
    case cleave
    /// A supervoxel is cut into several.
    case supervoxelSplit = "split supervoxel"
    /// Another operation is taken back.
    case undo
    /// What was taken back is done again.
    case redo
    /// Words are attached to places; nothing changes.
    case tag

    /// Whether operations of this kind change segments by themselves.
    public var isEdit: Bool {
      switch self {
      case .merge, .split, .cleave, .supervoxelSplit: true
      case .undo, .redo, .tag: false
      }
    }
  }

  /// How far an operation has come.
  ///
  /// There is nothing between the first two: the voxels of a split supervoxel lie in the log
  /// itself, so that no other file is written.
  public enum Status: String, CaseIterable, Hashable, Sendable {
    /// All that it is to do is in the log.
    case created
    /// It counts.
    case done
    /// It does not count, and never did.
    case failed
  }

  /// The number of the operation, counted from 1.
  public var id: Int64
  /// What is done.
  public var kind: Kind
  /// How far it has come.
  public var status: Status
  /// The operation that an undo or a redo takes back.
  public var inverseOf: Int64?
  /// Who did it.
  public var user: String
  /// When, in milliseconds since 1970 (UTC).
  public var time: Int64
  /// The version of the program.
  public var version: String
  /// What the user had to say.
  public var note: String
  /// Where the user pointed.
  public var points: [EditPoint]
  /// What it does to the links, or, for an undo, what that takes back.
  public var effect: EditEffect
  /// Which roots come from which.
  public var lineage: [SegmentState.Descent]

  /// The box around the points; nil where none has a voxel.
  public var box: VoxelBox? {
    points.compactMap(\.voxel).reduce(nil as VoxelBox?) { box, voxel in
      let own = VoxelBox(origin: voxel, extent: VoxelExtent(cube: 1))
      return box?.union(own) ?? own
    }
  }
}

/// A moment in the history of a segmentation.
public enum EditMoment: Hashable, Sendable {
  /// Now.
  case latest
  /// After the operation of a number, and all before it; 0 is the base.
  case operation(Int64)
  /// After all that was done by a time, in milliseconds since 1970 (UTC).
  case time(Int64)
}
