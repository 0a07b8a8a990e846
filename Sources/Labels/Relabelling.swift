public import Voxels

/// Replaces every label of a block by its entry in a table.
///
/// - Parameters:
///   - labels: (1, z, y, x) labels, each an index of the table.
///   - table: What each label becomes; the entry at 0 is what background becomes.
///   - part: The part of the block to relabel, such as the block without its overlap.
/// - Returns: (1, z, y, x) labels over `part`.
/// - Complexity: O(*n*) in the voxels of the part.
public func relabelled(
  _ labels: borrowing Volume<UInt32>, by table: [UInt64], in part: VoxelBox
) -> Volume<UInt64> {
  precondition(labels.channels == 1, "a label volume has one channel")
  precondition(!part.isEmpty && labels.box.contains(part), "the part lies outside the volume")
  let step = part.origin - labels.box.origin
  let entries = table.span
  let values = [UInt64](capacity: part.extent.voxelCount) { output in
    for z in step.z..<step.z + part.extent.z {
      for y in step.y..<step.y + part.extent.y {
        let row = labels.row(z: z, y: y).extracting(step.x..<step.x + part.extent.x)
        var x = 0
        while x < row.count {
          let label = row[x]
          let start = x
          repeat { x &+= 1 } while x < row.count && row[x] == label
          output.append(
            repeating: entries[Int(truncatingIfNeeded: label)], count: x &- start)
        }
      }
    }
  }
  return Volume(box: part, values: values)
}

/// Replaces every label of a block by its entry in a table.
///
/// - Parameters:
///   - labels: (1, z, y, x) labels, each an index of the table.
///   - table: What each label becomes; the entry at 0 is what background becomes.
/// - Returns: (1, z, y, x) labels over the same box.
/// - Complexity: O(*n*) in the voxels.
public func relabelled(
  _ labels: borrowing Volume<UInt32>, by table: [UInt64]
) -> Volume<UInt64> {
  relabelled(labels, by: table, in: labels.box)
}

/// Replaces every label of a block by its entry in a table, such as fragments by their segments.
///
/// - Parameters:
///   - labels: (1, z, y, x) labels, each an index of the table.
///   - table: What each label becomes; the entry at 0 is what background becomes.
/// - Returns: (1, z, y, x) labels over the same box.
/// - Complexity: O(*n*) in the voxels.
public func relabelled(
  _ labels: borrowing Volume<UInt64>, by table: [UInt64]
) -> Volume<UInt64> {
  precondition(labels.channels == 1, "a label volume has one channel")
  let entries = table.span
  let source = labels.span
  let values = [UInt64](capacity: source.count) { output in
    var previous: UInt64 = 0
    var replacement = entries[0]
    for index in source.indices {
      let label = source[index]
      if label != previous {
        previous = label
        replacement = entries[Int(truncatingIfNeeded: label)]
      }
      output.append(replacement)
    }
  }
  return Volume(box: labels.box, values: values)
}
