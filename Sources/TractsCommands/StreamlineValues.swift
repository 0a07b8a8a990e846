import Connectomes
import ScannerImages
import StreamlineFormats
import VolumeStore
import Voxels

/// Where the values of streamlines come from that a measure multiplies by.
enum StreamlineValues {
  /// A number for each streamline.
  case file(NumberFile)
  /// The mean of an image along each streamline.
  case image(ScalarImage)

  /// Opens a file: an image by its ending, or a list of numbers.
  ///
  /// - Throws: ``VolumeError``.
  static func open(_ path: String) throws(VolumeError) -> StreamlineValues {
    let endings = [".nii", ".nii.gz", ".mif", ".mif.gz", ".mih", ".mgh", ".mgz", ".hdr", ".img"]
    guard endings.contains(where: { path.lowercased().hasSuffix($0) }) else {
      return .file(try NumberFile(path: path))
    }
    let image = try ScannerImage(path)
    guard image.volumes == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "an image of values has one volume",
        found: "\(image.volumes) volumes", remedy: "take one volume out of the image")
    }
    return .image(ScalarImage(try image.volume(), grid: try image.grid()))
  }
}

extension ScannerImage {
  /// The grid of the image's voxels.
  ///
  /// - Throws: ``VolumeError`` where the transform has no inverse.
  func grid() throws(VolumeError) -> VoxelGrid {
    guard
      let grid = VoxelGrid(
        extent: extent, transform: transform, spacing: header.statedSpacing)
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "the image's transform has no inverse",
        remedy: "repair the header")
    }
    return grid
  }
}
