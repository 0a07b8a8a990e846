public import VolumeStore
import Voxels

extension ZarrArray: VerifiableStore {
  /// Reads and decodes every stored chunk and compares it with the manifest, where there is one.
  ///
  /// Holds one chunk for each thread, whatever the array's size.
  ///
  /// - Parameters:
  ///   - threads: The most threads to decode on.
  ///   - report: Called with each finding as it is made, on the calling thread.
  /// - Returns: What was read and what was found.
  /// - Throws: ``VolumeError`` with `inputOutput` where the folder cannot be listed.
  public func verify(
    threads: Int = 1, _ report: (ChunkFinding) -> Void = { _ in }
  ) throws(VolumeError) -> Verification {
    let result = try verifyFiles(threads: threads)
    for finding in result.findings { report(finding) }
    return result
  }

  package func isDescription(_ key: String) -> Bool {
    zarr.format.describes(key) || key == ChunkManifest.key
  }

  /// The files of the whole grid; one that is not there reads as the fill value.
  package var placeCount: Int? { checkedProduct(zarr.grid) }

  /// The place of a key's file in the array's grid, in raster order; nil where the array has none.
  package func place(of key: String) -> Int? {
    guard let index = zarr.keyEncoding.index(of: key, rank: zarr.rank) else { return nil }
    var place = 0
    for (position, count) in zip(index, zarr.grid) {
      guard position >= 0, position < count else { return nil }
      place = place * count + position
    }
    return place
  }

  /// Decodes one stored file, chunk by chunk, and gives the checksum of its bytes.
  package func checkFile(_ file: borrowing StoredFile, key: String) throws(VolumeError) -> UInt32 {
    guard let sharding = zarr.sharding else {
      let bytes = try readChunk(0..<file.byteCount, of: file)
      try checkDecoding(bytes, key)
      return ChunkRecord.checksum(of: bytes.span.bytes)
    }
    let places = try ShardIndex(of: file, sharding)
    for case let range? in places.ranges { try checkDecoding(try readChunk(range, of: file), key) }
    return try file.checksum()
  }

  private func checkDecoding(_ bytes: [UInt8], _ key: String) throws(VolumeError) {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws(VolumeError) {
      var values: [Scalar] = []
      try decode(bytes, to: &values, key: key, comparing: .all)
    }
    try check(metadata.dataType.scalarType)
  }
}
