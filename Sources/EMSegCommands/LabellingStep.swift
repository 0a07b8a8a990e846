import Blockwise
import Codecs
import CommandLineInterface
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
    var filledVoxelCount = 0
  }

  let labelling: Labelling
  let name: String
  let output: String
  let voxelSize: VoxelSize
  let offset: PhysicalPosition
  var filter = ComponentFilter.everything
  /// How background voxels join where holes are filled; nil leaves holes open.
  var holes: Neighbourhood?
  /// Whether tables of the labels and of their contacts are kept in the output.
  var keepsTables = false

  private var filterText: String {
    "keeping \(filter.minimumVoxelCount) voxels or more"
      + (filter.touchingBorder == .asOthers
        ? "" : ", at the border \(filter.touchingBorder.rawValue)")
      + (filter.largestCount.map { ", the \($0) largest" } ?? "")
      + (holes.map { ", holes by \($0.rawValue) filled" } ?? "")
      + (keepsTables ? ", with tables" : "")
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
    let summary = try label(to: image, with: runner, block: block)
    try image.buildPyramid(.mode, with: runner)
    try image.complete(adding: summary.attributes)
    return summary
  }

  private func label(
    to image: OutputImage, with runner: StageRunner, block: VoxelExtent?
  ) throws -> Summary {
    let (finding, writing) = (image.ledger("seams"), image.ledger("level-0"))
    let unit = image.finest.metadata.storageUnit
    let joining = JoiningMemory(budget: runner.options.memory.bytes)
    // Labels of the grown block; the parts of its background, and the runs of these.
    let extra = (holes == nil && !keepsTables ? 0 : 8) + (holes == nil ? 0 : 1 + 4 + 8)
    let set = WorkingSet(
      bytesPerReadVoxel: labelling.bytesPerVoxel + extra, bytesPerWriteVoxel: 3 * 8,
      halo: labelling.halo, sharedBytes: joining.kept)
    let blocks = try runner.blocks(
      for: set, storageUnit: unit, volume: labelling.volume.extent, ledgers: [writing, finding],
      block: block)
    let seams = image.blockFiles("seams")
    try runner.run(
      SeamStage(labelling: labelling, seams: seams), on: blocks, ledger: finding)
    let map = try joined(seams, of: blocks.grid, in: image, joining)
    let joined = JoinedLabelling(labelling: labelling, map: map, filter: filterText)
    var holeMap: HoleMap?
    if let holes {
      holeMap = try fillHoles(joined, holes, in: image, with: runner, blocks, joining)
    }
    let tables = keepsTables ? image.blockFiles("tables") : nil
    try runner.run(
      RelabelStage(joined: joined, holes: holeMap, target: image.finest, tables: tables),
      on: blocks, ledger: writing)
    if let tables {
      try ComponentTables(
        files: tables, blockCount: blocks.grid.count, labelCount: map.kept.count,
        voxelSize: voxelSize, offset: offset
      ).write(to: image.folder)
    }
    let filled = holeMap?.filledVoxelCount ?? 0
    return Summary(
      count: map.kept.count, voxelCount: map.kept.voxelCount + filled,
      droppedCount: map.dropped.count, filledVoxelCount: filled)
  }

  /// Joins the blocks by their seams, and then by what they left undecided.
  private func joined(
    _ seams: BlockFiles, of grid: BlockGrid, in image: OutputImage, _ joining: JoiningMemory
  ) throws -> ComponentMap {
    let touching = try joining.join(
      seams, of: grid, keeping: labelling.leavesUndecided ? .everything : filter,
      spillingTo: image.blockFiles("numbers"))
    guard labelling.leavesUndecided else { return touching }
    let numbers = try labelling.join(touching, blockCounts: grid.counts) { index in
      try seams.read(index).column(1, as: UInt8.self)
    }
    return try touching.joined(
      by: numbers, keeping: filter, in: joining.pages(image.blockFiles("joined-numbers")))
  }

  private func fillHoles(
    _ joined: JoinedLabelling<Labelling>, _ neighbourhood: Neighbourhood, in image: OutputImage,
    with runner: StageRunner, _ blocks: StageRunner.Blocks, _ joining: JoiningMemory
  ) throws -> HoleMap {
    let files = image.blockFiles("holes")
    try runner.run(
      HoleStage(joined: joined, neighbourhood: neighbourhood, files: files), on: blocks,
      ledger: image.ledger("holes"))
    // What reaches the border of the volume is open there.
    let map = try joining.join(
      files, of: blocks.grid, keeping: ComponentFilter(touchingBorder: .dropped),
      spillingTo: image.blockFiles("hole-numbers"))
    return try HoleMap(map: map, neighbourhood: neighbourhood, files: files)
  }
}

extension LabellingStep.Summary {
  /// The summary as an image's attributes.
  var attributes: JSONObject {
    [
      "labels": .integer(Int64(count)), "labelled_voxels": .integer(Int64(voxelCount)),
      "dropped_labels": .integer(Int64(droppedCount)),
      "filled_voxels": .integer(Int64(filledVoxelCount)),
    ]
  }

  /// Reads the summary that ``attributes`` wrote; nil where there is none.
  init?(_ attributes: JSONObject) {
    guard let count = attributes["labels"]?.int, let voxels = attributes["labelled_voxels"]?.int,
      let dropped = attributes["dropped_labels"]?.int
    else { return nil }
    self.init(
      count: count, voxelCount: voxels, droppedCount: dropped,
      filledVoxelCount: attributes["filled_voxels"]?.int ?? 0)
  }
}
