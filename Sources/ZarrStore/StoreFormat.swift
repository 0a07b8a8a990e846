/// A store whose arrays are folders of chunk files.
///
/// The three differ in how an array is described, how a chunk's key is spelled and how its values
/// are framed; reading, caching, writing and verifying are the same.
public enum StoreFormat: String, Hashable, Sendable, CaseIterable {
  /// Zarr v3, described by `zarr.json`.
  case zarr3 = "Zarr v3"
  /// Zarr v2, described by `.zarray` or `.zgroup` and `.zattrs`.
  case zarr2 = "Zarr v2"
  /// N5, described by `attributes.json`.
  case n5 = "N5"

  /// The file that describes an array.
  var arrayKey: String {
    switch self {
    case .zarr3: "zarr.json"
    case .zarr2: ".zarray"
    case .n5: "attributes.json"
    }
  }

  /// The file that describes a group.
  var groupKey: String { self == .zarr2 ? ".zgroup" : arrayKey }

  /// The file that holds the attributes of an array or of a group.
  var attributesKey: String { self == .zarr2 ? ".zattrs" : arrayKey }

  /// Whether a file of an array's folder belongs to its description and holds no chunk.
  func describes(_ key: String) -> Bool {
    key == arrayKey || key == groupKey || key == attributesKey || key == ".zmetadata"
  }
}
