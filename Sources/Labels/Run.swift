import Voxels

/// A stretch of equal non-zero voxels within one row.
struct Run {
  var start: UInt32
  var end: UInt32
}

/// Two runs of neighbouring rows that belong together, by index.
struct RunContact {
  var later: UInt32
  var earlier: UInt32
}

/// Writes the ends of a row's stretches of equal voxels, and gives their number.
func findEnds<Scalar: VoxelScalar & FixedWidthInteger>(
  of row: Span<Scalar>, into ends: inout [UInt32]
) -> Int {
  var ends = ends.mutableSpan
  var count = 0
  let lanes = 16
  var x = 1
  while x &+ lanes <= row.count {
    let piece = row.extracting(x &- 1..<x &+ lanes)
    // Most pieces of large objects hold one value: telling that takes less than telling where not.
    var difference = Scalar.zero
    for lane in 0..<lanes { difference |= piece[lane] ^ piece[lane &+ 1] }
    if difference != 0 {
      // One bit for each voxel that differs from the one before it.
      var changes = UInt32(0)
      for lane in 0..<lanes {
        changes |= (piece[lane] != piece[lane &+ 1] ? 1 : 0) << UInt32(truncatingIfNeeded: lane)
      }
      while changes != 0 {
        ends[count] = UInt32(truncatingIfNeeded: x &+ changes.trailingZeroBitCount)
        count &+= 1
        changes &= changes &- 1
      }
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

/// Writes the contacts of two rows' runs that have equal values and lie within `reach` of each
/// other along x, and gives their number.
///
/// Whether two runs touch cannot be foretold in noise: every pair is written, and written over
/// where it is no contact.
func findContacts<Scalar: VoxelScalar & FixedWidthInteger>(
  _ later: Range<Int>, _ laterRuns: Span<Run>, _ laterValues: Span<Scalar>,
  _ earlier: Range<Int>, _ earlierRuns: Span<Run>, _ earlierValues: Span<Scalar>,
  reach: UInt32, into contacts: inout [RunContact]
) -> Int {
  var contacts = contacts.mutableSpan
  var count = 0
  var a = later.lowerBound
  var b = earlier.lowerBound
  while a < later.upperBound && b < earlier.upperBound {
    let (runA, runB) = (laterRuns[a], earlierRuns[b])
    let (valueA, valueB) = (laterValues[a], earlierValues[b])
    contacts[count] = RunContact(
      later: UInt32(truncatingIfNeeded: a), earlier: UInt32(truncatingIfNeeded: b))
    let isEqual = valueA == valueB ? 1 : 0
    let startsInTime = runA.start < runB.end &+ reach ? 1 : 0
    let endsInTime = runB.start < runA.end &+ reach ? 1 : 0
    count &+= isEqual & startsInTime & endsInTime
    if reach != 0 && runA.end == runB.end && b &+ 1 < earlier.upperBound
      && earlierRuns[b &+ 1].start == runA.end && earlierValues[b &+ 1] == valueA
    {
      // Runs that end together may each still touch the run that follows the other.
      contacts[count] = RunContact(
        later: UInt32(truncatingIfNeeded: a), earlier: UInt32(truncatingIfNeeded: b &+ 1))
      count &+= 1
    }
    let advancesA = runA.end <= runB.end ? 1 : 0
    a &+= advancesA
    b &+= 1 &- advancesA
  }
  return count
}

/// Writes the labels of a row's runs, and background between them.
///
/// - Parameters:
///   - row: Where to write.
///   - runs: The runs of all rows.
///   - components: The component of every run.
///   - range: The runs of this row.
///   - labels: The label of every component.
func writeLabels(
  _ row: inout MutableSpan<UInt32>, runs: Span<Run>, components: Span<UInt32>,
  in range: Range<Int>, labels: Span<UInt32>
) {
  let lanes = 8
  let count = row.count
  for index in range {
    let run = runs[index]
    let label = labels[Int(truncatingIfNeeded: components[index])]
    let (start, end) = (Int(truncatingIfNeeded: run.start), Int(truncatingIfNeeded: run.end))
    precondition(start < end && end <= count, "a run lies in its row")
    if end &+ lanes <= count {
      // Short runs are written in one go: what goes beyond the end is written over.
      for lane in 0..<lanes { row[start &+ lane] = label }
      var x = start &+ lanes
      while x < end {
        row[x] = label
        x &+= 1
      }
      for lane in 0..<lanes { row[end &+ lane] = 0 }
    } else {
      for x in start..<end { row[x] = label }
      for x in end..<count { row[x] = 0 }
    }
  }
}
