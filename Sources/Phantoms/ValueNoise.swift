/// A smooth random field: random values on a lattice, blended between lattice points.
struct ValueNoise: Sendable {
  private let random: CounterRandom
  private let frequency: Double
  private let amplitude: Float

  /// Creates a field with values in ±`amplitude` that varies over `period` nanometres.
  init(_ random: CounterRandom, period: Double, amplitude: Float) {
    self.random = random
    frequency = 1 / period
    self.amplitude = amplitude
  }

  /// The field's value at a point in nanometres.
  func value(at point: Point) -> Float {
    let z = Cell(point.z * frequency)
    let y = Cell(point.y * frequency)
    let x = Cell(point.x * frequency)
    let low = blend(plane(z.index, y, x), plane(z.index + 1, y, x), z.weight)
    return low * amplitude
  }

  private func plane(_ z: Int, _ y: Cell, _ x: Cell) -> Float {
    blend(line(z, y.index, x), line(z, y.index + 1, x), y.weight)
  }

  private func line(_ z: Int, _ y: Int, _ x: Cell) -> Float {
    let row = random.keyed(z, y)
    return blend(row.signed(x.index), row.signed(x.index + 1), x.weight)
  }

  /// The lattice interval that a coordinate falls into, and how far along, eased at both ends.
  private struct Cell {
    let index: Int
    let weight: Float

    init(_ coordinate: Double) {
      let floor = coordinate.rounded(.down)
      index = Int(floor)
      let step = Float(coordinate - floor)
      weight = step * step * (3 - 2 * step)
    }
  }
}

/// The value a fraction `weight` of the way from `start` to `end`.
func blend(_ start: Float, _ end: Float, _ weight: Float) -> Float {
  start + (end - start) * weight
}

/// A point in nanometres.
struct Point: Hashable, Sendable {
  var z: Double, y: Double, x: Double

  /// The coordinate along an axis, 0 being z.
  subscript(axis: Int) -> Double {
    axis == 0 ? z : axis == 1 ? y : x
  }
}

/// A step in nanometres, short enough for single precision.
struct Step: Hashable, Sendable {
  var z: Float, y: Float, x: Float

  var squaredLength: Float { z * z + y * y + x * x }

  static func - (end: Step, start: Step) -> Step {
    Step(z: end.z - start.z, y: end.y - start.y, x: end.x - start.x)
  }
}

func blend(_ start: Step, _ end: Step, _ weight: Float) -> Step {
  Step(
    z: blend(start.z, end.z, weight), y: blend(start.y, end.y, weight),
    x: blend(start.x, end.x, weight))
}
