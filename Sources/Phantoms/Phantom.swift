public import Voxels

/// A made-up piece of neural tissue under the electron microscope, with known truth.
///
/// Long neurites of many calibres wander through it in all directions; dark membranes part them,
/// and they hold mitochondria, vesicles and grainy cytoplasm. The picture is slightly blurred,
/// unevenly shaded and noisy, in the manner of a focused-ion-beam microscope.
///
/// A phantom has no size: grey value and label are functions of the seed and the voxel's position
/// alone. Any box can be asked for, of any part of the grid, and boxes agree where they overlap, so
/// a volume of any size is made block by block. The arithmetic is exact or IEEE single-step
/// throughout: every machine makes the same bytes.
///
/// Positions stay well inside ±2⁴⁰ nanometres.
public struct Phantom: Sendable {
  /// What the phantom is made from; another seed gives other tissue of the same kind.
  public let seed: UInt64
  /// The physical size of one voxel.
  public let voxelSize: VoxelSize
  /// The distance in nanometres between neighbouring bundles of neurites; calibres grow with it.
  public let spacing: Double
  /// How wide the gap between two neurites is that belongs to neither, in nanometres.
  public let membraneThickness: Double

  private let anatomy: Anatomy
  private let optics: Optics

  /// Creates a phantom.
  ///
  /// Bundles must stand at least 16 membranes apart and the voxel size be valid.
  public init(
    seed: UInt64, voxelSize: VoxelSize = VoxelSize(z: 10, y: 10, x: 10), spacing: Double = 800,
    membraneThickness: Double = 20
  ) {
    precondition(voxelSize.isValid, "a voxel size must be finite and above zero")
    precondition(
      membraneThickness > 0 && spacing.isFinite && spacing >= 16 * membraneThickness,
      "bundles must stand at least 16 membranes apart")
    self.seed = seed
    self.voxelSize = voxelSize
    self.spacing = spacing
    self.membraneThickness = membraneThickness
    let random = CounterRandom(seed: seed)
    anatomy = Anatomy(random: random.keyed(1), voxelSize: voxelSize, spacing: spacing)
    optics = Optics(random: random.keyed(2), membraneThickness: Float(membraneThickness))
  }

  /// Which neurite each voxel belongs to: (1, z, y, x), 0 between neurites.
  ///
  /// A neurite has one label wherever it goes. It is connected in the unbounded phantom, but a box
  /// may cut it into several pieces. Where the gap pinches a neurite's sharp edge, rounding to the
  /// grid also sets single voxels apart, some six in a million.
  ///
  /// - Complexity: O(*n*) in the voxels.
  public func labels(in box: VoxelBox) -> Volume<UInt64> {
    precondition(!box.isEmpty, "a phantom's box needs at least one voxel")
    var labels = Volume<UInt64>(box: box)
    let thinnest = Float(membraneThickness / 2)
    forEachBrickRow(in: box) { brick, row in
      var values = labels.mutableRow(z: row.z - box.origin.z, y: row.y - box.origin.y)
      for x in row.x {
        let place = brick.place(at: row.point(atX: x - brick.origin.x))
        values[x - box.origin.x] = place.depth < thinnest ? 0 : brick.label(of: place)
      }
    }
    return labels
  }

  /// The picture the microscope takes: (1, z, y, x) grey values, membranes dark.
  ///
  /// - Complexity: O(*n*) in the voxels, and 4 bytes of working memory for each.
  public func image(in box: VoxelBox) -> Volume<UInt8> {
    precondition(!box.isEmpty, "a phantom's box needs at least one voxel")
    var tissue = Volume<Float>(box: box.grown(by: VoxelExtent(cube: Optics.blurRadius)))
    let start = tissue.box.origin
    var grain = Grain(optics)
    forEachBrickRow(in: tissue.box) { brick, row in
      grain.prepare(for: brick.origin)
      var values = tissue.mutableRow(z: row.z - start.z, y: row.y - start.y)
      let position = anatomy.space.place(of: VoxelPosition(z: row.z, y: row.y, x: 0))
      let step = anatomy.space.place(of: VoxelPosition(z: 0, y: 0, x: 1)).x
      for x in row.x {
        let point = row.point(atX: x - brick.origin.x)
        let place = brick.place(at: point)
        values[x - start.x] = optics.grey(
          at: point, Point(z: position.z, y: position.y, x: Double(x) * step), place, in: brick,
          grain: grain.value(z: row.z, y: row.y, x: x))
      }
    }
    return optics.picture(of: tissue, in: box, space: anatomy.space)
  }

  /// The part of one row of voxels that lies in one brick and in the box.
  private struct BrickRow {
    let z: Int, y: Int
    let x: Range<Int>
    let start: Step, end: Step

    func point(atX x: Int) -> Step {
      blend(start, end, Float(x) * (1 / Float(Brick.edge)))
    }
  }

  private func forEachBrickRow(in box: VoxelBox, _ body: (borrowing Brick, BrickRow) -> Void) {
    let edge = Brick.edge
    func bricks(_ start: Int, _ end: Int) -> StrideTo<Int> {
      stride(from: (start >> 3) * edge, to: end, by: edge)
    }
    for z in bricks(box.origin.z, box.end.z) {
      for y in bricks(box.origin.y, box.end.y) {
        for x in bricks(box.origin.x, box.end.x) {
          let brick = Brick(origin: VoxelPosition(z: z, y: y, x: x), anatomy: anatomy)
          let part = box.intersection(
            VoxelBox(origin: brick.origin, extent: VoxelExtent(cube: edge)))
          for rowZ in part.origin.z..<part.end.z {
            for rowY in part.origin.y..<part.end.y {
              let (start, end) = brick.row(z: rowZ - z, y: rowY - y)
              body(
                brick,
                BrickRow(
                  z: rowZ, y: rowY, x: part.origin.x..<part.end.x, start: start, end: end))
            }
          }
        }
      }
    }
  }
}
