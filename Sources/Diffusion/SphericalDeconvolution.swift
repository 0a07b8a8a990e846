import LinearAlgebra
public import Voxels

/// Finds the fibre density of which one shell's signals are the convolution with a response.
///
/// The first density has degree 4 and no constraint; then directions with an amplitude below the
/// threshold are penalised, and the density fitted anew, until they stay the same. The shell of the
/// largest b-value is used; negative signals count as zero.
///
/// Source: Tournier, Calamante & Connelly 2007, NeuroImage 35:1459; the rules are those of MRtrix's
/// dwi2fod csd.
public struct SphericalDeconvolution: Sendable, VoxelwiseSolver {
  /// How densities are fitted.
  public struct Options: Sendable {
    /// The even degree of the densities; up to 8, and as the response has it, when nil.
    public var degree: Int?
    /// The most times that a density is fitted anew.
    public var iterations = 50
    /// The amplitude below which a direction is penalised.
    public var threshold = 0.0
    /// The weight of the penalty.
    public var negativity = 1.0
    /// The weight of the density's norm.
    public var norm = 1.0
    /// The unit vectors along which densities are kept from being negative; 300 that are evenly
    /// spread when nil.
    public var directions: [SIMD3<Double>]?

    /// The usual options.
    public init() {}
  }

  /// The even degree of the densities.
  public let degree: Int
  /// The volumes that take part.
  public let volumes: [Int]
  let unknowns: Int
  private let iterations: Int
  private let threshold: Double
  /// (coefficient, volume): to the first density.
  private let start: Matrix
  /// (coefficient, volume): to the right side.
  private let transposed: Matrix
  /// (direction, block of coefficients).
  private let rows: [SIMD8<Double>]
  /// (coefficient, block of directions).
  private let columns: [SIMD8<Double>]
  private let directionCount: Int
  private let normal: BlockedSymmetricMatrix

  private static let usualDegree = 8
  private static let normWeight = 0.0002
  private static let negativityWeight = 50.0
  private static let startRegularisation = 1e-2
  /// The degrees that the first density has.
  private static let startDegrees = 3

  /// Prepares the deconvolution.
  ///
  /// - Parameters:
  ///   - gradients: The diffusion weighting.
  ///   - response: The coefficients of order 0 of a single fibre along z, of degrees 0, 2, 4 ….
  ///   - options: How densities are fitted.
  /// - Throws: ``DiffusionError`` where the gradients or the response are not fit for it.
  public init(
    _ gradients: GradientTable, response: [Double], options: Options = Options()
  ) throws(DiffusionError) {
    guard let shell = try gradients.clusteredShells().last, !shell.isUnweighted else {
      throw DiffusionError(
        "no volume is diffusion-weighted", expected: "b-values above 10 s/mm²")
    }
    volumes = shell.volumes
    let vectors = shell.volumes.map { gradients.directions[$0] }
    let determined = SphericalHarmonics.degree(determinedBy: vectors.count)
    guard determined >= 2 else {
      throw DiffusionError(
        "there are too few directions for spherical deconvolution",
        found: "\(vectors.count) at b = \(Int(shell.bValue.rounded()))", expected: "6 or more")
    }
    try SphericalDeconvolution.check(response)
    let responseDegree = 2 * (response.count - 1)
    let degree = options.degree ?? min(responseDegree, Self.usualDegree)
    guard degree >= 2, degree.isMultiple(of: 2), degree <= SphericalHarmonics.greatestDegree else {
      throw DiffusionError(
        "the degree of the densities is not possible", found: "\(degree)",
        expected: "an even number from 2 to \(SphericalHarmonics.greatestDegree)")
    }
    self.degree = degree
    unknowns = SphericalHarmonics.count(degree: degree)
    iterations = options.iterations
    var factors = SphericalHarmonics.convolutionFactors(response)
    factors += [Double](repeating: 0, count: max(0, degree / 2 + 1 - factors.count))
    let startDegree = min(responseDegree, determined, degree)
    start = try Self.start(vectors, degree: startDegree, factors: factors)
    var design = SphericalHarmonics.basis(along: vectors, degree: degree)
    design.scaleColumns(by: factors)
    transposed = design.transposed
    let directions = options.directions ?? SphereDirections.ofConstraint
    directionCount = directions.count
    let scale =
      options.negativity * Self.negativityWeight * response[0] / Double(directions.count)
    threshold = options.threshold * scale
    let basis = SphericalHarmonics.basis(along: directions, degree: degree).scaled(by: scale)
    rows = basis.blocks
    columns = basis.transposed.blocks
    var normal = BlockedSymmetricMatrix(size: unknowns)
    normal.addProducts(
      of: design.blocks.span, Array(0..<design.rows),
      scales: [Double](repeating: 1, count: design.rows))
    normal.addToDiagonal(options.norm * Self.normWeight * normal[0, 0])
    self.normal = normal
  }

  private static func check(_ response: [Double]) throws(DiffusionError) {
    guard response.count >= 2, response.dropFirst().contains(where: { $0 != 0 }) else {
      throw DiffusionError(
        "the response does not depend on the direction",
        found: "\(response.count) coefficients", expected: "coefficients of degrees 0, 2, 4 …")
    }
    guard response.allSatisfy(\.isFinite), response[0] > 0,
      response.count <= SphericalHarmonics.greatestDegree / 2 + 1
    else {
      throw DiffusionError(
        "the response is not sound", found: "\(response)",
        expected: "up to \(SphericalHarmonics.greatestDegree / 2 + 1) finite numbers, the first "
          + "above zero")
    }
  }

