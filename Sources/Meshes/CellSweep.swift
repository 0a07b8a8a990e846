import Voxels

/// Walks over the cells of a block and collects the triangles of all labels.
struct CellSweep {
  private let extent: VoxelExtent
  private let table = CellTriangles.table
  /// For each edge of a cell, by the parity of its lower plane: where its vertices are kept.
  private var edgeSlots: [Int] = []
  /// For each edge, the corner it starts at, and its middle in half voxels.
  private var edgeCorners: [Int] = []
  private var edgeMiddles: [LatticePoint] = []
  /// The vertices, counted from 1 within their label, on the edges that start in two planes:
  /// voxel, then axis, then whether the label lies at the edge's start.
  private var slots: [UInt32]

  private var vertexCounts: [UInt32], triangleCounts: [UInt32]
  private var vertices: [LatticePoint] = [], vertexLabels: [UInt32] = []
  private var triangles: [SurfaceTriangle] = [], triangleLabels: [UInt32] = []

  /// - Parameters:
  ///   - labelCount: The numbers there are, 0 among them.
  ///   - extent: The voxels.
  init(labelCount: Int, extent: VoxelExtent) {
    precondition(
      max(extent.z, extent.y, extent.x) < 1 << 30, "half voxels are counted with 32 bits")
    self.extent = extent
    let plane = extent.y * extent.x * 6
    slots = Array(repeating: 0, count: plane * 2)
    vertexCounts = Array(repeating: 0, count: labelCount)
    triangleCounts = vertexCounts
    for parity in 0..<2 {
      for number in 0..<12 {
        let (axis, corner) = CellTriangles.edge(number)
        let (dz, dy, dx) = (corner >> 2, corner >> 1 & 1, corner & 1)
        edgeSlots.append(((parity + dz) & 1) * plane + (dy * extent.x + dx) * 6 + axis * 2)
        guard parity == 0 else { continue }
        edgeCorners.append(corner)
        edgeMiddles.append(
          LatticePoint(
            z: Int32(2 * dz + (axis == 2 ? 1 : 0)), y: Int32(2 * dy + (axis == 1 ? 1 : 0)),
            x: Int32(2 * dx + (axis == 0 ? 1 : 0))))
      }
    }
  }

  /// Walks over numbered voxels (z, y, x).
  mutating func run(over numbers: [UInt32]) {
    let values = numbers.span
    let (height, width) = (extent.y, extent.x)
    let plane = height * width * 6
    for z in 0..<extent.z - 1 {
      if z > 0 {
        // The plane behind takes the place of the one that is done with.
        let start = ((z + 1) & 1) * plane
        var free = slots.mutableSpan
        for index in start..<start + plane { free[index] = 0 }
      }
      for y in 0..<height - 1 {
        let start = (z * height + y) * width
        let above = start + height * width
        let near = values.extracting(start..<start + width)
        let nearNext = values.extracting(start + width..<start + 2 * width)
        let far = values.extracting(above..<above + width)
        let farNext = values.extracting(above + width..<above + 2 * width)
        var isEven = near[0] == nearNext[0] && near[0] == far[0] && near[0] == farNext[0]
        for x in 1..<width {
          let value = near[x]
          let wasEven = isEven
          isEven = value == nearNext[x] && value == far[x] && value == farNext[x]
          if isEven, wasEven, value == near[x &- 1] { continue }
          let corners: InlineArray<8, UInt32> = [
            near[x &- 1], value, nearNext[x &- 1], nearNext[x], far[x &- 1], far[x],
            farNext[x &- 1], farNext[x],
          ]
          add(corners, z: z, y: y, x: x &- 1)
        }
      }
    }
  }

  /// Adds the triangles of one cell.
  private mutating func add(_ corners: InlineArray<8, UInt32>, z: Int, y: Int, x: Int) {
    var remaining = 0xff
    while remaining != 0 {
      let label = corners[remaining.trailingZeroBitCount]
      var inside = 0
      for corner in 0..<8 where corners[corner] == label { inside |= 1 << corner }
      remaining &= ~inside
      guard label != 0 else { continue }
      let slotStart = (y &* extent.x &+ x) &* 6
      let edgeStart = (z & 1) &* 12
      let (first, end) = (Int(table.starts[inside]), Int(table.starts[inside + 1]))
      triangleCounts[Int(label)] &+= UInt32(end &- first)
      for triangle in first..<end {
        var numbers: InlineArray<3, UInt32> = [0, 0, 0]
        for corner in 0..<3 {
          let edge = Int(table.edges[triangle &* 3 &+ corner])
          let side = inside >> edgeCorners[edge] & 1
          let slot = slotStart &+ edgeSlots[edgeStart &+ edge] &+ side
          var number = slots[slot]
          if number == 0 {
            vertexCounts[Int(label)] &+= 1
            number = vertexCounts[Int(label)]
            slots[slot] = number
            let middle = edgeMiddles[edge]
            vertices.append(
              LatticePoint(
                z: middle.z &+ Int32(truncatingIfNeeded: 2 &* z),
                y: middle.y &+ Int32(truncatingIfNeeded: 2 &* y),
                x: middle.x &+ Int32(truncatingIfNeeded: 2 &* x)))
            vertexLabels.append(label)
          }
          numbers[corner] = number &- 1
        }
        triangles.append(SurfaceTriangle(numbers[0], numbers[1], numbers[2]))
        triangleLabels.append(label)
      }
    }
  }

  /// What was found, by the labels' numbers.
  consuming func pieces(labelCount: Int) -> [LabelPiece] {
    var pieces = (0..<labelCount).map { label in
      var piece = LabelPiece(vertices: [], triangles: [])
      piece.vertices.reserveCapacity(Int(vertexCounts[label]))
      piece.triangles.reserveCapacity(Int(triangleCounts[label]))
      return piece
    }
    for index in vertices.indices {
      pieces[Int(vertexLabels[index])].vertices.append(vertices[index])
    }
    for index in triangles.indices {
      pieces[Int(triangleLabels[index])].triangles.append(triangles[index])
    }
    return pieces
  }
}
