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
  /// Labels a box; labels are dense from 1, and the same whenever the box is.
  func label(_ box: VoxelBox) throws -> (labels: Volume<UInt32>, count: Int)
}

/// The first pass of labelling across blocks: labels each block and keeps its seams.
struct SeamStage<Labelling: BlockLabelling>: BlockStage {
  let labelling: Labelling
  let seams: BlockFiles

  var name: String { "\(labelling.name), finding" }
  var halo: VoxelExtent { labelling.halo }
  var fingerprint: String { "pass=finding 1\n\(labelling.fingerprint)" }
  var outputs: [any RecordedOutput] { [seams] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let region = labelling.volume
    let grown = BlockSeams.grownBox(of: block.writeBox, in: region)
    let (labels, count) = try labelling.label(grown)
    let found = BlockSeams(of: labels, labelCount: count, ownBox: block.writeBox, region: region)
    var table = BlockTable()
    table.append(found.encoded())
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
    let grown = BlockSeams.grownBox(of: block.writeBox, in: labelling.volume)
    let labels = try labelling.label(grown).labels
    let final = relabelled(labels, by: map.table(ofBlock: block.index), in: block.writeBox)
    return BlockResult(report: NoReport(), written: [try target.write(final)])
  }
}
