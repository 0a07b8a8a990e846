import CHDF5
public import VolumeStore
public import Voxels

/// An array of an HDF5 file, of any shape and read whole: no volume, but a table or a network's
/// weights.
public struct HDF5Array<Scalar: VoxelScalar>: Sendable {
  /// The lengths of its axes, slowest first; none for a single number.
  public let lengths: [Int]
  /// Its values in that order.
  public let values: [Scalar]

  /// Reads a dataset.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - dataset: The dataset's path in the file.
  ///   - byteLimit: The most bytes that it may have.
  /// - Throws: ``VolumeError`` with `notFound`; `dataTypeMismatch` where `Scalar` is not the stored
  ///   type; `limitExceeded` before anything is read; `corruptChunk`.
  public init(_ path: String, dataset: String, byteLimit: Int = 1 << 30) throws(VolumeError) {
    try HDF5Datasets.check(path)
    (lengths, values) = try withHDF5 { (library) throws(VolumeError) -> ([Int], [Scalar]) in
      let file = try library.openFile(path)
      let handle = try library.openDataset(file.id, dataset, cache: nil, path: path)
      let (type, _, description) = library.dataType(handle.id)
      guard type == Scalar.dataType else {
        throw VolumeError(
          .dataTypeMismatch, path: path, "dataset \(dataset) is of another type",
          found: description, expected: Scalar.dataType.rawValue)
      }
      let lengths = try library.dimensions(handle.id, dataset, path: path)
      let width = Scalar.dataType.byteCount
      guard let byteCount = checkedProduct(lengths + [width]), byteCount <= byteLimit else {
        throw VolumeError(
          .limitExceeded, path: path, "dataset \(dataset) is too large",
          found: lengths.sizesDescription, expected: "\(byteLimit) bytes at most",
          remedy: "check that this is the right file")
      }
      let values: [Scalar] =
        byteCount == 0
        ? []
        : try uninitializedValues(byteCount / width) { (target) throws(VolumeError) in
          try library.read(
            handle.id, start: lengths.map { _ in 0 }, count: lengths, as: Scalar.dataType,
            into: &target, 0..<byteCount, path: path)
        }
      return (lengths, values)
    }
  }
}

/// The datasets of an HDF5 file.
public enum HDF5Datasets {
  /// The paths of all datasets, in the order of the alphabet.
  ///
  /// - Throws: ``VolumeError`` with `notFound`, or where the file is none of HDF5.
  public static func names(in path: String) throws(VolumeError) -> [String] {
    try check(path)
    return try withHDF5 { (library) throws(VolumeError) in
      let file = try library.openFile(path)
      return try library.datasetPaths(file.id, path: path).sorted()
    }
  }

  static func check(_ path: String) throws(VolumeError) {
    guard try StoredFile(path: path) != nil else {
      throw VolumeError(.notFound, path: path, "is not there", remedy: "check the path")
    }
  }
}
