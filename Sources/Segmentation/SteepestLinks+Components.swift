import Labels
import Voxels

extension SteepestLinks {
  /// The connected components of the links kept by either end, among the voxels of a box.
  func components(in box: VoxelBox) -> Fragments {
    let corner = box.origin - kept.box.origin
    let extent = box.extent
    let plane = extent.y * extent.x
    var labels = Volume<UInt32>(box: box)
    var joins = [UInt8](repeating: 0, count: extent.x)
    // Labels handed out while scanning, joined where they turn out to be one; 0 is background.
    var provisional = DisjointSet<UInt32>(count: 1)
    var target = labels.mutableSpan
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        joinBackwards(z: z, y: y, corner: corner, into: &joins)
        let start = (z * extent.y + y) * extent.x
        for x in 0..<extent.x {
          let join = joins[x]
          guard join != 0 else { continue }
          let index = start &+ x
          var label: UInt32 = 0
          if join & LinkMask.backX != 0 { label = target[index &- 1] }
          if join & LinkMask.backY != 0 {
            let other = target[index &- extent.x]
            label = label == 0 || label == other ? other : provisional.join(label, other)
          }
          if join & LinkMask.backZ != 0 {
            let other = target[index &- plane]
            label = label == 0 || label == other ? other : provisional.join(label, other)
          }
          target[index] = label != 0 ? label : provisional.append()
        }
      }
    }
    let (numbers, count) = provisional.numbered()
    for index in target.indices where target[index] != 0 {
      target[index] = numbers[Int(target[index])]
    }
    return Fragments(labels: labels, count: count)
  }

  /// Finds which links to the voxels before them the voxels of a row keep, and whether they are
  /// foreground.
  private func joinBackwards(z: Int, y: Int, corner: VoxelExtent, into joins: inout [UInt8]) {
    let columns = corner.x..<corner.x + joins.count
    let own = kept.row(z: z + corner.z, y: y + corner.y).extracting(columns)
    var row = joins.mutableSpan
    let count = min(row.count, own.count)
    for x in 0..<count {
      row[x] = own[x] & (LinkMask.foreground | LinkMask.backX)
    }
    if y > 0 {
      let before = kept.row(z: z + corner.z, y: y + corner.y - 1).extracting(columns)
      for x in 0..<min(count, before.count) {
        row[x] |= own[x] & LinkMask.backY | before[x] >> 3 & LinkMask.backY
      }
    }
    if z > 0 {
      let before = kept.row(z: z + corner.z - 1, y: y + corner.y).extracting(columns)
      for x in 0..<min(count, before.count) {
        row[x] |= own[x] & LinkMask.backZ | before[x] >> 5 & LinkMask.backZ
      }
    }
    let before = own.extracting(0..<count - 1)
    for x in 0..<before.count {
      row[x + 1] |= before[x] >> 1 & LinkMask.backX
    }
    row[0] &= ~LinkMask.backX
  }
}
