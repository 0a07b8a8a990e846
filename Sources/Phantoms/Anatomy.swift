import Voxels

/// What lies where: the neurites and mitochondria of a phantom.
struct Anatomy: Sendable {
  let space: TissueSpace
  let lattice: BundleLattice
  private let random: CounterRandom

  /// The largest distance to another neurite that is told apart, in nanometres.
  static let deepest: Float = 60

  init(random: CounterRandom, voxelSize: VoxelSize, spacing: Double) {
    self.random = random
    space = TissueSpace(random: random.keyed(1), voxelSize: voxelSize, period: spacing)
    lattice = BundleLattice(random: random.keyed(2), spacing: spacing)
  }

  /// The mitochondria of a bundle that reach within a distance of a point of tissue space.
  ///
  /// A bundle's axis is cut into equal stretches, each of which holds one mitochondrion or none.
  func mitochondria(
    of bundle: Bundle, index: Int, fibres: [Bundle.Fibre], around base: Point, reach: Float
  ) -> [Mitochondrion] {
    let stretch = 1.6 * lattice.spacing
    let along = base[bundle.family]
    let first = Int(((along - Double(reach)) / stretch).rounded(.down))
    let last = Int(((along + Double(reach)) / stretch).rounded(.down))
    var result: [Mitochondrion] = []
    for site in first...last {
      let own = bundle.random.keyed(100, site)
      guard own.unit(0) < 0.75 else { continue }
      let fibre = Int(own.bits(1) >> 33) % fibres.count
      let halfLength = stretch * (0.15 + 0.2 * Double(own.unit(2)))
      let freedom = stretch / 2 - halfLength
      let centre = (Double(site) + 0.5) * stretch + freedom * Double(own.signed(3))
      guard abs(centre - along) < halfLength + Double(reach) else { continue }
      let (thinnest, thickest): (Float, Float) = fibres.count == 1 ? (0.13, 0.22) : (0.09, 0.14)
      let radius = Float(lattice.spacing) * blend(thinnest, thickest, own.unit(4))
      result.append(
        Mitochondrion(
          bundle: index, fibre: fibre, family: bundle.family, along: Float(centre - along),
          a: bundle.a + fibres[fibre].a, b: bundle.b + fibres[fibre].b,
          halfLength: Float(halfLength), radius: radius, grey: 84 + 10 * own.signed(5)))
    }
    return result
  }
}

/// A mitochondrion: an ellipsoid drawn out along its neurite.
struct Mitochondrion: Sendable {
  /// Which bundle of the brick and which of its neurites it lies in.
  let bundle: Int, fibre: Int
  /// The axis its neurite runs along.
  let family: Int
  /// The centre along the neurite, from the brick's base.
  let along: Float
  /// The centre across the neurite, from the brick's base.
  let a: Float, b: Float
  let halfLength: Float
  let radius: Float
  /// The grey of its matrix.
  let grey: Float

  /// How deep a point lies below its surface, in nanometres, about; negative outside.
  func depth(at point: Step) -> Float {
    let (u, v, w) =
      switch family {
      case 0: (point.z - along, point.y - a, point.x - b)
      case 1: (point.y - along, point.x - a, point.z - b)
      default: (point.x - along, point.z - a, point.y - b)
      }
    let (p, q, r) = (u / halfLength, v / radius, w / radius)
    return (1 - (p * p + q * q + r * r).squareRoot()) * radius
  }

  /// How far along its neurite a point lies from its centre, in nanometres.
  func distanceAlong(_ point: Step) -> Float {
    (family == 0 ? point.z : family == 1 ? point.y : point.x) - along
  }
}
