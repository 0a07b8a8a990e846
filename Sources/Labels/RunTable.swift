import Voxels

/// A stretch of equal non-zero voxels within one row.
struct Run {
  var start: UInt32
  var end: UInt32
}

/// The runs of a block's rows in raster order, each a member of a disjoint set.
///
/// Components are joined run by run rather than voxel by voxel. Since a set is represented by its
/// smallest member, that is the component's first run in raster order.
///
/// Source: He, Chao & Suzuki 2008, "A run-based two-scan labeling algorithm", IEEE Trans. Image
/// Process. 17(5); here in three dimensions and for many labels.
struct RunTable<Scalar: VoxelScalar & FixedWidthInteger> {
  private(set) var runs: [Run] = []
  private var values: [Scalar] = []
  private var parents: [UInt32] = []
  /// The number of runs in use: the arrays above grow ahead of it.
  private(set) var count = 0
  /// The first run of every row, and the number of runs.
  private(set) var rowStarts: [Int] = [0]
  /// Where the stretches of equal voxels in the row being scanned end.
  private var ends: [UInt32]

  /// Scans a block and joins its runs.
  init(_ volume: borrowing Volume<Scalar>, _ neighbourhood: Neighbourhood) {
    let extent = volume.extent
    ends = Array(repeating: 0, count: extent.x)
    rowStarts.reserveCapacity(extent.z * extent.y + 1)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = z * extent.y + y
        appendRuns(of: volume.row(z: z, y: y))
        let faces = neighbourhood == .faces
        if z > 0 {
          join(row, row - extent.y, reach: faces ? 0 : 1)
          if !faces {
            let reach: UInt32 = neighbourhood == .corners ? 1 : 0
            if y > 0 { join(row, row - extent.y - 1, reach: reach) }
            if y + 1 < extent.y { join(row, row - extent.y + 1, reach: reach) }
          }
        }
        if y > 0 { join(row, row - 1, reach: faces ? 0 : 1) }
      }
    }
  }

  /// The component of every run, numbered from 1 in raster order, and the number of components.
  consuming func components() -> (ofRuns: [UInt32], count: Int) {
    var components = UInt32(0)
    var result = parents
    var span = result.mutableSpan
    for index in 0..<count {
      let parent = Int(truncatingIfNeeded: span[index])
      if parent == index {
        components += 1
        span[index] = components
      } else {
        // The parent is smaller, so its component stands there already.
        span[index] = span[parent]
      }
    }
    return (result, Int(components))
  }

  private mutating func appendRuns(of row: Span<Scalar>) {
    let stretches = findEnds(of: row, into: &ends)
    let needed = count + stretches
    if needed > runs.count {
      let more = max(needed, runs.count * 2) - runs.count
      runs.append(contentsOf: repeatElement(Run(start: 0, end: 0), count: more))
      values.append(contentsOf: repeatElement(0, count: more))
      parents.append(contentsOf: repeatElement(0, count: more))
    }
    count = writeRuns(
      of: row, ends: ends, stretches, from: count, runs: &runs,
      values: &values, parents: &parents)
    rowStarts.append(count)
  }

  private mutating func join(_ row: Int, _ earlier: Int, reach: UInt32) {
    joinRuns(
      rowStarts[row]..<rowStarts[row + 1], rowStarts[earlier]..<rowStarts[earlier + 1],
      reach: reach, runs: runs, values: values, parents: &parents)
  }
}

/// Writes the ends of a row's stretches of equal voxels, and gives their number.
private func findEnds<Scalar: VoxelScalar & FixedWidthInteger>(
  of row: Span<Scalar>, into ends: inout [UInt32]
) -> Int {
  var ends = ends.mutableSpan
  var count = 0
  let lanes = 16
  var x = 1
  while x &+ lanes <= row.count {
    // One bit for each voxel that differs from the one before it.
    let piece = row.extracting(x &- 1..<x &+ lanes)
    var changes = UInt32(0)
    for lane in 0..<lanes {
      changes |= (piece[lane] != piece[lane &+ 1] ? 1 : 0) << UInt32(truncatingIfNeeded: lane)
    }
    while changes != 0 {
      ends[count] = UInt32(truncatingIfNeeded: x &+ changes.trailingZeroBitCount)
      count &+= 1
      changes &= changes &- 1
    }
    x &+= lanes
  }
  while x < row.count {
    if row[x] != row[x &- 1] {
      ends[count] = UInt32(truncatingIfNeeded: x)
      count &+= 1
    }
    x &+= 1
  }
  ends[count] = UInt32(truncatingIfNeeded: row.count)
  return count &+ 1
}

/// Writes a row's runs from an index on, and gives the index after the last.
private func writeRuns<Scalar: VoxelScalar & FixedWidthInteger>(
  of row: Span<Scalar>, ends: [UInt32], _ stretches: Int, from first: Int,
  runs: inout [Run], values: inout [Scalar], parents: inout [UInt32]
) -> Int {
  let ends = ends.span.extracting(0..<stretches)
  var runs = runs.mutableSpan
  var values = values.mutableSpan
  var parents = parents.mutableSpan
  var index = first
  var start = UInt32(0)
  for stretch in ends.indices {
    let end = ends[stretch]
    let value = row[Int(truncatingIfNeeded: start)]
    runs[index] = Run(start: start, end: end)
    values[index] = value
    parents[index] = UInt32(truncatingIfNeeded: index)
    // Background is written too, and then written over.
    index &+= value != 0 ? 1 : 0
    start = end
  }
  return index
}

/// Joins the runs of two rows that have equal values and lie within `reach` of each other along x.
private func joinRuns<Scalar: VoxelScalar & FixedWidthInteger>(
  _ current: Range<Int>, _ earlier: Range<Int>, reach: UInt32, runs: [Run], values: [Scalar],
  parents: inout [UInt32]
) {
  let runs = runs.span
  let values = values.span
  var parents = parents.mutableSpan
  var a = current.lowerBound
  var b = earlier.lowerBound
  while a < current.upperBound && b < earlier.upperBound {
    let (runA, runB) = (runs[a], runs[b])
    if values[a] == values[b] && runA.start < runB.end &+ reach && runB.start < runA.end &+ reach {
      parents.join(UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b))
    }
    // Runs that end together may each still touch the run that follows the other.
    if reach != 0 && runA.end == runB.end && b &+ 1 < earlier.upperBound
      && runs[b &+ 1].start == runA.end && values[b &+ 1] == values[a]
    {
      parents.join(UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b &+ 1))
    }
    let advancesA = runA.end <= runB.end
    a &+= advancesA ? 1 : 0
    b &+= advancesA ? 0 : 1
  }
}
