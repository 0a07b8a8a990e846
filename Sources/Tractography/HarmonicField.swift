import Diffusion
import LinearAlgebra
import Voxels

/// Functions on the sphere, one in each voxel, interpolated between voxels.
struct HarmonicField: Sendable {
  /// The grid of the voxels.
  let grid: TrackingGrid
  /// The functions' even degree.
  let degree: Int
  let blocks: Int
  /// (voxel, block of coefficients).
  let values: [SIMD8<Float>]
  /// Whether a voxel holds a function.
  let isSet: [Bool]

  /// How coefficients are held.
  enum Form {
    /// Of spherical harmonics.
    case harmonics
    /// Of the monomials x^a y^b z^c of the functions' degree, which cost less to evaluate.
    case monomials
  }

  /// Takes coefficients of spherical harmonics, (coefficient, z, y, x), in scanner axes.
  ///
  /// - Parameters:
  ///   - coefficients: The coefficients; zero, or no numbers, where there is no function.
  ///   - grid: Their grid.
  ///   - form: How they are held.
  /// - Precondition: The volume has the grid's size and the coefficients of an even degree.
  init(_ coefficients: borrowing Volume<Float>, grid: TrackingGrid, form: Form) {
    guard let degree = SphericalHarmonics.degree(count: coefficients.channels),
      coefficients.extent == grid.extent
    else { preconditionFailure("coefficients of an even degree for each of the voxels") }
    self.grid = grid
    self.degree = degree
    let count = coefficients.channels
    blocks = (count + 7) / 8
    let voxels = grid.extent.voxelCount
    var isSet = [Bool](repeating: false, count: voxels)
    var values = [SIMD8<Float>](repeating: .zero, count: voxels * blocks)
    let change = form == .monomials ? Self.monomials(degree: degree) : nil
    let source = coefficients.span
    var function = [Float](repeating: 0, count: count)
    for voxel in 0..<voxels {
      for place in 0..<count { function[place] = source[place * voxels + voxel] }
      guard function.contains(where: { $0 != 0 }), !function.contains(where: { !$0.isFinite })
      else { continue }
      isSet[voxel] = true
      for place in 0..<count {
        var value = function[place]
        if let change {
          var sum = 0.0
          for other in 0..<count { sum += change[place * count + other] * Double(function[other]) }
          value = Float(sum)
        }
        values[voxel * blocks + place / 8][place % 8] = value
      }
    }
    self.isSet = isSet
    self.values = values
  }

  /// (monomial, harmonic): from coefficients of harmonics to those of monomials.
  private static func monomials(degree: Int) -> [Double] {
    let count = SphericalHarmonics.count(degree: degree)
    var generator = SeedRandom(run: 1, number: 0)
    let directions = (0..<4 * count).map { _ in
      while true {
        let place = 2 * SIMD3(generator.unit(), generator.unit(), generator.unit()) - 1
        let vector = SIMD3<Double>(place)
        let square = (vector * vector).sum()
        if square > 0.01, square < 1 { return vector / square.squareRoot() }
      }
    }
    var powers = Matrix(rows: directions.count, columns: count)
    for (row, direction) in directions.enumerated() {
      var column = 0
      for a in 0...degree {
        for b in 0...degree - a {
          var value = 1.0
          for _ in 0..<a { value *= direction.x }
          for _ in 0..<b { value *= direction.y }
          for _ in 0..<degree - a - b { value *= direction.z }
          powers[row, column] = value
          column += 1
        }
      }
    }
    let basis = SphericalHarmonics.basis(along: directions, degree: degree)
    do {
      return try powers.leastSquares(basis).values
    } catch {
      preconditionFailure("monomials at random directions are finite")
    }
  }

  /// Evaluates the function at a point along a direction; nil where there is none.
  ///
  /// - Precondition: Coefficients are those of monomials.
  @inline(__always)
  func amplitude(at point: SIMD3<Float>, along direction: SIMD3<Float>) -> Float? {
    guard let corners = grid.corners(at: point), isSet[corners.nearest] else { return nil }
    return amplitude(corners, along: direction)
  }

