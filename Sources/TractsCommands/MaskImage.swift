import ScannerImages
import VolumeStore
import Voxels

/// An image whose voxels above zero take part.
struct MaskImage {
  private let image: ScannerImage

  /// Opens the mask of an image.
  ///
  /// - Throws: ``VolumeError`` where it has another grid.
  init(_ path: String, of other: ScannerImage) throws {
    image = try ScannerImage(path)
    guard image.extent == other.extent, image.volumes == 1 else {
      throw VolumeError(
        .malformedMetadata, path: path, "the mask has another grid than the image",
        found: image.header.sizeText, expected: other.header.sizeText,
        remedy: "resample the mask to the image's grid, for example with mrgrid regrid -template")
    }
  }

  /// How far a corner lies from the image's, in mm, where that is more than a tenth of a voxel.
  func displacement(from other: ScannerImage) -> Double? {
    var largest = 0.0
    let extent = image.extent
    for corner in 0..<8 {
      let index = SIMD3(
        Double(corner & 1 == 0 ? 0 : extent.x - 1), Double(corner & 2 == 0 ? 0 : extent.y - 1),
        Double(corner & 4 == 0 ? 0 : extent.z - 1))
      let difference = image.transform.apply(index) - other.transform.apply(index)
      largest = max(largest, (difference * difference).sum().squareRoot())
    }
    return largest > 0.1 * other.transform.spacing.min() ? largest : nil
  }

  /// Sections of the mask: 1 where voxels take part.
  func sections(_ z: Range<Int>) throws -> Volume<UInt8> {
    let values = try image.slab(volumes: 0..<1, z: z)
    var mask = Volume<UInt8>(box: values.box)
    var target = mask.mutableSpan
    let source = values.span
    // A value that is no number takes no part.
    for index in 0..<source.count { target[index] = source[index] > 0 ? 1 : 0 }
    return mask
  }
}

extension ScannerImageHeader {
  /// The lengths of the axes, such as `96 × 96 × 60 × 65`.
  var sizeText: String {
    ([extent.x, extent.y, extent.z] + furtherLengths).map(String.init).joined(separator: " × ")
  }
}
