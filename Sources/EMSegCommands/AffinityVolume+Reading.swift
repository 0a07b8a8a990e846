import Segmentation
import VolumeStore
import ZarrStore
import Voxels

extension AffinityVolume {
  /// Reads the affinities of a region, all channels.
  ///
  /// - Parameters:
  ///   - box: The region.
  ///   - type: The stored type.
  ///   - threads: The threads to decode chunks with.
  /// - Returns: (c, z, y, x) values over the box.
  /// - Throws: ``VolumeError``, also where a value is no affinity.
  func read<Affinity: AffinityScalar>(
    _ box: VoxelBox, as type: Affinity.Type, threads: Int = 1
  ) throws(VolumeError) -> Volume<Affinity> {
    let values: Volume<Affinity>
    if threads > 1, let array = reader as? ZarrArray {
      values = try array.read(box, as: type, threads: threads)
    } else {
      values = try reader.read(box, as: type)
    }
    if let wrong = ImpossibleAffinity(in: values) {
      let place = wrong.position
      throw VolumeError(
        .malformedMetadata, path: reader.path, "a value is no affinity",
        found: "\(wrong.value) at \(place.z),\(place.y),\(place.x) of channel \(wrong.channel)",
        expected: "values from 0 to 1", remedy: "scale or mend the affinities")
    }
    return values
  }
}
