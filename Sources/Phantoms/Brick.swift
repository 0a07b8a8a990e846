import Voxels

/// The tissue of a brick of `edge`³ voxels, whose corners lie on multiples of `edge`.
///
/// Everything that varies slowly is worked out at the corners; everything that cannot reach the
/// brick is left out. A brick depends on its position alone, so volumes agree wherever they are cut.
struct Brick {
  static let edge = 8

  /// The first voxel.
  let origin: VoxelPosition
  /// Tissue-space positions of the corners (z, y, x order, x fastest), from ``base``.
  private let corners: [Step]
  /// Tissue-space position of the centre.
  private let base: Point
  /// The bundles that own a voxel of the brick, or come close to one.
  private let bundles: [Bundle]
  /// The neurites of all bundles, in their order.
  private var fibres: [Bundle.Fibre] = []
  /// Where each bundle's neurites lie in ``fibres``.
  private var fibreRanges: [Range<Int>] = []
  /// Mitochondria that reach into the brick.
  private(set) var mitochondria: [Mitochondrion] = []

  /// One voxel's neurite.
  struct Place {
    var bundle: Int
    var fibre: Int
    /// The distance in nanometres to the middle between this neurite and the nearest other.
    var depth: Float
  }

  init(origin: VoxelPosition, anatomy: Anatomy) {
    self.origin = origin
    let half = VoxelExtent(cube: Self.edge / 2)
    let base = anatomy.space.tissuePoint(at: anatomy.space.place(of: origin + half))
    self.base = base
    var corners: [Step] = []
    for z in 0...1 {
      for y in 0...1 {
        for x in 0...1 {
          let corner = origin + VoxelExtent(z: z, y: y, x: x) * Self.edge
          let point = anatomy.space.tissuePoint(at: anatomy.space.place(of: corner))
          corners.append(
            Step(z: Float(point.z - base.z), y: Float(point.y - base.y), x: Float(point.x - base.x))
          )
        }
      }
    }
    self.corners = corners
    let reach = (corners.map(\.squaredLength).max() ?? 0).squareRoot()
    bundles = Self.nearBundles(base, reach: reach, anatomy.lattice)
    for index in bundles.indices {
      let own = anatomy.lattice.fibres(of: bundles[index])
      fibreRanges.append(fibres.count..<fibres.count + own.count)
      fibres += own
      mitochondria += anatomy.mitochondria(
        of: bundles[index], index: index, fibres: own, around: base, reach: reach)
    }
  }

  /// The bundles that can be nearest to a voxel of the brick, or bound the nearest one within
  /// ``Anatomy/deepest``.
  private static func nearBundles(
    _ base: Point, reach: Float, _ lattice: BundleLattice
  ) -> [Bundle] {
    var found: [(bundle: Bundle, least: Float)] = []
    var (first, second) = (Float.infinity, Float.infinity)
    for family in 0..<3 {
      for bundle in lattice.bundles(of: family, around: base) {
        let distance = (bundle.a * bundle.a + bundle.b * bundle.b).squareRoot()
        let near = max(0, distance - reach)
        let far = distance + reach
        found.append((bundle, near * near - bundle.weight))
        let most = far * far - bundle.weight
        if most < first {
          (first, second) = (most, first)
        } else if most < second {
          second = most
        }
      }
    }
    // Two axes whose bisector is near a voxel are at most a spacing apart there.
    let margin = 2 * Anatomy.deepest * Float(lattice.spacing)
    let limit = max(second, first + margin)
    return found.filter { $0.least <= limit }.map(\.bundle)
  }

  /// The ends, at the brick's first and past its last voxel, of a row of voxels in tissue space.
  func row(z: Int, y: Int) -> (start: Step, end: Step) {
    let zWeight = Float(z) / Float(Self.edge)
    let yWeight = Float(y) / Float(Self.edge)
    func edge(_ x: Int) -> Step {
      blend(
        blend(corners[x], corners[2 + x], yWeight), blend(corners[4 + x], corners[6 + x], yWeight),
        zWeight)
    }
    return (edge(0), edge(1))
  }

  /// The neurite at a point given from the brick's base.
  func place(at point: Step) -> Place {
    var best = 0
    var least = Float.infinity
    for index in bundles.indices {
      let offset = bundles[index].offset(to: point)
      let power = offset.a * offset.a + offset.b * offset.b - bundles[index].weight
      if power < least { (best, least) = (index, power) }
    }
    let own = bundles[best].offset(to: point)
    var squaredDepth = Anatomy.deepest * Anatomy.deepest
    for index in bundles.indices where index != best {
      let other = bundles[index].offset(to: point)
      let rise = other.a * other.a + other.b * other.b - bundles[index].weight - least
      let gap = bundles[best].squaredGap(own, to: bundles[index], other)
      if rise * rise < squaredDepth * 4 * gap { squaredDepth = rise * rise / (4 * gap) }
    }
    guard fibreRanges[best].count > 1 else {
      return Place(bundle: best, fibre: 0, depth: squaredDepth.squareRoot())
    }
    return fibre(in: best, at: own, squaredDepth)
  }

  private func fibre(
    in bundle: Int, at offset: (a: Float, b: Float), _ outerSquaredDepth: Float
  ) -> Place {
    let own = fibreRanges[bundle]
    var best = own.lowerBound
    var least = Float.infinity
    for index in own {
      let (a, b) = (offset.a - fibres[index].a, offset.b - fibres[index].b)
      let power = a * a + b * b
      if power < least { (best, least) = (index, power) }
    }
    var squaredDepth = outerSquaredDepth
    for index in own where index != best {
      let (a, b) = (offset.a - fibres[index].a, offset.b - fibres[index].b)
      let rise = a * a + b * b - least
      let (gapA, gapB) = (fibres[index].a - fibres[best].a, fibres[index].b - fibres[best].b)
      let gap = gapA * gapA + gapB * gapB
      if rise * rise < squaredDepth * 4 * gap { squaredDepth = rise * rise / (4 * gap) }
    }
    return Place(bundle: bundle, fibre: best - own.lowerBound, depth: squaredDepth.squareRoot())
  }

  /// The label of a neurite.
  func label(of place: Place) -> UInt64 {
    bundles[place.bundle].firstLabel + UInt64(place.fibre)
  }

  /// The neurite's own properties.
  func fibre(of place: Place) -> Bundle.Fibre {
    fibres[fibreRanges[place.bundle].lowerBound + place.fibre]
  }
}
