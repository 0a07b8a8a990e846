import Voxels

/// The bent space in which all neurites run straight.
///
/// A random rotation and a smooth random displacement map a place of the dataset into it. The
/// displacement's slope stays well below 1, so that nothing is folded or torn.
struct TissueSpace: Sendable {
  private let voxelSize: Point
  private let rows: [Point]
  private let shift: Point
  private let displacements: [[ValueNoise]]

  init(random: CounterRandom, voxelSize: VoxelSize, period: Double) {
    let size = voxelSize.converted(to: .nanometer)
    self.voxelSize = Point(z: size.z, y: size.y, x: size.x)
    rows = Self.rotation(random.keyed(1))
    let start = random.keyed(2)
    shift = Point(
      z: Double(start.signed(0)) * 65_536, y: Double(start.signed(1)) * 65_536,
      x: Double(start.signed(2)) * 65_536)
    displacements = (0..<3).map { axis in
      // Long bends, then the undulation of single neurites, then that of membranes.
      zip([2.4, 0.9, 0.32], [0.42, 0.09, 0.026]).enumerated().map { octave, scale in
        ValueNoise(
          random.keyed(3, axis, octave), period: scale.0 * period,
          amplitude: Float(scale.1 * period))
      }
    }
  }

  /// Where a voxel's centre lies in the dataset, in nanometres.
  func place(of position: VoxelPosition) -> Point {
    Point(
      z: Double(position.z) * voxelSize.z, y: Double(position.y) * voxelSize.y,
      x: Double(position.x) * voxelSize.x)
  }

  /// Where a place of the dataset lies in tissue space, in nanometres.
  func tissuePoint(at place: Point) -> Point {
    let z = place.z + displacement(0, at: place)
    let y = place.y + displacement(1, at: place)
    let x = place.x + displacement(2, at: place)
    func rotated(_ row: Int) -> Double {
      rows[row].z * z + rows[row].y * y + rows[row].x * x
    }
    return Point(z: rotated(0) + shift.z, y: rotated(1) + shift.y, x: rotated(2) + shift.x)
  }

  private func displacement(_ axis: Int, at place: Point) -> Double {
    var sum: Float = 0
    for noise in displacements[axis] { sum += noise.value(at: place) }
    return Double(sum)
  }

  /// A rotation matrix by rows, from a random unit quaternion.
  private static func rotation(_ random: CounterRandom) -> [Point] {
    let parts = (0..<4).map { Double(random.normal($0)) + ($0 == 0 ? 1e-3 : 0) }
    let length = parts.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let (a, b, c, d) = (
      parts[0] / length, parts[1] / length, parts[2] / length, parts[3] / length
    )
    return [
      Point(z: 1 - 2 * (c * c + d * d), y: 2 * (b * c - a * d), x: 2 * (b * d + a * c)),
      Point(z: 2 * (b * c + a * d), y: 1 - 2 * (b * b + d * d), x: 2 * (c * d - a * b)),
      Point(z: 2 * (b * d - a * c), y: 2 * (c * d + a * b), x: 1 - 2 * (b * b + c * c)),
    ]
  }
}
