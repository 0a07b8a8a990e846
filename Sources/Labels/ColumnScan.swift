import Voxels

/// What grows while the runs of a mask's columns are found and joined.
struct ColumnScan {
  private(set) var runs: [Run] = []
  private(set) var parents: [UInt32] = []
  private(set) var firstIndices: [UInt32] = []
  private(set) var voxelCounts: [UInt32] = []
  /// The kinds of contact at each place along x, and one place more.
  private var kinds: [UInt8]

  init(rowLength: Int) {
    kinds = Array(repeating: 0, count: rowLength)
  }

  /// Finds the runs of a column.
  ///
  /// - Parameters:
  ///   - column: The column; it is told which run holds each place.
  ///   - index: The index of the column's first voxel in the block.
  ///   - rowStep: The step to the index of the next row.
  ///   - planeStep: The step to the index of the next plane.
  mutating func appendRuns(
    of column: inout MaskColumn, at index: UInt32, rowStep: UInt32, planeStep: UInt32
  ) {
    let length = column.counts.count
    var x = 0
    while let start = nextPlace(in: column.counts, from: x, isSet: true) {
      let end = nextPlace(in: column.counts, from: start, isSet: false) ?? length
      let run = UInt32(truncatingIfNeeded: runs.count)
      fill(start..<end, of: &column.runs, with: run)
      let first = firstPlace(of: column, start..<end)
      runs.append(
        Run(
          start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end)))
      parents.append(run)
      firstIndices.append(
        index &+ (first.y ? rowStep : 0) &+ (first.z ? planeStep : 0)
          &+ UInt32(truncatingIfNeeded: first.x))
      voxelCounts.append(sum(start..<end, of: column.counts))
      x = end
    }
  }

  /// The first voxel of a run in raster order.
  private func firstPlace(
    of column: MaskColumn, _ range: Range<Int>
  ) -> (z: Bool, y: Bool, x: Int) {
    func place(in row: [UInt8]) -> Int? {
      let row = row.span
      for x in range where row[x] != 0 { return x }
      return nil
    }
    if let x = place(in: column.first) { return (false, false, x) }
    if let x = place(in: column.second) { return (false, true, x) }
    if let x = place(in: column.third) { return (true, false, x) }
    return (true, true, place(in: column.fourth) ?? range.lowerBound)
  }

  /// Joins the runs of two columns that have neighbouring voxels in two of their faces.
  mutating func join(
    _ later: MaskColumn, _ laterFace: [UInt8], _ earlier: MaskColumn, _ earlierFace: [UInt8]
  ) {
    findContacts(laterFace, earlierFace, into: &kinds)
    joinContacts(kinds, later.runs, earlier.runs, parents: &parents)
  }

  /// The contacts of two columns in two of their faces, as what stands in the place of their runs.
  mutating func appendContacts(
    _ later: MaskColumn, _ laterFace: [UInt8], _ earlier: MaskColumn, _ earlierFace: [UInt8],
    to contacts: inout [RunContact]
  ) {
    findContacts(laterFace, earlierFace, into: &kinds)
    let (laterRuns, earlierRuns) = (later.runs.span, earlier.runs.span)
    forEachContact(kinds.span) { laterX, earlierX in
      contacts.append(RunContact(later: laterRuns[laterX], earlier: earlierRuns[earlierX]))
    }
  }
}

/// Calls a body with the places along x of every contact.
@inline(__always)
private func forEachContact(_ kinds: Span<UInt8>, _ body: (_ later: Int, _ earlier: Int) -> Void) {
  let lanes = 16
  var start = 0
  while start < kinds.count {
    let piece = kinds.extracting(start..<min(start &+ lanes, kinds.count))
    var found = UInt32(0)
    if piece.count == lanes {
      for lane in 0..<lanes {
        found |= (piece[lane] != 0 ? 1 : 0) << UInt32(truncatingIfNeeded: lane)
      }
    } else {
      for lane in piece.indices where piece[lane] != 0 {
        found |= 1 << UInt32(truncatingIfNeeded: lane)
      }
    }
    while found != 0 {
      let lane = found.trailingZeroBitCount
      let (kind, x) = (Int(truncatingIfNeeded: piece[lane]), start &+ lane)
      body(x &- (kind >> 2), x &- ((kind >> 1) & 1))
      found &= found &- 1
    }
    start &+= lanes
  }
}

/// The first place at or after one where a row is set, or is not; nil where there is none.
private func nextPlace(in row: [UInt8], from start: Int, isSet: Bool) -> Int? {
  let row = row.span
  var x = start
  while x < row.count {
    if (row[x] != 0) == isSet { return x }
    x &+= 1
  }
  return nil
}

/// Tells at each place whether two faces touch there in a way that no place before tells:
/// 1 at the same place, 2 with the other face's place before, 4 with this face's place before.
private func findContacts(_ later: [UInt8], _ earlier: [UInt8], into kinds: inout [UInt8]) {
  let (later, earlier) = (later.span, earlier.span)
  var kinds = kinds.mutableSpan
  precondition(
    later.count == kinds.count && earlier.count == kinds.count && !kinds.isEmpty,
    "rows are of one length")
  kinds[0] = later[0] & earlier[0]
  for x in 1..<kinds.count {
    let (a, b) = (later[x], earlier[x])
    let (aBefore, bBefore) = (later[x &- 1], earlier[x &- 1])
    let same = a & b & ~(aBefore & bBefore)
    let earlierBefore = a & bBefore & ~(b | aBefore)
    let laterBefore = aBefore & b & ~(a | bBefore)
    kinds[x] = same | (earlierBefore << 1) | (laterBefore << 2)
  }
}

/// Joins the runs that touch, given the kinds of contact at each place.
private func joinContacts(
  _ kinds: [UInt8], _ laterRuns: [UInt32], _ earlierRuns: [UInt32], parents: inout [UInt32]
) {
  let (laterRuns, earlierRuns) = (laterRuns.span, earlierRuns.span)
  var parents = parents.mutableSpan
  forEachContact(kinds.span) { later, earlier in
    parents.join(laterRuns[later], earlierRuns[earlier])
  }
}

private func fill(_ range: Range<Int>, of places: inout [UInt32], with run: UInt32) {
  var places = places.mutableSpan
  for x in range { places[x] = run }
}

private func sum(_ range: Range<Int>, of counts: [UInt8]) -> UInt32 {
  let counts = counts.span
  var sum = UInt32(0)
  for x in range { sum &+= UInt32(counts[x]) }
  return sum
}
