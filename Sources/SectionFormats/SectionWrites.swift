import Synchronization
import VolumeStore
import Voxels

// What the writers of sections have in common.

extension VolumeMetadata {
  /// The most bytes that one write of whole sections should hold.
  private static let largestWrite = 256 << 20

  /// Whole sections, as many as the source stores together, and fewer where they are large.
  var wholeSections: VoxelExtent {
    let sectionByteCount = checkedProduct([extent.y, extent.x, channels, dataType.byteCount])
    let most = max(1, VolumeMetadata.largestWrite / (sectionByteCount ?? .max))
    let stored = max(1, min(storageUnit.z, extent.z))
    return VoxelExtent(z: min(stored, most), y: extent.y, x: extent.x)
  }

  /// Checks that a volume is of the type and channels to be written.
  func checkSections<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, path: String
  ) throws(VolumeError) {
    try checkRead(volume.box, as: Scalar.self, path: path)
    precondition(volume.channels == channels, "the region has other channels")
  }

  /// Checks that a region is made of the next whole sections.
  func checkNext(_ box: VoxelBox, after written: Int, path: String) throws(VolumeError) {
    guard box.origin.y == 0, box.origin.x == 0, box.extent.y == extent.y,
      box.extent.x == extent.x, box.origin.z == written
    else {
      throw VolumeError(
        .misalignedWrite, path: path, "sections are written whole and in order",
        found: box.rangesDescription, expected: "section \(written) next")
    }
  }

  /// Checks that every section was written.
  func checkWhole(_ written: Int, path: String) throws(VolumeError) {
    guard written == extent.z else {
      throw VolumeError(
        .misalignedWrite, path: path, "the stack is not complete", found: "\(written) sections",
        expected: "\(extent.z)")
    }
  }
}

/// The results of a body for `0 ..< count`, computed on several threads.
///
/// - Throws: The error of the first index that failed.
func concurrentResults<Value: Sendable>(
  _ count: Int, threads: Int, _ body: @Sendable (Int) throws(VolumeError) -> Value
) throws(VolumeError) -> [Value] {
  let results = Mutex([Result<Value, VolumeError>?](repeating: nil, count: count))
  concurrentForEach(0..<count, threads: threads) { index in
    let result: Result<Value, VolumeError>
    do throws(VolumeError) {
      result = .success(try body(index))
    } catch {
      result = .failure(error)
    }
    results.withLock { $0[index] = result }
  }
  var values: [Value] = []
  values.reserveCapacity(count)
  for result in results.withLock({ $0 }) {
    guard let result else { preconditionFailure("every index has a result") }
    values.append(try result.get())
  }
  return values
}
