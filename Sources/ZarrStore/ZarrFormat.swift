public import VolumeStore

/// OME-Zarr images and bare arrays of Zarr v3.
public enum ZarrFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "OME-Zarr"

  /// Whether the source is a folder with Zarr metadata, of any version.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    for file in ["zarr.json", ".zarray", ".zgroup"]
    where try FileStatus("\(source.path)/\(file)") != nil { return true }
    return false
  }

  /// Opens the finest level of an image, or the array named within it.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    var path = source.path
    if let dataset = source.dataset {
      path += "/" + dataset.drop { $0 == "/" }
    }
    guard try FileStatus("\(source.path)/zarr.json") != nil else {
      throw VolumeError(
        .unsupportedFeature, path: source.path, "is a Zarr store of version 2", expected: "Zarr v3",
        remedy: "convert it: zarr migrate v3")
    }
    let axes = source.stated.axes
    if let image = try OMEZarrImage.openIfPresent(at: path, axes: axes) {
      return OpenedVolume(levels: image.levels, formatName: name, notes: image.warnings)
    }
    let array = try ZarrArray.openVolume(at: path, axes: axes)
    return OpenedVolume(reader: array, formatName: name, notes: array.notes(stated: axes))
  }
}
