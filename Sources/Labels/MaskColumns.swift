import Voxels

/// Columns of 2 × 2 rows of a mask, side by side along y, 1 where it is set; rows beyond the volume
/// are not set.
///
/// Each property holds the columns one after the other, `rowLength` places each.
struct MaskColumns: Sendable {
  let rowLength: Int
  /// The number of columns.
  let count: Int
  /// The rows in raster order: the first plane's two, and the second plane's.
  private(set) var first: [UInt8]
  private(set) var second: [UInt8]
  private(set) var third: [UInt8]
  private(set) var fourth: [UInt8]
  /// Where either row of a plane is set.
  private(set) var nearPlane: [UInt8]
  private(set) var farPlane: [UInt8]
  /// Where either of the two first, or the two second, rows of the planes is set.
  private(set) var nearSide: [UInt8]
  private(set) var farSide: [UInt8]
  /// How many of the rows are set.
  private(set) var counts: [UInt8]
  /// The run that holds each place along x; without meaning where no row is set.
  var runs: [UInt32]

  /// Columns of which nothing is set.
  init(rowLength: Int, count: Int) {
    self.rowLength = rowLength
    self.count = count
    let rows = [UInt8](repeating: 0, count: rowLength * count)
    (first, second, third, fourth) = (rows, rows, rows, rows)
    (nearPlane, farPlane, nearSide, farSide, counts) = (rows, rows, rows, rows, rows)
    runs = Array(repeating: 0, count: rowLength * count)
  }

  /// Where a column's places lie.
  func places(of column: Int) -> Range<Int> {
    column &* rowLength..<(column &+ 1) &* rowLength
  }

  /// Reads the rows of a volume, from two planes on.
  mutating func read<Scalar: VoxelScalar & FixedWidthInteger>(
    _ volume: borrowing Volume<Scalar>, z: Int
  ) {
    let hasPlane = z + 1 < volume.extent.z
    for column in 0..<count {
      let (y, places) = (2 * column, places(of: column))
      let hasSide = y + 1 < volume.extent.y
      mark(volume.row(z: z, y: y), in: &first, places)
      if hasSide {
        mark(volume.row(z: z, y: y + 1), in: &second, places)
      } else {
        clear(&second, places)
      }
      if hasPlane {
        mark(volume.row(z: z + 1, y: y), in: &third, places)
      } else {
        clear(&third, places)
      }
      if hasSide && hasPlane {
        mark(volume.row(z: z + 1, y: y + 1), in: &fourth, places)
      } else {
        clear(&fourth, places)
      }
    }
    unite(first, second, in: &nearPlane)
    unite(third, fourth, in: &farPlane)
    unite(first, third, in: &nearSide)
    unite(second, fourth, in: &farSide)
    sum(first, second, third, fourth, in: &counts)
  }
}

private func mark<Scalar: VoxelScalar & FixedWidthInteger>(
  _ row: Span<Scalar>, in marks: inout [UInt8], _ places: Range<Int>
) {
  var marks = marks.mutableSpan
  let start = places.lowerBound
  precondition(row.count == places.count, "rows are of one length")
  for x in row.indices { marks[start &+ x] = row[x] != 0 ? 1 : 0 }
}

private func clear(_ marks: inout [UInt8], _ places: Range<Int>) {
  var marks = marks.mutableSpan
  for x in places { marks[x] = 0 }
}

private func unite(_ first: [UInt8], _ second: [UInt8], in result: inout [UInt8]) {
  let (first, second) = (first.span, second.span)
  var result = result.mutableSpan
  precondition(
    first.count == result.count && second.count == result.count, "rows are of one length")
  for x in result.indices { result[x] = first[x] | second[x] }
}

private func sum(
  _ first: [UInt8], _ second: [UInt8], _ third: [UInt8], _ fourth: [UInt8],
  in sums: inout [UInt8]
) {
  let (a, b, c, d) = (first.span, second.span, third.span, fourth.span)
  var sums = sums.mutableSpan
  precondition(
    a.count == sums.count && b.count == sums.count && c.count == sums.count
      && d.count == sums.count, "rows are of one length")
  for x in sums.indices { sums[x] = a[x] &+ b[x] &+ c[x] &+ d[x] }
}
