import Glibc
public import VolumeStore
public import Voxels

/// The package's `volumes` folder.
public let volumes =
  String(#filePath.dropLast("/Tests/TestSupport/GoldenVolumes.swift".count)) + "/volumes"

/// The shared data, or nil where there is none.
public let shared: String? = {
  let folder =
    getenv("FASCICLE_SHARED").map { String(cString: $0) }
    ?? String(#filePath.dropLast("/Tests/TestSupport/GoldenVolumes.swift".count))
    + "/../shared"
  return access("\(folder)/data/README.md", R_OK) == 0 ? folder : nil
}()

/// The value that every golden volume holds at a voxel, as `tools/golden/tiff.py` writes it.
public func goldenValue<Scalar: VoxelScalar>(_ z: Int, _ y: Int, _ x: Int, _ type: Scalar.Type)
  -> Scalar
{
  var value = (7 * z + 3 * y + 5 * x + x * y) % 201
  let dataType = Scalar.dataType
  let isUnsigned = dataType.rawValue.hasPrefix("u")
  if !isUnsigned { value -= 100 }
  if dataType.byteCount > 1 { value *= dataType.byteCount == 2 ? 100 : 1_000_003 }
  return dataType.isInteger ? Scalar(nearest: Int64(value)) : Scalar(nearest: Double(value) / 8)
}

/// The golden volume's part in a box.
public func goldenVolume<Scalar: VoxelScalar>(
  _ box: VoxelBox, channels: Int = 1, _ type: Scalar.Type
) -> Volume<Scalar> {
  var volume = Volume<Scalar>(channels: channels, box: box)
  for channel in 0..<channels {
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        for x in box.origin.x..<box.end.x {
          volume[VoxelPosition(z: z, y: y, x: x), channel: channel] = goldenValue(
            z + channel, y, x, type)
        }
      }
    }
  }
  return volume
}

/// The size of every golden volume.
public let goldenExtent = VoxelExtent(z: 3, y: 29, x: 35)

/// Boxes that cover a golden volume whole, within one strip or tile, and across several.
public let goldenBoxes = [
  VoxelBox(extent: goldenExtent),
  VoxelBox(origin: VoxelPosition(z: 1, y: 9, x: 3), extent: VoxelExtent(z: 1, y: 2, x: 5)),
  VoxelBox(origin: VoxelPosition(z: 0, y: 7, x: 14), extent: VoxelExtent(z: 3, y: 20, x: 20)),
  VoxelBox(origin: VoxelPosition(z: 2, y: 28, x: 0), extent: VoxelExtent(z: 1, y: 1, x: 35)),
  VoxelBox(origin: VoxelPosition(z: 0, y: 0, x: 34), extent: VoxelExtent(z: 2, y: 29, x: 1)),
]

/// Whether a reader gives the golden values in each of the boxes, as far as it has them: some golden
/// volumes are smaller.
public func readsGolden(_ reader: some VolumeReader) throws -> Bool {
  func check<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> Bool {
    for box in goldenBoxes.map({ $0.intersection(reader.metadata.box) }) where !box.isEmpty {
      let expected = goldenVolume(box, channels: reader.metadata.channels, type)
      guard try reader.read(box, as: type) == expected else { return false }
    }
    return true
  }
  return try check(reader.metadata.dataType.scalarType)
}

/// The error that a body throws.
public func volumeError(_ body: () throws -> Void) -> VolumeError? {
  do { try body() } catch { return error as? VolumeError }
  return nil
}
