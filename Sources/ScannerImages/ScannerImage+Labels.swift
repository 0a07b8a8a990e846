public import VolumeStore
public import Voxels

extension ScannerImage {
  /// Reads an image of labels, whatever type it is stored in.
  ///
  /// - Returns: (z, y, x); 0 stands for no label.
  /// - Throws: ``VolumeError`` with `dataTypeMismatch` where a value is not whole, is negative or
  ///   does not fit into 32 bits, or `unsupportedFeature` where there are several volumes.
  public func labels() throws(VolumeError) -> Volume<UInt32> {
    guard volumes == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "an image of labels has one volume",
        found: "\(volumes) volumes", expected: "one",
        remedy: "take one volume out of the image, or give another image")
    }
    let box = VoxelBox(origin: .zero, extent: extent)
    var labels = Volume<UInt32>(box: box)
    for z in 0..<extent.z {
      let section = try preciseSlab(volumes: 0..<1, z: z..<z + 1)
      for y in 0..<extent.y {
        let values = section.row(z: 0, y: y)
        var row = labels.mutableRow(z: z, y: y)
        for x in 0..<extent.x {
          guard let label = UInt32(exactly: values[x]) else {
            throw VolumeError(
              .dataTypeMismatch, path: path, "a value of an image of labels is no label",
              found: "\(values[x]) in voxel (\(x), \(y), \(z))",
              expected: "whole numbers from 0 to \(UInt32.max)",
              remedy: "give a parcellation or a segmentation, resampled without interpolation")
          }
          row[x] = label
        }
      }
    }
    return labels
  }
}
