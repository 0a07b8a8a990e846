public import Voxels

/// Marks where affinities leave open whether voxels are of one object, and what lies around.
///
/// A voxel is uncertain where the least of its affinities lies in the band: neither inside an
/// object nor on a clear membrane.
///
/// - Parameters:
///   - affinities: (c, z, y, x) in [0, 1], links to neighbours.
///   - band: The affinities that count as uncertain.
///   - reach: How far around uncertain voxels is marked as well, along each axis.
/// - Returns: (1, z, y, x) over the same box: 1 where uncertain or near it.
/// - Complexity: O(*n*).
public func uncertainRegion(
  of affinities: borrowing Volume<Float>, band: ClosedRange<Float>, reach: VoxelExtent
) -> Volume<UInt8> {
  let extent = affinities.extent
  var marks = Volume<UInt8>(box: affinities.box)
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      var row = marks.mutableRow(z: z, y: y)
      for x in 0..<extent.x {
        var least = Float.infinity
        for channel in 0..<affinities.channels {
          least = min(least, affinities.row(channel: channel, z: z, y: y)[x])
        }
        row[x] = band.contains(least) ? 1 : 0
      }
    }
  }
  var values = marks.mutableSpan
  spread(&values, reach.x, count: extent.x, step: 1)
  spread(&values, reach.y, count: extent.y, step: extent.x)
  spread(&values, reach.z, count: extent.z, step: extent.x * extent.y)
  return marks
}

/// Marks what lies within a reach of marks along one axis, whose lines have so many voxels.
private func spread(_ marks: inout MutableSpan<UInt8>, _ reach: Int, count: Int, step: Int) {
  guard reach > 0 else { return }
  for start in stride(from: 0, to: marks.count, by: step * count) {
    for line in start..<start + step {
      var last = -reach - 1
      // Forwards what lies behind a mark; then backwards what lies before it, which skips what the
      // first pass marked (2) until it meets a mark of its own.
      for place in 0..<count {
        if marks[line + place * step] == 1 { last = place }
        if place - last <= reach, marks[line + place * step] == 0 {
          marks[line + place * step] = 2
        }
      }
      last = count + reach
      for place in (0..<count).reversed() {
        if marks[line + place * step] == 1 { last = place }
        if last - place <= reach, marks[line + place * step] == 0 {
          marks[line + place * step] = 2
        }
      }
      for place in 0..<count where marks[line + place * step] == 2 {
        marks[line + place * step] = 1
      }
    }
  }
}
