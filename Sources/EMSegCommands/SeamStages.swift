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
  /// Labels a block, given the box whose voxels belong to it; the same whenever the box is.
  func label(_ ownBox: VoxelBox) throws -> LabelledBlock
  /// Joins components further, by what the blocks have left undecided.
  ///
  /// - Parameters:
  ///   - map: The components joined over the blocks' seams.
  ///   - blockCounts: The number of blocks along each axis.
  ///   - undecided: What a block has left, by its place in the grid's raster order.
  /// - Returns: What becomes of the components; nil where they stay as they are.
  /// - Throws: What `undecided` throws, and where blocks contradict each other.
  func join(
    _ map: ComponentMap, blockCounts: VoxelExtent, undecided: (Int) throws -> [UInt8]
  ) throws -> JoinedLabels?
}

extension BlockLabelling {
  /// Nil: labels that touch across a seam belong together, and nothing else does.
  func join(
    _ map: ComponentMap, blockCounts: VoxelExtent, undecided: (Int) throws -> [UInt8]
  ) -> JoinedLabels? { nil }
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

/// What becomes of components that are joined further.
struct JoinedLabels {
  /// The new number of every component, by its number.
  ///
  /// They are dense from 1 in the order of the smallest members. Background, at 0, stays 0.
  var numbers: [UInt32]
  /// The number of components left.
  var count: Int
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

/// The second pass: labels each block again, the same way, and writes what its labels became.
struct RelabelStage<Labelling: BlockLabelling>: BlockStage {
  let labelling: Labelling
  let map: ComponentMap
  let target: any VolumeWriter
  /// Which components were kept, for the fingerprint.
  let filter: String

  var name: String { "\(labelling.name), writing" }
  var halo: VoxelExtent { labelling.halo }
  var fingerprint: String { "pass=writing 1\nfilter=\(filter)\n\(labelling.fingerprint)" }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let labels = try labelling.label(block.writeBox).labels
    let final = relabelled(labels, by: map.table(ofBlock: block.index), in: block.writeBox)
    return BlockResult(report: NoReport(), written: [try target.write(final)])
  }
}
