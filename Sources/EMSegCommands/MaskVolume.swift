import CommandLineInterface
import VolumeStore
import Voxels

/// A volume that says where another one is of interest: where it is not 0.
struct MaskVolume {
  let reader: any VolumeReader
  /// The voxels of the other volume that one of the mask covers along each axis.
  let factors: VoxelExtent

  /// Takes a volume as a mask.
  ///
  /// - Parameters:
  ///   - reader: A volume of one channel, of the other's size or of fewer voxels by a whole number
  ///     along each axis.
  ///   - extent: The other volume's.
  /// - Throws: `UsageError` for a volume that is no mask of it.
  init(_ reader: any VolumeReader, over extent: VoxelExtent) throws {
    func factor(_ length: Int, _ coarse: Int) -> Int? {
      guard coarse <= length else { return nil }
      let factor = (length + coarse - 1) / coarse
      return (length + factor - 1) / factor == coarse ? factor : nil
    }
    let metadata = reader.metadata
    guard metadata.channels == 1, metadata.dataType.isInteger else {
      throw UsageError(
        "--mask", "a mask is one whole number for each voxel",
        found: "\(metadata.channels) of \(metadata.dataType.rawValue)",
        remedy: "make one with emseg threshold")
    }
    let mask = metadata.extent
    guard let z = factor(extent.z, mask.z), let y = factor(extent.y, mask.y),
      let x = factor(extent.x, mask.x)
    else {
      throw UsageError(
        "--mask", "the mask does not cover the volume", found: "\(mask.text) voxels",
        expected: "\(extent.text), or fewer by a whole number along each axis")
    }
    self.reader = reader
    factors = VoxelExtent(z: z, y: y, x: x)
  }

  /// The mask's voxels over a box of the other volume, 1 where they are not 0.
  func marks(over box: VoxelBox) throws -> Volume<UInt8> {
    func marks<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> Volume<UInt8> {
      let volume = try reader.read(covering(box), as: type)
      var marks = Volume<UInt8>(box: volume.box)
      let values = volume.span
      var inside = marks.mutableSpan
      for index in values.indices { inside[index] = values[index] != .zero ? 1 : 0 }
      return marks
    }
    return try marks(reader.metadata.dataType.scalarType)
  }

  /// For each voxel of a box of the other volume, 1 where the mask is not 0.
  func fullMarks(over box: VoxelBox) throws -> Volume<UInt8> {
    let coarse = try marks(over: box)
    guard factors != VoxelExtent(cube: 1) else { return coarse }
    var marks = Volume<UInt8>(box: box)
    let (origin, first) = (box.origin, coarse.box.origin)
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        let source = coarse.row(
          z: (origin.z + z) / factors.z - first.z, y: (origin.y + y) / factors.y - first.y)
        var row = marks.mutableRow(z: z, y: y)
        for x in 0..<row.count { row[x] = source[(origin.x + x) / factors.x - first.x] }
      }
    }
    return marks
  }

  /// The voxels of the mask that cover a box of the other volume.
  private func covering(_ box: VoxelBox) -> VoxelBox {
    VoxelBox(
      from: VoxelPosition(
        z: box.origin.z / factors.z, y: box.origin.y / factors.y, x: box.origin.x / factors.x),
      to: VoxelPosition(
        z: (box.end.z - 1) / factors.z + 1, y: (box.end.y - 1) / factors.y + 1,
        x: (box.end.x - 1) / factors.x + 1))
  }
}
