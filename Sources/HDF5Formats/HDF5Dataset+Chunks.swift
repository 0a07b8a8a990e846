import Codecs
import VolumeStore
import Voxels

// Reading chunks whose filters are undone here, by the thread that reads.

extension HDF5Dataset {
  /// The values of a region, chunk by chunk.
  func readChunks<Scalar: VoxelScalar>(_ box: VoxelBox) throws(VolumeError) -> [Scalar] {
    let wanted = ChunkRegion(box: box, channels: 0..<metadata.channels)
    return try regionValues(wanted) { (room: inout RegionRoom<Scalar>) throws(VolumeError) in
      guard let chunk = storage.chunk else { return }
      var index = HDF5ChunkIndex(axes: axes, chunk: chunk, box: box)
      var values: [Scalar] = []
      repeat {
        if storage.pipeline.filters.isEmpty {
          if try !readPart(index, of: box, into: &room) { fill(index, in: &room) }
          continue
        }
        let key = ChunkCache.Key(path: dataset, index: index.key)
        if let cached = cache.value(for: key, as: Scalar.self) {
          copy(cached, of: index, into: &room)
          continue
        }
        values = []
        guard try decode(index, into: &values) else {
          fill(index, in: &room)
          continue
        }
        copy(values, of: index, into: &room)
        // A chunk that is read whole is hardly read again.
        if !box.contains(index.box.intersection(metadata.box)) { cache.insert(values, for: key) }
      } while index.advance()
    }
  }

  /// Copies a chunk's values, which lie (t, c, z, y, x), to where they belong.
  private func copy<Scalar: VoxelScalar>(
    _ values: [Scalar], of index: HDF5ChunkIndex, into room: inout RegionRoom<Scalar>
  ) {
    let channels = index.channels
    let plane = index.box.extent.voxelCount
    for (place, time) in index.times.enumerated() {
      // Those of a chunk that reach beyond the dataset are left out.
      let first = place * index.chunkChannels * plane
      room.copy(
        values.span.extracting(first..<first + channels.count * plane),
        of: ChunkRegion(box: index.box, channels: index.region(channels, time: time)))
    }
  }

  /// Reads what a region takes of a chunk that went through no filter; false where the chunk was
  /// never written.
  private func readPart<Scalar: VoxelScalar>(
    _ index: HDF5ChunkIndex, of box: VoxelBox, into room: inout RegionRoom<Scalar>
  ) throws(VolumeError) -> Bool {
    let width = storedType.byteCount
    let address = try chunkAddresses.address(of: index) { () throws(VolumeError) in
      try withHDF5 { library throws(VolumeError) in
        try library.chunkAddress(
          handle, at: index.start, byteCount: index.lengths.reduce(width, *),
          fileByteCount: stored.byteCount, as: storedType, path: path)
      }
    }
    guard let address else { return false }
    let part = index.box.intersection(box)
    let start = axes.perAxis({ index.covered($0, part).lowerBound }, single: 0)
    let count = axes.perAxis({ index.covered($0, part).count }, single: 1)
    let byteCount = count.reduce(width, *)
    let values: [Scalar] = try uninitializedValues(byteCount / width) {
      (target) throws(VolumeError) in
      if let reordering = axes.reordering(count, in: count) {
        let bytes: [UInt8] = try uninitializedValues(byteCount) { (bytes) throws(VolumeError) in
          try readRows(start, count, of: index.lengths, at: address, into: &bytes)
        }
        reordering.reorder(bytes.rawSpan, into: &target, at: 0, width: width)
      } else {
        try readRows(start, count, of: index.lengths, at: address, into: &target)
      }
      if isBigEndian { target.swapBytes(0..<byteCount, valueByteCount: width) }
    }
    let plane = index.channels.count * part.extent.voxelCount
    for (place, time) in index.times.enumerated() {
      room.copy(
        values.span.extracting(place * plane..<(place + 1) * plane),
        of: ChunkRegion(box: part, channels: index.region(index.channels, time: time)))
    }
    return true
  }

  private func fill<Scalar: VoxelScalar>(
    _ index: HDF5ChunkIndex, in room: inout RegionRoom<Scalar>
  ) {
    let value = storage.fill.column(Scalar.self, at: 0, count: 1)
    for time in index.times {
      room.fill(
        ChunkRegion(box: index.box, channels: index.region(index.channels, time: time)),
        with: value[0])
    }
  }

