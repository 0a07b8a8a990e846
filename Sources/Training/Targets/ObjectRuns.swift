import Voxels

/// One object of a box: where its voxels lie on a coarse grid, and which cells of the box hold it.
struct ObjectRuns {
  /// A run of the object along x, in cells.
  struct Run {
    let z: Int, y: Int
    let x: Range<Int>
  }

  let label: UInt64
  /// The box around the cells that hold any of its voxels, in cells.
  let cells: VoxelBox
  /// The runs of cells sampled in it, by rising z, then y, then x; the margin's too.
  fileprivate(set) var runs: [Run] = []
  private var rows: [Bool]

  fileprivate init(label: UInt64, cells: VoxelBox, rows: [(z: Int, y: Int)]) {
    self.label = label
    self.cells = cells
    self.rows = Array(repeating: false, count: cells.extent.z * cells.extent.y)
    for row in rows {
      self.rows[(row.z - cells.origin.z) * cells.extent.y + row.y - cells.origin.y] = true
    }
  }

  /// Whether a row of the object's cells holds any of its voxels.
  func holdsRow(z: Int, y: Int) -> Bool {
    rows[(z - cells.origin.z) * cells.extent.y + y - cells.origin.y]
  }
}

extension CoarseGrid {
  /// The objects of the box, by rising label, without background, from the labels of the box and
  /// as much of its margin as there is.
  func objects(of labels: Volume<UInt64>) -> [ObjectRuns] {
    var found: [UInt64: (low: SIMD3<Int>, high: SIMD3<Int>, rows: [(z: Int, y: Int)])] = [:]
    forEachRun(of: labels.cropped(to: box)) { label, z, y, x in
      let low = SIMD3(z, y, x.lowerBound) / step
      let high = SIMD3(z, y, x.upperBound - 1) / step
      var object = found[label] ?? (low, high, [])
      object.low = pointwiseMin(object.low, low)
      object.high = pointwiseMax(object.high, high)
      if object.rows.last.map({ $0 != (low[0], low[1]) }) ?? true {
        object.rows.append((low[0], low[1]))
      }
      found[label] = object
    }
    var objects = found.sorted { $0.key < $1.key }.map { label, object in
      ObjectRuns(
        label: label,
        cells: VoxelBox(
          from: VoxelPosition(z: object.low[0], y: object.low[1], x: object.low[2]),
          to: VoxelPosition(z: object.high[0] + 1, y: object.high[1] + 1, x: object.high[2] + 1)),
        rows: object.rows)
    }
    let places = Dictionary(
      uniqueKeysWithValues: objects.enumerated().map { ($0.element.label, $0.offset) })
    forEachRun(of: sampled(labels)) { label, z, y, x in
      guard let place = places[label] else { return }
      let origin = cells.origin
      objects[place].runs.append(
        ObjectRuns.Run(
          z: z + origin.z, y: y + origin.y,
          x: x.lowerBound + origin.x..<x.upperBound + origin.x))
    }
    return objects
  }

  /// Gives every run of equal labels along x but for background, counted from the first voxel.
  private func forEachRun(
    of labels: Volume<UInt64>, _ body: (UInt64, _ z: Int, _ y: Int, _ x: Range<Int>) -> Void
  ) {
    for z in 0..<labels.extent.z {
      for y in 0..<labels.extent.y {
        let row = labels.row(z: z, y: y)
        var x = 0
        while x < row.count {
          let label = row[x]
          let first = x
          while x < row.count, row[x] == label { x += 1 }
          if label != 0 { body(label, z, y, first..<x) }
        }
      }
    }
  }
}
