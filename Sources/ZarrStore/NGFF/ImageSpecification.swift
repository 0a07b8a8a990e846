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
  /// The format it is written in.
  public var format: MultiscaleFormat
  /// The axes, in the order t, c, z, y, x, and how long they are at the finest level.
  public var shape: VolumeShape
  /// The type of one value.
  public var dataType: DataType
  /// The physical size of the finest level's voxels.
  public var voxelSize: VoxelSize
  /// Where the centre of the first voxel lies, in the voxel size's unit.
  public var offset: PhysicalPosition
  /// How each level is divided into files; a format that has no shards leaves them out.
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
    layout: ChunkLayout, levelLimit: Int? = nil, attributes: JSONObject = [:],
    format: MultiscaleFormat = .omeZarr05
  ) {
    self.init(
      name: name, kind: kind, shape: VolumeShape(extent: extent, channels: channels),
      dataType: dataType, voxelSize: voxelSize, offset: offset, layout: layout,
      levelLimit: levelLimit, attributes: attributes, format: format)
  }

  /// Creates a specification.
  public init(
    name: String, kind: Kind = .image, shape: VolumeShape, dataType: DataType,
    voxelSize: VoxelSize, offset: PhysicalPosition = .zero, layout: ChunkLayout,
    levelLimit: Int? = nil, attributes: JSONObject = [:], format: MultiscaleFormat = .omeZarr05
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
    self.format = format
  }

  /// The levels of the image that labels lie in; nil goes by ``levelLimit``.
  var fixedLevels: [PyramidLevel]?
  /// The path from labels to the image that they lie in.
  var labelledImage: String?

  /// The image's levels, finest first.
  public var levels: [PyramidLevel] {
    fixedLevels
      ?? PyramidLevel.levels(
        extent: shape.extent, voxelSize: voxelSize, offset: offset, chunk: layout.chunk,
        limit: levelLimit)
  }

  /// The shape of a level's array.
  func shape(of level: PyramidLevel) -> VolumeShape {
    VolumeShape(
      axes: shape.axes, extent: level.extent, channels: shape.channels,
      timePoints: shape.timePoints)
  }

  /// The layout as the format has it.
  var storedLayout: ChunkLayout {
    var layout = layout
    if !format.hasShards { layout.shard = nil }
    return layout
  }

  /// The files that describe the group, in the order in which they are to be written: with the last
  /// one there is an image.
  var groupFiles: [(key: String, members: JSONObject)] {
    switch format {
    case .omeZarr05:
      [
        (
          "zarr.json",
          [
            "zarr_format": .integer(3), "node_type": .string("group"),
            "attributes": .object(groupAttributes),
          ]
        )
      ]
    case .omeZarr04:
      [(".zattrs", groupAttributes), (".zgroup", ["zarr_format": .integer(2)])]
    case .n5: [("attributes.json", groupAttributes)]
    }
  }

  /// The attributes of the group.
  var groupAttributes: JSONObject {
    var members: JSONObject
    switch format {
    case .omeZarr05:
      var ome = ngffMembers(version: MultiscaleMetadata.version)
      ome["version"] = .string(MultiscaleMetadata.version)
      members = ["ome": .object(ome)]
    case .omeZarr04: members = ngffMembers(version: EarlierNGFF.version)
    case .n5: members = n5GroupAttributes
    }
    members[OMEZarrImage.attributesKey] = .object(attributes)
    return members
  }

  /// What a level's array says beside the store's own members.
  func arrayAttributes(_ level: PyramidLevel) -> JSONObject {
    format == .n5 ? n5ArrayAttributes(level) : [:]
  }

  /// `multiscales` and `image-label`; before 0.5 each has the version in it.
  private func ngffMembers(version: String) -> JSONObject {
    let method = kind == .labels ? "mode" : "mean"
    let axes = shape.axes.order
    let datasets: [JSONValue] = levels.enumerated().map { index, level in
      .object([
        "path": .string(format.levelName(index)),
        "coordinateTransformations": .array([
          transformation("scale", axes.map { level.voxelSize.along($0) ?? 1 }),
          transformation("translation", axes.map { level.offset.along($0) ?? 0 }),
        ]),
      ])
    }
    var multiscale: JSONObject = [
      "name": .string(name), "axes": .array(axes.map(axis)), "datasets": .array(datasets),
      "type": .string(method),
      "metadata": .object(["method": .string("fascicle, \(method) of 1 or 2 voxels an axis")]),
    ]
    if format == .omeZarr04 { multiscale["version"] = .string(version) }
    var members: JSONObject = ["multiscales": .array([.object(multiscale)])]
    if kind == .labels {
      var label: JSONObject = ["version": .string(version)]
      if let labelledImage { label["source"] = .object(["image": .string(labelledImage)]) }
      members["image-label"] = .object(label)
    }
    return members
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
