import Codecs
import VolumeStore
import Voxels

/// What a new N5 image says of its voxels, in the words of those who read N5.
///
/// The group has `scales`, `downsamplingFactors`, `pixelResolution`, `resolution`, `offset`, `axes` and
/// `units`, which N5 Viewer, BigDataViewer, Paintera, cloud-volume and Neuroglancer look for between
/// them; each level has its own `resolution` and `offset` as tensorstore and funlib take them, and
/// the finest level's `pixelResolution` with `downsamplingFactors` as N5 Viewer does. Lists are in
/// N5's order, x first.
extension ImageSpecification {
  /// The attributes of the group.
  var n5GroupAttributes: JSONObject {
    let finest = levels[0]
    let allFactors = JSONValue.array(levels.map { factors(of: $0) })
    return [
      "n5": .string("2.0.0"), "name": .string(name), "multiScale": .bool(true),
      "downsamplingFactors": allFactors, "scales": allFactors,
      "pixelResolution": pixelResolution, "resolution": list(finest.voxelSize.along),
      "offset": list(finest.offset.along),
      "axes": .array(spatialAxes.map { .string($0.rawValue) }),
      "units": .array(spatialAxes.map { _ in .string(voxelSize.unit.symbol) }),
    ]
  }

  /// The attributes of a level's array, beside those of N5 itself.
  func n5ArrayAttributes(_ level: PyramidLevel) -> JSONObject {
    let axes = Array(shape.axes.order.reversed())
    return [
      "downsamplingFactors": factors(of: level), "pixelResolution": pixelResolution,
      "resolution": .array(axes.map { .number(level.voxelSize.along($0) ?? 1) }),
      "units": .array(
        axes.map { .string(level.voxelSize.along($0) == nil ? "" : voxelSize.unit.symbol) }),
      "offset": list(level.offset.along),
    ]
  }

  /// The axes of space, x first.
  private var spatialAxes: [VolumeAxis] { shape.axes.order.reversed().filter { $0.isSpatial } }

  private func list(_ length: (VolumeAxis) -> Double?) -> JSONValue {
    .array(spatialAxes.compactMap { length($0).map { .number($0) } })
  }

  private var pixelResolution: JSONValue {
    .object([
      "dimensions": list(voxelSize.along), "unit": .string(voxelSize.unit.symbol),
    ])
  }

  /// How many voxels of the finest level one of a level covers.
  private func factors(of level: PyramidLevel) -> JSONValue {
    list { axis in
      guard let length = level.voxelSize.along(axis), let finest = voxelSize.along(axis) else {
        return nil
      }
      return (length / finest).rounded()
    }
  }
}

extension VoxelSize {
  /// The length along an axis of space.
  func along(_ axis: VolumeAxis) -> Double? {
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
  func along(_ axis: VolumeAxis) -> Double? {
    switch axis {
    case .z: z
    case .y: y
    case .x: x
    case .time, .channel: nil
    }
  }
}

extension LengthUnit {
  /// The unit's symbol as programs write it.
  var symbol: String {
    switch self {
    case .angstrom: "angstrom"
    case .nanometer: "nm"
    case .micrometer: "um"
    case .millimeter: "mm"
    case .centimeter: "cm"
    case .meter: "m"
    }
  }
}
