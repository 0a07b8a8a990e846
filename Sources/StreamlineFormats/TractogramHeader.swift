public import Voxels

/// A format of tractograms.
public enum TractogramFormat: String, CaseIterable, Hashable, Sendable {
  /// MRtrix3 tracks.
  case tck
  /// TrackVis.
  case trk
  /// The community's zip of arrays, or a folder of them.
  case trx
  /// Legacy VTK polydata.
  case vtk
}

/// A column of data along with streamlines or points.
public struct TractogramColumn: Hashable, Sendable {
  /// The name.
  public var name: String
  /// The number of values for each streamline or point.
  public var components: Int
  /// The type values are stored as, such as `float32`.
  public var type: String

  /// Creates a column.
  public init(name: String, components: Int = 1, type: String = "float32") {
    self.name = name
    self.components = components
    self.type = type
  }
}

/// The image space that a tractogram states.
public struct TractogramSpace: Hashable, Sendable {
  /// From voxel indices to the scanner.
  public var transform: ScannerTransform
  /// The image's size.
  public var extent: VoxelExtent

  /// Creates a space.
  public init(transform: ScannerTransform, extent: VoxelExtent) {
    self.transform = transform
    self.extent = extent
  }
}

/// What a tractogram says of itself before its streamlines.
public struct TractogramHeader: Sendable {
  /// The format.
  public var format: TractogramFormat
  /// The type of the stored coordinates, such as `Float32LE`.
  public var positionType: String
  /// The number of streamlines, where the file states one.
  public var streamlineCount: Int?
  /// The number of points, where the file states one.
  public var pointCount: Int?
  /// The image space, where the file states one.
  public var space: TractogramSpace?
  /// The columns with values for each streamline.
  public var perStreamline: [TractogramColumn] = []
  /// The columns with values for each point.
  public var perPoint: [TractogramColumn] = []
  /// Streamlines by the group they belong to.
  public var groups: [String: [UInt32]] = [:]
  /// Values of groups by `<group>/<name>`.
  public var groupData: [String: [Float]] = [:]
  /// Everything else the header says, in order.
  public var properties: [(name: String, value: String)] = []
  /// What a reader should know: what was missing, what was assumed.
  public var notes: [String] = []

  /// Creates a header.
  public init(format: TractogramFormat, positionType: String = "float32") {
    self.format = format
    self.positionType = positionType
  }
}
