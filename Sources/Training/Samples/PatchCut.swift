import Voxels

/// Where one sample is cut from, and what happens to it.
struct PatchCut {
  let source: any PatchSource
  /// The margin around the patch that targets need.
  let halo: VoxelExtent
  /// What is read; may reach outside the source.
  let box: VoxelBox
  /// The part of it that the patch comes from.
  let core: VoxelBox
  let changes: [SampleChange]

  /// Chooses a place, all alike where the extent fits.
  ///
  /// The extent is what is read, the footprint the part in its middle that the patch comes from.
  /// Where the extent does not fit into the source, the footprint does; where that does not fit
  /// either, it holds all of the source.
  init(
    source: any PatchSource, halo: VoxelExtent, extent: VoxelExtent, footprint: VoxelExtent,
    changes: [SampleChange], using generator: inout SampleGenerator
  ) {
    self.source = source
    self.halo = halo
    self.changes = changes
    func start(_ extent: Int, _ footprint: Int, in length: Int) -> Int {
      let free = length - extent
      if free >= 0 { return generator.integer(in: 0...free) }
      let room = length - footprint
      let first = generator.integer(in: min(room, 0)...max(room, 0))
      return first - (extent - footprint) / 2
    }
    let whole = source.box
    let step = VoxelExtent(
      z: start(extent.z, footprint.z, in: whole.extent.z),
      y: start(extent.y, footprint.y, in: whole.extent.y),
      x: start(extent.x, footprint.x, in: whole.extent.x))
    box = VoxelBox(origin: whole.origin + step, extent: extent)
    core = VoxelBox(
      origin: box.origin
        + VoxelExtent(
          z: (extent.z - footprint.z) / 2, y: (extent.y - footprint.y) / 2,
          x: (extent.x - footprint.x) / 2), extent: footprint)
  }

  /// Reads the image and annotations, mirrored where they lie outside the source.
  func read(labelNames: [String]) throws -> TrainingSample {
    let reading = MirroredReading(of: box, in: source.box)
    var furtherLabels: [String: Volume<UInt64>] = [:]
    for name in labelNames {
      furtherLabels[name] = reading.filled(
        from: try source.labels(named: name, in: reading.part))
    }
    return TrainingSample(
      image: reading.filled(from: try source.image(in: reading.part)),
      labels: reading.filled(from: try source.labels(in: reading.part)),
      furtherLabels: furtherLabels,
      mask: reading.mask(from: try source.mask(in: reading.part)), voxelSize: source.voxelSize)
  }

  /// The part of the patch, in [0, 1], that is annotated with a label other than 0.
  func labelledPart(of name: String?) throws -> Double {
    let part = core.intersection(source.box)
    guard !part.isEmpty else { return 0 }
    let labels =
      if let name { try source.labels(named: name, in: part) } else { try source.labels(in: part) }
    let mask = try source.mask(in: part)
    var count = 0
    for z in 0..<part.extent.z {
      for y in 0..<part.extent.y {
        let row = labels.row(z: z, y: y)
        if let mask {
          let known = mask.row(z: z, y: y)
          for x in row.indices where row[x] != 0 && known[x] != 0 { count += 1 }
        } else {
          for x in row.indices where row[x] != 0 { count += 1 }
        }
      }
    }
    return Double(count) / Double(core.extent.voxelCount)
  }
}
