import Blockwise
import CommandLineInterface
import VolumeStore
import Voxels

/// How voxels are joined into the voxel of a coarser level.
enum Downsampling: String, CaseIterable, ArgumentValue {
  /// The mean, for images.
  case mean
  /// The most frequent label, for labels.
  case mode
}

/// Computes one level of a multiscale pyramid from the next finer one.
struct PyramidStage: BlockStage {
  let name: String
  let finer: any VolumeReader
  let coarser: any VolumeWriter
  /// Finer voxels per coarser voxel along each axis, 1 or 2.
  let factors: VoxelExtent
  let downsampling: Downsampling
  /// What identifies the finer level's content.
  let sourceIdentity: String

  /// How many finer voxels make a coarser one along each axis.
  static func factors(from finer: any VolumeReader, to coarser: any VolumeReader) -> VoxelExtent {
    let (fine, coarse) = (finer.metadata.extent, coarser.metadata.extent)
    return VoxelExtent(
      z: fine.z == coarse.z ? 1 : 2, y: fine.y == coarse.y ? 1 : 2, x: fine.x == coarse.x ? 1 : 2)
  }

  var halo: VoxelExtent { .zero }
  var fingerprint: String {
    "method=pyramid 1, \(downsampling.rawValue)\nfactors=\(factors.text)\nfiner level=\(sourceIdentity)"
  }
  var outputs: [any RecordedOutput] { [coarser] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let type = finer.metadata.dataType.scalarType
    let written: [ChunkRecord]
    switch downsampling {
    case .mode:
      written = try mode(of: block.writeBox, as: type)
    case .mean:
      guard let type = type as? any MeanScalar.Type else {
        preconditionFailure("every stored type has a mean")
      }
      written = try mean(of: block.writeBox, as: type)
    }
    return BlockResult(report: NoReport(), written: [written])
  }

  private func mode<Scalar: VoxelScalar>(
    of box: VoxelBox, as type: Scalar.Type
  ) throws -> [ChunkRecord] {
    let volume = try finer.read(box.refined(factors, within: finer.metadata.box), as: type)
    return try coarser.write(volume.downsampledByMode(factors))
  }

  private func mean<Scalar: MeanScalar>(
    of box: VoxelBox, as type: Scalar.Type
  ) throws -> [ChunkRecord] {
    let volume = try finer.read(box.refined(factors, within: finer.metadata.box), as: type)
    return try coarser.write(volume.downsampledByMean(factors))
  }
}
