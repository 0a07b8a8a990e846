import Voxels

/// What grows while the runs of a mask's columns are found and joined.
struct ColumnScan {
  private(set) var runs: [Run] = []
  private(set) var parents: [UInt32] = []
  private(set) var firstIndices: [UInt32] = []
  private(set) var voxelCounts: [UInt32] = []
  /// The kinds of contact at each place along x.
  private var kinds: [UInt8]

  init(rowLength: Int) {
    kinds = Array(repeating: 0, count: rowLength)
  }

  /// Finds the runs of a column.
  ///
  /// - Parameters:
  ///   - column: The column's number.
  ///   - columns: The columns, which are told which run holds each place.
  ///   - index: The index of the column's first voxel in the block.
  ///   - rowStep: The step to the index of the next row.
  ///   - planeStep: The step to the index of the next plane.
  mutating func appendRuns(
    of column: Int, in columns: inout MaskColumns, at index: UInt32, rowStep: UInt32,
    planeStep: UInt32
  ) {
    let places = columns.places(of: column)
    var x = places.lowerBound
    while let start = nextPlace(in: columns.counts, from: x, to: places.upperBound, isSet: true) {
      let end =
        nextPlace(in: columns.counts, from: start, to: places.upperBound, isSet: false)
        ?? places.upperBound
      let run = UInt32(truncatingIfNeeded: runs.count)
      fill(start..<end, of: &columns.runs, with: run)
      let first = firstPlace(in: columns, start..<end)
      runs.append(
        Run(
          start: UInt32(truncatingIfNeeded: start &- places.lowerBound),
          end: UInt32(truncatingIfNeeded: end &- places.lowerBound)))
      parents.append(run)
      firstIndices.append(
        index &+ (first.y ? rowStep : 0) &+ (first.z ? planeStep : 0)
          &+ UInt32(truncatingIfNeeded: first.place &- places.lowerBound))
      voxelCounts.append(sum(start..<end, of: columns.counts))
      x = end
    }
  }

  /// The first voxel of a run in raster order.
  private func firstPlace(
    in columns: borrowing MaskColumns, _ range: Range<Int>
  ) -> (z: Bool, y: Bool, place: Int) {
    if let place = firstSet(range, of: columns.first) { return (false, false, place) }
    if let place = firstSet(range, of: columns.second) { return (false, true, place) }
    if let place = firstSet(range, of: columns.third) { return (true, false, place) }
    return (true, true, firstSet(range, of: columns.fourth) ?? range.lowerBound)
  }

  /// Joins the runs of columns that have neighbouring voxels in two of their faces.
  ///
  /// - Parameters:
  ///   - laterFace: A face of all later columns.
  ///   - laterRuns: The runs of these.
  ///   - earlierFace: A face of all earlier columns.
  ///   - earlierRuns: The runs of these.
  ///   - columnStep: The step from a later column's number to that of the earlier one.
  mutating func join(
    _ laterFace: [UInt8], _ laterRuns: [UInt32], to earlierFace: [UInt8],
    _ earlierRuns: [UInt32], columnStep: Int
  ) {
    let (laterFace, laterRuns) = (laterFace.span, laterRuns.span)
    let (earlierFace, earlierRuns) = (earlierFace.span, earlierRuns.span)
    forEachPair(
      of: laterFace.count, rowLength: kinds.count, columnStep: columnStep
    ) { later, earlier in
      findContacts(
        laterFace.extracting(later), earlierFace.extracting(earlier), into: &kinds)
      joinContacts(
        kinds, laterRuns.extracting(later), earlierRuns.extracting(earlier), parents: &parents)
    }
  }

  /// The contacts of columns in two of their faces, as what stands in the place of their runs.
  mutating func contacts(
    _ laterFace: [UInt8], _ laterRuns: [UInt32], to earlierFace: [UInt8],
    _ earlierRuns: [UInt32], columnStep: Int
  ) -> [RunContact] {
    var contacts: [RunContact] = []
    let (laterFace, laterRuns) = (laterFace.span, laterRuns.span)
    let (earlierFace, earlierRuns) = (earlierFace.span, earlierRuns.span)
    forEachPair(
      of: laterFace.count, rowLength: kinds.count, columnStep: columnStep
    ) { later, earlier in
      findContacts(
        laterFace.extracting(later), earlierFace.extracting(earlier), into: &kinds)
      forEachContact(kinds.span) { laterX, earlierX in
        contacts.append(
          RunContact(
            later: laterRuns[later.lowerBound &+ laterX],
            earlier: earlierRuns[earlier.lowerBound &+ earlierX]))
      }
    }
    return contacts
  }
}

/// Calls a body with the places of every two columns that are a step apart.
@inline(__always)
private func forEachPair(
  of placeCount: Int, rowLength: Int, columnStep: Int,
  _ body: (_ later: Range<Int>, _ earlier: Range<Int>) -> Void
) {
  let count = placeCount / rowLength
  for later in max(0, -columnStep)..<min(count, count - columnStep) {
    let (start, other) = (later &* rowLength, (later &+ columnStep) &* rowLength)
    body(start..<start &+ rowLength, other..<other &+ rowLength)
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

/// The first place of a range where a row is set, or is not; nil where there is none.
private func nextPlace(in row: [UInt8], from start: Int, to end: Int, isSet: Bool) -> Int? {
  let row = row.span
  let lanes = 16
  var x = start
  while x &+ lanes <= end {
    let piece = row.extracting(x..<x &+ lanes)
    var places = UInt32(0)
    for lane in 0..<lanes {
      places |= ((piece[lane] != 0) == isSet ? 1 : 0) << UInt32(truncatingIfNeeded: lane)
    }
    if places != 0 { return x &+ places.trailingZeroBitCount }
    x &+= lanes
  }
  while x < end {
    if (row[x] != 0) == isSet { return x }
    x &+= 1
  }
  return nil
}

private func firstSet(_ range: Range<Int>, of row: [UInt8]) -> Int? {
  let row = row.span
  for x in range where row[x] != 0 { return x }
  return nil
}

/// Tells at each place whether two faces touch there in a way that no place before tells:
/// 1 at the same place, 2 with the other face's place before, 4 with this face's place before.
private func findContacts(_ later: Span<UInt8>, _ earlier: Span<UInt8>, into kinds: inout [UInt8]) {
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
  _ kinds: [UInt8], _ laterRuns: Span<UInt32>, _ earlierRuns: Span<UInt32>,
  parents: inout [UInt32]
) {
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
