import Codecs
public import VolumeStore
public import Voxels

extension PrecomputedLevel {
  /// Reads a region, all channels.
  ///
  /// A chunk that is not there is background, as every viewer shows it; but an error in a volume
  /// of this package that is complete, where every chunk is stored.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds` where the box reaches outside, `dataTypeMismatch`
  ///   where `Scalar` is not the stored type, `corruptChunk` where the bytes are damaged.
  /// - Complexity: O(*n*) in the voxels of the chunks touched.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    let wanted = ChunkRegion(box: box, channels: 0..<metadata.channels)
    let indices = chunkGrid.indices(touching: wanted)
    if let only = indices.first, indices.count == 1, region(of: only) == wanted {
      // A region that is exactly one chunk needs no second copy of its values.
      var values: [Scalar] = []
      try forEachChunk(indices, by: &values) { _, _ in }
      if values.isEmpty { values = filledValues(.zero, count: valueCount(wanted)) }
      return Volume(channels: metadata.channels, box: box, values: values)
    }
    let values = try regionValues(wanted) { (room: inout RegionRoom<Scalar>) throws(VolumeError) in
      var chunk: [Scalar] = []
      try self.forEachChunk(indices, by: &chunk) { index, values in
        let region = self.region(of: index)
        if values.count == 0 {
          room.fill(region, with: .zero)
        } else {
          room.copy(values, of: region)
        }
      }
    }
    return Volume(channels: metadata.channels, box: box, values: values)
  }

  /// Calls a body with the values of every chunk, none where it is not stored.
  ///
  /// `chunk` holds one decoded chunk after the other, and the last on return.
  private func forEachChunk<Scalar: VoxelScalar>(
    _ indices: [ChunkIndex], by chunk: inout [Scalar],
    _ body: (ChunkIndex, Span<Scalar>) -> Void
  ) throws(VolumeError) {
    var pending: [ChunkIndex] = []
    for index in indices {
      if let cached = cache?.value(for: cacheKey(index), as: Scalar.self) {
        chunk = cached
        body(index, chunk.span)
      } else {
        pending.append(index)
      }
    }
    guard let sharding = scale.sharding else {
      for index in pending {
        let bytes = try readFile(of: index)
        try give(bytes, index, by: &chunk, body)
      }
      return
    }
    var shards: [UInt64: [(minishard: Int, index: ChunkIndex)]] = [:]
    for index in pending {
      let (shard, minishard) = sharding.place(of: code(of: index))
      shards[shard, default: []].append((minishard, index))
    }
    for (shard, chunks) in shards.sorted(by: { $0.key < $1.key }) {
      let key = sharding.key(ofShard: shard)
      guard let file = try store.openFile(key) else {
        try requireNoOldFormat(sharding, shard)
        for (_, index) in chunks { try give(nil, index, by: &chunk, body) }
        continue
      }
      for (minishard, index) in chunks {
        let places = try minishardIndex(minishard, of: file, sharding)
        guard let range = places.range(of: code(of: index)) else {
          try give(nil, index, by: &chunk, body)
          continue
        }
        let bytes = try readChunk(range, of: file, index)
        try give(
          StoredChunk(bytes: bytes, path: file.path, isCompressed: sharding.dataIsCompressed),
          index, by: &chunk, body)
      }
    }
  }

  private func give<Scalar: VoxelScalar>(
    _ stored: StoredChunk?, _ index: ChunkIndex, by chunk: inout [Scalar],
    _ body: (ChunkIndex, Span<Scalar>) -> Void
  ) throws(VolumeError) {
    guard let stored else {
      guard !isComplete else {
        throw VolumeError(
          .corruptChunk, path: path, "a chunk of a complete volume is missing",
          found: "nothing for \(chunkKey(index))",
          remedy: "write the volume again, or remove \(ChunkManifest.key) there if the chunk was "
            + "removed on purpose")
      }
      chunk = []
      body(index, chunk.span)
      return
    }
    if cache != nil { chunk = [] }
    try decode(stored, region(of: index), to: &chunk)
    cache?.insert(chunk, for: cacheKey(index))
    body(index, chunk.span)
  }

  func cacheKey(_ index: ChunkIndex) -> ChunkCache.Key { ChunkCache.Key(path: path, index: index) }

  // MARK: Bytes

  /// The endings of compressed files that are read, and those that are known and are not.
  static var readEndings: [String] { [".gz", ".zstd", ".zst"] }
  private static var unreadEndings: [String] { [".br", ".xz", ".lzma", ".bz2"] }

  private func readFile(of index: ChunkIndex) throws(VolumeError) -> StoredChunk? {
    let key = chunkKey(index)
    if let file = try store.openFile(key) {
      return StoredChunk(
        bytes: try readChunk(0..<file.byteCount, of: file, index), path: file.path,
        isCompressed: false)
    }
    for ending in Self.readEndings {
      guard let file = try store.openFile(key + ending) else { continue }
      return StoredChunk(
        bytes: try readChunk(0..<file.byteCount, of: file, index), path: file.path,
        isCompressed: true)
    }
    for ending in Self.unreadEndings where try store.exists(key + ending) {
      throw VolumeError(
        .unsupportedFeature, path: store.path(of: key + ending),
        "the compression of the chunk's file is not supported", found: ending,
        expected: "none, gzip or zstd",
        remedy: "decompress the files in place, or copy the volume with another compression")
    }
    return nil
  }

  private func requireNoOldFormat(
    _ sharding: PrecomputedSharding, _ shard: UInt64
  ) throws(VolumeError) {
    let old = sharding.key(ofShard: shard).dropLast(6) + ".index"
    guard try store.exists(String(old)) else { return }
    throw VolumeError(
      .unsupportedFeature, path: store.path(of: String(old)),
      "the shard is in two files, as shards were before 2019", expected: "a file .shard",
      remedy: "join the files: cat X.index X.data > X.shard")
  }

  func minishardIndex(
    _ minishard: Int, of file: borrowing StoredFile, _ sharding: PrecomputedSharding
  ) throws(VolumeError) -> MinishardIndex {
    let limit = scale.grid.checkedVoxelCount ?? .max
    let path = file.path
    let key = MinishardCache.Key(file: file.identity, minishard: minishard)
    if let kept = minishards.index(key) { return kept }
    let index = try MinishardIndex(of: file, minishard: minishard, sharding, chunkLimit: limit)
    // A chunk of another shard or minishard would never be found: the shard is not of this volume.
    for chunk in index.chunks where sharding.place(of: chunk).minishard != minishard {
      throw VolumeError(
        .corruptChunk, path: path, "chunk \(chunk) lies in the wrong minishard",
        found: "\(minishard)", remedy: Self.rewriteRemedy)
    }
    minishards.insert(index, for: key)
    return index
  }

  func readChunk(
    _ range: Range<Int>, of file: borrowing StoredFile, _ index: ChunkIndex
  ) throws(VolumeError) -> [UInt8] {
    let limit = storedLimit(region(of: index))
    guard range.count <= limit else {
      throw VolumeError(
        .corruptChunk, path: file.path, "the chunk is stored in more bytes than it can need",
        found: "\(range.count)", expected: "at most \(limit)", remedy: Self.rewriteRemedy)
    }
    return try file.read(at: range.lowerBound, count: range.count)
  }

  /// The most bytes of an encoded chunk before any compression.
  private func encodedLimit(_ region: ChunkRegion) -> Int {
    encoding.limit(
      values: valueCount(region), channels: metadata.channels, extent: region.box.extent,
      valueByteCount: metadata.dataType.byteCount)
  }

  private func storedLimit(_ region: ChunkRegion) -> Int {
    let limit = encodedLimit(region)
    return limit + limit / 2 + 65536
  }

  // MARK: Values

  /// Decodes a chunk in place of the values of another, or of none.
  func decode<Scalar: VoxelScalar>(
    _ stored: StoredChunk, _ region: ChunkRegion, to values: inout [Scalar]
  ) throws(VolumeError) {
    do throws(CodecError) {
      try decodeChunk(stored, region, to: &values)
    } catch {
      throw VolumeError(
        .corruptChunk, path: stored.path, "the chunk does not decode",
        remedy: Self.rewriteRemedy, cause: error)
    }
  }

  private func decodeChunk<Scalar: VoxelScalar>(
    _ stored: StoredChunk, _ region: ChunkRegion, to values: inout [Scalar]
  ) throws(CodecError) {
    let count = valueCount(region)
    let extent = region.box.extent
    if values.count != count { values = filledValues(.zero, count: count) }
    switch encoding {
    case .raw:
      var span = values.mutableSpan
      var target = span.mutableBytes
      if stored.bytes.count == target.byteCount, !stored.isCompressed {
        target.update(copying: stored.bytes.rawSpan)
      } else {
        try stored.decompressRaw(into: &target)
      }
    case .compressedSegmentation(let block):
      // The first word is the number of channels, which is not how a gzip stream begins.
      let bytes = try stored.decompressed(limit: encodedLimit(region))
      try CompressedSegmentation.decode(
        bytes, extent: extent, channels: metadata.channels, block: block, into: &values)
    case .jpeg:
      let bytes = try stored.decompressed(limit: encodedLimit(region))
      let decoder = try JPEGDecoder()
      var span = values.mutableSpan
      var target = span.mutableBytes
      try decoder.decode(
        bytes, pixels: extent.voxelCount, channels: metadata.channels, into: &target)
    }
  }
}
