import Blockwise
import Segmentation
import Synchronization
import VolumeStore
import Voxels

/// Makes the region graph and the merges of a volume of fragments, or what is left of them.
struct VolumeMerging {
  let fragments: InputVolume
  let fragmentCount: Int
  let affinities: AffinityVolume?
  let classes: InputVolume?
  let folder: GraphFolder

  /// Merges and stores them.
  ///
  /// - Throws: `UsageError` without affinities.
  func run(
    _ description: MergeDescription, maximumCost: Double, _ runner: StageRunner
  ) throws -> GraphFolder.Merges {
    guard let rules = description.rules(maximumCost: maximumCost) else {
      preconditionFailure("a description that was read or made has a score")
    }
    let detail: ContactDetail = rules.score.needsHistograms ? .histograms : .sums
    let blocks = try gatherContacts(detail, runner)
    if let classes { try count(classes, on: blocks, runner) }

    let (contacts, classFiles) = (folder.contacts(detail).files, folder.classes.files)
    let sizes = Mutex([UInt64](repeating: 0, count: fragmentCount + 1))
    let records = Mutex<[(number: Int, record: ChunkRecord)]>([])
    let (folder, fragmentCount) = (folder, fragmentCount)
    try folder.removeMerges()
    // Each graph is read once: what it says of sizes is taken down on the way.
    let tree = try agglomerate(
      blockCounts: blocks.grid.counts, fragmentCount: fragmentCount, rules: rules,
      threads: runner.options.threads
    ) { index in
      let graph = try RegionGraph(decoding: try contacts.read(index).column(0, as: UInt8.self))
      sizes.withLock { sizes in
        for fragment in graph.fragments where fragment.id <= UInt64(fragmentCount) {
          sizes[Int(fragment.id)] += fragment.voxelCount
        }
      }
      return graph
    } classes: { index in
      try FragmentClass.decoded(try classFiles.read(index).column(0, as: UInt8.self))
    } record: { decided in
      let record = try folder.store(decided, of: description)
      records.withLock { $0.append((decided.number, record)) }
    }
    let stored = records.withLock { $0.sorted { $0.number < $1.number } }
    try folder.finishDecisions(stored.map(\.record))
    let merges = GraphFolder.Merges(
      tree: tree, fragmentSizes: sizes.withLock { $0 }, description: description,
      boxes: stored.map { UInt64($0.number) })
    try folder.store(merges)
    return merges
  }

  /// The contacts of segments that cost more than the threshold, but not much more.
  func residualContacts(
    of merges: GraphFolder.Merges, segments: [UInt64], costs: (above: Double, upTo: Double),
    _ runner: StageRunner
  ) throws -> [ResidualContact] {
    guard let score = ContactScore(text: merges.description.score) else {
      preconditionFailure("a description that was read or made has a score")
    }
    let detail: ContactDetail = score.needsHistograms ? .histograms : .sums
    let (ledger, files) = folder.contacts(detail)
    let blocks = try blocks(ledger, block: nil, runner)
    return try Segmentation.residualContacts(
      blockCounts: blocks.grid.counts, segments: segments, score: score, costs: costs,
      threads: runner.options.threads
    ) { index in
      try RegionGraph(decoding: try files.read(index).column(0, as: UInt8.self))
    }
  }

  private func gatherContacts(
    _ detail: ContactDetail, _ runner: StageRunner
  ) throws -> StageRunner.Blocks {
    guard let affinities else {
      preconditionFailure("merges are made anew only where affinities are named")
    }
    let (ledger, files) = folder.contacts(detail)
    let stage = RegionGraphStage(
      fragments: fragments, fragmentCount: fragmentCount, affinities: affinities,
      detail: detail, files: files)
    let blocks = try blocks(ledger, block: runner.options.block?.extent, runner)
    try run(stage, on: blocks, ledger: ledger, runner)
    return blocks
  }

  private func count(
    _ classes: InputVolume, on blocks: StageRunner.Blocks, _ runner: StageRunner
  ) throws {
    let (ledger, files) = folder.classes
    try run(
      FragmentClassStage(fragments: fragments, classes: classes, files: files), on: blocks,
      ledger: ledger, runner)
  }

  private func run<Stage: BlockStage>(
    _ stage: Stage, on blocks: StageRunner.Blocks, ledger: String, _ runner: StageRunner
  ) throws {
    do {
      try runner.run(stage, on: blocks, ledger: ledger)
    } catch var error as LedgerError where error.code == .stale {
      error.remedy = "name another folder with --graph, or remove \(folder.path)"
      throw error
    }
  }

  private func blocks(
    _ ledger: String, block: VoxelExtent?, _ runner: StageRunner
  ) throws -> StageRunner.Blocks {
    let stored = affinities?.reader.metadata
    let affinityBytes = stored.map { $0.channels * $0.dataType.byteCount } ?? 12
    return try runner.blocks(
      for: WorkingSet(
        bytesPerReadVoxel: affinityBytes + 8 + 4 + 16, halo: VoxelExtent(cube: 1)),
      storageUnit: fragments.reader.metadata.storageUnit,
      volume: fragments.reader.metadata.extent, ledgers: [ledger], block: block)
  }
}
