import Blockwise
import Codecs
import CommandLineInterface
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
  /// What the fragments were made from; nil where the merges are there already.
  let affinities: AffinityVolume?
  /// The folder of the region graph and the merges.
  let graph: String
  let threshold: Double
  /// Segments with fewer voxels become background.
  let minimumVoxels: Int
  let output: String
  var options = AgglomerationOptions(statistic: .mean)
  /// A volume of classes that keep regions apart.
  var classes: InputVolume?
  /// Where to write what a proofreader is to look at.
  var candidates: CandidateFile?
  /// Where Neuroglancer finds the fragments.
  var fragmentAddress: String?

  private var folder: GraphFolder { GraphFolder(path: graph) }
  private var metadata: VolumeMetadata { fragments.reader.metadata }
  private var voxelSize: VoxelSize { metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1) }

  /// Runs the agglomeration, or what is left of it, and writes labels.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws -> SegmentSizes {
    let (description, stored) = try plan()
    let block = runner.options.block?.extent
    let layout = ChunkLayout(chunk: ChunkShape.chunk(for: voxelSize, block: block))
    let specification = ImageSpecification(
      name: "segmentation", kind: .labels, extent: metadata.extent, dataType: .uint64,
      voxelSize: voxelSize, offset: metadata.offset, layout: layout)
    let parameters = parameters(description)
    let image = try OutputImage.prepare(
      specification, at: output, fingerprint: "\(parameters)\nchunk=\(layout.chunk.text)",
      provenance: ["command": .string("agglomerate"), "parameters": .string(parameters)],
      policy: policy, runner: runner)
    if image.isComplete, let sizes = SegmentSizes(image.attributes) { return sizes }

    let cut = try segments(description, stored, runner)
    try store(cut, description, in: "\(graph)/segments")
    let stage = SegmentStage(
      fragments: fragments.reader, table: cut.table, target: image.finest,
      fingerprint: parameters)
    let blocks = try runner.blocks(
      for: WorkingSet(
        bytesPerReadVoxel: 8, bytesPerWriteVoxel: 3 * 8, sharedBytes: cut.table.count * 8),
      storageUnit: image.finest.metadata.storageUnit, volume: metadata.extent,
      ledgers: [image.ledger("level-0")], block: block)
    try runner.run(stage, on: blocks, ledger: image.ledger("level-0"))
    try image.buildPyramid(.mode, with: runner)
    try write(cut.candidates, runner)
    try image.complete(adding: cut.sizes.attributes)
    return cut.sizes
  }

  /// Runs the agglomeration, or what is left of it, and writes the table of segments only.
  func runWithoutLabels(
    _ runner: StageRunner, policy: OutputImage.Policy
  ) throws -> SegmentSizes {
    if ExistingOutput.exists(output) {
      guard policy == .replace else { throw ExistingOutput.error(output, "it is there already") }
      try ExistingOutput.checkReplaceable(output)
    }
    let (description, stored) = try plan()
    let cut = try segments(description, stored, runner)
    let unfinished = OutputImage.unfinishedPath(of: FileStore(root: output).root)
    try FileStore.removeTree(at: unfinished)
    try ExistingOutput.createFolder(of: output)
    try store(cut, description, in: unfinished)
    try write(cut.candidates, runner)
    try ExistingOutput.remove(output)
    try FileStore(root: unfinished).move(to: FileStore(root: output).root)
    return cut.sizes
  }

  /// What the merges are made from and how, and those of an earlier run that are the same.
  private func plan() throws -> (description: MergeDescription, stored: GraphFolder.Merges?) {
    try checkFragments()
    let stored = try storedMerges()
    if affinities == nil {
      guard let stored else {
        throw UsageError(
          "--affinities", "there are no merges of these fragments to cut", found: graph,
          remedy: "name the affinities, or the folder of the merges with --graph")
      }
      let asked = try description(score: try options.score() ?? .mean)
      guard options.isUnstated || asked.identity == stored.description.identity else {
        throw UsageError(
          "--affinities", "the merges in the graph folder are by other rules",
          found: stored.description.identity, remedy: "name the affinities to merge anew")
      }
      guard threshold <= stored.tree.maximumCost else {
        throw UsageError(
          "--threshold", "the merges in the graph folder do not go so far",
          found: shortText(threshold), expected: "at most \(shortText(stored.tree.maximumCost))",
          remedy: "name the affinities to merge anew")
      }
      return (stored.description, stored)
    }
    if options.isUnstated, let stored { return (stored.description, reusable(stored)) }
    let asked = try description(score: try options.score() ?? .mean)
    guard let stored, stored.description.identity == asked.identity else { return (asked, nil) }
    return (asked, reusable(stored))
  }

  private func reusable(_ merges: GraphFolder.Merges) -> GraphFolder.Merges? {
    threshold <= merges.tree.maximumCost ? merges : nil
  }

  /// The merges of an earlier run over the same volumes.
  private func storedMerges() throws -> GraphFolder.Merges? {
    guard let stored = try folder.storedMerges(), stored.tree.fragmentCount == fragmentCount,
      stored.description.fragments == fragments.identity,
      affinities == nil || stored.description.affinities == affinities?.identity
    else { return nil }
    return stored
  }

  private func checkFragments() throws {
    let extent = affinities?.reader.metadata.extent ?? metadata.extent
    guard metadata.extent == extent, metadata.dataType == .uint64, metadata.channels == 1 else {
      throw VolumeError(
        .dataTypeMismatch, path: fragments.reader.path,
        "fragments and affinities do not go together",
        found: "\(metadata.dataType.rawValue), \(metadata.extent.text)",
        expected: "uint64, \(extent.text)")
    }
    guard [extent.z, extent.y, extent.x].allSatisfy({ $0 <= ContactPoint.axisLimit }) else {
      throw VolumeError(
        .limitExceeded, path: fragments.reader.path, "the volume is too long to agglomerate",
        found: extent.text, expected: "at most \(ContactPoint.axisLimit) voxels along an axis",
        remedy: "agglomerate parts of it")
    }
    if let classes, classes.reader.metadata.extent != metadata.extent {
      throw VolumeError(
        .dataTypeMismatch, path: classes.reader.path, "fragments and classes do not go together",
        found: classes.reader.metadata.extent.text, expected: metadata.extent.text)
    }
  }

  private func description(score: ContactScore) throws -> MergeDescription {
    MergeDescription(
      score: score, sizeVeto: options.sizeVeto?.veto, classVeto: try options.classRule(),
      fragments: fragments.identity, affinities: affinities?.identity ?? "",
      classes: classes?.identity, extent: metadata.extent, voxelSize: voxelSize,
      offset: metadata.offset)
  }

  private func parameters(_ description: MergeDescription) -> String {
    "\(description.identity)\nthreshold=\(threshold)\nminimum voxels=\(minimumVoxels)"
  }

  /// A cut of the merges at the threshold.
  private struct Cut {
    var table: [UInt64]
    var sizes: SegmentSizes
    var fragmentSizes: [UInt64]
    var candidates: CandidateFile.Found?
  }

  private func segments(
    _ description: MergeDescription, _ stored: GraphFolder.Merges?, _ runner: StageRunner
  ) throws -> Cut {
    let merging = VolumeMerging(
      fragments: fragments, fragmentCount: fragmentCount, affinities: affinities,
      classes: classes, folder: folder)
    // Merges are recorded up to this cost, so that thresholds up to it need no new ones.
    let merges =
      try stored ?? merging.run(description, maximumCost: max(threshold, 0.8), runner)
    if stored != nil { runner.context.detail("the merges in \(graph) are cut again") }
    var table = merges.tree.segmentTable(threshold: threshold)
    SegmentSizes.dropSegments(
      below: minimumVoxels, from: &table, fragmentSizes: merges.fragmentSizes)
    return Cut(
      table: table, sizes: SegmentSizes(of: table, fragmentSizes: merges.fragmentSizes),
      fragmentSizes: merges.fragmentSizes,
      candidates: try candidates?.find(
        in: merges, segments: table, threshold: threshold, merging: merging, runner: runner))
  }

  /// Last, so that a run that was stopped before finds no table in its way.
  private func write(_ found: CandidateFile.Found?, _ runner: StageRunner) throws {
    guard let found, let candidates else { return }
    try candidates.write(found)
    runner.context.note("\(found.rows.count) candidates in \(candidates.path)")
  }

  private func store(_ cut: Cut, _ description: MergeDescription, in folder: String) throws {
    try SegmentTable(segments: cut.table, fragmentSizes: cut.fragmentSizes).store(
      in: folder,
      facts: [
        "format": .string("fascicle segment table 1"),
        "fragments": .string(SegmentView.name(of: fragments.reader.path)),
        "parameters": .string(parameters(description)), "threshold": .number(threshold),
        "minimum_voxels": .integer(Int64(minimumVoxels)),
      ].merging(cut.sizes.attributes) { $1 },
      view: SegmentView(
        source: fragmentAddress ?? SegmentView.address(of: fragments.reader.path),
        voxelSize: voxelSize, extent: metadata.extent))
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
