import Blockwise
import Codecs
import Labels
import Segmentation
import Synchronization
import VolumeStore
import ZarrStore
import Voxels

/// Region graph, merges, segment table and labels of a volume of fragments.
struct AgglomerateStep {
  let fragments: InputVolume
  let fragmentCount: Int
  let affinities: AffinityVolume
  /// The folder of the region graph and the merges.
  let graph: String
  let threshold: Double
  /// Segments with fewer voxels become background.
  let minimumVoxels: Int
  let output: String

  /// Merges are recorded up to this cost, so that thresholds up to it need no new graph.
  private var maximumCost: Double { max(threshold, 0.8) }

  /// Runs the agglomeration, or what is left of it.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws -> SegmentSizes {
    let metadata = fragments.reader.metadata
    guard metadata.extent == affinities.reader.metadata.extent, metadata.dataType == .uint64 else {
      throw VolumeError(
        .dataTypeMismatch, path: fragments.reader.path,
        "fragments and affinities do not go together",
        found: "\(metadata.dataType.rawValue), \(metadata.extent.text)",
        expected: "uint64, \(affinities.reader.metadata.extent.text)")
    }
    let voxelSize = metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    let block = runner.options.block?.extent
    let layout = ChunkLayout(chunk: ChunkShape.chunk(for: voxelSize, block: block))
    let specification = ImageSpecification(
      name: "segmentation", kind: .labels, extent: metadata.extent, dataType: .uint64,
      voxelSize: voxelSize, offset: metadata.offset, layout: layout)
    let parameters =
      "method=mean affinity 1\nthreshold=\(threshold)\nminimum voxels=\(minimumVoxels)\n"
      + "fragments=\(fragments.identity)\naffinities=\(affinities.identity)"
    let image = try OutputImage.prepare(
      specification, at: output, fingerprint: "\(parameters)\nchunk=\(layout.chunk.text)",
      provenance: ["command": .string("agglomerate"), "parameters": .string(parameters)],
      policy: policy, runner: runner)
    if image.isComplete, let sizes = SegmentSizes(image.attributes) { return sizes }

    let (tree, fragmentSizes) = try mergeTree(runner, block: block)
    var table = tree.segmentTable(threshold: threshold)
    SegmentSizes.dropSegments(below: minimumVoxels, from: &table, fragmentSizes: fragmentSizes)
    let sizes = SegmentSizes(of: table, fragmentSizes: fragmentSizes)
    let stage = SegmentStage(
      fragments: fragments.reader, table: table, target: image.finest, fingerprint: parameters)
    let blocks = try runner.blocks(
      for: WorkingSet(
        bytesPerReadVoxel: 8, bytesPerWriteVoxel: 3 * 8, sharedBytes: table.count * 8),
      storageUnit: image.finest.metadata.storageUnit, volume: metadata.extent,
      ledgers: [image.ledger("level-0")], block: block)
    try runner.run(stage, on: blocks, ledger: image.ledger("level-0"))
    try image.buildPyramid(.mode, with: runner)
    try image.complete(adding: sizes.attributes)
    return sizes
  }

  /// The merges, and the voxels of every fragment by its id.
  private func mergeTree(
    _ runner: StageRunner, block: VoxelExtent?
  ) throws -> (tree: MergeTree, fragmentSizes: [UInt64]) {
    let volume = fragments.reader.metadata.extent
    let ledger = "\(graph)/region-graph.ledger"
    let files = BlockFiles(path: "\(graph)/blocks")
    let stage = RegionGraphStage(fragments: fragments, affinities: affinities, files: files)
    let set = WorkingSet(
      bytesPerReadVoxel: affinities.bytesPerVoxel + 8 + 4 + 16,
      halo: stage.halo)
    let blocks = try runner.blocks(
      for: set, storageUnit: fragments.reader.metadata.storageUnit, volume: volume,
      ledgers: [ledger], block: block)
    do {
      try runner.run(stage, on: blocks, ledger: ledger)
    } catch var error as LedgerError where error.code == .stale {
      error.remedy = "name another folder with --graph, or remove \(graph)"
      throw error
    }

    let merges = BlockFiles(path: "\(graph)/merges")
    let whole = Block(
      index: 0, writeBox: VoxelBox(extent: volume), readBox: VoxelBox(extent: volume))
    let sizes = Mutex([UInt64](repeating: 0, count: fragmentCount + 1))
    // Each graph is read once: what it says of sizes is taken down on the way.
    let tree = try agglomerate(
      blockCounts: blocks.grid.counts, fragmentCount: fragmentCount, maximumCost: maximumCost,
      threads: runner.options.threads
    ) { index in
      let graph = try RegionGraph(decoding: try files.read(index).column(0, as: UInt8.self))
      sizes.withLock { sizes in
        for fragment in graph.fragments where fragment.id < UInt64(sizes.count) {
          sizes[Int(fragment.id)] += fragment.voxelCount
        }
      }
      return graph
    }
    var table = BlockTable()
    table.append(tree.encoded)
    let record = try merges.write(table, for: whole)
    try merges.finish([record])
    try merges.synchronize()
    return (tree, sizes.withLock { $0 })
  }
}

/// Gathers the contacts between the fragments of each block.
struct RegionGraphStage: BlockStage {
  let name = "region graph"
  let fragments: InputVolume
  let affinities: AffinityVolume
  let files: BlockFiles

  var halo: VoxelExtent { VoxelExtent(cube: 1) }
  var fingerprint: String {
    "method=region graph 1\nfragments=\(fragments.identity)\naffinities=\(affinities.identity)"
  }
  var outputs: [any RecordedOutput] { [files] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let graph =
      affinities.reader.metadata.dataType == .uint8
      ? try graph(of: block, UInt8.self) : try graph(of: block, Float.self)
    var table = BlockTable()
    table.append(graph.encoded)
    return BlockResult(report: NoReport(), written: [[try files.write(table, for: block)]])
  }

  private func graph<Affinity: AffinityScalar>(
    of block: Block, _ type: Affinity.Type
  ) throws -> RegionGraph {
    let volume = fragments.reader.metadata.box
    let near = VoxelBox(
      from: block.writeBox.origin - halo, to: block.writeBox.end
    ).intersection(volume)
    return regionGraph(
      affinities: try affinities.reader.read(block.writeBox, as: type),
      fragments: try fragments.reader.read(near, as: UInt64.self), box: block.writeBox,
      volume: volume)
  }
}

/// Writes the segment of every fragment.
struct SegmentStage: BlockStage {
  let name = "segments"
  let fragments: any VolumeReader
  let table: [UInt64]
  let target: any VolumeWriter
  let fingerprint: String

  var halo: VoxelExtent { .zero }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let labels = try fragments.read(block.writeBox, as: UInt64.self)
    let segments = relabelled(labels, by: table)
    return BlockResult(report: NoReport(), written: [try target.write(segments)])
  }
}
