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
  /// The stretches of the row being scanned that the row before it along z leaves to others.
  private var gaps: [RunGap]

  /// Scans a block and joins its runs.
  init(_ volume: borrowing Volume<Scalar>, _ neighbourhood: Neighbourhood) {
    let extent = volume.extent
    ends = Array(repeating: 0, count: extent.x)
    gaps = Array(repeating: RunGap(run: 0, start: 0, end: 0), count: extent.x + 1)
    rowStarts.reserveCapacity(extent.z * extent.y + 1)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = z * extent.y + y
        appendRuns(of: volume.row(z: z, y: y))
        // The rows before this one that hold neighbours, where they are in the block.
        let up = y > 0 ? row - 1 : nil
        let top = z > 0 ? row - extent.y : nil
        let topUp = z > 0 && y > 0 ? row - extent.y - 1 : nil
        let topDown = z > 0 && y + 1 < extent.y ? row - extent.y + 1 : nil
        switch neighbourhood {
        case .faces:
          join(row, top, reach: 0)
          join(row, up, reach: 0)
        case .edges:
          join(row, top, reach: 1)
          join(row, up, reach: 1)
          join(row, topUp, reach: 0)
          join(row, topDown, reach: 0)
        case .corners:
          joinByCorners(row, top, up, topUp, topDown)
        }
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

  /// The runs of a row; none where there is no such row.
  private func range(ofRow row: Int?) -> Range<Int> {
    guard let row else { return 0..<0 }
    return rowStarts[row]..<rowStarts[row + 1]
  }

  private mutating func join(_ row: Int, _ earlier: Int?, reach: UInt32) {
    joinRuns(
      range(ofRow: row), range(ofRow: earlier), reach: reach, runs: runs, values: values,
      parents: &parents)
  }

  /// Joins a row with the four earlier rows that hold corner neighbours.
  ///
  /// Every earlier neighbour of a voxel is also a neighbour of the voxel before it along z. Where
  /// that one has the same value, it is joined with all of them already: the other rows matter
  /// only in the gaps.
  private mutating func joinByCorners(_ row: Int, _ top: Int?, _ others: Int?...) {
    let gapCount = joinRunsFindingGaps(
      range(ofRow: row), range(ofRow: top), runs: runs, values: values, parents: &parents,
      gaps: &gaps)
    for other in others {
      joinGaps(
        gaps, gapCount, range(ofRow: other), runs: runs, values: values, parents: &parents)
    }
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

/// A stretch of a run.
struct RunGap {
  var run: UInt32
  var start: UInt32
  var end: UInt32
}

/// Joins a row's runs with those of the row before it along z that have their value and touch them,
/// writes the stretches that have another value there, and gives the number of these.
private func joinRunsFindingGaps<Scalar: VoxelScalar & FixedWidthInteger>(
  _ current: Range<Int>, _ top: Range<Int>, runs: [Run], values: [Scalar],
  parents: inout [UInt32], gaps: inout [RunGap]
) -> Int {
  let runs = runs.span
  let values = values.span
  var parents = parents.mutableSpan
  var gaps = gaps.mutableSpan
  var count = 0
  var first = top.lowerBound
  for index in current {
    let run = runs[index]
    let value = values[index]
    while first < top.upperBound && runs[first].end < run.start { first &+= 1 }
    var gap = RunGap(run: UInt32(truncatingIfNeeded: index), start: run.start, end: run.end)
    var above = first
    while above < top.upperBound && runs[above].start <= run.end {
      if values[above] == value {
        parents.join(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: above))
        gap.end = runs[above].start
        gaps[count] = gap
        count &+= gap.start < gap.end ? 1 : 0
        gap.start = max(gap.start, runs[above].end)
      }
      above &+= 1
    }
    gap.end = run.end
    gaps[count] = gap
    count &+= gap.start < gap.end ? 1 : 0
  }
  return count
}

/// Joins stretches of runs with the runs of one row that have their value and touch them.
private func joinGaps<Scalar: VoxelScalar & FixedWidthInteger>(
  _ gaps: [RunGap], _ count: Int, _ row: Range<Int>, runs: [Run], values: [Scalar],
  parents: inout [UInt32]
) {
  let gaps = gaps.span.extracting(0..<count)
  let runs = runs.span
  let values = values.span
  var parents = parents.mutableSpan
  var first = row.lowerBound
  for position in gaps.indices {
    let gap = gaps[position]
    let value = values[Int(truncatingIfNeeded: gap.run)]
    while first < row.upperBound && runs[first].end < gap.start { first &+= 1 }
    var other = first
    while other < row.upperBound && runs[other].start <= gap.end {
      if values[other] == value { parents.join(gap.run, UInt32(truncatingIfNeeded: other)) }
      other &+= 1
    }
  }
}
