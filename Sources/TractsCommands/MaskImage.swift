import ScannerImages
import VolumeStore
import Voxels

/// An image whose voxels above zero take part.
struct MaskImage {
  private let image: ScannerImage
  /// The mask along the other image's axes, where the two store them in different directions.
  private let turned: Volume<UInt8>?

  /// Opens the mask of an image.
  ///
  /// - Throws: ``VolumeError`` where it has another grid.
  init(_ path: String, of other: ScannerImage) throws {
    image = try ScannerImage(path)
    turned = try MaskImage.turned(image, to: other)
    guard turned != nil || image.extent == other.extent, image.volumes == 1 else {
      throw VolumeError(
        .malformedMetadata, path: path, "the mask has another grid than the image",
        found: image.header.sizeText, expected: other.header.sizeText,
        remedy: "resample the mask to the image's grid, for example with mrgrid regrid -template")
    }
  }

  /// How far a corner lies from the image's, in mm, where that is more than a tenth of a voxel.
  func displacement(from other: ScannerImage) -> Double? {
    if turned != nil { return nil }
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
    if let turned {
      return turned.cropped(
        to: VoxelBox(
          origin: VoxelPosition(z: z.lowerBound, y: 0, x: 0),
          extent: VoxelExtent(z: z.count, y: turned.extent.y, x: turned.extent.x)))
    }
    let values = try image.slab(volumes: 0..<1, z: z)
    var mask = Volume<UInt8>(box: values.box)
    var target = mask.mutableSpan
    let source = values.span
    // A value that is no number takes no part.
    for index in 0..<source.count { target[index] = source[index] > 0 ? 1 : 0 }
    return mask
  }
}

extension MaskImage {
  /// The mask along another image's axes; nil where it has them already, or its voxels are others.
  ///
  /// The same grid is stored in another order or direction of axes by files of other formats, such as
  /// a NIfTI file and a MIF file.
  private static func turned(
    _ mask: ScannerImage, to other: ScannerImage
  ) throws(VolumeError) -> Volume<UInt8>? {
    guard mask.volumes == 1, let inverse = mask.transform.inverse else { return nil }
    let (extent, source) = (other.extent, mask.extent)
    guard extent.voxelCount == source.voxelCount else { return nil }
    func place(_ x: Int, _ y: Int, _ z: Int) -> SIMD3<Double> {
      inverse.apply(other.transform.apply(SIMD3(Double(x), Double(y), Double(z))))
    }
    let lengths = SIMD3(Double(source.x), Double(source.y), Double(source.z)) - 1
    var isSame = true
    for corner in 0..<8 {
      let (x, y, z) = (
        corner & 1 == 0 ? 0 : extent.x - 1, corner & 2 == 0 ? 0 : extent.y - 1,
        corner & 4 == 0 ? 0 : extent.z - 1
      )
      let found = place(x, y, z)
      for axis in 0..<3 {
        // A corner lies on a corner.
        guard min(abs(found[axis]), abs(found[axis] - lengths[axis])) < 0.1 else { return nil }
      }
      let difference = found - SIMD3(Double(x), Double(y), Double(z))
      if (difference * difference).sum() > 0.01 { isSame = false }
    }
    if isSame { return nil }
    let values = try mask.volume()
    var turned = Volume<UInt8>(box: VoxelBox(origin: .zero, extent: extent))
    let inside = values.span
    var target = turned.mutableSpan
    var voxel = 0
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          let found = place(x, y, z).rounded(.toNearestOrAwayFromZero)
          let index = (Int(found.z) * source.y + Int(found.y)) * source.x + Int(found.x)
          target[voxel] = inside[index] > 0 ? 1 : 0
          voxel += 1
        }
      }
    }
    return turned
  }
}

extension ScannerImageHeader {
  /// The lengths of the axes, such as `96 × 96 × 60 × 65`.
  var sizeText: String {
    ([extent.x, extent.y, extent.z] + furtherLengths).map(String.init).joined(separator: " × ")
  }
}
