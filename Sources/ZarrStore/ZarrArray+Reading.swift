public import VolumeStore
import Codecs
public import Voxels

extension ZarrArray {
  /// Reads a region, all channels.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds` where the box reaches outside, `dataTypeMismatch`
  ///   where `Scalar` is not the stored type, `corruptChunk` where the bytes are damaged.
  /// - Complexity: O(*n*) in the voxels of the chunks touched.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try requireType(type)
    guard !box.isEmpty, metadata.box.contains(box) else {
      throw VolumeError(
        .outOfBounds, path: path, "the region reaches outside the volume", found: "\(box)",
        expected: "voxels within \(metadata.extent)")
    }
    if let whole = try readWholeChunk(box, as: type) { return whole }
    let wanted = geometry.region(of: box)
    let grid = geometry.fileGrid
    // The chunks tile the box: those that are not stored set the fill value.
    let values = try regionValues(wanted) { (room: inout RegionRoom<Scalar>) throws(VolumeError) in
      var chunk: [Scalar] = []
      for file in grid.indices(touching: wanted) {
        try self.readFile(file, wanted, into: &room, by: &chunk)
      }
    }
    return Volume(channels: metadata.channels, box: box, values: values)
  }

  /// A region that is exactly one chunk needs no second copy of its values.
  private func readWholeChunk<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar>? {
    let wanted = geometry.region(of: box)
    let grid = geometry.decodedGrid
    let indices = grid.indices(touching: wanted)
    guard zarr.sharding == nil, indices.count == 1, let index = indices.first,
      grid.region(of: index) == wanted
    else { return nil }
    var values: [Scalar] = []
    guard
      try decodeChunk(
        index, to: &values,
        from: { () throws(VolumeError) in
          try self.store.read(
            self.key(index), limit: self.zarr.chain.limit(decodedCount: self.decodedByteCount))
        })
    else {
      let count = metadata.channels * box.extent.voxelCount
      let values = filledValues(zarr.fill.value(type), count: count)
      return Volume(channels: metadata.channels, box: box, values: values)
    }
    return Volume(channels: metadata.channels, box: box, values: values)
  }

  /// Reads what a file holds of a region; `chunk` holds one decoded chunk after the other.
  private func readFile<Scalar: VoxelScalar>(
    _ file: ChunkIndex, _ wanted: ChunkRegion, into room: inout RegionRoom<Scalar>,
    by chunk: inout [Scalar]
  ) throws(VolumeError) {
    let fill = zarr.fill.value(Scalar.self)
    guard let sharding = zarr.sharding else {
      let region = geometry.decodedGrid.region(of: file)
      let isStored = try decodeChunk(file, to: &chunk) { () throws(VolumeError) in
        try self.readStored(file)
      }
      if isStored { room.copy(chunk.span, of: region) } else { room.fill(region, with: fill) }
      return
    }
    let fileRegion = geometry.fileGrid.region(of: file)
    let inner = geometry.decodedGrid.indices(touching: wanted.intersection(fileRegion))
    var pending: [ChunkIndex] = []
    for index in inner {
      guard let cached = cachedChunk(index, as: Scalar.self) else {
        pending.append(index)
        continue
      }
      room.copy(cached.span, of: geometry.decodedGrid.region(of: index))
    }
    guard !pending.isEmpty else { return }
    guard let shard = try store.openFile(key(file)) else {
      for index in pending { room.fill(geometry.decodedGrid.region(of: index), with: fill) }
      return
    }
    let places = try ShardIndex(of: shard, sharding)
    for index in pending {
      let region = geometry.decodedGrid.region(of: index)
      let place = geometry.shardGrid.place(of: index)
      guard let range = places.ranges[place] else {
        room.fill(region, with: fill)
        continue
      }
      _ = try decodeChunk(index, to: &chunk) { () throws(VolumeError) in
        try self.readChunk(range, of: shard)
      }
      room.copy(chunk.span, of: region)
    }
  }

  /// The bytes of one decoded chunk.
  var decodedByteCount: Int { geometry.decodedGrid.valueCount * metadata.dataType.byteCount }

  func key(_ index: ChunkIndex) -> String {
    zarr.keyEncoding.key(index.positions(along: geometry.axes.order))
  }

  private func readStored(_ index: ChunkIndex) throws(VolumeError) -> [UInt8]? {
    let key = key(index)
    guard let file = try store.openFile(key) else { return nil }
    return try readChunk(0..<file.byteCount, of: file)
  }

  func readChunk(
    _ range: Range<Int>, of file: borrowing StoredFile
  ) throws(VolumeError) -> [UInt8] {
    let limit = zarr.decodedChain.limit(decodedCount: decodedByteCount)
    guard range.count <= limit else {
      throw VolumeError(
        .corruptChunk, path: file.path, "the chunk is stored in more bytes than it can need",
        found: "\(range.count)", expected: "at most \(limit)", remedy: Self.rewriteRemedy)
    }
    return try file.read(at: range.lowerBound, count: range.count)
  }

  static var rewriteRemedy: String { "write the chunk again from its source" }

  private func cachedChunk<Scalar: VoxelScalar>(
    _ index: ChunkIndex, as type: Scalar.Type
  ) -> [Scalar]? {
    cache?.value(for: ChunkCache.Key(path: path, index: index), as: type)
  }

  /// Gives a chunk's values in the array's order of axes; false where it is not stored.
  ///
  /// Without a cache that keeps them, the values take the place of those that `values` holds.
  private func decodeChunk<Scalar: VoxelScalar>(
    _ index: ChunkIndex, to values: inout [Scalar],
    from bytes: () throws(VolumeError) -> [UInt8]?
  ) throws(VolumeError) -> Bool {
    if let cached = cachedChunk(index, as: Scalar.self) {
      values = cached
      return true
    }
    guard let stored = try bytes() else { return false }
    if cache != nil { values = [] }
    try decode(stored, to: &values, key: key(fileIndex(of: index)))
    cache?.insert(values, for: ChunkCache.Key(path: path, index: index))
    return true
  }

  /// Decodes a chunk in place of the values of another, or of none.
  func decode<Scalar: VoxelScalar>(
    _ stored: [UInt8], to values: inout [Scalar], key: String
  ) throws(VolumeError) {
    guard let reordering = geometry.reordering else {
      return try decodeStored(stored, to: &values, key: key)
    }
    var unordered: [Scalar] = []
    try decodeStored(stored, to: &unordered, key: key)
    reordering.reorder(unordered, into: &values)
  }

  /// Decodes a chunk whose axes stay in the order in which they are stored.
  private func decodeStored<Scalar: VoxelScalar>(
    _ stored: [UInt8], to values: inout [Scalar], key: String
  ) throws(VolumeError) {
    guard zarr.format != .n5 else {
      return try decodeBlock(stored, to: &values, path: store.path(of: key))
    }
    do throws(CodecError) {
      try zarr.decodedChain.decode(stored, count: geometry.decodedGrid.valueCount, to: &values)
    } catch {
      throw VolumeError(
        .corruptChunk, path: store.path(of: key), "the chunk does not decode",
        remedy: Self.rewriteRemedy, cause: error)
    }
  }

  /// The file that holds a decoded chunk.
  private func fileIndex(of index: ChunkIndex) -> ChunkIndex {
    zarr.sharding == nil ? index : geometry.shardGrid.shard(of: index)
  }
}