  /// From signals to the density that is the first.
  private static func start(
    _ vectors: [SIMD3<Double>], degree: Int, factors: [Double]
  ) throws(DiffusionError) -> Matrix {
    var basis = SphericalHarmonics.basis(along: vectors, degree: degree)
    for place in 0..<min(basis.rows, basis.columns) {
      basis[place, place] += Self.startRegularisation
    }
    var start: Matrix
    do {
      start = try basis.pseudoInverse()
    } catch {
      throw DiffusionError("the gradient directions are not sound", found: error.message)
    }
    for row in 0..<start.rows {
      let half = SphericalHarmonics.halfDegree(at: row)
      let factor =
        half < startDegrees && factors[half] != 0 ? 1 / factors[half] : 0
      for column in 0..<start.columns { start[row, column] *= factor }
    }
    return start
  }

  /// Finds the densities of every voxel of a slab.
  ///
  /// - Parameters:
  ///   - signals: (volume, z, y, x), all volumes of the gradient table.
  ///   - mask: (z, y, x) of the same box; voxels that are zero stay zero. Nil takes all.
  ///   - threads: The most threads; they change no result.
  /// - Returns: (coefficient, z, y, x).
  public func callAsFunction(
    _ signals: borrowing Volume<Float>, mask: Volume<UInt8>?, threads: Int
  ) -> DeconvolvedSlab {
    solve(signals, mask: mask, threads: threads)
  }

  struct Memory: Sendable {
    var normal: BlockedSymmetricMatrix
    var amplitudes: [SIMD8<Double>]
    var isPenalised: [Bool]
    /// The directions that were penalised or not before, and are now otherwise.
    var changed: [Int] = []
    var signs: [Double] = []
    var right: [Double]
    var rightBlocks: [SIMD8<Double>]
    var first: [Double]
  }

  func makeMemory() -> Memory {
    Memory(
      normal: BlockedSymmetricMatrix(size: unknowns),
      amplitudes: [SIMD8<Double>](repeating: .zero, count: (directionCount + 7) / 8),
      isPenalised: [Bool](repeating: false, count: directionCount),
      right: [Double](repeating: 0, count: unknowns),
      rightBlocks: [SIMD8<Double>](repeating: .zero, count: (unknowns + 7) / 8),
      first: [Double](repeating: 0, count: start.rows))
  }

  func solve(
    _ signals: inout [Double], using memory: inout Memory, into solution: inout [Double]
  ) -> Bool {
    for place in signals.indices where signals[place] < 0 { signals[place] = 0 }
    Self.multiply(start, signals, into: &memory.first)
    Self.multiply(transposed, signals, into: &memory.right)
    for place in 0..<unknowns {
      solution[place] = place < memory.first.count ? memory.first[place] : 0
      memory.rightBlocks[place / 8][place % 8] = memory.right[place]
    }
    memory.normal.assign(normal)
    for direction in 0..<directionCount { memory.isPenalised[direction] = false }
    for iteration in 0..<iterations {
      let hasChanged = updatePenalties(solution, &memory)
      if !hasChanged, iteration > 0 { return true }
      // A matrix that cannot be solved leaves the density as it was.
      guard memory.normal.solve(memory.rightBlocks, into: &solution) else { return false }
    }
    return iterations == 0
  }

  private static func multiply(_ matrix: Matrix, _ vector: [Double], into target: inout [Double]) {
    var result = target.mutableSpan
    matrix.multiply(vector.span, columns: 1, into: &result)
  }

  /// Adds up the blocked columns of a matrix times the values of a vector.
  private static func multiply(
    _ columns: [SIMD8<Double>], _ vector: [Double], into target: inout [SIMD8<Double>]
  ) {
    let (source, vector) = (columns.span, vector.span)
    var target = target.mutableSpan
    let blocks = target.count
    for block in 0..<blocks { target[block] = .zero }
    for place in 0..<vector.count {
      let factor = SIMD8(repeating: vector[place])
      let column = source.extracting(place &* blocks..<(place &+ 1) &* blocks)
      for block in 0..<blocks { target[block] += factor * column[block] }
    }
  }

  /// Adds and takes away the directions whose amplitude went below the threshold or rose above it.
  private func updatePenalties(_ density: [Double], _ memory: inout Memory) -> Bool {
    Self.multiply(columns, density, into: &memory.amplitudes)
    memory.changed.removeAll(keepingCapacity: true)
    memory.signs.removeAll(keepingCapacity: true)
    for direction in 0..<directionCount {
      let isBelow = memory.amplitudes[direction / 8][direction % 8] < threshold
      guard isBelow != memory.isPenalised[direction] else { continue }
      memory.isPenalised[direction] = isBelow
      memory.changed.append(direction)
      memory.signs.append(isBelow ? 1 : -1)
    }
    memory.normal.addProducts(of: rows.span, memory.changed, scales: memory.signs)
    return !memory.changed.isEmpty
  }
}
