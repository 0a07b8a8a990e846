import Voxels

/// A box and its margin seen at every so many voxels along each axis.
///
/// Cell (0, 0, 0) starts at the box's first voxel; a cell stands for all its voxels and is sampled
/// at its first.
struct CoarseGrid {
  let box: VoxelBox
  /// The voxels of a cell along each axis.
  let step: Int
  /// The cells of the box and of its margin.
  let cells: VoxelBox

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

  /// Copies a row of values of cells, from the cell `first` of row (`z`, `y`) on, to those of the
  /// cells' voxels that carry a label.
  func spread(
    _ values: [Float], from first: Int, z: Int, y: Int, over label: UInt64,
    labels: Volume<UInt64>, channel: Int, to result: inout Volume<Float>
  ) {
    let start = first * step
    let end = min(start + values.count * step, labels.extent.x)
    for voxelZ in z * step..<min((z + 1) * step, labels.extent.z) {
      for voxelY in y * step..<min((y + 1) * step, labels.extent.y) {
        let here = labels.row(z: voxelZ, y: voxelY)
        var row = result.mutableRow(channel: channel, z: voxelZ, y: voxelY)
        if step == 1 {
          for x in start..<end where here[x] == label { row[x] = values[x &- start] }
        } else {
          for x in start..<end where here[x] == label { row[x] = values[(x - start) / step] }
        }
      }
    }
  }
}
