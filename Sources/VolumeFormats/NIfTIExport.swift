import ScannerImages
public import VolumeStore
import Voxels

/// Writes NIfTI files: `.nii`, or compressed `.nii.gz`.
///
/// NIfTI-2 where an axis is longer than NIfTI-1 can say. Voxel size and place are written in
/// micrometres, as distances and as both transforms.
public enum NIfTIExport: VolumeExport {
  /// Shown to users.
  public static let name = "NIfTI"
  /// `.nii` and `.nii.gz`.
  public static let fileEndings = [".nii", ".nii.gz"]

  /// Creates the file.
  public static func create(_ request: ExportRequest) throws(VolumeError) -> any VolumeSink {
    try request.refuseHalfPrecision(for: name)
    let metadata = request.metadata
    let header = NIfTIHeader(of: metadata)
    let (channels, times) = (metadata.channels / metadata.timePoints, metadata.timePoints)
    // Time lies within channels in the file, and the other way round here.
    let places = (0..<metadata.channels).map { $0 % channels * times + $0 / channels }
    return request.path.lowercased().hasSuffix(".gz")
      ? try GzipSink(request, packed: header.encoded(), places: places)
      : try DenseSink(request, header: header.encoded(), places: places)
  }
}

extension NIfTIHeader {
  /// The header of a volume.
  init(of metadata: VolumeMetadata) {
    let extent = metadata.extent
    let (channels, times) = (metadata.channels / metadata.timePoints, metadata.timePoints)
    var lengths = [extent.x, extent.y, extent.z]
    if times > 1 || channels > 1 { lengths.append(times) }
    if channels > 1 { lengths.append(channels) }
    let size = metadata.voxelSize?.converted(to: .micrometer)
    let scale = (metadata.voxelSize?.unit.nanometers ?? 1) / LengthUnit.micrometer.nanometers
    var steps: [Double] = [1, 1, 1]
    var first: [Double] = [0, 0, 0]
    if let size {
      let place = metadata.offset
      steps = [size.x, size.y, size.z]
      first = [place.x * scale, place.y * scale, place.z * scale]
    }
    self.init(
      lengths: lengths,
      dataTypeCode: NIfTIHeader.dataTypes.first { $0.type == metadata.dataType }?.code ?? 0,
      distances: steps + [Double](repeating: 1, count: lengths.count - 3),
      units: size == nil ? 0 : 3, quaternionOffset: first,
      affineRows: [
        [steps[0], 0, 0, first[0]], [0, steps[1], 0, first[1]], [0, 0, steps[2], first[2]],
      ])
  }
}
