public import VolumeStore
public import Codecs
public import Voxels

/// What a new multiscale image is to be.
public struct ImageSpecification: Sendable {
  /// What the voxels mean.
  public enum Kind: Hashable, Sendable {
    /// Measured or predicted values; coarser levels hold means.
    case image
    /// Integer labels; coarser levels hold the most frequent label.
    case labels
  }

  /// The image's name.
  public var name: String
  /// What the voxels mean.
  public var kind: Kind
  /// The axes, in the order t, c, z, y, x, and how long they are at the finest level.
  public var shape: VolumeShape
  /// The type of one value.
  public var dataType: DataType
  /// The physical size of the finest level's voxels.
  public var voxelSize: VoxelSize
  /// Where the centre of the first voxel lies, in the voxel size's unit.
  public var offset: PhysicalPosition
  /// How each level is divided into files.
  public var layout: ChunkLayout
  /// The most levels; nil goes down to one that fits a single chunk.
  public var levelLimit: Int?
  /// The project's own attributes: affinity offsets, polarity, provenance.
  public var attributes: JSONObject

  /// Creates the specification of an image of one time point; without channels, its arrays have no
  /// channel axis.
  public init(
    name: String, kind: Kind = .image, extent: VoxelExtent, channels: Int? = nil,
    dataType: DataType, voxelSize: VoxelSize, offset: PhysicalPosition = .zero,
    layout: ChunkLayout, levelLimit: Int? = nil, attributes: JSONObject = [:]
  ) {
    self.init(
      name: name, kind: kind, shape: VolumeShape(extent: extent, channels: channels),
      dataType: dataType, voxelSize: voxelSize, offset: offset, layout: layout,
      levelLimit: levelLimit, attributes: attributes)
  }

  /// Creates a specification.
  public init(
    name: String, kind: Kind = .image, shape: VolumeShape, dataType: DataType,
    voxelSize: VoxelSize, offset: PhysicalPosition = .zero, layout: ChunkLayout,
    levelLimit: Int? = nil, attributes: JSONObject = [:]
  ) {
    precondition(shape.axes.isCanonical, "new images have their axes in the order t, c, z, y, x")
    self.name = name
    self.kind = kind
    self.shape = shape
    self.dataType = dataType
    self.voxelSize = voxelSize
    self.offset = offset
    self.layout = layout
    self.levelLimit = levelLimit
    self.attributes = attributes
  }

  /// The image's levels, finest first.
  public var levels: [PyramidLevel] {
    PyramidLevel.levels(
      extent: shape.extent, voxelSize: voxelSize, offset: offset, chunk: layout.chunk,
      limit: levelLimit)
  }

  /// The shape of a level's array.
  func shape(of level: PyramidLevel) -> VolumeShape {
    VolumeShape(
      axes: shape.axes, extent: level.extent, channels: shape.channels,
      timePoints: shape.timePoints)
  }

  /// The text of the group's `zarr.json` as a JSON object.
  var groupMetadata: JSONObject {
    let method = kind == .labels ? "mode" : "mean"
    let axes = shape.axes.order
    let datasets: [JSONValue] = levels.enumerated().map { index, level in
      .object([
        "path": .string(String(index)),
        "coordinateTransformations": .array([
          transformation("scale", axes.map { level.voxelSize[$0] ?? 1 }),
          transformation("translation", axes.map { level.offset[$0] ?? 0 }),
        ]),
      ])
    }
    var ome: JSONObject = [
      "version": .string(MultiscaleMetadata.version),
      "multiscales": .array([
        .object([
          "name": .string(name), "axes": .array(axes.map(axis)), "datasets": .array(datasets),
          "type": .string(method),
          "metadata": .object(["method": .string("fascicle, \(method) of 1 or 2 voxels an axis")]),
        ])
      ]),
    ]
    if kind == .labels {
      ome["image-label"] = .object(["version": .string(MultiscaleMetadata.version)])
    }
    return [
      "zarr_format": .integer(3), "node_type": .string("group"),
      "attributes": .object(["ome": .object(ome), OMEZarrImage.attributesKey: .object(attributes)]),
    ]
  }

  private func axis(_ axis: VolumeAxis) -> JSONValue {
    var object: JSONObject = ["name": .string(axis.rawValue), "type": .string(axis.ngffType)]
    if axis.isSpatial { object["unit"] = .string(voxelSize.unit.rawValue) }
    return .object(object)
  }

  private func transformation(_ kind: String, _ values: [Double]) -> JSONValue {
    .object(["type": .string(kind), kind: .array(values.map { .number($0) })])
  }
}

extension VolumeAxis {
  /// The axis' type in OME-NGFF.
  var ngffType: String {
    switch self {
    case .time: "time"
    case .channel: "channel"
    case .z, .y, .x: "space"
    }
  }

  /// Whether the axis is one of space.
  var isSpatial: Bool { ngffType == "space" }
}

extension VoxelSize {
  /// The length along an axis of space.
  fileprivate subscript(axis: VolumeAxis) -> Double? {
    switch axis {
    case .z: z
    case .y: y
    case .x: x
    case .time, .channel: nil
    }
  }
}

extension PhysicalPosition {
  /// The coordinate along an axis of space.
  fileprivate subscript(axis: VolumeAxis) -> Double? {
    switch axis {
    case .z: z
    case .y: y
    case .x: x
    case .time, .channel: nil
    }
  }
}
