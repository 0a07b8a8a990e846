import Codecs
public import VolumeStore
import Voxels

extension PrecomputedImage {
  /// Verifies every level.
  ///
  /// - Parameters:
  ///   - threads: The most threads to decode on.
  ///   - report: Called with each finding as it is made, on the calling thread.
  /// - Returns: What was read and what was found, level by level.
  /// - Throws: ``VolumeError`` with `inputOutput` where a folder cannot be listed.
  public func verify(
    threads: Int = 1, _ report: (ChunkFinding) -> Void = { _ in }
  ) throws(VolumeError) -> [Verification] {
    var results: [Verification] = []
    for level in levels { results.append(try level.verify(threads: threads, report)) }
    return results
  }
}

extension PrecomputedLevel: VerifiableStore {
  /// Reads and decodes every stored chunk and compares it with the manifest, where there is one.
  ///
  /// The format has no checksums: without a manifest, damage shows only where chunks no longer
  /// decode, and files that are not there are counted but are no findings.
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

  /// Whether the bytes under a record's key are the ones recorded.
  public func isIntact(_ record: ChunkRecord) throws(VolumeError) -> Bool {
    guard let file = try store.openFile(record.key) else { return false }
    guard file.byteCount == record.byteCount else { return false }
    return try file.checksum() == record.crc32c
  }

  /// Writes the manifest of all records, sorted by key, and makes it durable.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func finish(_ records: [ChunkRecord]) throws(VolumeError) {
    let text = ChunkManifest.encoded(records)
    try store.write(text.rawSpan, to: ChunkManifest.key)
    try store.synchronize()
  }

  /// Removes the unfinished files of writers that were killed; called while no one is writing.
  ///
  /// - Throws: ``VolumeError`` with `inputOutput`.
  public func removePartialFiles() throws(VolumeError) { try store.removePartialFiles() }

  /// Calls a body with every record of the manifest in turn.
  ///
  /// - Parameter body: Called with one record after another, sorted by key.
  /// - Returns: Whether there is a manifest.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the manifest is damaged.
  @discardableResult
  public func forEachRecord(
    _ body: (ChunkRecord) throws(VolumeError) -> Void
  ) throws(VolumeError) -> Bool {
    guard let file = try store.openFile(ChunkManifest.key) else { return false }
    try ChunkManifest.forEachRecord(in: file, body)
    return true
  }

  // MARK: Keys

  package func isDescription(_ key: String) -> Bool {
    // A level may lie in the volume's own folder, beside what others put there.
    key == ChunkManifest.key || key == PrecomputedInfo.key || key == "provenance"
  }

  package var expectedCount: Int? { storageGrid?.checkedVoxelCount }

  package func key(ofPlace place: Int) -> String {
    guard let grid = storageGrid else { return "" }
    let index = ChunkIndex(
      channel: 0, z: place / (grid.x * grid.y), y: place / grid.x % grid.y, x: place % grid.x)
    guard let sharding = scale.sharding, let unit = Self.writeUnit(scale, morton) else {
      return chunkKey(index)
    }
    let code = morton.code(
      z: index.z * (unit.z / scale.chunk.z), y: index.y * (unit.y / scale.chunk.y),
      x: index.x * (unit.x / scale.chunk.x))
    return sharding.key(ofShard: sharding.place(of: code).shard)
  }

  package func place(of key: String) -> Int? {
    guard let sharding = scale.sharding else {
      return index(ofFile: key).map { place(z: $0.z, y: $0.y, x: $0.x, in: scale.grid) }
    }
    guard let shard = sharding.shard(ofKey: key) else { return nil }
    guard let unit = Self.writeUnit(scale, morton), let grid = storageGrid else {
      return Int(exactly: shard)
    }
    let low = UInt64(sharding.preshiftBits + sharding.minishardBits)
    guard let first = morton.place(of: shard << low) else { return nil }
    return place(
      z: first.z / (unit.z / scale.chunk.z), y: first.y / (unit.y / scale.chunk.y),
      x: first.x / (unit.x / scale.chunk.x), in: grid)
  }

  private func place(z: Int, y: Int, x: Int, in grid: VoxelExtent) -> Int {
    (z * grid.y + y) * grid.x + x
  }

  /// The files along each axis; nil where files hold no boxes of the volume.
  private var storageGrid: VoxelExtent? {
    Self.writeUnit(scale, morton).map { scale.extent.blockCounts($0) }
  }

  /// The chunk whose file has a name; nil where there is no such chunk.
  private func index(ofFile key: String) -> ChunkIndex? {
    var name = key
    for ending in Self.readEndings where name.hasSuffix(ending) {
      name.removeLast(ending.count)
      break
    }
    let starts = name.split(separator: "_", omittingEmptySubsequences: false).map { range in
      // The first dash may be a sign.
      range.dropFirst().firstIndex(of: "-").flatMap { Int(range[..<$0]) }
    }
    guard starts.count == 3, let x = starts[0], let y = starts[1], let z = starts[2] else {
      return nil
    }
    let first = scale.voxelOffset
    func place(_ start: Int, _ first: Int, _ chunk: Int, _ count: Int) -> Int? {
      let (step, overflows) = start.subtractingReportingOverflow(first)
      guard !overflows, step >= 0, step % chunk == 0, step / chunk < count else { return nil }
      return step / chunk
    }
    guard let z = place(z, first.z, scale.chunk.z, scale.grid.z),
      let y = place(y, first.y, scale.chunk.y, scale.grid.y),
      let x = place(x, first.x, scale.chunk.x, scale.grid.x)
    else { return nil }
    let index = ChunkIndex(channel: 0, z: z, y: y, x: x)
    return chunkKey(index) == name ? index : nil
  }

  // MARK: Contents

  package func checkFile(_ file: borrowing StoredFile, key: String) throws(VolumeError) -> UInt32 {
    if let sharding = scale.sharding {
      for minishard in 0..<1 << sharding.minishardBits {
        try checkMinishard(minishard, of: file, key, sharding)
      }
    } else if let index = index(ofFile: key) {
      let bytes = try readChunk(0..<file.byteCount, of: file, index)
      try checkDecoding(
        StoredChunk(
          bytes: bytes, path: file.path, isCompressed: key != chunkKey(index)), index)
    }
    return try file.checksum()
  }

  private func checkMinishard(
    _ minishard: Int, of file: borrowing StoredFile, _ key: String, _ sharding: PrecomputedSharding
  ) throws(VolumeError) {
    let places = try minishardIndex(minishard, of: file, sharding)
    for (chunk, range) in zip(places.chunks, places.ranges) {
      guard let place = morton.place(of: chunk),
        sharding.key(ofShard: sharding.place(of: chunk).shard) == key
      else {
        throw VolumeError(
          .corruptChunk, path: file.path, "the shard holds a chunk of elsewhere",
          found: "chunk \(chunk)", remedy: Self.rewriteRemedy)
      }
      let index = ChunkIndex(channel: 0, z: place.z, y: place.y, x: place.x)
      let bytes = try readChunk(range, of: file, index)
      try checkDecoding(
        StoredChunk(bytes: bytes, path: file.path, isCompressed: sharding.dataIsCompressed), index)
    }
  }

  private func checkDecoding(_ stored: StoredChunk, _ index: ChunkIndex) throws(VolumeError) {
    func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws(VolumeError) {
      var values: [Scalar] = []
      try decode(stored, region(of: index), to: &values)
    }
    try check(metadata.dataType.scalarType)
  }
}
