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
    try read(box, as: type, threads: 1)
  }

  /// Reads a region, all channels, its chunks side by side on at most `threads` threads.
  ///
  /// For whoever reads one large region; stages read many blocks side by side already.
  ///
  /// - Returns: As ``read(_:as:)``.
  /// - Throws: As ``read(_:as:)``.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type, threads: Int
  ) throws(VolumeError) -> Volume<Scalar> {
    try requireType(type)
    guard !box.isEmpty, metadata.box.contains(box) else {
      throw VolumeError(
        .outOfBounds, path: path, "the region reaches outside the volume", found: "\(box)",
        expected: "voxels within \(metadata.extent)")
    }
    if let whole = try readWholeChunk(box, as: type) { return whole }
    let wanted = geometry.region(of: box)
    let files = geometry.fileGrid.indices(touching: wanted)
    // The chunks tile the box: those that are not stored set the fill value.
    let values = try regionValues(wanted) { (room: inout RegionRoom<Scalar>) throws(VolumeError) in
      guard let sharding = zarr.sharding else {
        return try room.forEachChunk(
          files, of: geometry.decodedGrid, threads: threads, scratch: { [Scalar]() }
        ) { (index, room, chunk) throws(VolumeError) in
          try self.readChunk(index, wanted, into: &room, by: &chunk) { () throws(VolumeError) in
            try self.readStored(index)
          }
        }
      }
      for file in files {
        try readShard(file, sharding, wanted, into: &room, threads: threads)
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

  /// Reads what a chunk holds of a region; `chunk` holds one decoded chunk after the other.
  private func readChunk<Scalar: VoxelScalar>(
    _ index: ChunkIndex, _ wanted: ChunkRegion, into room: inout RegionRoom<Scalar>,
    by chunk: inout [Scalar], from bytes: () throws(VolumeError) -> [UInt8]?
  ) throws(VolumeError) {
    let region = geometry.decodedGrid.region(of: index)
    let part = neededPart(of: region, for: wanted)
    guard try decodeChunk(index, firstValues: part.valueCount, to: &chunk, from: bytes) else {
      return room.fill(region, with: zarr.fill.value(Scalar.self))
    }
    room.copy(chunk.span, of: part)
  }

  /// The first planes of a chunk that hold all that a region wants of it, or all of it.
  ///
  /// A codec that decodes from the first byte on need not go further. What a cache keeps is whole.
  private func neededPart(of region: ChunkRegion, for wanted: ChunkRegion) -> ChunkRegion {
    let planes = min(wanted.box.end.z, region.box.end.z) - region.box.origin.z
    guard cache == nil, geometry.reordering == nil, zarr.format != .n5, region.channels.count == 1,
      region.times.count == 1, planes * 4 <= region.box.extent.z * 3
    else { return region }
    var part = region
    let extent = region.box.extent
    part.box = VoxelBox(
      origin: region.box.origin, extent: VoxelExtent(z: planes, y: extent.y, x: extent.x))
    return part
  }

  /// Reads what a shard holds of a region.
  private func readShard<Scalar: VoxelScalar>(
    _ index: ChunkIndex, _ sharding: Sharding, _ wanted: ChunkRegion,
    into room: inout RegionRoom<Scalar>, threads: Int
  ) throws(VolumeError) {
    let grid = geometry.decodedGrid
    let here = wanted.intersection(geometry.fileGrid.region(of: index))
    var pending: [ChunkIndex] = []
    for inner in grid.indices(touching: here) {
      guard let cached = cachedChunk(inner, as: Scalar.self) else {
        pending.append(inner)
        continue
      }
      room.copy(cached.span, of: grid.region(of: inner))
    }
    guard !pending.isEmpty else { return }
    guard let shard = try openShard(index, sharding) else {
      return room.fill(here, with: zarr.fill.value(Scalar.self))
    }
    try room.forEachChunk(pending, of: grid, threads: threads, scratch: { [Scalar]() }) {
      (inner, room, chunk) throws(VolumeError) in
      let range = shard.places.ranges[self.geometry.shardGrid.place(of: inner)]
      try self.readChunk(inner, wanted, into: &room, by: &chunk) { () throws(VolumeError) in
        guard let range else { return nil }
        return try self.readChunk(range, of: shard.file)
      }
    }
  }

  private func openShard(
    _ index: ChunkIndex, _ sharding: Sharding
  ) throws(VolumeError) -> OpenShard? {
    guard let file = try store.openFile(key(index)) else { return nil }
    let places = try ShardIndex(of: file, sharding)
    return OpenShard(file: file, places: places)
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

  /// Gives a chunk's values, or the first of them, in the array's order of axes; false where it is
  /// not stored.
  ///
  /// Without a cache that keeps them, the values take the place of those that `values` holds.
  private func decodeChunk<Scalar: VoxelScalar>(
    _ index: ChunkIndex, firstValues: Int? = nil, to values: inout [Scalar],
    from bytes: () throws(VolumeError) -> [UInt8]?
  ) throws(VolumeError) -> Bool {
    if let cached = cachedChunk(index, as: Scalar.self) {
      values = cached
      return true
    }
    guard let stored = try bytes() else { return false }
    if cache != nil { values = [] }
    try decode(
      stored, firstValues: firstValues, to: &values, key: key(fileIndex(of: index)),
      comparing: .outermost)
    cache?.insert(values, for: ChunkCache.Key(path: path, index: index))
    return true
  }

  /// Decodes a chunk, or its first values, in place of the values of another, or of none.
  func decode<Scalar: VoxelScalar>(
    _ stored: [UInt8], firstValues: Int? = nil, to values: inout [Scalar], key: String,
    comparing checksums: CodecChain.Checksums
  ) throws(VolumeError) {
    guard let reordering = geometry.reordering else {
      return try decodeStored(
        stored, firstValues: firstValues, to: &values, key: key, comparing: checksums)
    }
    var unordered: [Scalar] = []
    try decodeStored(stored, firstValues: nil, to: &unordered, key: key, comparing: checksums)
    reordering.reorder(unordered, into: &values)
  }

  /// Decodes a chunk whose axes stay in the order in which they are stored.
  private func decodeStored<Scalar: VoxelScalar>(
    _ stored: [UInt8], firstValues: Int?, to values: inout [Scalar], key: String,
    comparing checksums: CodecChain.Checksums
  ) throws(VolumeError) {
    guard zarr.format != .n5 else {
      return try decodeBlock(stored, to: &values, path: store.path(of: key))
    }
    do throws(CodecError) {
      try zarr.decodedChain.decode(
        stored, count: geometry.decodedGrid.valueCount, first: firstValues, to: &values,
        comparing: checksums)
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

/// A shard that is being read, by one thread or several.
private final class OpenShard: Sendable {
  let file: StoredFile
  let places: ShardIndex

  init(file: consuming StoredFile, places: ShardIndex) {
    self.file = file
    self.places = places
  }
}
