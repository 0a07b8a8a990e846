public import VolumeStore
import Voxels

/// Writes NumPy's `.npy` files, with the axes (z, y, x), and before them channel and time.
///
/// The file says neither voxel size nor offset.
public enum NumPyExport: VolumeExport {
  /// Shown to users.
  public static let name = "NumPy"
  /// `.npy`.
  public static let fileEndings = [".npy"]

  /// Creates the file.
  public static func create(_ request: ExportRequest) throws(VolumeError) -> any VolumeSink {
    let metadata = request.metadata
    let extent = metadata.extent
    var shape = [extent.z, extent.y, extent.x]
    let channels = metadata.channels / metadata.timePoints
    if channels > 1 || metadata.hasChannelAxis { shape.insert(channels, at: 0) }
    if metadata.timePoints > 1 { shape.insert(metadata.timePoints, at: 0) }
    return try DenseSink(
      request, header: NumPyHeader.encoded(metadata.dataType, shape: shape))
  }
}
