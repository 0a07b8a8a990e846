import ScannerImages
import Tractography
import VolumeStore
import Voxels

/// The files of samples that bedpostX writes, found by the name of the first.
struct BedpostSamples {
  /// The elevations of the first fibre, `…th1samples…`.
  let image: ScannerImage

  private static let mostFibres = 9

  /// The directions.
  ///
  /// - Throws: ``VolumeError`` where a file is not there or does not fit the others.
  func directions(grid: TrackingGrid, cutoff: Float) throws -> SampleDirections {
    guard let place = image.path.rangeOfLast("th1samples") else {
      throw VolumeError(
        .unsupportedFeature, path: image.path, "this is no file of samples of bedpostX",
        expected: "a name with th1samples", remedy: "give merged_th1samples.nii.gz")
    }
    func path(_ kind: String) -> String {
      image.path[..<place.lowerBound] + "\(kind)samples" + image.path[place.upperBound...]
    }
    var fibres = [try fibre(image, phi: path("ph1"), fraction: path("f1"))]
    for number in 2...Self.mostFibres {
      guard try FileStatus(path("th\(number)")) != nil else { break }
      fibres.append(
        try fibre(
          ScannerImage(path("th\(number)")), phi: path("ph\(number)"), fraction: path("f\(number)")
        ))
    }
    let axes = FSLAxes(of: image.header)
    return SampleDirections(fibres, axes: (axes.x, axes.y, axes.z), grid: grid, cutoff: cutoff)
  }

  private func fibre(
    _ theta: ScannerImage, phi: String, fraction: String
  ) throws(VolumeError) -> SampleDirections.Fibre {
    let files = [theta, try ScannerImage(phi), try ScannerImage(fraction)]
    for file in files where file.extent != image.extent || file.volumes != image.volumes {
      throw VolumeError(
        .malformedMetadata, path: file.path, "the samples have another size than the first",
        found: file.header.sizeText, expected: image.header.sizeText)
    }
    let all = 0..<image.extent.z
    return SampleDirections.Fibre(
      theta: try files[0].slab(volumes: 0..<image.volumes, z: all),
      phi: try files[1].slab(volumes: 0..<image.volumes, z: all),
      fraction: try files[2].slab(volumes: 0..<image.volumes, z: all))
  }
}

extension String {
  /// Where a text occurs last.
  fileprivate func rangeOfLast(_ text: String) -> Range<String.Index>? {
    var start = endIndex
    while start > startIndex {
      start = index(before: start)
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
    }
    return nil
  }
}