  /// Decodes a chunk; false where it was never written.
  private func decode<Scalar: VoxelScalar>(
    _ index: HDF5ChunkIndex, into values: inout [Scalar]
  ) throws(VolumeError) -> Bool {
    let start = index.start
    let found = try withHDF5 { library throws(VolumeError) in
      let chunk = try library.storedChunk(
        handle, at: start, limit: stored.byteCount, path: path)
      // The library tells an absent chunk and a damaged index apart only when it reads.
      if chunk == nil { try library.check(handle, at: start, as: storedType, path: path) }
      return chunk
    }
    guard let found else { return false }
    let width = storedType.byteCount
    let count = index.lengths.reduce(1, *)
    let reordering = axes.reordering(index.lengths, in: index.lengths)
    do throws(CodecError) {
      values = try uninitializedValues(count) { (target) throws(CodecError) in
        if let reordering {
          let bytes: [UInt8] = try uninitializedValues(count * width) {
            (bytes) throws(CodecError) in
            try storage.pipeline.decode(found.bytes, skipped: found.skipped, into: &bytes)
          }
          reordering.reorder(bytes.rawSpan, into: &target, at: 0, width: width)
        } else {
          try storage.pipeline.decode(found.bytes, skipped: found.skipped, into: &target)
        }
        if isBigEndian { target.swapBytes(0..<count * width, valueByteCount: width) }
      }
    } catch {
      throw VolumeError(
        .corruptChunk, path: path,
        "the chunk of \(dataset) at \(start.sizesDescription) does not decode",
        remedy: "copy the file again; if that does not help, the volume is damaged there",
        cause: error)
    }
    return true
  }
}

/// One after the other the chunks that share voxels with a region.
struct HDF5ChunkIndex {
  private let axes: HDF5Axes
  /// The lengths of a chunk along the dataset's axes.
  let lengths: [Int]
  private let range: [ClosedRange<Int>]
  private var index: [Int]

  init(axes: HDF5Axes, chunk: [Int], box: VoxelBox) {
    self.axes = axes
    lengths = chunk
    let first = axes.perAxis(
      { axis in
        switch axis {
        case .z: box.origin.z
        case .y: box.origin.y
        case .x: box.origin.x
        case .channel, .time: 0
        }
      }, single: 0)
    let last = axes.perAxis(
      { axis in
        switch axis {
        case .z: box.end.z - 1
        case .y: box.end.y - 1
        case .x: box.end.x - 1
        case .channel, .time: axes.length(axis) - 1
        }
      }, single: 0)
    range = chunk.indices.map { first[$0] / chunk[$0]...last[$0] / chunk[$0] }
    index = range.map { $0.lowerBound }
  }

  /// Goes to the next chunk in raster order; false behind the last.
  mutating func advance() -> Bool {
    for place in index.indices.reversed() {
      if index[place] < range[place].upperBound {
        index[place] += 1
        return true
      }
      index[place] = range[place].lowerBound
    }
    return false
  }

  /// The chunk's first value along the dataset's axes.
  var start: [Int] { zip(index, lengths).map { $0 * $1 } }

  private func place(of axis: VolumeAxis) -> Int? { axes.axes.firstIndex { $0 == axis } }

  /// What the chunk covers along an axis; a chunk at the far side may reach outside.
  private func covered(_ axis: VolumeAxis) -> Range<Int> {
    guard let place = place(of: axis) else { return 0..<1 }
    return index[place] * lengths[place]..<(index[place] + 1) * lengths[place]
  }

  /// What it covers of a part of its box, counted from its own first value.
  func covered(_ axis: VolumeAxis, _ part: VoxelBox) -> Range<Int> {
    let (first, last) =
      switch axis {
      case .z: (part.origin.z, part.end.z)
      case .y: (part.origin.y, part.end.y)
      case .x: (part.origin.x, part.end.x)
      case .channel: (channels.lowerBound, channels.upperBound)
      case .time: (times.lowerBound, times.upperBound)
      }
    let start = covered(axis).lowerBound
    return first - start..<last - start
  }

  /// The chunk's number in raster order, of a dataset of the given lengths.
  func number(in whole: [Int]) -> Int {
    zip(index, zip(lengths, whole)).reduce(0) { number, axis in
      number * ((axis.1.1 - 1) / axis.1.0 + 1) + axis.0
    }
  }

  /// The voxels it covers.
  var box: VoxelBox {
    let (z, y, x) = (covered(.z), covered(.y), covered(.x))
    return VoxelBox(
      origin: VoxelPosition(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
      extent: VoxelExtent(z: z.count, y: y.count, x: x.count))
  }

  /// The time points it covers, within the dataset.
  var times: Range<Int> { covered(.time).clamped(to: 0..<axes.length(.time)) }

  /// The channels it covers, within the dataset.
  var channels: Range<Int> { covered(.channel).clamped(to: 0..<axes.length(.channel)) }

  /// The channels that a chunk has room for.
  var chunkChannels: Int { covered(.channel).count }

  /// Channels of a time point among the values of a voxel.
  func region(_ channels: Range<Int>, time: Int) -> Range<Int> {
    let first = time * axes.length(.channel)
    return first + channels.lowerBound..<first + channels.upperBound
  }

  /// The chunk's name in a cache.
  var key: ChunkIndex {
    func component(_ axis: VolumeAxis) -> Int { place(of: axis).map { index[$0] } ?? 0 }
    let channels = place(of: .channel).map { (axes.lengths[$0] - 1) / lengths[$0] + 1 } ?? 1
    return ChunkIndex(
      channel: component(.time) * channels + component(.channel), z: component(.z),
      y: component(.y), x: component(.x))
  }
}
