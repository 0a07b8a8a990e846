import Segmentation
import Voxels

/// The rule for fragments that are not grown applied link by link to a whole volume.
///
/// - Parameters:
///   - labels: The labels in raster order; 0 is background.
///   - affinities: (3, z, y, x) links towards the origin.
///   - weakest: Links at or below it do not count.
///   - seeds: Whether each voxel is a seed; none where no seeds are needed.
///   - needed: What a fragment must have to be grown.
/// - Returns: The labels after all merges, numbered by first appearance.
func absorbedLinkByLink<Affinity: AffinityScalar>(
  _ labels: [Int], _ affinities: Volume<Affinity>, weakest: Affinity, seeds: [Bool] = [],
  needed: RegionGrowth
) -> [Int] {
  let box = affinities.box
  var links: [(strength: UInt64, position: Int, ends: (Int, Int))] = []
  let steps = [
    (VoxelExtent(z: 1, y: 0, x: 0), box.extent.y * box.extent.x),
    (VoxelExtent(z: 0, y: 1, x: 0), box.extent.x), (VoxelExtent(z: 0, y: 0, x: 1), 1),
  ]
  for (index, voxel) in box.positions.enumerated() {
    for (channel, (step, stride)) in steps.enumerated() where box.contains(voxel - step) {
      let ends = (labels[index - stride], labels[index])
      let affinity = affinities[voxel, channel: channel]
      guard ends.0 != 0, ends.1 != 0, affinity > weakest else { continue }
      links.append((affinity.fixedPoint, 3 * index + channel, ends))
    }
  }
  links.sort { ($1.strength, $0.position) < ($0.strength, $1.position) }
  var growths: [Int: RegionGrowth] = [:]
  for (index, label) in labels.enumerated() {
    growths[label, default: RegionGrowth()].voxelCount += 1
    if !seeds.isEmpty && seeds[index] { growths[label, default: RegionGrowth()].seedCount += 1 }
  }
  func isGrown(_ growth: RegionGrowth) -> Bool {
    growth.voxelCount >= needed.voxelCount && growth.seedCount >= needed.seedCount
  }
  var joined = Joining<Int>()
  for link in links {
    let roots = (joined.root(of: link.ends.0), joined.root(of: link.ends.1))
    guard roots.0 != roots.1, let left = growths[roots.0], let right = growths[roots.1],
      !isGrown(left) || !isGrown(right)
    else { continue }
    joined.join(roots.0, roots.1)
    growths[joined.root(of: roots.0)] = RegionGrowth(
      voxelCount: left.voxelCount + right.voxelCount,
      seedCount: left.seedCount + right.seedCount)
  }
  return canonical(labels.map { $0 == 0 ? 0 : joined.root(of: $0) })
}
