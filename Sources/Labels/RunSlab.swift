import Voxels

/// The runs of some planes of a block in raster order, and the components that they form by
/// themselves.
///
/// Components are joined run by run rather than voxel by voxel. Since a set is represented by its
/// smallest member, that is the component's first run in raster order.
///
/// Source: He, Chao & Suzuki 2008, "A run-based two-scan labeling algorithm", IEEE Trans. Image
/// Process. 17(5); here in three dimensions and for many labels.
struct RunSlab<Scalar: VoxelScalar & FixedWidthInteger>: LabelledSlab {
  private var runs: [Run] = []
  /// The component of every run, counted from 0.
  private var componentOfRun: [UInt32] = []
  /// The first run of every row, and the number of runs.
  private var rowStarts: [Int] = [0]
  /// The values of the runs in the first and in the last plane.
  private var firstValues: [Scalar] = []
  private var lastValues: [Scalar] = []
  private let planes: Range<Int>
  private let rowCount: Int
  let neighbourhood: Neighbourhood
  private(set) var parts = SlabParts()

  init(_ volume: borrowing Volume<Scalar>, planes: Range<Int>, neighbourhood: Neighbourhood) {
    let extent = volume.extent
    self.planes = planes
    self.neighbourhood = neighbourhood
    rowCount = extent.y
    rowStarts.reserveCapacity(planes.count * rowCount + 1)
    var scan = RunScan<Scalar>(rowLength: extent.x)
    for z in planes {
      let steps = neighbourhood.earlierRows(fromPlaneBefore: z > planes.lowerBound)
      for y in 0..<rowCount {
        let row = (z - planes.lowerBound) * rowCount + y
        scan.appendRuns(of: volume.row(z: z, y: y))
        rowStarts.append(scan.count)
        let current = range(ofRow: row)
        for step in steps where y + step.y >= 0 && y + step.y < rowCount {
          scan.join(current, range(ofRow: row + step.z * rowCount + step.y), reach: step.reach)
        }
      }
    }
    finish(scan, extent)
  }

  private func range(ofRow row: Int) -> Range<Int> { rowStarts[row]..<rowStarts[row + 1] }

  /// Numbers the components, and keeps what is needed from now on.
  private mutating func finish(_ scan: consuming RunScan<Scalar>, _ extent: VoxelExtent) {
    firstValues = Array(scan.values[..<rowStarts[rowCount]])
    lastValues = Array(scan.values[rowStarts[rowStarts.count - 1 - rowCount]..<scan.count])
    (runs, componentOfRun) = (scan.runs, scan.parents)
    let firstRow = planes.lowerBound * extent.y
    parts = SlabParts(
      joiningRuns: &componentOfRun, runs, rowStarts, firstIndex: firstRow * extent.x,
      rowLength: extent.x)
  }

  func contacts(withSlabBefore slab: RunSlab) -> [RunContact] {
    var found: [RunContact] = []
    let lastPlane = slab.rowStarts.count - 1 - rowCount
    let lastStart = slab.rowStarts[lastPlane]
    var contacts: [RunContact] = []
    let steps = neighbourhood.earlierRows(fromPlaneBefore: true).filter { $0.z < 0 }
    for y in 0..<rowCount {
      for step in steps where y + step.y >= 0 && y + step.y < rowCount {
        let later = range(ofRow: y)
        let earlier = slab.range(ofRow: lastPlane + y + step.y)
        let most = 2 * (later.count + earlier.count) + 1
        if contacts.count < most {
          contacts = Array(repeating: RunContact(later: 0, earlier: 0), count: most)
        }
        let count = findContacts(
          later, runs.span, firstValues.span,
          earlier.lowerBound - lastStart..<earlier.upperBound - lastStart,
          slab.runs.span.extracting(droppingFirst: lastStart), slab.lastValues.span,
          reach: step.reach, into: &contacts)
        for contact in contacts[..<count] {
          found.append(
            RunContact(
              later: componentOfRun[Int(contact.later)],
              earlier: slab.componentOfRun[lastStart + Int(contact.earlier)]))
        }
      }
    }
    return found
  }

