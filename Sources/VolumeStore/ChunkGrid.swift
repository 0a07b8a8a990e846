package import Voxels

/// The place of a chunk in a grid of chunks: a position along each axis that a volume can have.
package struct ChunkIndex: Hashable, Sendable {
  package var time: Int, channel: Int, z: Int, y: Int, x: Int

  package init(time: Int = 0, channel: Int, z: Int, y: Int, x: Int) {
    self.time = time
    self.channel = channel
    self.z = z
    self.y = y
    self.x = x
  }

  /// Creates an index from positions along some axes; those along the others are zero.
  package init(_ positions: [Int], along axes: [VolumeAxis]) {
    self.init(channel: 0, z: 0, y: 0, x: 0)
    for (axis, position) in zip(axes, positions) { self[axis] = position }
  }

  /// The position along an axis.
  package subscript(axis: VolumeAxis) -> Int {
    get {
      switch axis {
      case .time: time
      case .channel: channel
      case .z: z
      case .y: y
      case .x: x
      }
    }
    set {
      switch axis {
      case .time: time = newValue
      case .channel: channel = newValue
      case .z: z = newValue
      case .y: y = newValue
      case .x: x = newValue
      }
    }
  }

  /// The positions along the axes of an array, in their order.
  package func positions(along axes: [VolumeAxis]) -> [Int] { axes.map { self[$0] } }
}

/// Some time points and channels of a box: what a chunk covers, or what a read wants.
///
/// Its values lie in the order (time point, channel, z, y, x).
package struct ChunkRegion: Hashable, Sendable {
  package var box: VoxelBox
  package var channels: Range<Int>
  package var times: Range<Int>

  package init(box: VoxelBox, channels: Range<Int>, times: Range<Int> = 0..<1) {
    self.box = box
    self.channels = channels
    self.times = times
  }

  /// The values of a region.
  package var valueCount: Int { times.count * channels.count * box.extent.voxelCount }
  /// Whether the region has no values.
  package var isEmpty: Bool { box.isEmpty || channels.isEmpty || times.isEmpty }

  package func intersection(_ other: ChunkRegion) -> ChunkRegion {
    ChunkRegion(
      box: box.intersection(other.box), channels: channels.clamped(to: other.channels),
      times: times.clamped(to: other.times))
  }
}

/// A regular grid of chunks.
package struct ChunkGrid: Sendable {
  package let chunk: VoxelExtent
  /// The channels, and the time points, in one chunk.
  package let channels: Int
  package let timePoints: Int

  package init(chunk: VoxelExtent, channels: Int = 1, timePoints: Int = 1) {
    self.chunk = chunk
    self.channels = channels
    self.timePoints = timePoints
  }

  /// Creates the grid of chunks of a shape, whose axes are in any order; axes that are not there
  /// have the length 1.
  package init(chunkShape: [Int], axes: [VolumeAxis]) {
    var lengths = ChunkIndex(time: 1, channel: 1, z: 1, y: 1, x: 1)
    for (axis, length) in zip(axes, chunkShape) { lengths[axis] = length }
    self.init(
      chunk: VoxelExtent(z: lengths.z, y: lengths.y, x: lengths.x), channels: lengths.channel,
      timePoints: lengths.time)
  }

  /// The values of one chunk.
  package var valueCount: Int { timePoints * channels * chunk.voxelCount }

  /// What a chunk covers; a chunk at the far side may reach outside the array.
  package func region(of index: ChunkIndex) -> ChunkRegion {
    ChunkRegion(
      box: VoxelBox(
        origin: VoxelPosition(z: index.z * chunk.z, y: index.y * chunk.y, x: index.x * chunk.x),
        extent: chunk),
      channels: index.channel * channels..<(index.channel + 1) * channels,
      times: index.time * timePoints..<(index.time + 1) * timePoints)
  }

  /// The chunks that share values with a region, in the order (time point, channel, z, y, x).
  package func indices(touching region: ChunkRegion) -> [ChunkIndex] {
    func touched(_ range: Range<Int>, _ length: Int) -> ClosedRange<Int> {
      range.lowerBound / length...(range.upperBound - 1) / length
    }
    let (start, end) = (region.box.origin, region.box.end)
    var indices: [ChunkIndex] = []
    for time in touched(region.times, timePoints) {
      for channel in touched(region.channels, channels) {
        for z in touched(start.z..<end.z, chunk.z) {
          for y in touched(start.y..<end.y, chunk.y) {
            for x in touched(start.x..<end.x, chunk.x) {
              indices.append(ChunkIndex(time: time, channel: channel, z: z, y: y, x: x))
            }
          }
        }
      }
    }
    return indices
  }
}

/// How a shard divides into inner chunks.
package struct ShardGrid: Sendable {
  /// The inner chunks along each axis.
  package let counts: ChunkIndex
  /// The axes in the order in which the shard numbers its inner chunks, slowest first.
  package let axes: [VolumeAxis]

  package init(counts: [Int], axes: [VolumeAxis]) {
    var all = ChunkIndex(time: 1, channel: 1, z: 1, y: 1, x: 1)
    for (axis, count) in zip(axes, counts) { all[axis] = count }
    self.counts = all
    self.axes = axes
  }

  /// The shard that holds an inner chunk.
  package func shard(of inner: ChunkIndex) -> ChunkIndex {
    ChunkIndex(
      time: inner.time / counts.time, channel: inner.channel / counts.channel,
      z: inner.z / counts.z, y: inner.y / counts.y, x: inner.x / counts.x)
  }

  /// An inner chunk's place in its shard.
  package func place(of inner: ChunkIndex) -> Int {
    var place = 0
    for axis in axes {
      let count = counts[axis]
      place = place * count + inner[axis] % count
    }
    return place
  }
}
