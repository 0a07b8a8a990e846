import Blockwise
import VolumeStore
import Voxels

/// Copies a volume from one reader into a store, block by block.
struct CopyStage: BlockStage {
  /// The command that copies.
  let name: String
  let source: any VolumeReader
  let target: any VolumeWriter
  /// What identifies the source's content.
  let sourceIdentity: String

  var halo: VoxelExtent { .zero }
  var fingerprint: String { "method=copy 1\nsource=\(sourceIdentity)" }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let written = try copy(block.writeBox, of: source.metadata.dataType.scalarType)
    return BlockResult(report: NoReport(), written: [written])
  }

  private func copy<Scalar: VoxelScalar>(
    _ box: VoxelBox, of type: Scalar.Type
  ) throws -> [ChunkRecord] {
    let volume = try source.read(box, as: type)
    return try target.write(volume)
  }
}
