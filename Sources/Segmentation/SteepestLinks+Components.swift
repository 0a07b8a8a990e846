import Voxels

extension SteepestLinks {
  /// The connected components of the links kept by either end, among the voxels of a box.
  func components(in box: VoxelBox) -> Fragments {
    let corner = box.origin - kept.box.origin
    let extent = box.extent
    let plane = extent.y * extent.x
    var labels = Volume<UInt32>(box: box)
    var joins = [UInt8](repeating: 0, count: extent.x)
    var provisional = ProvisionalLabels()
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
            label = provisional.join(label, target[index &- extent.x])
          }
          if join & LinkMask.backZ != 0 { label = provisional.join(label, target[index &- plane]) }
          target[index] = label != 0 ? label : provisional.add()
        }
      }
    }
    let dense = provisional.denseLabels()
    for index in target.indices where target[index] != 0 {
      target[index] = dense.labels[Int(target[index])]
    }
    return Fragments(labels: labels, count: dense.count)
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

/// Labels handed out while scanning, and which of them turned out to be one component.
private struct ProvisionalLabels {
  /// An earlier, or the same, label of the same component; label 0 is background.
  private var parents: [UInt32] = [0]

  mutating func add() -> UInt32 {
    let label = UInt32(parents.count)
    parents.append(label)
    return label
  }

  /// The earliest label of two joined components; `first` may be 0, for none.
  mutating func join(_ first: UInt32, _ second: UInt32) -> UInt32 {
    guard first != 0, first != second else { return second }
    let left = root(of: first)
    let right = root(of: second)
    let earlier = min(left, right)
    parents[Int(max(left, right))] = earlier
    return earlier
  }

  private mutating func root(of label: UInt32) -> UInt32 {
    var label = label
    while parents[Int(label)] != label {
      let above = parents[Int(parents[Int(label)])]
      parents[Int(label)] = above
      label = above
    }
    return label
  }

  /// Each label's component, counted from 1 in the order of first appearance.
  consuming func denseLabels() -> (labels: [UInt32], count: Int) {
    var labels = parents
    var count: UInt32 = 0
    for label in labels.indices.dropFirst() {
      if Int(labels[label]) == label {
        count += 1
        labels[label] = count
      } else {
        labels[label] = labels[Int(labels[label])]
      }
    }
    return (labels, Int(count))
  }
}