  func write(_ row: inout MutableSpan<UInt32>, z: Int, y: Int, labels: Span<UInt32>) {
    writeLabels(
      &row, runs: runs.span, components: componentOfRun.span,
      in: range(ofRow: (z - planes.lowerBound) * rowCount + y), labels: labels)
  }
}

/// What grows while runs are found and joined.
private struct RunScan<Scalar: VoxelScalar & FixedWidthInteger> {
  private(set) var runs: [Run] = []
  private(set) var values: [Scalar] = []
  private(set) var parents: [UInt32] = []
  /// The number of runs in use: the arrays above grow ahead of it.
  private(set) var count = 0
  /// Where the stretches of equal voxels in the row being scanned end.
  private var ends: [UInt32]
  private var contacts: [RunContact]

  init(rowLength: Int) {
    ends = Array(repeating: 0, count: rowLength)
    // Two rows have as many pairs as they have runs, and as many again where runs end together.
    contacts = Array(repeating: RunContact(later: 0, earlier: 0), count: 4 * rowLength + 1)
  }

  mutating func appendRuns(of row: Span<Scalar>) {
    let stretches = findEnds(of: row, into: &ends)
    let needed = count + stretches
    if needed > runs.count {
      let more = max(needed, runs.count * 2, 1 << 12) - runs.count
      runs.append(contentsOf: repeatElement(Run(start: 0, end: 0), count: more))
      values.append(contentsOf: repeatElement(0, count: more))
      parents.append(contentsOf: repeatElement(0, count: more))
    }
    count = writeRuns(
      of: row, ends: ends, stretches, from: count, runs: &runs, values: &values,
      parents: &parents)
  }

  mutating func join(_ later: Range<Int>, _ earlier: Range<Int>, reach: UInt32) {
    joinRuns(
      later, earlier, reach: reach, runs: runs, values: values, contacts: &contacts,
      parents: &parents)
  }
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

/// Joins the runs of two rows that touch.
private func joinRuns<Scalar: VoxelScalar & FixedWidthInteger>(
  _ later: Range<Int>, _ earlier: Range<Int>, reach: UInt32, runs: [Run], values: [Scalar],
  contacts: inout [RunContact], parents: inout [UInt32]
) {
  let (runs, values) = (runs.span, values.span)
  let count = findContacts(
    later, runs, values, earlier, runs, values, reach: reach, into: &contacts)
  let found = contacts.span.extracting(0..<count)
  var parents = parents.mutableSpan
  for index in found.indices { parents.join(found[index].later, found[index].earlier) }
}

extension SlabParts {
  /// Sums up runs by component; every run's parent becomes the index of its component.
  fileprivate init(
    joiningRuns members: inout [UInt32], _ runs: [Run], _ rowStarts: [Int], firstIndex: Int,
    rowLength: Int
  ) {
    let runs = runs.span
    var members = members.mutableSpan
    self.init()
    for row in rowStarts.indices.dropLast() {
      let rowIndex = UInt32(truncatingIfNeeded: firstIndex &+ row &* rowLength)
      for index in rowStarts[row]..<rowStarts[row + 1] {
        let parent = Int(truncatingIfNeeded: members[index])
        let run = runs[index]
        if parent == index {
          members[index] = append(
            firstIndex: rowIndex &+ run.start, voxelCount: run.end &- run.start)
        } else {
          // The parent is smaller, so its component stands there already.
          members[index] = members[parent]
          add(run.end &- run.start, from: rowIndex &+ run.start, to: members[index])
        }
      }
    }
  }
}

extension Neighbourhood {
  /// The rows before one that hold neighbours, and how far along x these may lie.
  fileprivate func earlierRows(
    fromPlaneBefore: Bool
  ) -> [(z: Int, y: Int, reach: UInt32)] {
    let sides: [(z: Int, y: Int, reach: UInt32)] =
      switch self {
      case .faces: [(-1, 0, 0), (0, -1, 0)]
      case .edges: [(-1, 0, 1), (0, -1, 1), (-1, -1, 0), (-1, 1, 0)]
      case .corners: [(-1, 0, 1), (0, -1, 1), (-1, -1, 1), (-1, 1, 1)]
      }
    return fromPlaneBefore ? sides : sides.filter { $0.z == 0 }
  }
}
