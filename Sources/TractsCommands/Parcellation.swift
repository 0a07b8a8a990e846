import Connectomes
import ScannerImages
import StreamlineFormats
import VolumeStore

/// A parcellation that streamlines are assigned to.
struct Parcellation {
  /// The most nodes a matrix is made of: it has as many rows and columns.
  static let largestNodeCount = 1 << 14

  let path: String
  let name: String
  let image: NodeImage

  /// Reads a parcellation.
  ///
  /// - Throws: ``VolumeError`` where the image is none of labels, or has none.
  init(_ path: String) throws(VolumeError) {
    let file = try ScannerImage(path)
    image = NodeImage(try file.labels(), grid: try file.grid())
    self.path = path
    name = OutputName.stem(of: path)
    guard image.nodeCount > 0 else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "no voxel has a label", expected: "labels from 1")
    }
    guard image.nodeCount <= Self.largestNodeCount else {
      throw VolumeError(
        .limitExceeded, path: path, "the largest label is the number of nodes and is too large",
        found: "\(image.nodeCount)", expected: "at most \(Self.largestNodeCount)",
        remedy: "number the regions from 1 on with 'tracts labelconvert'")
    }
  }
}
