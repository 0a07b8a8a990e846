import Voxels

/// A box and its margin seen at every so many voxels along each axis.
///
/// Cell (0, 0, 0) starts at the box's first voxel; a cell stands for all its voxels and is sampled
/// at its first.
struct CoarseGrid {
  private let box: VoxelBox
  private let step: Int
  /// The cells of the box and of its margin, in cells.
  private let cells: VoxelBox

  init(of box: VoxelBox, step: Int, margin: VoxelExtent) {
    self.box = box
    self.step = step
    func cells(_ length: Int) -> Int { (length + step - 1) / step }
    self.cells = VoxelBox(
      extent: VoxelExtent(z: cells(box.extent.z), y: cells(box.extent.y), x: cells(box.extent.x))
    ).grown(by: margin)
  }

  /// The labels at the first voxels of cells, as far as they lie in the volume; 0 outside.
  func sampled(_ labels: Volume<UInt64>) -> Volume<UInt64> {
    let start = box.origin - labels.box.origin
    let whole = labels.extent
    var result = Volume<UInt64>(box: cells)
    for z in 0..<cells.extent.z {
      let fromZ = start.z + (cells.origin.z + z) * step
      guard (0..<whole.z).contains(fromZ) else { continue }
      for y in 0..<cells.extent.y {
        let fromY = start.y + (cells.origin.y + y) * step
        guard (0..<whole.y).contains(fromY) else { continue }
        let source = labels.row(z: fromZ, y: fromY)
        var row = result.mutableRow(z: z, y: y)
        for x in 0..<cells.extent.x {
          let fromX = start.x + (cells.origin.x + x) * step
          if fromX >= 0, fromX < whole.x { row[x] = source[fromX] }
        }
      }
    }
    return result
  }

  /// The labels of the box other than 0, and the cells around all voxels of each, by rising label.
  func cellBoxes(of labels: Volume<UInt64>) -> [(label: UInt64, cells: VoxelBox)] {
    var bounds: [UInt64: (low: SIMD3<Int>, high: SIMD3<Int>)] = [:]
    for z in 0..<labels.extent.z {
      for y in 0..<labels.extent.y {
        let row = labels.row(z: z, y: y)
        var x = 0
        while x < row.count {
          let label = row[x]
          let first = x
          while x < row.count, row[x] == label { x += 1 }
          guard label != 0 else { continue }
          let low = SIMD3(z, y, first)
          let high = SIMD3(z, y, x - 1)
          let known = bounds[label] ?? (low, high)
          bounds[label] = (
            pointwiseMin(known.low, low), pointwiseMax(known.high, high)
          )
        }
      }
    }
    return bounds.sorted { $0.key < $1.key }.map { label, range in
      let low = range.low / step
      let high = range.high / step
      return (
        label,
        VoxelBox(
          from: VoxelPosition(z: low[0], y: low[1], x: low[2]),
          to: VoxelPosition(z: high[0] + 1, y: high[1] + 1, x: high[2] + 1))
      )
    }
  }

  /// Copies the values of cells to the voxels of a label in them.
  func spread(
    _ values: Volume<Float>, over label: UInt64, labels: Volume<UInt64>,
    to result: inout Volume<Float>
  ) {
    let part = values.box
    let ends = (
      z: min(part.end.z * step, labels.extent.z), y: min(part.end.y * step, labels.extent.y),
      x: min(part.end.x * step, labels.extent.x)
    )
    let startX = part.origin.x * step
    for channel in 0..<values.channels {
      for z in part.origin.z * step..<ends.z {
        for y in part.origin.y * step..<ends.y {
          let source = values.row(
            channel: channel, z: z / step - part.origin.z, y: y / step - part.origin.y)
          let here = labels.row(z: z, y: y)
          var row = result.mutableRow(channel: channel, z: z, y: y)
          if step == 1 {
            for x in startX..<ends.x where here[x] == label { row[x] = source[x &- startX] }
          } else {
            for x in startX..<ends.x where here[x] == label { row[x] = source[(x - startX) / step] }
          }
        }
      }
    }
  }
}
