/// A bundle of parallel neurites that runs straight through tissue space.
///
/// Bundles run along the three axes, packed so that no two ever cross: the bundles of an axis stand
/// on a square lattice, and the three lattices are shifted by half a spacing against each other,
/// which keeps axes of different families half a spacing apart (the packing of three mutually
/// perpendicular cylinder families). Each bundle moves off its lattice point by a few per cent.
///
/// A bundle owns the points whose power distance to its axis (squared distance less ``weight``) is
/// least. In any plane across its axis that territory is convex and holds a disc round the axis in
/// which all neurites of the bundle have their centres; so each neurite is connected.
struct Bundle: Sendable {
  /// The axis it runs along, 0 being z.
  let family: Int
  /// Where the axis lies, from the brick's base, along the next axis and the one after, cyclically.
  let a: Float, b: Float
  /// How much the bundle claims beyond its neighbours, in square nanometres.
  let weight: Float
  /// The label of the first neurite; the others count on from it.
  let firstLabel: UInt64
  /// The bundle's own random numbers.
  let random: CounterRandom

  /// One neurite of a bundle.
  struct Fibre: Sendable {
    /// The centre, from the bundle's axis.
    let a: Float, b: Float
    /// The grey of its cytoplasm.
    let grey: Float
    /// How much its cytoplasm varies in grey.
    let granularity: Float
    /// The share of vesicle sites that hold a vesicle.
    let vesicleDensity: Float
  }

  /// The step across the bundle from its axis to a point.
  func offset(to point: Step) -> (a: Float, b: Float) {
    switch family {
    case 0: (point.y - a, point.x - b)
    case 1: (point.x - a, point.z - b)
    default: (point.z - a, point.y - b)
    }
  }

  /// The squared distance between the ends of two bundles' offsets to the same point.
  ///
  /// It is a quarter of the squared gradient of the difference of their power distances.
  func squaredGap(
    _ offset: (a: Float, b: Float), to other: Bundle, _ otherOffset: (a: Float, b: Float)
  ) -> Float {
    (spread(offset) - other.spread(otherOffset)).squaredLength
  }

  private func spread(_ offset: (a: Float, b: Float)) -> Step {
    switch family {
    case 0: Step(z: 0, y: offset.a, x: offset.b)
    case 1: Step(z: offset.b, y: 0, x: offset.a)
    default: Step(z: offset.a, y: offset.b, x: 0)
    }
  }
}

/// All bundles of a phantom, by lattice point.
struct BundleLattice: Sendable {
  /// The distance between neighbouring bundles of one family, in nanometres.
  let spacing: Double
  private let random: CounterRandom

  /// The most neurites in one bundle.
  static let largestBundle = 6

  init(random: CounterRandom, spacing: Double) {
    self.random = random
    self.spacing = spacing
  }

  /// The four bundles of a family that stand round a point.
  ///
  /// A bundle outside the four is a lattice spacing away, farther than the two nearest bundles of
  /// the three families ever are.
  func bundles(of family: Int, around point: Point) -> [Bundle] {
    let aStart = Int((coordinate(point, family, 1) / spacing).rounded(.down))
    let bStart = Int((coordinate(point, family, 2) / spacing - 0.5).rounded(.down))
    var result: [Bundle] = []
    for i in aStart...aStart + 1 {
      for j in bStart...bStart + 1 {
        result.append(bundle(family, i, j, base: point))
      }
    }
    return result
  }

  private func coordinate(_ point: Point, _ family: Int, _ step: Int) -> Double {
    point[(family + step) % 3]
  }

  private func bundle(_ family: Int, _ i: Int, _ j: Int, base: Point) -> Bundle {
    let own = random.keyed(family, i, j)
    let jitter = 0.06
    let a = (Double(i) + jitter * Double(own.signed(0))) * spacing
    let b = (Double(j) + 0.5 + jitter * Double(own.signed(1))) * spacing
    let site = 3 * paired(zigzag(i), zigzag(j)) + UInt64(family)
    return Bundle(
      family: family,
      a: Float(a - coordinate(base, family, 1)), b: Float(b - coordinate(base, family, 2)),
      weight: own.signed(2) * Float(0.012 * spacing * spacing),
      firstLabel: site * UInt64(Self.largestBundle) + 1,
      random: own)
  }

  /// The neurites of a bundle.
  func fibres(of bundle: Bundle) -> [Bundle.Fibre] {
    let own = bundle.random
    let draw = own.unit(3)
    let ring = draw < 0.40 ? 0 : draw < 0.55 ? 2 : draw < 0.72 ? 3 : draw < 0.84 ? 4 : 6
    let radius = Float(spacing) * (0.10 + 0.03 * own.unit(4))
    // A random direction, without a call to a mathematical library.
    let (p, q) = (own.signed(5), own.signed(6) + 1e-3)
    let length = (p * p + q * q).squareRoot()
    let (cosine, sine) = (p / length, q / length)
    var centres: [(a: Float, b: Float)] = ring == 0 ? [(0, 0)] : []
    for (a, b) in Self.ring(ring) {
      centres.append(
        (radius * (a * cosine - b * sine), radius * (a * sine + b * cosine)))
    }
    return centres.indices.map { index in
      let fibre = own.keyed(index)
      let jitter = ring == 0 ? 0 : Float(spacing) * 0.02
      let isDense = fibre.unit(2) < 0.3
      return Bundle.Fibre(
        a: centres[index].a + jitter * fibre.signed(0),
        b: centres[index].b + jitter * fibre.signed(1),
        grey: (isDense ? 140 : 170) + 14 * fibre.signed(3),
        granularity: 12 + 14 * fibre.unit(4),
        vesicleDensity: fibre.unit(5) < 0.4 ? 0.2 + 0.7 * fibre.unit(6) : 0)
    }
  }

  /// Points spread over the unit disc, few to a bundle.
  private static func ring(_ count: Int) -> [(Float, Float)] {
    switch count {
    case 2: [(1, 0), (-1, 0)]
    case 3: [(1, 0), (-0.5, 0.866_025_4), (-0.5, -0.866_025_4)]
    case 4: [(1, 0), (0, 1), (-1, 0), (0, -1)]
    case 6:
      [(0.2, 0.25), (1, 0), (0.1, 1), (-0.85, 0.45), (-0.6, -0.75), (0.45, -0.85)]
    default: []
    }
  }

  /// Natural numbers for all integers, small ones for small ones.
  private func zigzag(_ value: Int) -> UInt64 {
    UInt64(bitPattern: Int64(value << 1 ^ value >> 63))
  }

  /// One natural number for each pair, small ones for small ones.
  ///
  /// Source: Szudzik 2006, "An elegant pairing function".
  private func paired(_ a: UInt64, _ b: UInt64) -> UInt64 {
    a < b ? b * b + a : a * a + a + b
  }
}
