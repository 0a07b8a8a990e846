import Voxels

/// The components by corners of a mask in some planes, found by columns of 2 × 2 rows.
///
/// Any two voxels of such a column at the same place along x, or one step apart, are neighbours by
/// corners. So where at least one voxel of the column is in the mask, stretch by stretch along x,
/// all of them belong together: a quarter of the rows is scanned, and noise has far fewer runs.
struct ColumnSlab<Scalar: VoxelScalar & FixedWidthInteger>: LabelledSlab {
  private let volume: Volume<Scalar>
  private let planes: Range<Int>
  private var runs: [Run] = []
  /// The component of every run, counted from 0.
  private var componentOfRun: [UInt32] = []
  /// The first run of every column, and the number of runs.
  private var columnStarts: [Int] = [0]
  private(set) var parts = SlabParts()

  private var columnsPerPlane: Int { (volume.extent.y + 1) / 2 }

  init(_ volume: Volume<Scalar>, planes: Range<Int>) {
    self.volume = volume
    self.planes = planes
    let extent = volume.extent
    let columns = (extent.y + 1) / 2
    var scan = ColumnScan(rowLength: extent.x)
    var before = [MaskColumn](repeating: MaskColumn(rowLength: extent.x), count: columns)
    var current = before
    for z in stride(from: planes.lowerBound, to: planes.upperBound, by: 2) {
      swap(&before, &current)
      for y in 0..<columns {
        current[y].read(volume, z: z, y: 2 * y)
        scan.appendRuns(
          of: &current[y], at: UInt32(truncatingIfNeeded: (z * extent.y + 2 * y) * extent.x),
          rowStep: UInt32(truncatingIfNeeded: extent.x),
          planeStep: UInt32(truncatingIfNeeded: extent.y * extent.x))
        columnStarts.append(scan.runs.count)
        if y > 0 {
          scan.join(current[y], current[y].nearSide, current[y - 1], current[y - 1].farSide)
        }
        guard z > planes.lowerBound else { continue }
        scan.join(current[y], current[y].nearPlane, before[y], before[y].farPlane)
        if y > 0 { scan.join(current[y], current[y].first, before[y - 1], before[y - 1].fourth) }
        if y + 1 < columns {
          scan.join(current[y], current[y].second, before[y + 1], before[y + 1].third)
        }
      }
    }
    (runs, componentOfRun) = (scan.runs, scan.parents)
    parts = SlabParts(
      joining: &componentOfRun, firstIndices: scan.firstIndices, voxelCounts: scan.voxelCounts)
  }

  func contacts(withSlabBefore slab: ColumnSlab) -> [RunContact] {
    let columns = columnsPerPlane
    let lastColumns = slab.columnStarts.count - 1 - columns
    var scan = ColumnScan(rowLength: volume.extent.x)
    var found: [RunContact] = []
    let earlier = (0..<columns).map { y in
      slab.column(z: planes.lowerBound - 2, y: 2 * y, number: lastColumns + y)
    }
    for y in 0..<columns {
      let later = column(z: planes.lowerBound, y: 2 * y, number: y)
      scan.appendContacts(later, later.nearPlane, earlier[y], earlier[y].farPlane, to: &found)
      if y > 0 {
        scan.appendContacts(
          later, later.first, earlier[y - 1], earlier[y - 1].fourth, to: &found)
      }
      if y + 1 < columns {
        scan.appendContacts(
          later, later.second, earlier[y + 1], earlier[y + 1].third, to: &found)
      }
    }
    return found
  }

  /// A column with the components in the place of runs.
  private func column(z: Int, y: Int, number: Int) -> MaskColumn {
    var column = MaskColumn(rowLength: volume.extent.x)
    column.read(volume, z: z, y: y)
    for index in columnStarts[number]..<columnStarts[number + 1] {
      for x in Int(runs[index].start)..<Int(runs[index].end) {
        column.runs[x] = componentOfRun[index]
      }
    }
    return column
  }

  func write(_ row: inout MutableSpan<UInt32>, z: Int, y: Int, labels: Span<UInt32>) {
    let column = (z - planes.lowerBound) / 2 * columnsPerPlane + y / 2
    writeLabels(
      &row, runs: runs.span, components: componentOfRun.span,
      in: columnStarts[column]..<columnStarts[column + 1], labels: labels)
    let mask = volume.row(z: z, y: y)
    precondition(mask.count == row.count, "rows are of one length")
    for x in mask.indices { row[x] = mask[x] != 0 ? row[x] : 0 }
  }
}
