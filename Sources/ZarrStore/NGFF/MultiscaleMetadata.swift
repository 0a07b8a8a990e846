import VolumeStore
import Codecs
import Voxels

/// The `multiscales` entry of an image group's `zarr.json`, checked.
///
/// Source: OME-NGFF 0.5, <https://ngff.openmicroscopy.org/0.5/#multiscale-md>
struct MultiscaleMetadata {
  struct Level {
    var path: String
    /// The length of a step along each axis, and where the first one lies, in the axis' unit.
    var scale: [Double]
    var translation: [Double]
  }

  var name: String?
  /// Whether the group says that it holds labels.
  var isLabels: Bool
  /// Whether the group is of ``version``.
  var isCurrent: Bool
  /// The axes of the arrays, and what the image calls them.
  var axes: VolumeAxes
  var axisNames: [String]
  /// The unit of each axis, in that of x.
  private var factors: [Double]
  /// The unit of lengths.
  var unit: LengthUnit?
  var levels: [Level]
  /// What was passed over and might matter to the user.
  var warnings: [String] = []

  static let version = "0.5"

  /// Reads the `ome` attribute of a group.
  ///
  /// - Parameters:
  ///   - attributes: The group's attributes.
  ///   - stated: The axes that the user states instead of those the image says.
  ///   - document: The file they are from.
  /// - Throws: ``VolumeError`` with `malformedMetadata` or `unsupportedFeature`.
  init(
    _ attributes: JSONObject, stated: VolumeAxes? = nil, in document: ZarrDocument
  ) throws(VolumeError) {
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
    isLabels = ome["image-label"] != nil
    isCurrent = version == Self.version
    let parsed = try NGFFAxes(first["axes"], stated: stated, in: document)
    axes = parsed.axes
    axisNames = parsed.names
    (unit, factors) = (parsed.unit, parsed.factors)
    warnings += parsed.warnings
    let rank = axisNames.count
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
      let scale = zip(inner.scale, outer.scale).map { $0 * $1 }
      let translation = (0..<rank).map {
        inner.translation[$0] * outer.scale[$0] + outer.translation[$0]
      }
      guard scale.allSatisfy({ $0.isFinite && $0 > 0 }), translation.allSatisfy({ $0.isFinite })
      else {
        throw document.malformed("a level's scale is out of range", found: dataset)
      }
      levels.append(Level(path: path, scale: scale, translation: translation))
    }
  }

  /// The voxel size of a level; nil where the image does not say its unit.
  ///
  /// A section that has no z axis is as thick as its pixels are long along y.
  func voxelSize(_ level: Level) -> VoxelSize? {
    let y = length(level.scale, .y) ?? 1
    return unit.map {
      VoxelSize(z: length(level.scale, .z) ?? y, y: y, x: length(level.scale, .x) ?? 1, unit: $0)
    }
  }

  func offset(_ level: Level) -> PhysicalPosition {
    PhysicalPosition(
      z: length(level.translation, .z) ?? 0, y: length(level.translation, .y) ?? 0,
      x: length(level.translation, .x) ?? 0)
  }

  /// The length along an axis in ``unit``; nil where the image does not have the axis.
  private func length(_ lengths: [Double], _ axis: VolumeAxis) -> Double? {
    axes.order.firstIndex(of: axis).map { lengths[$0] * factors[$0] }
  }

  /// Whether a path stays inside the group.
  static func isPlain(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.isEmpty && path.utf8.count <= 255
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
      && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
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
