import VolumeStore
import Voxels

/// How the stored axes of an array become the (channel, z, y, x) of a volume.
struct ZarrGeometry: Sendable {
  /// The stored axes.
  let axes: VolumeAxes
  let extent: VoxelExtent
  /// The channels at each time point.
  let channels: Int
  let timePoints: Int
  /// The grid of what one file holds.
  let fileGrid: ChunkGrid
  /// The grid of what is decoded at once: of a sharded array, the inner chunks.
  let decodedGrid: ChunkGrid
  /// How a file divides into what is decoded at once.
  let shardGrid: ShardGrid
  /// How decoded values come into order: the order of axes and the codecs' transpositions in one;
  /// nil where they are in order already.
  let reordering: AxisReordering?

  /// The geometry of an array whose axes are those given; their number is the array's.
  init(_ zarr: ZarrMetadata, axes: VolumeAxes) {
    precondition(axes.order.count == zarr.rank, "every axis of an array has a name")
    self.axes = axes
    let lengths = ChunkGrid(chunkShape: zarr.shape, axes: axes.order)
    extent = lengths.chunk
    channels = lengths.channels
    timePoints = lengths.timePoints
    fileGrid = ChunkGrid(chunkShape: zarr.chunkShape, axes: axes.order)
    // A transposition before the sharding is one of the shard's own axes.
    let outer = zarr.chain.storedOrder(axes.order)
    guard let sharding = zarr.sharding else {
      decodedGrid = fileGrid
      shardGrid = ShardGrid(counts: zarr.shape.map { _ in 1 }, axes: axes.order)
      reordering = AxisReordering(of: outer, lengths: zarr.chain.storedOrder(zarr.chunkShape))
      return
    }
    decodedGrid = ChunkGrid(chunkShape: sharding.innerShape, axes: outer)
    shardGrid = ShardGrid(counts: sharding.grid, axes: outer)
    reordering = AxisReordering(
      of: sharding.chain.storedOrder(outer),
      lengths: sharding.chain.storedOrder(sharding.innerShape))
  }

  /// All channels and time points of a box.
  func region(of box: VoxelBox) -> ChunkRegion {
    ChunkRegion(box: box, channels: 0..<channels, times: 0..<timePoints)
  }
}

extension ZarrMetadata {
  /// The array's axes: those stated, else those its dimension names say, else the usual ones of
  /// its rank.
  func axes(stated: VolumeAxes?, in document: ZarrDocument) throws(VolumeError) -> VolumeAxes {
    guard let usual = VolumeAxes.usual(count: rank) else {
      throw document.unsupported(
        "only arrays of two to five axes are volumes", found: "\(rank) axes",
        expected: "axes out of t, c, z, y, x",
        remedy: "write the wanted part as an array of two to five axes")
    }
    if let stated {
      guard stated.order.count == rank else {
        throw document.unsupported(
          "the array has another number of axes than stated", found: "\(shape)",
          expected: "\(stated)", remedy: "state \(rank) axes (--axes)")
      }
      return stated
    }
    guard let names = dimensionNames, names.contains(where: { $0 != nil }) else { return usual }
    // A name that is left out is the usual one.
    let named = zip(names, usual.order).map { name, usual in
      name.map { VolumeAxis(dimensionName: $0) } ?? usual
    }
    let order = named.compactMap { $0 }
    guard order.count == rank, let axes = VolumeAxes(order) else {
      throw document.unsupported(
        "the names of the axes do not say which they are",
        found: names.map { $0 ?? "null" }.joined(separator: ", "),
        expected: "each of t, c, z, y, x at most once, with y and x",
        remedy: "state the axes (--axes)")
    }
    return axes
  }

  /// Whether chunks are stored as ours are, apart from the order of axes.
  var isWritable: Bool {
    !isBoolean && chain.transpose == nil && decodedChain.transpose == nil
      && sharding?.indexIsAtEnd != false
  }
}

extension VolumeAxis {
  /// The axis that a dimension name means; nil where it means none.
  init?(dimensionName name: String) {
    switch name.lowercased() {
    case "t", "time": self = .time
    case let name where name == "c" || name.hasPrefix("c^") || name.hasPrefix("ch"):
      self = .channel
    case "z", "y", "x": self.init(rawValue: name.lowercased())
    default: return nil
    }
  }
}
