public import VolumeStore
import Codecs
import Synchronization
public import Voxels

extension ZarrArray {
  /// Writes a region, all channels, whose faces lie on storage-unit boundaries or on the volume's.
  ///
  /// Equal values give equal files. A storage unit whose every value is the fill value has no file;
  /// one that was there before is removed.
  ///
  /// - Returns: What was stored, one record for each file.
  /// - Throws: ``VolumeError`` with `misalignedWrite` where the faces do not lie there,
  ///   `dataTypeMismatch` where `Scalar` is not the stored type, `inputOutput`.
  public func write<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>
  ) throws(VolumeError) -> [ChunkRecord] {
    try write(volume, threads: 1)
  }

  /// Writes a region, all channels, its files side by side on at most `threads` threads.
  ///
  /// For whoever writes one large region; stages write many blocks side by side already.
  ///
  /// - Returns: As ``write(_:)``.
  /// - Throws: As ``write(_:)``.
  public func write<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, threads: Int
  ) throws(VolumeError) -> [ChunkRecord] {
    try requireType(Scalar.self)
    try requireWritable()
    try requireAligned(volume.box)
    precondition(volume.channels == metadata.channels, "a write covers all channels")
    let files = geometry.fileGrid.indices(touching: geometry.region(of: volume.box))
    // A shard is large enough to be waited for alone.
    let batchSize = zarr.sharding == nil ? WriteGroup.capacity : 1
    let batchCount = (files.count + batchSize - 1) / batchSize
    let written = Mutex<[Int: Result<[ChunkRecord], VolumeError>]>([:])
    let volume = copy volume
    concurrentForEach(0..<batchCount, threads: threads) { batch in
      let range = batch * batchSize..<min((batch + 1) * batchSize, files.count)
      let result: Result<[ChunkRecord], VolumeError>
      do throws(VolumeError) {
        result = .success(try self.write(volume, files[range]))
      } catch {
        result = .failure(error)
      }
      written.withLock { $0[batch] = result }
    }
    var records: [ChunkRecord] = []
    records.reserveCapacity(files.count)
    let results = written.withLock { $0 }
    for batch in 0..<batchCount {
      if let result = results[batch] { records += try result.get() }
    }
    return records
  }

  /// Writes some files and waits for the disk once for all of them.
  private func write<Scalar: VoxelScalar>(
    _ volume: Volume<Scalar>, _ files: ArraySlice<ChunkIndex>
  ) throws(VolumeError) -> [ChunkRecord] {
    var group = WriteGroup(to: store)
    var records: [ChunkRecord] = []
    for index in files {
      let key = key(index)
      let bytes =
        if let sharding = zarr.sharding {
          try encodeShard(volume, index, sharding)
        } else {
          try encodeChunk(volume, geometry.fileGrid.region(of: index), index)
        }
      if let bytes {
        try group.write(bytes.span.bytes, to: key)
        records.append(ChunkRecord(key: key, storing: bytes.span.bytes))
      } else {
        try store.remove(key)
        records.append(ChunkRecord(key: key, byteCount: 0, crc32c: 0))
      }
    }
    try group.finish()
    if let cache {
      for index in files { invalidate(index, in: cache) }
    }
    return records
  }

  /// Makes everything written so far durable.
  public func synchronize() throws(VolumeError) { try store.synchronize() }

  /// Whether the bytes under a record's key are the ones recorded.
  public func isIntact(_ record: ChunkRecord) throws(VolumeError) -> Bool {
    guard let file = try store.openFile(record.key) else { return record.byteCount == 0 }
    guard file.byteCount == record.byteCount, record.byteCount > 0 else { return false }
    let bytes: [UInt8]
    do throws(VolumeError) {
      bytes = try file.read(at: 0, count: file.byteCount)
    } catch  where error.code == .corruptChunk {
      return false
    }
    return record.matches(bytes.span.bytes)
  }

  /// The bytes of one chunk; nil where every value is the fill value.
  private func encodeChunk<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, _ region: ChunkRegion, _ index: ChunkIndex
  ) throws(VolumeError) -> [UInt8]? {
    let values = volume.chunk(
      region, timePoints: geometry.timePoints, fill: zarr.fill.value(Scalar.self))
    guard !isUniform(values, zarr.fill.bytes) else { return nil }
    do throws(CodecError) {
      if zarr.format == .n5 {
        return try encodeBlock(values, at: index.positions(along: geometry.axes.order))
      }
      return try zarr.decodedChain.encode(values.span)
    } catch {
      throw VolumeError(
        .inputOutput, path: path, "a chunk cannot be encoded", cause: error)
    }
  }

  private func encodeShard<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, _ index: ChunkIndex, _ sharding: Sharding
  ) throws(VolumeError) -> [UInt8]? {
    let shard = geometry.fileGrid.region(of: index)
    let covered = geometry.region(of: volume.box)
    var bytes: [UInt8] = []
    // No more than the shard's room is touched, so that asking for all of it costs nothing.
    bytes.reserveCapacity(
      geometry.decodedGrid.valueCount * MemoryLayout<Scalar>.stride * sharding.count
        + sharding.indexByteCount)
    var ranges: [Range<Int>?] = []
    for inner in geometry.decodedGrid.indices(touching: shard) {
      let region = geometry.decodedGrid.region(of: inner)
      // Inner chunks wholly outside the array stay empty.
      guard !region.intersection(covered).isEmpty,
        let chunk = try encodeChunk(volume, region, inner)
      else {
        ranges.append(nil)
        continue
      }
      ranges.append(bytes.count..<bytes.count + chunk.count)
      bytes += chunk
    }
    guard !bytes.isEmpty else { return nil }
    sharding.appendIndex(of: ranges, to: &bytes)
    return bytes
  }

  private func invalidate(_ index: ChunkIndex, in cache: ChunkCache) {
    let region = geometry.fileGrid.region(of: index)
    for inner in geometry.decodedGrid.indices(touching: region) {
      cache.remove(ChunkCache.Key(path: path, index: inner))
    }
  }

  private func requireAligned(_ box: VoxelBox) throws(VolumeError) {
    let unit = metadata.storageUnit
    func fits(_ start: Int, _ end: Int, _ unit: Int, _ length: Int) -> Bool {
      start % unit == 0 && (end % unit == 0 || end == length)
    }
    let end = box.end
    guard metadata.box.contains(box) else {
      throw VolumeError(
        .outOfBounds, path: path, "the region reaches outside the volume", found: "\(box)",
        expected: "voxels within \(metadata.extent)")
    }
    guard fits(box.origin.z, end.z, unit.z, metadata.extent.z),
      fits(box.origin.y, end.y, unit.y, metadata.extent.y),
      fits(box.origin.x, end.x, unit.x, metadata.extent.x)
    else {
      throw VolumeError(
        .misalignedWrite, path: path, "the write does not cover whole storage units",
        found: "\(box)", expected: "faces at multiples of \(unit)",
        remedy: "choose a block that is a whole number of storage units")
    }
  }

  private func requireWritable() throws(VolumeError) {
    guard metadata.axes.isCanonical, zarr.isWritable else {
      throw VolumeError(
        .unsupportedFeature, path: path,
        "arrays stored in another way than ours are read only",
        found: "axes \(metadata.axes), or other codecs",
        expected:
          "axes in the order t, c, z, y, x, shards with a trailing index",
        remedy: "write to a new array")
    }
  }
}
