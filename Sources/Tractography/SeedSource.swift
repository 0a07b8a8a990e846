/// Where streamlines start.
///
/// A seed is a function of its number alone, so that any number of threads finds the same ones.
public protocol SeedSource: Sendable {
  /// The number of seeds; nil where there is no end.
  var count: Int? { get }
  /// The seed of a number, in scanner mm.
  func seed(_ number: Int) -> SIMD3<Float>
}

/// Seeds at random places of random voxels of a region.
public struct RandomSeeds: SeedSource {
  private let places: [SIMD3<Int32>]
  private let grid: TrackingGrid
  private let run: UInt64
  /// Nil: there is no end.
  public var count: Int? { nil }

  /// Spreads seeds over a region; nil where it is empty.
  ///
  /// - Parameters:
  ///   - region: The voxels.
  ///   - seed: What the random numbers start from.
  public init?(in region: VoxelRegion, seed: UInt64) {
    places = region.orderedPlaces
    grid = region.grid
    run = seed
    if places.isEmpty { return nil }
  }

  /// The seed of a number, in scanner mm.
  public func seed(_ number: Int) -> SIMD3<Float> {
    var random = SeedRandom(run: run, number: number)
    let place = SIMD3<Float>(places[random.index(below: places.count)])
    return grid.point(place + SIMD3(random.unit(), random.unit(), random.unit()) - 0.5)
  }
}

/// Seeds on a regular grid within every voxel of a region.
///
/// Voxels and the points within them come x slowest and z fastest, as MRtrix3 has them.
public struct GridSeeds: SeedSource {
  private let places: [SIMD3<Int32>]
  private let grid: TrackingGrid
  private let perAxis: Int
  private let axes: [(stored: Int, isReversed: Bool)]
  /// The number of voxels times that of points in each.
  public var count: Int? { places.count * perAxis * perAxis * perAxis }

  /// Fills a region; nil where it is empty.
  ///
  /// - Parameters:
  ///   - region: The voxels.
  ///   - perAxis: The points along each edge of a voxel, 1 to 64.
  public init?(in region: VoxelRegion, perAxis: Int) {
    precondition((1...64).contains(perAxis), "1 to 64 points along an edge")
    places = region.orderedPlaces
    grid = region.grid
    axes = grid.scannerAxes
    self.perAxis = perAxis
    if places.isEmpty { return nil }
  }

  /// The seed of a number, in scanner mm.
  public func seed(_ number: Int) -> SIMD3<Float> {
    let inVoxel = perAxis * perAxis * perAxis
    var place = SIMD3<Float>(places[number / inVoxel])
    let rest = number % inVoxel
    let steps = [rest / (perAxis * perAxis), rest / perAxis % perAxis, rest % perAxis]
    for axis in 0..<3 {
      let offset = (Float(steps[axis]) + 0.5) / Float(perAxis) - 0.5
      place[axes[axis].stored] += axes[axis].isReversed ? -offset : offset
    }
    return grid.point(place)
  }
}

/// Seeds at random places in a sphere.
public struct SphereSeeds: SeedSource {
  private let centre: SIMD3<Float>
  private let radius: Float
  private let run: UInt64
  /// Nil: there is no end.
  public var count: Int? { nil }

  /// Fills a sphere.
  ///
  /// - Parameters:
  ///   - centre: In scanner mm.
  ///   - radius: In mm.
  ///   - seed: What the random numbers start from.
  public init(centre: SIMD3<Float>, radius: Float, seed: UInt64) {
    self.centre = centre
    self.radius = radius
    run = seed
  }

  /// The seed of a number, in scanner mm.
  public func seed(_ number: Int) -> SIMD3<Float> {
    var random = SeedRandom(run: run, number: number)
    while true {
      let place = 2 * SIMD3(random.unit(), random.unit(), random.unit()) - 1
      if (place * place).sum() <= 1 { return centre + radius * place }
    }
  }
}
