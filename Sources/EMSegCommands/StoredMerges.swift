import Blockwise
import Codecs
import Segmentation
import VolumeStore
import ZarrStore

/// What an agglomeration left: the merges, and the voxels of every fragment.
struct StoredMerges {
  let tree: MergeTree
  /// The voxels of each fragment, by its id.
  let fragmentSizes: [UInt64]

  /// Reads a project's merges.
  ///
  /// - Throws: ``VolumeError`` where the project is not so far, or a file is damaged.
  init(of project: ProjectFolder) throws {
    let ledger = "\(project.graph)/region-graph.ledger"
    guard
      let count = try OMEZarrImage.openIfPresent(at: project.fragments)?.attributes["labels"]?.int,
      let grid = try recordedGrid(ledger: ledger)
    else {
      throw VolumeError(
        .notFound, path: project.path, "the project has no merges yet",
        remedy: "run emseg segment again to resume it, then this")
    }
    let merges = BlockFiles(path: "\(project.graph)/merges")
    tree = try MergeTree(
      decoding: try merges.read(0).column(0, as: UInt8.self), expectedFragmentCount: count)
    let blocks = BlockFiles(path: "\(project.graph)/blocks")
    var sizes = [UInt64](repeating: 0, count: count + 1)
    for index in 0..<grid.count {
      let graph = try RegionGraph(decoding: try blocks.read(index).column(0, as: UInt8.self))
      for fragment in graph.fragments where fragment.id < UInt64(sizes.count) {
        sizes[Int(fragment.id)] += fragment.voxelCount
      }
    }
    fragmentSizes = sizes
  }
}
