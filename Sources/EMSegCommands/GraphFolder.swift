import Blockwise
import Codecs
import Segmentation
import Synchronization
import VolumeStore
import Voxels

/// A folder with the region graph of a volume, its merges, and why they were done.
struct GraphFolder {
  let path: String

  /// Where blocks' contacts lie, and the ledger of those that are done.
  func contacts(_ detail: ContactDetail) -> (ledger: String, files: BlockFiles) {
    switch detail {
    case .sums: ("\(path)/region-graph.ledger", BlockFiles(path: "\(path)/blocks"))
    case .histograms: ("\(path)/histograms.ledger", BlockFiles(path: "\(path)/histograms"))
    }
  }

  /// Where blocks' classes lie, and the ledger of those that are done.
  var classes: (ledger: String, files: BlockFiles) {
    ("\(path)/classes.ledger", BlockFiles(path: "\(path)/classes"))
  }

  private var merges: BlockFiles { BlockFiles(path: "\(path)/merges") }
  private var decisions: BlockFiles { BlockFiles(path: "\(path)/decisions") }

  /// Every merge, and what goes with them.
  struct Merges {
    var tree: MergeTree
    /// The voxels of every fragment, by id.
    var fragmentSizes: [UInt64]
    var description: MergeDescription
    /// The numbers of the boxes that decided anything.
    var boxes: [UInt64]
  }

  /// The merges of an earlier run.
  ///
  /// - Returns: Nil where there are none, or ones of another version.
  /// - Throws: ``VolumeError`` where they are damaged.
  func storedMerges() throws -> Merges? {
    let table: BlockTable
    do {
      table = try merges.read(0)
    } catch  where error.code == .notFound {
      return nil
    }
    guard table.columnCount == 4,
      let description = MergeDescription(decoding: try table.column(2, as: UInt8.self))
    else { return nil }
    let sizes = try table.column(1, as: UInt64.self)
    let tree: MergeTree
    do {
      tree = try MergeTree(
        decoding: try table.column(0, as: UInt8.self), expectedFragmentCount: sizes.count - 1)
    } catch let error as MalformedGraphError {
      throw damaged(merges.path, error)
    }
    return Merges(
      tree: tree, fragmentSizes: sizes, description: description,
      boxes: try table.column(3, as: UInt64.self))
  }

  /// Stores merges in place of those of an earlier run; their decisions are stored already.
  func store(_ stored: Merges) throws {
    var table = BlockTable()
    table.append(stored.tree.encoded)
    table.append(stored.fragmentSizes)
    table.append(try stored.description.encoded)
    table.append(stored.boxes)
    let record = try merges.write(table, for: block(0))
    try merges.finish([record])
  }

  /// Removes the merges, so that none are there that do not go with the decisions.
  func removeMerges() throws { try FileStore.removeTree(at: merges.path) }

  /// Stores what a box decided.
  func store(
    _ decided: BoxDecisions, of description: MergeDescription
  ) throws -> ChunkRecord {
    var table = BlockTable()
    table.append(decided.encoded)
    table.append(Array(description.identity.utf8))
    return try decisions.write(table, for: block(decided.number))
  }

  /// Marks all decisions as stored.
  func finishDecisions(_ records: [ChunkRecord]) throws {
    try decisions.finish(records.sorted { $0.key < $1.key })
    try decisions.synchronize()
  }

  /// Calls a body with what every box decided.
  ///
  /// - Throws: ``VolumeError`` where that is damaged, missing, or of other merges.
  func forEachBox(of merges: Merges, _ body: (BoxDecisions) throws -> Void) throws {
    let identity = Array(merges.description.identity.utf8)
    for number in merges.boxes {
      let table = try decisions.read(Int(clamping: number))
      guard try table.column(1, as: UInt8.self) == identity else {
        throw VolumeError(
          .corruptChunk, path: decisions.path, "the decisions are of other merges",
          remedy: "run emseg agglomerate again")
      }
      let box: BoxDecisions
      do {
        box = try BoxDecisions(
          decoding: try table.column(0, as: UInt8.self),
          fragmentCount: merges.tree.fragmentCount)
      } catch let error as MalformedGraphError {
        throw damaged(decisions.path, error)
      }
      try body(box)
    }
  }

  private func damaged(_ path: String, _ error: MalformedGraphError) -> VolumeError {
    VolumeError(
      .corruptChunk, path: path, error.message, found: error.found, expected: error.expected,
      remedy: "remove the folder, and run emseg agglomerate again")
  }

  private func block(_ index: Int) -> Block {
    let box = VoxelBox(extent: VoxelExtent(cube: 1))
    return Block(index: index, writeBox: box, readBox: box)
  }
}
