public import Voxels

/// The surfaces of every label in a block, found in one pass.
///
/// Each label's surface runs through the middle between its voxels and others. A block owns the
/// cells whose corner nearest to the dataset's origin it holds; whatever the blocks, their
/// pieces joined are the same triangles as those of the whole.
public struct LabelSurfaces: Sendable {
  /// The labels with a surface in the block, in ascending order.
  public let labels: [UInt64]
  private let pieces: [LabelPiece]
  private let cells: VoxelBox
  private let volume: VoxelBox

  /// Finds the surfaces.
  ///
  /// - Parameters:
  ///   - labels: (1, z, y, x): the block, and one voxel more along each axis where the volume
  ///     goes on.
  ///   - block: The voxels whose cells are wanted.
  ///   - volume: The voxels there are: beyond them surfaces are closed.
  ///   - wanted: Whether a label is to have a surface; 0 never has one.
  /// - Complexity: O(*n*) in the voxels and triangles.
  @specialized(where Label == UInt8)
  @specialized(where Label == UInt16)
  @specialized(where Label == UInt32)
  @specialized(where Label == UInt64)
  public init<Label: VoxelScalar & FixedWidthInteger>(
    of labels: borrowing Volume<Label>, block: VoxelBox, volume: VoxelBox,
    wanted: (UInt64) -> Bool = { _ in true }
  ) {
    precondition(labels.channels == 1, "labels have one channel")
    precondition(volume.contains(block) && !block.isEmpty, "a block lies within its volume")
    let needed = VoxelBox(origin: block.origin, extent: block.extent + VoxelExtent(cube: 1))
      .intersection(volume)
    precondition(labels.box.contains(needed), "a block needs the voxels behind it")
    // Cells before the first voxel belong to the blocks that begin with it.
    let start = VoxelPosition(
      z: block.origin.z - (block.origin.z == volume.origin.z ? 1 : 0),
      y: block.origin.y - (block.origin.y == volume.origin.y ? 1 : 0),
      x: block.origin.x - (block.origin.x == volume.origin.x ? 1 : 0))
    cells = VoxelBox(from: start, to: block.end)
    self.volume = volume
    let numbers = LabelNumbers(
      of: labels, box: VoxelBox(origin: start, extent: cells.extent + VoxelExtent(cube: 1)),
      volume: volume, wanted: wanted)
    var sweep = CellSweep(labelCount: numbers.labels.count, extent: numbers.extent)
    sweep.run(over: numbers.numbers)
    let found = sweep.pieces(labelCount: numbers.labels.count)
    let order = found.indices.filter { !found[$0].triangles.isEmpty }
      .sorted { numbers.labels[$0] < numbers.labels[$1] }
    self.labels = order.map { numbers.labels[$0] }
    pieces = order.map { found[$0] }
  }

  /// The piece of a label's surface.
  ///
  /// - Parameters:
  ///   - index: A place in ``labels``.
  ///   - voxelSize: The size of a voxel; its unit is the vertices'.
  ///   - offset: Where the dataset's voxel 0, 0, 0 has its centre, in the same unit.
  /// - Returns: The piece, seam vertices first.
  public func mesh(
    _ index: Int, voxelSize: VoxelSize, offset: PhysicalPosition = .zero
  ) -> SurfaceMesh {
    let piece = pieces[index]
    let first = cells.origin
    func seam(_ twice: Int32, _ start: Int, _ length: Int, _ low: Int, _ high: Int) -> Bool {
      (twice == 0 && start >= low) || (Int(twice) == 2 * length && start + length < high)
    }
    let isSeam = piece.vertices.map { vertex in
      seam(vertex.z, first.z, cells.extent.z, volume.origin.z, volume.end.z)
        || seam(vertex.y, first.y, cells.extent.y, volume.origin.y, volume.end.y)
        || seam(vertex.x, first.x, cells.extent.x, volume.origin.x, volume.end.x)
    }
    let seamCount = isSeam.count { $0 }
    var vertices: [SurfacePoint] = []
    vertices.reserveCapacity(piece.vertices.count)
    var places = [UInt32](repeating: 0, count: piece.vertices.count)
    for wantsSeam in [true, false] {
      for (index, vertex) in piece.vertices.enumerated() where isSeam[index] == wantsSeam {
        places[index] = UInt32(vertices.count)
        // From the dataset's own voxel numbers, so that two blocks get the very same value.
        vertices.append(
          SurfacePoint(
            z: Float(offset.z + (Double(first.z) + Double(vertex.z) / 2) * voxelSize.z),
            y: Float(offset.y + (Double(first.y) + Double(vertex.y) / 2) * voxelSize.y),
            x: Float(offset.x + (Double(first.x) + Double(vertex.x) / 2) * voxelSize.x)))
      }
    }
    let triangles = piece.triangles.map {
      SurfaceTriangle(places[Int($0.first)], places[Int($0.second)], places[Int($0.third)])
    }
    return SurfaceMesh(vertices: vertices, triangles: triangles, seamCount: seamCount)
  }
}

/// A vertex in half voxels from the first voxel of a block's cells.
struct LatticePoint: Hashable {
  var z: Int32, y: Int32, x: Int32
}

/// The triangles of one label in a block.
struct LabelPiece {
  var vertices: [LatticePoint]
  var triangles: [SurfaceTriangle]
}

/// Labels numbered from 1 in the order they are met, 0 outside the volume and for none.
struct LabelNumbers {
  private(set) var numbers: [UInt32]
  /// The label of each number; the first is 0.
  private(set) var labels: [UInt64] = [0]
  let extent: VoxelExtent

  @specialized(where Label == UInt8)
  @specialized(where Label == UInt16)
  @specialized(where Label == UInt32)
  @specialized(where Label == UInt64)
  init<Label: VoxelScalar & FixedWidthInteger>(
    of source: borrowing Volume<Label>, box: VoxelBox, volume: VoxelBox,
    wanted: (UInt64) -> Bool
  ) {
    extent = box.extent
    numbers = [UInt32](repeating: 0, count: box.extent.voxelCount)
    let inner = box.intersection(volume)
    let (target, origin) = (inner.origin - box.origin, inner.origin - source.box.origin)
    var known: [Label: UInt32] = [0: 0]
    var (last, number) = (Label.zero, UInt32(0))
    for z in 0..<inner.extent.z {
      for y in 0..<inner.extent.y {
        let row = source.row(z: z + origin.z, y: y + origin.y)
          .extracting(origin.x..<origin.x + inner.extent.x)
        let start = ((z + target.z) * extent.y + y + target.y) * extent.x + target.x
        for x in row.indices {
          if row[x] != last {
            last = row[x]
            if let found = known[last] {
              number = found
            } else {
              let label = UInt64(truncatingIfNeeded: last)
              number = 0
              if wanted(label) {
                number = UInt32(labels.count)
                labels.append(label)
              }
              known[last] = number
            }
          }
          numbers[start &+ x] = number
        }
      }
    }
  }
}
