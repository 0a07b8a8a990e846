public import Voxels

/// The affinities that a network without error would predict.
///
/// - Parameters:
///   - labels: (1, z, y, x), over the box and wherever its links lead, as far as the volume goes.
///   - box: What to make affinities of.
///   - offsets: The step from a voxel to its partner, one for each channel.
/// - Returns: (offsets, z, y, x): 255 where a voxel and its partner carry the same label and it is
///   not 0, else 0; 0 where the partner lies outside the labels.
/// - Complexity: O(*n*) in voxels and offsets.
///
/// Source: Turaga et al. 2010, doi:10.1162/neco.2009.10-08-881.
public func affinities(
  of labels: borrowing Volume<UInt64>, box: VoxelBox, offsets: [VoxelExtent]
) -> Volume<UInt8> {
  precondition(labels.box.contains(box), "the labels do not cover the box")
  var affinities = Volume<UInt8>(channels: offsets.count, box: box)
  let start = box.origin - labels.box.origin
  let whole = labels.extent
  for (channel, offset) in offsets.enumerated() {
    // The voxels along x whose partners lie in the labels.
    let low = max(0, -(start.x + offset.x))
    let high = min(box.extent.x, whole.x - start.x - offset.x)
    guard low < high else { continue }
    for z in 0..<box.extent.z where (0..<whole.z).contains(start.z + z + offset.z) {
      for y in 0..<box.extent.y where (0..<whole.y).contains(start.y + y + offset.y) {
        let here = labels.row(z: start.z + z, y: start.y + y)
          .extracting(start.x + low..<start.x + high)
        let there = labels.row(z: start.z + z + offset.z, y: start.y + y + offset.y)
          .extracting(start.x + low + offset.x..<start.x + high + offset.x)
        var row = affinities.mutableRow(channel: channel, z: z, y: y)
        for x in 0..<high - low {
          row[low &+ x] = here[x] == there[x] && here[x] != 0 ? 255 : 0
        }
      }
    }
  }
  return affinities
}
