import Blockwise
import Codecs
import Labels
import VolumeStore
import ZarrStore
import Voxels

/// Labels a whole volume block by block: finds, joins, writes, and builds the pyramid.
struct LabellingStep<Labelling: BlockLabelling> {
  /// What the labels are, in numbers.
  struct Summary {
    var count: Int
    var voxelCount: Int
    var droppedCount: Int
  }

  let labelling: Labelling
  let name: String
  let output: String
  let voxelSize: VoxelSize
  let offset: PhysicalPosition
  var filter = ComponentFilter.everything

  private var filterText: String {
    "keeping \(filter.minimumVoxelCount) voxels or more"
      + (filter.largestCount.map { ", the \($0) largest" } ?? "")
  }

  /// Runs the labelling, or what is left of it.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws -> Summary {
    let extent = labelling.volume.extent
    let block = runner.options.block?.extent
    let layout = ChunkLayout(chunk: ChunkShape.chunk(for: voxelSize, block: block))
    let specification = ImageSpecification(
      name: name, kind: .labels, extent: extent, dataType: .uint64, voxelSize: voxelSize,
      offset: offset, layout: layout)
    let fingerprint =
      "filter=\(filterText)\nchunk=\(layout.chunk.text)\n\(labelling.fingerprint)"
    let image = try OutputImage.prepare(
      specification, at: output, fingerprint: fingerprint,
      provenance: ["command": .string(name), "parameters": .string(labelling.fingerprint)],
      policy: policy, runner: runner)
    if let summary = Summary(image.attributes), image.isComplete { return summary }
    let map = try label(to: image, with: runner, block: block)
    try image.buildPyramid(.mode, with: runner)
    let summary = Summary(
      count: map.components.count,
      voxelCount: map.components.reduce(0) { $0 + $1.voxelCount },
      droppedCount: map.droppedCount)
    try image.complete(adding: summary.attributes)
    return summary
  }

  private func label(
    to image: OutputImage, with runner: StageRunner, block: VoxelExtent?
  ) throws -> ComponentMap {
    let (finding, writing) = (image.ledger("seams"), image.ledger("level-0"))
    let unit = image.finest.metadata.storageUnit
    let set = WorkingSet(
      bytesPerReadVoxel: labelling.bytesPerVoxel, bytesPerWriteVoxel: 3 * 8,
      halo: labelling.halo)
    let blocks = try runner.blocks(
      for: set, storageUnit: unit, volume: labelling.volume.extent, ledgers: [writing, finding],
      block: block)
    let seams = image.blockFiles("seams")
    try runner.run(
      SeamStage(labelling: labelling, seams: seams), on: blocks, ledger: finding)
    let joiner = SeamJoiner(region: labelling.volume, gridExtent: blocks.grid.counts)
    let touching = try joiner.join { index in
      let table = try seams.read(index)
      return try BlockSeams(
        decoding: try table.column(0, as: UInt8.self),
        ownBox: blocks.grid.block(index).writeBox, region: labelling.volume)
    }
    let joined = try labelling.join(touching, blockCounts: blocks.grid.counts) { index in
      try seams.read(index).column(1, as: UInt8.self)
    }
    let map = touching.joined(by: joined?.numbers, keeping: filter)
    try runner.run(
      RelabelStage(labelling: labelling, map: map, target: image.finest, filter: filterText),
      on: blocks, ledger: writing)
    return map
  }
}

extension LabellingStep.Summary {
  /// The summary as an image's attributes.
  var attributes: JSONObject {
    [
      "labels": .integer(Int64(count)), "labelled_voxels": .integer(Int64(voxelCount)),
      "dropped_labels": .integer(Int64(droppedCount)),
    ]
  }

  /// Reads the summary that ``attributes`` wrote; nil where there is none.
  init?(_ attributes: JSONObject) {
    guard let count = attributes["labels"]?.int, let voxels = attributes["labelled_voxels"]?.int,
      let dropped = attributes["dropped_labels"]?.int
    else { return nil }
    self.init(count: count, voxelCount: voxels, droppedCount: dropped)
  }
}
