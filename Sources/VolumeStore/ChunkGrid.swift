package import Voxels

/// The place of a chunk in an array's grid of chunks.
package struct ChunkIndex: Hashable, Sendable {
  package var channel: Int, z: Int, y: Int, x: Int

  /// The index of the axes an array has.
  package func components(rank: Int) -> [Int] { Array([channel, z, y, x].suffix(rank)) }

  package init(channel: Int, z: Int, y: Int, x: Int) {
    self.channel = channel
    self.z = z
    self.y = y
    self.x = x
  }

  /// Creates an index from one of an array of rank 3 or 4.
  package init(_ components: [Int]) {
    let padded = [Int](repeating: 0, count: 4 - components.count) + components
    self.init(channel: padded[0], z: padded[1], y: padded[2], x: padded[3])
  }

  /// The shard that holds an inner chunk.
  package func shard(grid: [Int], rank: Int) -> ChunkIndex {
    ChunkIndex(zip(components(rank: rank), grid).map { $0 / $1 })
  }

  /// The inner chunk's place in its shard, in raster order.
  package func place(inShard shard: ChunkIndex, grid: [Int], rank: Int) -> Int {
    var place = 0
    let first = shard.components(rank: rank)
    for (axis, position) in components(rank: rank).enumerated() {
      place = place * grid[axis] + position - first[axis] * grid[axis]
    }
    return place
  }
}

/// Some channels of a box: what a chunk covers, or what a read wants.
package struct ChunkRegion: Hashable, Sendable {
  package var box: VoxelBox
  package var channels: Range<Int>

  package init(box: VoxelBox, channels: Range<Int>) {
    self.box = box
    self.channels = channels
  }

  package func intersection(_ other: ChunkRegion) -> ChunkRegion {
    ChunkRegion(
      box: box.intersection(other.box), channels: channels.clamped(to: other.channels))
  }
}

/// A regular grid of chunks.
package struct ChunkGrid: Sendable {
  package let chunk: VoxelExtent
  package let channels: Int

  /// Creates the grid of chunks of a shape of rank 3 or 4.
  package init(chunkShape: [Int], rank: Int) {
    chunk = VoxelExtent(lengths: chunkShape.suffix(3))
    channels = rank == 4 ? chunkShape[0] : 1
  }

  /// What a chunk covers; a chunk at the far side may reach outside the array.
  package func region(of index: ChunkIndex) -> ChunkRegion {
    ChunkRegion(
      box: VoxelBox(
        origin: VoxelPosition(z: index.z * chunk.z, y: index.y * chunk.y, x: index.x * chunk.x),
        extent: chunk),
      channels: index.channel * channels..<(index.channel + 1) * channels)
  }

  /// The chunks that share voxels with a region, in raster order.
  package func indices(touching region: ChunkRegion) -> [ChunkIndex] {
    let start = region.box.origin
    let end = region.box.end
    var indices: [ChunkIndex] = []
    for channel in region.channels.lowerBound / channels...(region.channels.upperBound - 1)
      / channels
    {
      for z in start.z / chunk.z...(end.z - 1) / chunk.z {
        for y in start.y / chunk.y...(end.y - 1) / chunk.y {
          for x in start.x / chunk.x...(end.x - 1) / chunk.x {
            indices.append(ChunkIndex(channel: channel, z: z, y: y, x: x))
          }
        }
      }
    }
    return indices
  }
}

extension VoxelExtent {
  package init(lengths: ArraySlice<Int>) {
    let start = lengths.startIndex
    self.init(z: lengths[start], y: lengths[start + 1], x: lengths[start + 2])
  }
}
