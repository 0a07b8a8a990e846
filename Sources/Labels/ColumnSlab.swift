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
    var before = MaskColumns(rowLength: extent.x, count: columns)
    var current = before
    for z in stride(from: planes.lowerBound, to: planes.upperBound, by: 2) {
      swap(&before, &current)
      current.read(volume, z: z)
      for y in 0..<columns {
        scan.appendRuns(
          of: y, in: &current,
          at: UInt32(truncatingIfNeeded: (z * extent.y + 2 * y) * extent.x),
          rowStep: UInt32(truncatingIfNeeded: extent.x),
          planeStep: UInt32(truncatingIfNeeded: extent.y * extent.x))
        columnStarts.append(scan.runs.count)
      }
      scan.join(
        current.nearSide, current.runs, to: current.farSide, current.runs, columnStep: -1)
      guard z > planes.lowerBound else { continue }
      scan.join(current.nearPlane, current.runs, to: before.farPlane, before.runs, columnStep: 0)
      scan.join(current.first, current.runs, to: before.fourth, before.runs, columnStep: -1)
      scan.join(current.second, current.runs, to: before.third, before.runs, columnStep: 1)
    }
    (runs, componentOfRun) = (scan.runs, scan.parents)
    parts = SlabParts(
      joining: &componentOfRun, firstIndices: scan.firstIndices, voxelCounts: scan.voxelCounts)
  }

  func contacts(withSlabBefore slab: ColumnSlab) -> [RunContact] {
    var scan = ColumnScan(rowLength: volume.extent.x)
    let later = columns(z: planes.lowerBound, from: 0)
    let earlier = slab.columns(
      z: planes.lowerBound - 2, from: slab.columnStarts.count - 1 - columnsPerPlane)
    return
      scan.contacts(later.nearPlane, later.runs, to: earlier.farPlane, earlier.runs, columnStep: 0)
      + scan.contacts(later.first, later.runs, to: earlier.fourth, earlier.runs, columnStep: -1)
      + scan.contacts(later.second, later.runs, to: earlier.third, earlier.runs, columnStep: 1)
  }

  /// The columns of two planes with the components in the place of runs.
  private func columns(z: Int, from first: Int) -> MaskColumns {
    var columns = MaskColumns(rowLength: volume.extent.x, count: columnsPerPlane)
    columns.read(volume, z: z)
    for column in 0..<columnsPerPlane {
      let start = columns.places(of: column).lowerBound
      for index in columnStarts[first + column]..<columnStarts[first + column + 1] {
        for x in Int(runs[index].start)..<Int(runs[index].end) {
          columns.runs[start + x] = componentOfRun[index]
        }
      }
    }
    return columns
  }

  func write(_ row: inout MutableSpan<UInt32>, z: Int, y: Int, labels: Span<UInt32>) {
    let column = (z - planes.lowerBound) / 2 * columnsPerPlane + y / 2
    writeLabels(
      &row, where: volume.row(z: z, y: y), runs: runs.span, components: componentOfRun.span,
      in: columnStarts[column]..<columnStarts[column + 1], labels: labels)
  }
}

/// Writes the labels of a column's runs in one of its rows where the mask is set there.
///
/// Rows come filled with 0.
private func writeLabels<Scalar: VoxelScalar & FixedWidthInteger>(
  _ row: inout MutableSpan<UInt32>, where mask: Span<Scalar>, runs: Span<Run>,
  components: Span<UInt32>, in range: Range<Int>, labels: Span<UInt32>
) {
  let lanes = 8
  precondition(mask.count == row.count, "rows are of one length")
  for index in range {
    let run = runs[index]
    let label = labels[Int(truncatingIfNeeded: components[index])]
    var x = Int(truncatingIfNeeded: run.start)
    let end = Int(truncatingIfNeeded: run.end)
    while x < end && x &+ lanes <= row.count {
      // What belongs to the next run is written over.
      for lane in 0..<lanes { row[x &+ lane] = mask[x &+ lane] != 0 ? label : 0 }
      x &+= lanes
    }
    while x < end {
      row[x] = mask[x] != 0 ? label : 0
      x &+= 1
    }
  }
}
