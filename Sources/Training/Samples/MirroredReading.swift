import Voxels

/// How a box that reaches outside a volume is filled: by the volume, mirrored at its faces.
///
/// The outermost voxels are not repeated. A mirrored voxel counts as not annotated.
struct MirroredReading {
  /// The box to fill.
  let box: VoxelBox
  /// The part of the volume that it takes.
  let part: VoxelBox
  private let z: [Int]
  private let y: [Int]
  private let x: [Int]
  private let inside: VoxelBox

  init(of box: VoxelBox, in whole: VoxelBox) {
    self.box = box
    inside = box.intersection(whole)
    func mirrored(_ start: Int, _ count: Int, _ low: Int, _ length: Int) -> [Int] {
      (start..<start + count).map { position in
        guard length > 1 else { return low }
        let period = 2 * (length - 1)
        let step = ((position - low) % period + period) % period
        return low + min(step, period - step)
      }
    }
    let extent = box.extent
    let z = mirrored(box.origin.z, extent.z, whole.origin.z, whole.extent.z)
    let y = mirrored(box.origin.y, extent.y, whole.origin.y, whole.extent.y)
    let x = mirrored(box.origin.x, extent.x, whole.origin.x, whole.extent.x)
    let start = VoxelPosition(z: z.min() ?? 0, y: y.min() ?? 0, x: x.min() ?? 0)
    let last = VoxelPosition(z: z.max() ?? 0, y: y.max() ?? 0, x: x.max() ?? 0)
    part = VoxelBox(from: start, to: last + VoxelExtent(cube: 1))
    self.z = z.map { $0 - start.z }
    self.y = y.map { $0 - start.y }
    self.x = x.map { $0 - start.x }
  }

  /// The box filled from the part.
  func filled<Scalar: VoxelScalar>(from source: Volume<Scalar>) -> Volume<Scalar> {
    precondition(source.box == part, "the source gave another box than it was asked for")
    guard part != box else { return source }
    var result = Volume<Scalar>(channels: source.channels, box: box)
    for channel in 0..<source.channels {
      for (outZ, inZ) in z.enumerated() {
        for (outY, inY) in y.enumerated() {
          let from = source.row(channel: channel, z: inZ, y: inY)
          var to = result.mutableRow(channel: channel, z: outZ, y: outY)
          for index in x.indices { to[index] = from[x[index]] }
        }
      }
    }
    return result
  }

  /// Where the box is annotated: nowhere outside the volume.
  func mask(from source: Volume<UInt8>?) -> Volume<UInt8> {
    let known = source ?? Volume<UInt8>(box: part, fill: 1)
    guard part != box else { return known }
    var result = Volume<UInt8>(box: box)
    guard !inside.isEmpty else { return result }
    result.copy(from: filled(from: known).cropped(to: inside))
    return result
  }
}
