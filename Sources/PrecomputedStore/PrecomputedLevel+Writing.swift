import Codecs
public import VolumeStore
public import Voxels

extension PrecomputedLevel {
  /// Writes a region, all channels, whose faces lie on storage-unit boundaries or on the volume's.
  ///
  /// Every chunk is stored, background too, and equal values give equal files. Labels may be of any
  /// integer type: those that the stored type does not have are refused.
  ///
  /// - Returns: What was stored, one record for each file.
  /// - Throws: ``VolumeError`` with `misalignedWrite` where the faces do not lie there,
  ///   `dataTypeMismatch` where the values are not of the stored type, `inputOutput`.
  public func write<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>
  ) throws(VolumeError) -> [ChunkRecord] {
    guard Scalar.dataType == metadata.dataType else {
      return try write(exactly: volume, as: metadata.dataType.scalarType)
    }
    precondition(volume.channels == metadata.channels, "a write covers all channels")
    let unit = try requireAligned(volume.box)
    guard let sharding = scale.sharding else {
      let region = ChunkRegion(box: volume.box, channels: 0..<volume.channels)
      var records: [ChunkRecord] = []
      for index in chunkGrid.indices(touching: region) {
        records.append(try writeFile(volume, index))
      }
      return records
    }
    let units = ChunkGrid(chunk: unit, channels: metadata.channels)
    let region = ChunkRegion(box: volume.box, channels: 0..<volume.channels)
    var records: [ChunkRecord] = []
    for index in units.indices(touching: region) {
      let box = units.region(of: index).intersection(whole)
      records.append(try writeShard(volume, box, sharding))
    }
    return records
  }

  /// Makes everything written so far durable.
  public func synchronize() throws(VolumeError) { try store.synchronize() }

  // MARK: Checks

  /// Checks that a box covers whole storage units, and gives their size.
  private func requireAligned(_ box: VoxelBox) throws(VolumeError) -> VoxelExtent {
    guard let unit = Self.writeUnit(scale, morton) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the files of the level hold no boxes of the volume",
        found: "hash \(scale.sharding?.hash.rawValue ?? "none")", expected: "identity",
        remedy: "write to a new volume")
    }
    guard metadata.box.contains(box), !box.isEmpty else {
      throw VolumeError(
        .outOfBounds, path: path, "the region reaches outside the volume",
        found: box.rangesDescription, expected: "within \(metadata.box.rangesDescription)")
    }
    func fits(_ start: Int, _ end: Int, _ unit: Int, _ length: Int) -> Bool {
      start % unit == 0 && (end % unit == 0 || end == length)
    }
    let (start, end, extent) = (box.origin, box.end, metadata.extent)
    guard fits(start.z, end.z, unit.z, extent.z), fits(start.y, end.y, unit.y, extent.y),
      fits(start.x, end.x, unit.x, extent.x)
    else {
      throw VolumeError(
        .misalignedWrite, path: path, "the write does not cover whole storage units",
        found: box.rangesDescription, expected: "faces at multiples of \(unit.sizesDescription)",
        remedy: "choose a block that is a whole number of storage units")
    }
    return unit
  }

  private func write<Scalar: VoxelScalar, Stored: VoxelScalar>(
    exactly volume: borrowing Volume<Scalar>, as type: Stored.Type
  ) throws(VolumeError) -> [ChunkRecord] {
    guard !encoding.isLossy, Scalar.dataType.isInteger, Stored.dataType.isInteger else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "the level is of another type",
        found: metadata.dataType.rawValue, expected: Scalar.dataType.rawValue)
    }
    let stored = volume.converted(to: Stored.self)
    if let value = firstChanged(volume, stored) {
      throw VolumeError(
        .dataTypeMismatch, path: path, "a label is none of the stored type", found: "\(value)",
        expected: metadata.dataType.rawValue,
        remedy: "renumber the labels, or store them as uint64")
    }
    return try write(stored)
  }

  private func firstChanged<Scalar: VoxelScalar, Stored: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, _ stored: borrowing Volume<Stored>
  ) -> Scalar? {
    let (before, after) = (volume.span, stored.span)
    for index in before.indices where after[index].nearest(Scalar.self) != before[index] {
      return before[index]
    }
    return nil
  }

  // MARK: Files

  private func writeFile<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, _ index: ChunkIndex
  ) throws(VolumeError) -> ChunkRecord {
    var key = chunkKey(index)
    var bytes = try encode(volume, region(of: index))
    if case .gzip(let level) = compression {
      bytes = try compress(bytes, level: level)
      key += ".gz"
    }
    cache?.remove(cacheKey(index))
    try store.write(bytes.rawSpan, to: key)
    return ChunkRecord(key: key, storing: bytes.rawSpan)
  }

  private func writeShard<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, _ region: ChunkRegion, _ sharding: PrecomputedSharding
  ) throws(VolumeError) -> ChunkRecord {
    let indices = chunkGrid.indices(touching: region)
    let chunks = indices.map { (code: code(of: $0), index: $0) }.sorted { $0.code < $1.code }
    var shard = ShardAssembly(sharding)
    for (code, index) in chunks {
      var bytes = try encode(volume, self.region(of: index))
      if sharding.dataIsCompressed { bytes = try compress(bytes, level: compression.level) }
      shard.append(bytes, as: code)
    }
    let bytes: [UInt8]
    do throws(CodecError) {
      bytes = try shard.finish()
    } catch {
      throw cannotEncode(error)
    }
    for (_, index) in chunks { cache?.remove(cacheKey(index)) }
    let key = sharding.key(ofShard: sharding.place(of: chunks[0].code).shard)
    try store.write(bytes.rawSpan, to: key)
    return ChunkRecord(key: key, storing: bytes.rawSpan)
  }

  // MARK: Bytes

  private func encode<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, _ region: ChunkRegion
  ) throws(VolumeError) -> [UInt8] {
    let values = volume.chunk(region, fill: .zero)
    let extent = region.box.extent
    do throws(CodecError) {
      switch encoding {
      case .raw: return values.bytes
      case .compressedSegmentation(let block):
        return try CompressedSegmentation.encode(
          values, extent: extent, channels: metadata.channels, block: block)
      case .jpeg(let quality):
        // Rows below one another as long as the format has room, planes otherwise.
        let isTall = extent.y * extent.z > 65535
        let encoder = try JPEGEncoder()
        return try encoder.encode(
          values.bytes, width: isTall ? extent.x * extent.y : extent.x,
          height: isTall ? extent.z : extent.y * extent.z, channels: metadata.channels,
          quality: max(1, quality))
      }
    } catch {
      throw cannotEncode(error)
    }
  }

  private func compress(_ bytes: [UInt8], level: Int) throws(VolumeError) -> [UInt8] {
    do throws(CodecError) {
      return try GzipCodec(level: level).encode(bytes.rawSpan)
    } catch {
      throw cannotEncode(error)
    }
  }

  private func cannotEncode(_ error: CodecError) -> VolumeError {
    VolumeError(
      .limitExceeded, path: path, "a chunk cannot be encoded", remedy: "choose smaller chunks",
      cause: error)
  }
}

extension Array where Element: VoxelScalar {
  /// The values' bytes, little-endian.
  fileprivate var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendColumn(self)
    return bytes
  }
}
