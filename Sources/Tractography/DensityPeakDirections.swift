import Diffusion
public import Voxels

/// The peak of interpolated fibre densities that the step before leads up to.
///
/// Source: Tournier, Calamante & Connelly 2012, Int J Imaging Syst Technol 22:53; the rules are those
/// of MRtrix's SD_STREAM.
public struct DensityPeakDirections: DirectionGetter {
  private let field: HarmonicField
  private let search: HarmonicPeakSearch
  private let cutoff: Float
  private let first: SIMD3<Float>?
  /// The grid that directions come from.
  public var grid: TrackingGrid { field.grid }

  /// Takes coefficients of spherical harmonics, (coefficient, z, y, x), in scanner axes.
  ///
  /// - Parameters:
  ///   - densities: The coefficients.
  ///   - grid: Their grid.
  ///   - cutoff: The least amplitude that has a direction.
  ///   - first: From where peaks at seeds are searched; at random when nil.
  /// - Precondition: The volume has the grid's size and the coefficients of an even degree.
  public init(
    _ densities: borrowing Volume<Float>, grid: TrackingGrid, cutoff: Float,
    first: SIMD3<Float>? = nil
  ) {
    field = HarmonicField(densities, grid: grid, form: .harmonics)
    search = HarmonicPeakSearch(degree: field.degree, usesTable: true)
    self.cutoff = cutoff
    self.first = first.map { $0 / ($0 * $0).sum().squareRoot() }
  }

  /// The direction at a point.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard field.interpolate(at: point, into: &memory.harmonics) else { return nil }
    let start = previous ?? first ?? memory.random.direction()
    var legendre = memory.peaks.take() ?? HarmonicPeakSearch.Memory(degree: field.degree)
    let peak = search.peak(of: memory.harmonics.span, from: start, using: &legendre)
    memory.peaks = legendre
    guard let peak, peak.amplitude >= cutoff else { return nil }
    return peak.direction
  }
}
