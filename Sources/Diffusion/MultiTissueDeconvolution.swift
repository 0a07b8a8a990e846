import LinearAlgebra
public import Voxels

/// Finds the densities of several tissues of which the signals of all shells are the sum of
/// convolutions with their responses.
///
/// Densities are fitted by least squares with the constraint that they are not negative along 300
/// directions; a tissue whose response has degree 0 alone is isotropic.
///
/// Source: Jeurissen et al. 2014, NeuroImage 103:411; the rules are those of MRtrix's dwi2fod
/// msmt_csd.
public struct MultiTissueDeconvolution: Sendable, VoxelwiseSolver {
  /// How densities are fitted.
  public struct Options: Sendable {
    /// The even degree of each tissue's density; up to 8, and as its response has it, when nil.
    public var degrees: [Int]?
    /// The weight of the densities' norm.
    public var norm = 1e-10
    /// The weight of the constraints' norm.
    public var negativity = 1e-10
    /// The unit vectors along which densities are not negative; 300 that are evenly spread when nil.
    public var directions: [SIMD3<Double>]?

    /// The usual options.
    public init() {}
  }

  /// The even degree of each tissue's density.
  public let degrees: [Int]
  /// The volumes that take part: all.
  public let volumes: [Int]
  let unknowns: Int
  private let problem: ConstrainedLeastSquares

  private static let usualDegree = 8

  /// Prepares the deconvolution.
  ///
  /// - Parameters:
  ///   - gradients: The diffusion weighting.
  ///   - responses: For each tissue a row for each shell, from the least b-value on, of coefficients
  ///     of order 0, of degrees 0, 2, 4 ….
  ///   - options: How densities are fitted.
  /// - Throws: ``DiffusionError`` where the responses do not fit the shells.
  public init(
    _ gradients: GradientTable, responses: [[[Double]]], options: Options = Options()
  ) throws(DiffusionError) {
    let shells = try gradients.clusteredShells()
    let clipped = try Self.checked(responses, shells: shells)
    let degrees =
      options.degrees ?? clipped.map { min(Self.usualDegree, 2 * (($0.first?.count ?? 1) - 1)) }
    guard degrees.count == responses.count else {
      throw DiffusionError(
        "there is not one degree for each tissue", found: "\(degrees.count)",
        expected: "\(responses.count)")
    }
    for degree in degrees
    where degree < 0 || !degree.isMultiple(of: 2) || degree > SphericalHarmonics.greatestDegree {
      throw DiffusionError(
        "the degree of a density is not possible", found: "\(degree)",
        expected: "an even number from 0 to \(SphericalHarmonics.greatestDegree)")
    }
    self.degrees = degrees
    volumes = Array(0..<gradients.count)
    let counts = degrees.map(SphericalHarmonics.count)
    unknowns = counts.reduce(0, +)
    let greatest = degrees.max() ?? 0
    let basis = SphericalHarmonics.basis(along: gradients.directions, degree: greatest)
    var design = Matrix(rows: gradients.count, columns: unknowns)
    var first = 0
    for (response, (degree, count)) in zip(clipped, zip(degrees, counts)) {
      for (shell, row) in zip(shells, response) {
        let padded = row + [Double](repeating: 0, count: max(0, degree / 2 + 1 - row.count))
        let factors = SphericalHarmonics.convolutionFactors(padded)
        for volume in shell.volumes {
          for place in 0..<count {
            design[volume, first + place] =
              basis[volume, place] * factors[SphericalHarmonics.halfDegree(at: place)]
          }
        }
      }
      first += count
    }
    let directions = options.directions ?? SphereDirections.ofConstraint
    do {
      problem = try ConstrainedLeastSquares(
        design: design,
        constraints: Self.constraints(directions, degrees: degrees, unknowns: unknowns),
        solutionNorm: options.norm, constraintNorm: options.negativity)
    } catch {
      throw DiffusionError(
        "the gradients and responses do not determine the densities", found: error.message,
        remedy: "use fewer tissues, lower degrees or more shells")
    }
  }

  /// The amplitudes of each tissue's density: one for an isotropic tissue, or one along each
  /// direction.
  private static func constraints(
    _ directions: [SIMD3<Double>], degrees: [Int], unknowns: Int
  ) -> Matrix {
    let rows = degrees.map { $0 > 0 ? directions.count : 1 }
    var constraints = Matrix(rows: rows.reduce(0, +), columns: unknowns)
    let basis = SphericalHarmonics.basis(along: directions, degree: degrees.max() ?? 0)
    var (firstRow, firstColumn) = (0, 0)
    for (degree, rows) in zip(degrees, rows) {
      let count = SphericalHarmonics.count(degree: degree)
      for row in 0..<rows {
        for column in 0..<count {
          constraints[firstRow + row, firstColumn + column] = basis[row, column]
        }
      }
      firstRow += rows
      firstColumn += count
    }
    return constraints
  }

  /// The responses without the degrees that are zero in all shells.
  private static func checked(
    _ responses: [[[Double]]], shells: [GradientTable.VolumeShell]
  ) throws(DiffusionError) -> [[[Double]]] {
    guard !responses.isEmpty else {
      throw DiffusionError("there is no response", expected: "one for each tissue")
    }
    var clipped: [[[Double]]] = []
    for (tissue, response) in responses.enumerated() {
      guard response.count == shells.count else {
        let values = shells.map { "\(Int($0.bValue.rounded()))" }.joined(separator: ", ")
        throw DiffusionError(
          "response \(tissue + 1) does not have one row for each shell",
          found: "\(response.count) rows", expected: "\(shells.count), for b = \(values) s/mm²",
          remedy: "make the response from images of the same shells")
      }
      let widths = response.map { ($0.lastIndex { $0 != 0 } ?? -1) + 1 }
      let width = widths.max() ?? 0
      guard width > 0, width <= SphericalHarmonics.greatestDegree / 2 + 1,
        response.allSatisfy({ $0.allSatisfy(\.isFinite) })
      else {
        throw DiffusionError(
          "response \(tissue + 1) is not sound", found: "\(response)",
          expected: "finite numbers, not all zero")
      }
      clipped.append(
        response.map {
          Array($0.prefix(width)) + [Double](repeating: 0, count: max(0, width - $0.count))
        })
    }
    return clipped
  }

  /// Finds the densities of every voxel of a slab.
  ///
  /// - Parameters:
  ///   - signals: (volume, z, y, x), all volumes of the gradient table.
  ///   - mask: (z, y, x) of the same box; voxels that are zero stay zero. Nil takes all.
  ///   - threads: The most threads; they change no result.
  /// - Returns: (coefficient, z, y, x), the tissues one after the other.
  public func callAsFunction(
    _ signals: borrowing Volume<Float>, mask: Volume<UInt8>?, threads: Int
  ) -> DeconvolvedSlab {
    solve(signals, mask: mask, threads: threads)
  }

  func makeMemory() -> ConstrainedLeastSquares.Memory { problem.memory }

  func solve(
    _ signals: inout [Double], using memory: inout ConstrainedLeastSquares.Memory,
    into solution: inout [Double]
  ) -> Bool {
    problem.solve(signals, using: &memory, into: &solution)
  }
}
