import VolumeStore
import Codecs
import Voxels

/// The `multiscales` entry of an image group's `zarr.json`, checked.
///
/// Source: OME-NGFF 0.5, <https://ngff.openmicroscopy.org/0.5/#multiscale-md>
struct MultiscaleMetadata {
  struct Level {
    var path: String
    /// Voxel size and offset, in ``unit``, slowest axis first.
    var scale: [Double]
    var translation: [Double]
  }

  var name: String?
  var hasChannelAxis: Bool
  var unit: LengthUnit?
  var levels: [Level]
  /// What was passed over and might matter to the user.
  var warnings: [String] = []

  static let version = "0.5"

  /// Reads the `ome` attribute of a group.
  init(_ attributes: JSONObject, in document: ZarrDocument) throws(VolumeError) {
    guard let ome = attributes["ome"]?.object else {
      guard attributes["multiscales"] == nil else {
        throw document.unsupported(
          "OME-NGFF before 0.5 is not supported", found: "multiscales outside ome",
          expected: "version \(Self.version)", remedy: "convert the image to OME-NGFF 0.5")
      }
      throw document.malformed("the group is no image: it has no ome attribute")
    }
    let version = ome["version"]?.string ?? ""
    if version.hasPrefix("0.6") {
      warnings.append("the image is of OME-NGFF \(version), read as \(Self.version)")
    } else if version != Self.version {
      throw document.unsupported(
        "the OME-NGFF version is not supported", found: document.describe(ome["version"] ?? .null),
        expected: Self.version, remedy: "convert the image to OME-NGFF \(Self.version)")
    }
    guard let list = ome["multiscales"]?.array, let first = list.first?.object else {
      throw document.malformed(
        "the group is no image: it has no multiscales", found: ome["multiscales"],
        expected: "a list with one image")
    }
    if list.count > 1 { warnings.append("only the first of \(list.count) multiscales is read") }
    name = first["name"]?.string
    (hasChannelAxis, unit) = try Self.axes(first["axes"], in: document)
    if unit == nil { warnings.append("the image does not say its unit of length") }
    let rank = hasChannelAxis ? 4 : 3
    let outer = try Self.transformations(
      first["coordinateTransformations"], rank: rank, isRequired: false, in: document)
    guard let datasets = first["datasets"]?.array, !datasets.isEmpty, datasets.count <= 64 else {
      throw document.malformed(
        "datasets is wrong", found: first["datasets"], expected: "a list of 1 to 64 levels")
    }
    levels = []
    for dataset in datasets {
      guard let path = dataset.object?["path"]?.string, Self.isPlain(path) else {
        throw document.malformed(
          "a level's path is wrong", found: dataset,
          expected: "the relative path of an array inside the group")
      }
      let inner = try Self.transformations(
        dataset.object?["coordinateTransformations"], rank: rank, isRequired: true, in: document)
      var scale: [Double] = []
      var translation: [Double] = []
      for axis in rank - 3..<rank {
        scale.append(inner.scale[axis] * outer.scale[axis])
        translation.append(
          inner.translation[axis] * outer.scale[axis] + outer.translation[axis])
      }
      guard scale.allSatisfy({ $0.isFinite && $0 > 0 }), translation.allSatisfy({ $0.isFinite })
      else {
        throw document.malformed("a level's scale is out of range", found: dataset)
      }
      levels.append(Level(path: path, scale: scale, translation: translation))
    }
  }

  func voxelSize(_ level: Level) -> VoxelSize? {
    unit.map { VoxelSize(z: level.scale[0], y: level.scale[1], x: level.scale[2], unit: $0) }
  }

  func offset(_ level: Level) -> PhysicalPosition {
    PhysicalPosition(
      z: level.translation[0], y: level.translation[1], x: level.translation[2])
  }

  /// Whether a path stays inside the group.
  private static func isPlain(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.isEmpty && path.utf8.count <= 255
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
      && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  private static func axes(
    _ json: JSONValue?, in document: ZarrDocument
  ) throws(VolumeError) -> (hasChannelAxis: Bool, unit: LengthUnit?) {
    let axes = json?.array?.map { $0.object ?? [:] } ?? []
    let names = axes.map { $0["name"]?.string ?? "?" }
    let kinds = axes.map { $0["type"]?.string ?? "?" }
    guard (2...5).contains(axes.count), !names.contains("?") else {
      throw document.malformed("axes is wrong", found: json, expected: "two to five named axes")
    }
    guard names == ["z", "y", "x"] || names == ["c", "z", "y", "x"] else {
      throw document.unsupported(
        "the axes are not supported", found: names.joined(separator: ", "),
        expected: "z, y, x or c, z, y, x",
        remedy: "write the wanted part of the image again with these axes")
    }
    guard kinds.suffix(3).allSatisfy({ $0 == "space" }), kinds.count == 3 || kinds[0] == "channel"
    else {
      throw document.malformed(
        "an axis is of the wrong type", found: json, expected: "space, and channel for c")
    }
    let units = axes.suffix(3).map { $0["unit"] }
    guard let unit = units[0], unit != .null else {
      guard units.allSatisfy({ $0 == nil || $0 == .null }) else {
        throw document.malformed("some space axes have a unit and some do not", found: json)
      }
      return (axes.count == 4, nil)
    }
    guard units.allSatisfy({ $0 == unit }), let known = LengthUnit(rawValue: unit.string ?? "")
    else {
      throw document.unsupported(
        "the units of the space axes are not supported", found: document.describe(json ?? .null),
        expected: "the same of \(LengthUnit.allCases.map { $0.rawValue }.joined(separator: ", "))",
        remedy: "give all three axes the same unit")
    }
    return (axes.count == 4, known)
  }

  private static func transformations(
    _ json: JSONValue?, rank: Int, isRequired: Bool, in document: ZarrDocument
  ) throws(VolumeError) -> (scale: [Double], translation: [Double]) {
    var result = (
      scale: [Double](repeating: 1, count: rank),
      translation: [Double](repeating: 0, count: rank)
    )
    guard let json else {
      guard !isRequired else {
        throw document.malformed(
          "a level has no coordinateTransformations", expected: "one scale, then one translation")
      }
      return result
    }
    let list = json.array ?? []
    let kinds = list.map { $0.object?["type"]?.string }
    guard kinds == ["scale"] || kinds == ["scale", "translation"] else {
      throw document.malformed(
        "coordinateTransformations is wrong", found: json,
        expected: "one scale, then at most one translation")
    }
    for (kind, item) in zip(kinds, list) {
      guard let name = kind, let values = item.object?[name]?.array, values.count == rank else {
        throw document.malformed(
          "a transformation has the wrong rank", found: item, expected: "\(rank) numbers")
      }
      let numbers = values.compactMap { $0.double }
      guard numbers.count == rank, numbers.allSatisfy({ $0.isFinite }),
        name != "scale" || numbers.allSatisfy({ $0 > 0 })
      else {
        throw document.malformed(
          "a transformation is out of range", found: item,
          expected: name == "scale" ? "finite numbers above zero" : "finite numbers")
      }
      if name == "scale" { result.scale = numbers } else { result.translation = numbers }
    }
    return result
  }
}
