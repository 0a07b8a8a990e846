public import Voxels

/// Finds the voxels that most likely hold a single fibre, and their response.
///
/// Densities are found with a first response, sharp and flat; voxels are ranked by their two largest
/// peaks p₁ and p₂ as √p₁ (1 − p₂/p₁)², and the best of them give the next response, until they
/// stay the same.
///
/// Source: Tournier, Calamante & Connelly 2013, NMR Biomed 26:1775.
public struct SingleFibreSearch: Sendable {
  /// The voxels from which the response comes.
  public var number = 300
  /// The voxels that are looked at anew; ten times as many when nil.
  public var candidates: Int?
  /// How many voxels around those are looked at as well.
  public var dilation = 1
  /// The most repetitions.
  public var iterations = 10
  /// The even degree of the response; 10 when nil.
  public var degree: Int?

  /// The usual search.
  public init() {}

  /// What was found.
  public struct Result: Sendable {
    /// The coefficients of order 0, of degrees 0, 2, 4 ….
    public var response: [Double]
    /// (z, y, x): 1 in the voxels that it comes from.
    public var voxels: Volume<UInt8>
    /// The repetitions.
    public var iterations: Int
    /// Whether the voxels stayed the same.
    public var hasSettled: Bool
  }

  private static let firstResponse: [Double] = [1, -1, 1]
  private static let firstDegree = 4

  /// Searches an image.
  ///
  /// - Parameters:
  ///   - signals: (volume, z, y, x), all volumes of the gradient table.
  ///   - gradients: The diffusion weighting; the shell of the largest b-value is used.
  ///   - mask: (z, y, x): where to look.
  ///   - threads: The most threads; they change no result.
  /// - Returns: The response and its voxels.
  /// - Throws: ``DiffusionError`` where the gradients are not fit for it, or no voxel has a fibre.
  public func callAsFunction(
    _ signals: borrowing Volume<Float>, gradients: GradientTable, mask: Volume<UInt8>, threads: Int
  ) throws(DiffusionError) -> Result {
    guard let shell = try gradients.clusteredShells().last, !shell.isUnweighted else {
      throw DiffusionError("no volume is diffusion-weighted", expected: "b-values above 10 s/mm²")
    }
    var response = Self.firstResponse
    var looked = mask
    var before: [Int] = []
    for iteration in 0..<max(2, iterations) {
      let deconvolution = try SphericalDeconvolution(gradients, response: response)
      let densities = deconvolution(signals, mask: looked, threads: threads).densities
      let peaks = PeakMap(degree: deconvolution.degree, count: 2)(
        densities, mask: looked, threads: threads)
      let ranked = Self.ranked(peaks)
      guard !ranked.isEmpty else {
        throw DiffusionError(
          "no voxel has a fibre", found: "no peak within the mask",
          remedy: "check the mask and the gradients (tracts check)")
      }
      let best = ranked.prefix(number).sorted()
      var estimate = try ResponseEstimate(
        gradients, shells: [shell],
        degrees: [iteration == 0 ? Self.firstDegree : degree ?? ResponseEstimate.usualDegree])
      let chosen = Self.mask(best, like: mask)
      signals.addSingleFibres(to: &estimate, mask: chosen, fibres: peaks)
      response = try estimate.response()[0]
      if best == before || iteration == max(2, iterations) - 1 {
        return Result(
          response: response, voxels: chosen, iterations: iteration + 1,
          hasSettled: best == before)
      }
      before = best
      let wide = Self.mask(Array(ranked.prefix(candidates ?? 10 * number)), like: mask)
      looked = Self.dilated(wide, times: dilation, within: mask)
    }
    preconditionFailure("the last repetition returns")
  }

  /// The voxels with a peak, the best first.
  private static func ranked(_ peaks: borrowing Volume<Float>) -> [Int] {
    let count = peaks.extent.voxelCount
    let values = peaks.span
    func amplitude(_ voxel: Int, _ peak: Int) -> Float {
      var square: Float = 0
      for axis in 0..<3 {
        let value = values[(3 * peak + axis) * count + voxel]
        square += value * value
      }
      return square.isFinite ? square.squareRoot() : 0
    }
    var scores: [(voxel: Int, score: Float)] = []
    for voxel in 0..<count {
      let (first, second) = (amplitude(voxel, 0), amplitude(voxel, 1))
      guard first > 0 else { continue }
      let rest = 1 - second / first
      scores.append((voxel, first.squareRoot() * rest * rest))
    }
    return scores.sorted { ($1.score, $0.voxel) < ($0.score, $1.voxel) }.map(\.voxel)
  }

  private static func mask(_ voxels: [Int], like other: borrowing Volume<UInt8>) -> Volume<UInt8> {
    var mask = Volume<UInt8>(box: other.box)
    var target = mask.mutableSpan
    for voxel in voxels { target[voxel] = 1 }
    return mask
  }

  /// Grows a mask by the six neighbours of its voxels.
  private static func dilated(
    _ mask: Volume<UInt8>, times: Int, within bounds: borrowing Volume<UInt8>
  ) -> Volume<UInt8> {
    let extent = mask.extent
    let (row, plane) = (extent.x, extent.x * extent.y)
    var result = mask
    for _ in 0..<times {
      let before = result
      let source = before.span
      var target = result.mutableSpan
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          for x in 0..<extent.x {
            let place = z * plane + y * row + x
            guard source[place] != 0 else { continue }
            if x > 0 { target[place - 1] = 1 }
            if x + 1 < extent.x { target[place + 1] = 1 }
            if y > 0 { target[place - row] = 1 }
            if y + 1 < extent.y { target[place + row] = 1 }
            if z > 0 { target[place - plane] = 1 }
            if z + 1 < extent.z { target[place + plane] = 1 }
          }
        }
      }
    }
    let inside = bounds.span
    var target = result.mutableSpan
    for place in 0..<inside.count where inside[place] == 0 { target[place] = 0 }
    return result
  }
}