  /// Evaluates the function between voxels along a direction.
  @inline(__always)
  func amplitude(_ corners: TrackingGrid.Corners, along direction: SIMD3<Float>) -> Float {
    var terms = InlineArray<32, SIMD8<Float>>(repeating: .zero)
    var column = 0
    // xᵃ yᵇ z^(degree − a − b), b fastest.
    var zPowers = InlineArray<24, Float>(repeating: 1)
    for place in 1...max(1, degree) { zPowers[place] = zPowers[place &- 1] * direction.z }
    var xPower: Float = 1
    for a in 0...degree {
      var value = xPower
      for b in 0...degree &- a {
        terms[column &>> 3][column & 7] = value * zPowers[degree &- a &- b]
        value *= direction.y
        column &+= 1
      }
      xPower *= direction.x
    }
    let source = values.span
    var sum = SIMD8<Float>.zero
    for corner in 0..<8 {
      let weight = corners.weights[corner]
      if weight == 0 { continue }
      let row = source.extracting(
        corners.voxels[corner] &* blocks..<(corners.voxels[corner] &+ 1) &* blocks)
      var part = SIMD8<Float>.zero
      for block in 0..<row.count { part += row[block] * terms[block] }
      sum += weight * part
    }
    return sum.sum()
  }

  /// Puts the coefficients at a point into an array; false where there is no function.
  func interpolate(at point: SIMD3<Float>, into coefficients: inout [Float]) -> Bool {
    guard let corners = grid.corners(at: point), isSet[corners.nearest] else { return false }
    let count = SphericalHarmonics.count(degree: degree)
    if coefficients.count != count { coefficients = [Float](repeating: 0, count: count) }
    let source = values.span
    for block in 0..<blocks {
      var sum = SIMD8<Float>.zero
      for corner in 0..<8 {
        sum += source[corners.voxels[corner] &* blocks &+ block] * corners.weights[corner]
      }
      for lane in 0..<min(8, count - 8 * block) { coefficients[8 * block + lane] = sum[lane] }
    }
    return true
  }
}

extension SeedRandom {
  /// A direction at random, of length 1.
  mutating func direction() -> SIMD3<Float> {
    while true {
      let place = 2 * SIMD3(unit(), unit(), unit()) - 1
      let square = (place * place).sum()
      if square <= 1, square > 0 { return place / square.squareRoot() }
    }
  }

  /// A direction at random around the z axis, evenly within an angle.
  mutating func direction(within angle: Float, sine sineOfAngle: Float) -> SIMD3<Float> {
    let turn = cosineAndSine(2 * .pi * unit())
    while true {
      let theta = angle * unit()
      let at = cosineAndSine(theta)
      if sineOfAngle * unit() <= at.y { return SIMD3(at.y * turn.x, at.y * turn.y, at.x) }
    }
  }
}

/// Three axes at right angles, the third along a direction.
struct DirectionFrame {
  let x, y, z: SIMD3<Float>

  /// The frame that the shortest turn brings the z axis to a direction with.
  @inline(__always)
  init(along direction: SIMD3<Float>) {
    z = direction
    let length = (direction.x * direction.x + direction.y * direction.y).squareRoot()
    guard length > 0 else {
      let sign: Float = direction.z < 0 ? -1 : 1
      (x, y) = (SIMD3(sign, 0, 0), SIMD3(0, sign, 0))
      return
    }
    let m = SIMD3(direction.x / length, direction.y / length, 0)
    let turned = SIMD3(direction.z * m.x, direction.z * m.y, -length)
    x = SIMD3(1, 0, 0) + m.x * (turned - m)
    y = SIMD3(0, 1, 0) + m.y * (turned - m)
  }

  @inline(__always)
  func apply(_ vector: SIMD3<Float>) -> SIMD3<Float> {
    x * vector.x + y * vector.y + z * vector.z
  }
}
