/// The sum of squared distances to planes, each weighted by the area it stands for.
///
/// Source: Garland & Heckbert 1997, doi:10.1145/258734.258849.
struct Quadric {
  private var xx = 0.0, xy = 0.0, xz = 0.0, yy = 0.0, yz = 0.0, zz = 0.0
  private var x = 0.0, y = 0.0, z = 0.0
  private var constant = 0.0
  /// The sum of the weights.
  private(set) var weight = 0.0

  init() {}

  /// The plane of a triangle, given by a point in it and its normal, as long as twice its area.
  init(through point: Vector, normal: Vector) {
    let length = normal.length
    guard length > 0 else { return }
    let unit = Vector(x: normal.x / length, y: normal.y / length, z: normal.z / length)
    let distance = -unit.dot(point)
    weight = length / 2
    (xx, xy, xz) = (weight * unit.x * unit.x, weight * unit.x * unit.y, weight * unit.x * unit.z)
    (yy, yz, zz) = (weight * unit.y * unit.y, weight * unit.y * unit.z, weight * unit.z * unit.z)
    (x, y, z) = (weight * unit.x * distance, weight * unit.y * distance, weight * unit.z * distance)
    constant = weight * distance * distance
  }

  static func + (left: Quadric, right: Quadric) -> Quadric {
    var sum = left
    sum += right
    return sum
  }

  static func += (left: inout Quadric, right: Quadric) {
    left.xx += right.xx
    left.xy += right.xy
    left.xz += right.xz
    left.yy += right.yy
    left.yz += right.yz
    left.zz += right.zz
    left.x += right.x
    left.y += right.y
    left.z += right.z
    left.constant += right.constant
    left.weight += right.weight
  }

  /// The mean squared distance of a point to the planes.
  func meanError(at point: Vector) -> Double {
    guard weight > 0 else { return 0 }
    let (px, py, pz) = (point.x, point.y, point.z)
    let squares = xx * px * px + yy * py * py + zz * pz * pz
    let mixed = xy * px * py + xz * px * pz + yz * py * pz
    let linear = x * px + y * py + z * pz
    return max(0, (squares + 2 * (mixed + linear) + constant) / weight)
  }

  /// The point with the least error; nil where the planes do not determine one.
  var leastPoint: Vector? {
    let (first, second, third) = (yy * zz - yz * yz, yz * xz - xy * zz, xy * yz - yy * xz)
    let determinant = xx * first + xy * second + xz * third
    // Below this, planes meet at so small an angle that the point may lie far away.
    guard determinant > 1e-3 * weight * weight * weight else { return nil }
    let (fourth, fifth, sixth) = (xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy)
    return Vector(
      x: -(first * x + second * y + third * z) / determinant,
      y: -(second * x + fourth * y + fifth * z) / determinant,
      z: -(third * x + fifth * y + sixth * z) / determinant)
  }
}
