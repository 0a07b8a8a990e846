import Glibc
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

/// Writes stores for other programs to read; `tools/golden/verify-stores.py` runs this and reads
/// them with zarr-python, tensorstore, cloud-volume and ome-zarr-models.
@Suite(.enabled(if: getenv("FASCICLE_WRITTEN") != nil, "run by tools/golden/verify-stores.py"))
struct WrittenStoresTests {
  private static let folder = getenv("FASCICLE_WRITTEN").map { String(cString: $0) } ?? ""

  @Test(arguments: MultiscaleFormat.allCases, DataType.allCases)
  func `images and labels`(format: MultiscaleFormat, dataType: DataType) throws {
    func write<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      for channels in [nil, 2] {
        let isLabels = Scalar.dataType.isInteger && channels == nil
        let specification = ImageSpecification(
          name: "cells", kind: isLabels ? .labels : .image,
          extent: VoxelExtent(z: 9, y: 41, x: 37), channels: channels, dataType: Scalar.dataType,
          voxelSize: VoxelSize(z: 40, y: 5, x: 4),
          layout: ChunkLayout(chunk: VoxelExtent(z: 4, y: 16, x: 16)), format: format)
        let suffix = channels == nil ? "" : "-channels"
        let path = "\(Self.folder)/\(format.store)-\(Scalar.dataType.rawValue)\(suffix)"
        let image = try OMEZarrImage.create(specification, at: path)
        for level in image.levels {
          let volume = goldenVolume(level.metadata.box, channels: channels ?? 1, type)
          try level.finish(try level.write(volume))
        }
      }
    }
    try write(dataType.scalarType)
  }
}
