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
  /// The size of the finest level in voxels.
  public var extent: VoxelExtent
  /// The values per voxel; nil makes arrays without a channel axis.
  public var channels: Int?
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

  /// Creates a specification.
  public init(
    name: String, kind: Kind = .image, extent: VoxelExtent, channels: Int? = nil,
    dataType: DataType, voxelSize: VoxelSize, offset: PhysicalPosition = .zero,
    layout: ChunkLayout, levelLimit: Int? = nil, attributes: JSONObject = [:]
  ) {
    self.name = name
    self.kind = kind
    self.extent = extent
    self.channels = channels
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
      extent: extent, voxelSize: voxelSize, offset: offset, chunk: layout.chunk,
      limit: levelLimit)
  }

  /// The text of the group's `zarr.json` as a JSON object.
  var groupMetadata: JSONObject {
    let method = kind == .labels ? "mode" : "mean"
    var axes: [JSONValue] = ["z", "y", "x"].map { name in
      .object([
        "name": .string(name), "type": .string("space"), "unit": .string(voxelSize.unit.rawValue),
      ])
    }
    if channels != nil {
      axes.insert(.object(["name": .string("c"), "type": .string("channel")]), at: 0)
    }
    let datasets: [JSONValue] = levels.enumerated().map { index, level in
      let scale = [level.voxelSize.z, level.voxelSize.y, level.voxelSize.x]
      let translation = [level.offset.z, level.offset.y, level.offset.x]
      return .object([
        "path": .string(String(index)),
        "coordinateTransformations": .array([
          transformation("scale", (channels == nil ? [] : [1]) + scale),
          transformation("translation", (channels == nil ? [] : [0]) + translation),
        ]),
      ])
    }
    var ome: JSONObject = [
      "version": .string(MultiscaleMetadata.version),
      "multiscales": .array([
        .object([
          "name": .string(name), "axes": .array(axes), "datasets": .array(datasets),
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

  private func transformation(_ kind: String, _ values: [Double]) -> JSONValue {
    .object(["type": .string(kind), kind: .array(values.map { .number($0) })])
  }
}
