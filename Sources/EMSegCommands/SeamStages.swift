import Blockwise
import Labels
import VolumeStore
import Voxels

/// A way to label one block by itself so that blocks can be joined exactly.
protocol BlockLabelling: Sendable {
  /// The name of what is labelled, such as `components`.
  var name: String { get }
  /// Everything the labels depend on.
  var fingerprint: String { get }
  /// How far beyond a block the labelling looks, the overlap by which blocks are joined included.
  var halo: VoxelExtent { get }
  /// The volume that is labelled.
  var volume: VoxelBox { get }
  /// What a block holds in memory for each voxel looked at.
  var bytesPerVoxel: Int { get }
  /// Whether blocks leave something that is decided once all are joined.
  var leavesUndecided: Bool { get }
  /// Labels a block, given the box whose voxels belong to it; the same whenever the box is.
  func label(_ ownBox: VoxelBox) throws -> LabelledBlock
  /// Joins components further, by what the blocks have left undecided.
  ///
  /// - Parameters:
  ///   - map: The components joined over the blocks' seams.
  ///   - blockCounts: The number of blocks along each axis.
  ///   - undecided: What a block has left, by its place in the grid's raster order.
  /// - Returns: The new number of every component, by its number, dense from 1 in the order of the
  ///   smallest members. Background, at 0, stays 0.
  /// - Throws: What `undecided` throws, and where blocks contradict each other.
  func join(
    _ map: ComponentMap, blockCounts: VoxelExtent, undecided: (Int) throws -> [UInt8]
  ) throws -> [UInt32]
}

extension BlockLabelling {
  /// False: labels that touch across a seam belong together, and nothing else does.
  var leavesUndecided: Bool { false }

  /// Every component stays by itself.
  func join(
    _ map: ComponentMap, blockCounts: VoxelExtent, undecided: (Int) throws -> [UInt8]
  ) -> [UInt32] { Array(0...UInt32(map.kept.count)) }
}

/// The labels of a block by itself.
struct LabelledBlock {
  /// (1, z, y, x) labels, dense from 1, of the block's own box grown by one voxel on the far
  /// faces; 0 is background.
  var labels: Volume<UInt32>
  /// The number of labels.
  var count: Int
  /// What the block cannot decide alone; empty where blocks decide everything.
  var undecided: [UInt8] = []
}

/// The first pass of labelling across blocks: labels each block and keeps its seams.
struct SeamStage<Labelling: BlockLabelling>: BlockStage {
  let labelling: Labelling
  let seams: BlockFiles

  var name: String { "\(labelling.name), finding" }
  var halo: VoxelExtent { labelling.halo }
  var fingerprint: String { "pass=finding 2\n\(labelling.fingerprint)" }
  var outputs: [any RecordedOutput] { [seams] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let region = labelling.volume
    let labelled = try labelling.label(block.writeBox)
    let found = BlockSeams(
      of: labelled.labels, labelCount: labelled.count, ownBox: block.writeBox, region: region)
    var table = BlockTable()
    table.append(found.encoded())
    table.append(labelled.undecided)
    let record = try seams.write(table, for: block)
    return BlockResult(report: NoReport(), written: [[record]])
  }
}

/// A labelling whose blocks are joined: gives final labels.
struct JoinedLabelling<Labelling: BlockLabelling>: Sendable {
  let labelling: Labelling
  let map: ComponentMap
  /// Which components were kept, for fingerprints.
  let filter: String

  var fingerprint: String { "filter=\(filter)\n\(labelling.fingerprint)" }

  /// The box of a block, grown by one voxel on the far faces.
  func grownBox(of block: Block) -> VoxelBox {
    BlockSeams.grownBox(of: block.writeBox, in: labelling.volume)
  }

  /// The labels of a part of a block's grown box.
  func labels(of block: Block, in part: VoxelBox) throws -> Volume<UInt64> {
    let labels = try labelling.label(block.writeBox).labels
    return relabelled(labels, by: try map.table(ofBlock: block.index), in: part)
  }
}

/// The last pass: labels each block again, the same way, and writes what its labels became.
struct RelabelStage<Labelling: BlockLabelling>: BlockStage {
  let joined: JoinedLabelling<Labelling>
  /// What fills holes; nil where they stay open.
  let holes: HoleMap?
  let target: any VolumeWriter
  /// Where each block's statistics and contacts go; nil where nobody asks for them.
  let tables: BlockFiles?

  var name: String { "\(joined.labelling.name), writing" }
  var halo: VoxelExtent { joined.labelling.halo }
  var fingerprint: String { "pass=writing 1\n\(joined.fingerprint)" }
  var outputs: [any RecordedOutput] {
    guard let tables else { return [target] }
    return [target, tables]
  }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let grown = joined.grownBox(of: block)
    guard holes != nil || tables != nil else {
      let labels = try joined.labels(of: block, in: block.writeBox)
      return BlockResult(report: NoReport(), written: [try target.write(labels)])
    }
    var labels = try joined.labels(of: block, in: grown)
    if let holes { try holes.fill(&labels, ofBlock: block.index) }
    var written: [[ChunkRecord]] = []
    if let tables {
      let table = ComponentTables.table(of: labels, ownBox: block.writeBox)
      written.append([try tables.write(table, for: block)])
    }
    written.insert(try target.write(labels.cropped(to: block.writeBox)), at: 0)
    return BlockResult(report: NoReport(), written: written)
  }
}
