import Voxels

/// Two rows of two planes of a mask, 1 where it is set; rows beyond the volume are not set.
struct MaskColumn: Sendable {
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

  init(rowLength: Int) {
    let row = [UInt8](repeating: 0, count: rowLength)
    (first, second, third, fourth) = (row, row, row, row)
    (nearPlane, farPlane, nearSide, farSide, counts) = (row, row, row, row, row)
    runs = Array(repeating: 0, count: rowLength)
  }

  /// Reads the rows of a volume.
  mutating func read<Scalar: VoxelScalar & FixedWidthInteger>(
    _ volume: borrowing Volume<Scalar>, z: Int, y: Int
  ) {
    let (hasSide, hasPlane) = (y + 1 < volume.extent.y, z + 1 < volume.extent.z)
    mark(volume.row(z: z, y: y), in: &first)
    if hasSide { mark(volume.row(z: z, y: y + 1), in: &second) } else { clear(&second) }
    if hasPlane { mark(volume.row(z: z + 1, y: y), in: &third) } else { clear(&third) }
    if hasSide && hasPlane {
      mark(volume.row(z: z + 1, y: y + 1), in: &fourth)
    } else {
      clear(&fourth)
    }
    unite(first, second, in: &nearPlane)
    unite(third, fourth, in: &farPlane)
    unite(first, third, in: &nearSide)
    unite(second, fourth, in: &farSide)
    sum(nearPlane: (first, second), farPlane: (third, fourth))
  }

  private mutating func sum(
    nearPlane: ([UInt8], [UInt8]), farPlane: ([UInt8], [UInt8])
  ) {
    let (a, b) = (nearPlane.0.span, nearPlane.1.span)
    let (c, d) = (farPlane.0.span, farPlane.1.span)
    var sums = counts.mutableSpan
    precondition(
      a.count == sums.count && b.count == sums.count && c.count == sums.count
        && d.count == sums.count, "rows are of one length")
    for x in sums.indices { sums[x] = a[x] &+ b[x] &+ c[x] &+ d[x] }
  }
}

private func mark<Scalar: VoxelScalar & FixedWidthInteger>(
  _ row: Span<Scalar>, in marks: inout [UInt8]
) {
  var marks = marks.mutableSpan
  precondition(row.count == marks.count, "rows are of one length")
  for x in marks.indices { marks[x] = row[x] != 0 ? 1 : 0 }
}

private func clear(_ marks: inout [UInt8]) {
  var marks = marks.mutableSpan
  for x in marks.indices { marks[x] = 0 }
}

private func unite(_ first: [UInt8], _ second: [UInt8], in result: inout [UInt8]) {
  let (first, second) = (first.span, second.span)
  var result = result.mutableSpan
  precondition(
    first.count == result.count && second.count == result.count, "rows are of one length")
  for x in result.indices { result[x] = first[x] | second[x] }
}
