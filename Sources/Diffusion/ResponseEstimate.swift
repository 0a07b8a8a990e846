import LinearAlgebra
public import Voxels

/// Estimates the signals of a single fibre from voxels that are thought to hold one each.
///
/// The signals of all voxels, as functions of the angle to the fibre, are fitted at once by zonal
/// harmonics that are not negative and do not fall from the fibre's direction to its equator.
///
/// Source: Smith, Dhollander & Connelly 2019, ISMRM Workshop on Breaking the Barriers of Diffusion
/// MRI, 23; the rules are those of MRtrix's amp2response.
public struct ResponseEstimate: Sendable {
  private let gradients: GradientTable
  private let shells: [GradientTable.VolumeShell]
  private let degrees: [Int]
  private var sums: [Sums]
  /// The number of voxels so far.
  public private(set) var voxels = 0

  /// The degree of shells that are diffusion-weighted.
  public static let usualDegree = 10
  private static let regularisation = 1e-10

  /// The normal equations of one shell.
  private struct Sums: Sendable {
    var normal: Matrix
    var right: [Double]
  }

  /// Starts an estimate.
  ///
  /// - Parameters:
  ///   - gradients: The diffusion weighting.
  ///   - shells: Those with a response, from the least b-value on.
  ///   - degrees: The even degree of each; 10, or 0 without weighting, when nil.
  /// - Throws: ``DiffusionError`` where a degree is not possible.
  public init(
    _ gradients: GradientTable, shells: [GradientTable.VolumeShell], degrees: [Int]? = nil
  ) throws(DiffusionError) {
    let degrees = degrees ?? shells.map { $0.isUnweighted ? 0 : Self.usualDegree }
    guard degrees.count == shells.count else {
      throw DiffusionError(
        "there is not one degree for each shell", found: "\(degrees.count)",
        expected: "\(shells.count)")
    }
    for degree in degrees
    where degree < 0 || !degree.isMultiple(of: 2) || degree > SphericalHarmonics.greatestDegree {
      throw DiffusionError(
        "the degree of a response is not possible", found: "\(degree)",
        expected: "an even number from 0 to \(SphericalHarmonics.greatestDegree)")
    }
    self.gradients = gradients
    self.shells = shells
    self.degrees = degrees
    sums = degrees.map {
      Sums(
        normal: Matrix(rows: $0 / 2 + 1, columns: $0 / 2 + 1),
        right: [Double](repeating: 0, count: $0 / 2 + 1))
    }
  }

  /// Adds a voxel.
  ///
  /// - Parameters:
  ///   - signals: One a volume of the gradient table.
  ///   - fibre: The fibre's direction, of any length but zero.
  public mutating func add(_ signals: [Double], fibre: SIMD3<Double>) {
    precondition(signals.count == gradients.count, "a signal for each volume")
    let axis = fibre / (fibre * fibre).sum().squareRoot()
    voxels += 1
    for (place, shell) in shells.enumerated() {
      for volume in shell.volumes {
        let cosine = min(1, abs((gradients.directions[volume] * axis).sum()))
        let row = SphericalHarmonics.zonal(atCosine: cosine, degree: degrees[place])
        for (first, one) in row.enumerated() {
          sums[place].right[first] += one * signals[volume]
          for (second, other) in row.enumerated() {
            sums[place].normal[first, second] += one * other
          }
        }
      }
    }
  }

  /// The response: for each shell the coefficients of order 0, of degrees 0, 2, 4 …, filled up with
  /// zeros to the length of the longest.
  ///
  /// - Throws: ``DiffusionError`` where the voxels do not determine it.
  public func response() throws(DiffusionError) -> [[Double]] {
    let width = (degrees.max() ?? 0) / 2 + 1
    var rows: [[Double]] = []
    for (sum, degree) in zip(sums, degrees) {
      var row = [Double](repeating: 0, count: degree / 2 + 1)
      if degree == 0 {
        row[0] = voxels > 0 ? sum.right[0] / sum.normal[0, 0] : 0
      } else {
        do {
          let problem = try ConstrainedLeastSquares(
            normal: sum.normal, constraints: Self.constraints(degree: degree),
            solutionNorm: Self.regularisation, constraintNorm: Self.regularisation)
          var memory = problem.memory
          _ = problem.solve(sum.right, using: &memory, into: &row)
        } catch {
          throw DiffusionError(
            "the voxels do not determine a response of degree \(degree)",
            found: "\(voxels) voxels", remedy: "take more voxels or a lower degree")
        }
      }
      rows.append(row + [Double](repeating: 0, count: width - row.count))
    }
    return rows
  }

  /// The amplitudes, and how they rise from the fibre to the equator, at every degree of angle.
  private static func constraints(degree: Int) -> Matrix {
    let angles = 91
    var matrix = Matrix(rows: 2 * angles, columns: degree / 2 + 1)
    for angle in 0..<angles {
      let cosine = cosine(of: Double(angle) * .pi / 180)
      for (column, value) in SphericalHarmonics.zonal(atCosine: cosine, degree: degree).enumerated()
      {
        matrix[angle, column] = value
      }
      let slopes = SphericalHarmonics.zonalSlopes(atCosine: cosine, degree: degree)
      for (column, value) in slopes.enumerated() { matrix[angles + angle, column] = value }
    }
    return matrix
  }
}

extension SphericalHarmonics {
  /// The derivatives of the zonal functions of every even degree by the elevation.
  static func zonalSlopes(atCosine cosine: Double, degree: Int) -> [Double] {
    let legendre = LegendreFunctions<Double>(degree: degree)
    var values = [Double](repeating: 0, count: LegendreFunctions<Double>.count(degree: degree))
    legendre.evaluate(at: cosine, into: &values)
    return stride(from: 0, through: degree, by: 2).map { l in
      l == 0
        ? 0
        : values[LegendreFunctions<Double>.index(degree: l, order: 1)]
          * Double(l * (l + 1)).squareRoot()
    }
  }
}

extension Volume<Float> {
  /// Estimates a response from the voxels of a mask.
  ///
  /// - Parameters:
  ///   - estimate: Receives the voxels.
  ///   - mask: (z, y, x): the voxels, those above zero.
  ///   - fibres: (3, z, y, x): the direction in each; voxels without any are left out.
  public func addSingleFibres(
    to estimate: inout ResponseEstimate, mask: borrowing Volume<UInt8>,
    fibres: borrowing Volume<Float>
  ) {
    precondition(
      mask.extent == extent && fibres.extent == extent && fibres.channels >= 3,
      "a mask and directions of the same size")
    let count = extent.voxelCount
    let (signals, inside, vectors) = (span, mask.span, fibres.span)
    var voxel = [Double](repeating: 0, count: channels)
    for place in 0..<count where inside[place] != 0 {
      let fibre = SIMD3(
        Double(vectors[place]), Double(vectors[count + place]), Double(vectors[2 * count + place]))
      let square = (fibre * fibre).sum()
      guard square > 0, square.isFinite else { continue }
      for volume in 0..<channels { voxel[volume] = Double(signals[volume * count + place]) }
      guard voxel.allSatisfy(\.isFinite) else { continue }
      estimate.add(voxel, fibre: fibre)
    }
  }
}
